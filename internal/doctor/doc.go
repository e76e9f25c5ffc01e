// Package doctor says what an identity can see and do at one home tenant, before it
// matters.
//
// It owns the checks: one table of them in the order in which they are told, each
// with what it needs and its next step. It changes nothing: every request is a GET,
// about ten in all. No check takes longer than Limit, so that a host that hangs is
// told; a check whose need failed is skipped, with the reason. It prints nothing and
// reads no environment variable but those of the proxy.
//
// It is a room of its own, and not part of the command line, so that a network, a
// certificate and a clock can be played to it in tests. Above, cmd/bulksync reads
// the file, shows the checks and chooses the exit code. Below, internal/session is
// the way to Graph that all commands use, so that what is checked is what they get;
// graph/auth knows what each command needs.
package doctor
