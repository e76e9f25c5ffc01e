// Package session is one home tenant being worked on.
//
// It owns the way to Graph for one home tenant and one identity: the choice of
// credential, the guard that refuses another tenant, cloud or host than the one
// asked for, and the layers of each attempt: token, pace, log and wire, from
// the outside in. It sends nothing by itself, prints nothing and knows no flag:
// it reports to a logger and to functions that the caller passes in.
//
// Sessions share nothing, so that one process can have several: each has its
// own connections, token and pace. (The proxy variables of the environment and
// AZURE_* belong to the process, and are read by the libraries that use them.)
//
// Retries and the meaning of answers belong to package graph, identity to
// graph/auth, and speed to ratelimit.
package session
