// Package graph is the client of Microsoft Graph for one home tenant: the
// cross-tenant access policy's partners, their identity synchronization, and
// the multitenant-organization identity-synchronization template.
//
// It owns what a request looks like on the wire and what an answer means:
// paths, headers, paging, the error body, the one classification of errors
// (Kind), what is tried again and how long is waited. It never decides what
// should be written, and it paces nothing: pacing and credentials are
// http.RoundTrippers that the caller hands in, and they lie below the retry
// layer, so that each attempt pays for itself.
//
//	Client.Do ── retries ── layers handed in ── one attempt ── connections
//	                        (token, pace)       (time limit, body limit, counters)
//
// Two promises hold for every write. A write whose answer never came is not
// sent again by this package: it ends as Indeterminate, and the caller reads
// the object first. And every attempt of one request carries the same
// client-request-id, so that Microsoft's log and ours can be joined.
//
// Facts about Graph are commented where they are used. Sub-packages: graphsim
// is a Graph in memory, auth has the credentials of each cloud.
package graph
