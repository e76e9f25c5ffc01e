// Package graph is the client of Microsoft Graph for one home tenant: the
// cross-tenant access policy's partners, their identity synchronization, and
// the multitenant-organization identity-synchronization template.
//
// It owns what a request looks like on the wire and what an answer means: paths, headers, paging,
// the error body, the one classification of errors (Kind), what is tried again and after which
// wait. It never decides what should be written, and it paces nothing: pacing and credentials are
// http.RoundTrippers that the caller supplies. They lie below the retry layer, so that each attempt
// is paced and has a token.
//
//	Client.Do ── retries ── outage ── layers handed in ── one attempt ── connections
//	            (policy)  (breaker)  (token, pace)       (limits, secrets, counters)
//
// What an attempt means is decided once, in the outage layer, by what its answer proves. A write is
// done, not done, or open: any answer that is not certainly Graph's leaves it open. This package
// does not send an open write again: it ends as Indeterminate, and the caller reads the object
// first. A read whose answer is not Graph's is tried again, as after any passing failure. While
// reads or writes get no good answer, one attempt at a time probes on behalf of all, for up to
// Options.Outage.
//
// Two more promises: every attempt of one request carries the same client-request-id,
// so that Microsoft's log and ours can be joined; and no answer or error that leaves
// this package repeats the token that was sent.
//
// Facts about Graph are commented where they are used. Sub-packages: graphsim is
// a Graph in memory, auth has the credentials of each cloud.
package graph
