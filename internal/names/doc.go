// Package names says what tenants are called in their own directories: it looks
// them up, a few at a time, and keeps what it learned for 30 days in a file of the
// user. It owns that file, and when to stop asking.
//
// A name helps a reader and decides nothing that is sent. So whatever goes wrong
// leaves names unknown, and only the end of the caller's context is an error. The
// file holds what every tenant can look up about any other, and nothing of the home
// tenant's policy.
//
// Package graph sends the requests, internal/atomicfile writes the file, and the
// commands decide which tenants they are about to show.
package names
