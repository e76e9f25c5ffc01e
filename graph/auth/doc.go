// Package auth gets access tokens for Graph and puts them on requests.
//
// It owns the ways to sign in (way.go is their table), whom a token is for, and the Authorization
// header: a Session is one identity at work for one command. It never decides what that identity
// may do, which only Graph does: claims are read for early warnings, for the record, to refuse an
// identity that is not certainly read-only where that is asked for, and to say in advance which
// commands it will do for (need.go has the least that each needs). It keeps nothing on disk.
// Settings come from Options.Getenv; the default chain of the Azure identity library reads the
// environment itself.
//
// Two promises. A session stays in the tenant of its first token: if the sign-in
// changes during a long run, the next token is refused, not used. And no error,
// log line or printed value of this package holds a token or a secret.
//
// Claims challenges (continuous access evaluation) are answered by azcore's bearer token policy.
// Package graph decides what a 401 means beyond that, and whether the request is tried again. It
// also follows no redirect, so that a token is sent only to the host that it was meant for; nor does
// the way to a host that is asked for one (redirect.go).
package auth
