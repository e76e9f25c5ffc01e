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
//	Client.Do ── retries ── knocking ── layers handed in ── one attempt ── connections
//	            (policy)   (outage)    (token, pace)       (limits, secrets, counters)
//
// What an attempt means is judged once, in the knocking layer, by what its
// answer proves. A write is done, not done, or open: everything that Graph is
// not known to have said leaves it open. An open write is not sent again by this
// package: it ends as Indeterminate, and the caller reads the object first. What
// a read brings that Graph did not say is asked for again, like any passing
// fault. While reads or writes get no good answer one attempt at a time knocks
// on behalf of all, for up to Options.Outage.
//
// Two more promises: every attempt of one request carries the same
// client-request-id, so that Microsoft's log and ours can be joined; and no
// answer or error that leaves this package repeats the token that was sent.
//
// Facts about Graph are commented where they are used. Sub-packages: graphsim
// is a Graph in memory, auth has the credentials of each cloud.
package graph
