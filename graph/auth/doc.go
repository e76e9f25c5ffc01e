// Package auth gets access tokens for Graph and puts them on requests.
//
// It owns which credentials are tried in which cloud, who the token belongs
// to, and the Authorization header: a Session is one identity at work for one
// command. It never decides what that identity may do, which is for Graph
// alone: claims are read for early warnings and for the record. It keeps
// nothing on disk and reads no environment of its own; the Azure identity
// library reads the AZURE_* variables.
//
// Two promises. A session stays in the tenant of its first token: when a
// sign-in changes underneath a long run, the next token is refused, not used.
// And no token or secret is in any error, log line or printed value of this
// package.
//
// Claims challenges (continuous access evaluation) are answered by azcore's
// bearer token policy. What a 401 means beyond that, and whether it is tried
// again, is for package graph, which also follows no redirect, so that a token
// is sent to the one host it was meant for.
package auth
