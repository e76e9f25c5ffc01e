package graphsim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// FaultKind is what a fault does. Besides the constants, any status from 400 to 599 is a kind, as
// "400", "401", "403", "408", "429", "500", "502", "503", "504" or "418": the request is refused
// without effect, with the body that Graph sends with that status. With -after, as in "503-after",
// the request takes effect and is answered with that refusal all the same.
type FaultKind string

// The kinds with their own names. The connection or the answer breaks:
const (
	FaultConcurrency  FaultKind = "concurrency"  // 409 Directory_ConcurrencyViolation
	FaultTimeoutAfter FaultKind = "504-after"    // 504, although the write took effect
	FaultRefused      FaultKind = "refused"      // the connection cannot be made (over HTTP: closed without an answer)
	FaultResetBefore  FaultKind = "reset-before" // connection reset, without effect
	FaultResetAfter   FaultKind = "reset-after"  // connection reset after the write took effect
	FaultTruncated    FaultKind = "truncated"    // took effect; the answer ends in the middle
	FaultSlow         FaultKind = "slow"         // took effect; half of the answer comes after Delay
	FaultSilent       FaultKind = "silent"       // no effect and no answer until the client gives up
	FaultSilentAfter  FaultKind = "silent-after" // took effect, no answer until the client gives up
)

// A success that Graph did not give, to any method:
const (
	FaultHTML          FaultKind = "html"            // 200 with a sign-in page, with changing content types
	FaultHTMLAfter     FaultKind = "html-after"      // took effect, then the page
	FaultPortal        FaultKind = "portal"          // 200 with nothing, as a captive portal answers to everything
	FaultPortalAfter   FaultKind = "portal-after"    // took effect, then the portal
	FaultError200      FaultKind = "error-200"       // 200 with an error object
	FaultError200After FaultKind = "error-200-after" // took effect, then the error object
)

// A write that does not become visible:
const (
	FaultStale FaultKind = "stale" // reads show it only after Delay
	FaultLost  FaultKind = "lost"  // the usual success, but never any effect
)

// An answer to a read that cannot be believed. A refused request stays refused.
const (
	FaultEmpty       FaultKind = "empty"        // 200 without a body
	FaultCut         FaultKind = "cut"          // JSON that ends in the middle, in a whole answer
	FaultHuge        FaultKind = "huge"         // more than 32 MiB
	FaultShape       FaultKind = "shape"        // a list instead of one object, and the reverse
	FaultBare404     FaultKind = "bare-404"     // 404 that is not Graph's: a page, nothing, a page, …
	FaultOtherTenant FaultKind = "other-tenant" // the object asked for, with the ID of another tenant
	FaultUnexpanded  FaultKind = "unexpanded"   // partners without the identitySynchronization that was asked for
	FaultUnselected  FaultKind = "unselected"   // partners without automaticUserConsentSettings
	FaultMoved       FaultKind = "moved"        // a page repeats a partner of an earlier one, with other content

	FaultForeignLink  FaultKind = "foreign-link"  // the next page is said to be on another host
	FaultSameLink     FaultKind = "same-link"     // a page that leads to itself
	FaultRelativeLink FaultKind = "relative-link" // the next page without scheme and host, as OData allows
)

// effect is what a kind does.
type effect struct {
	kind   FaultKind
	reach  reach
	served bool    // Graph serves the request, which takes effect
	spoil  spoiler // makes the answer, from Graph's if it served; nil leaves it unchanged
}

type spoiler func(*Sim, *call, answer) answer

// effects are in the order in which messages list the kinds.
var effects = []effect{
	{FaultConcurrency, anyRequest, false, refusing(concurrency)},
	{FaultRefused, anyRequest, false, cutting(cutRefused)},
	{FaultResetBefore, anyRequest, false, cutting(cutReset)},
	{FaultResetAfter, anyRequest, true, cutting(cutReset)},
	{FaultTruncated, anyRequest, true, cutting(cutTruncated)},
	{FaultSlow, anyRequest, true, cutting(cutSlow)},
	{FaultSilent, anyRequest, false, cutting(cutSilent)},
	{FaultSilentAfter, anyRequest, true, cutting(cutSilent)},
	{FaultHTML, anyRequest, false, signIn},
	{FaultHTMLAfter, anyRequest, true, signIn},
	{FaultPortal, anyRequest, false, portal},
	{FaultPortalAfter, anyRequest, true, portal},
	{FaultError200, anyRequest, false, refusing(errorInside)},
	{FaultError200After, anyRequest, true, refusing(errorInside)},
	{FaultStale, writes, true, nil},
	{FaultLost, writes, true, nil},
	{FaultEmpty, reads, true, altering(nothing)},
	{FaultCut, reads, true, altering(firstHalf)},
	{FaultHuge, reads, true, swell},
	{FaultShape, reads, true, altering(otherShape)},
	{FaultBare404, reads, false, bareNotFound},
	{FaultOtherTenant, singleReads, true, nil},
	{FaultUnexpanded, expandedReads, true, nil},
	{FaultUnselected, partnerReads, true, nil},
	{FaultMoved, laterPages, true, nil},
	{FaultForeignLink, pages, true, nil},
	{FaultSameLink, pages, true, nil},
	{FaultRelativeLink, pages, true, nil},
}

// FaultKinds lists the kinds that have a name. Those that are a status are not among
// them.
func FaultKinds() []FaultKind {
	kinds := make([]FaultKind, len(effects))
	for i, p := range effects {
		kinds[i] = p.kind
	}
	return kinds
}

// effect returns what the kind does, and whether there is such a kind.
func (k FaultKind) effect() (effect, bool) {
	if status, after, ok := k.status(); ok {
		return effect{k, anyRequest, after, refusing(func() *odataError { return statusError(status) })}, true
	}
	for _, p := range effects {
		if p.kind == k {
			return p, true
		}
	}
	return effect{}, false
}

// status parses a kind that is a status, with -after or without.
func (k FaultKind) status() (status int, after, ok bool) {
	digits, after := strings.CutSuffix(string(k), "-after")
	n, err := strconv.Atoi(digits)
	return n, after, err == nil && len(digits) == 3 && n >= 400 && n <= 599
}

// reach is what a kind can strike at all. Other requests do not count as matches.
type reach string

const (
	anyRequest    reach = "any request"
	reads         reach = "reads"
	writes        reach = "writes"
	singleReads   reach = "reads of one partner, policy or tenant"
	partnerReads  reach = "reads of partners"
	expandedReads reach = "reads of partners with $expand"
	pages         reach = "pages of a list"
	laterPages    reach = "pages of the partners after the first"
)

// takes reports whether it reaches requests of a method; WRITE is any method but GET, and "" is
// any.
func (r reach) takes(method string) bool {
	switch r {
	case anyRequest:
		return true
	case writes:
		return method == "" || isWrite(method)
	default:
		return method == "" || method == http.MethodGet
	}
}

func (r reach) includes(c *call) bool {
	if !r.takes(c.method) {
		return false
	}
	at := func(nouns ...noun) bool { return slices.Contains(nouns, c.route.noun) }
	switch r {
	case singleReads:
		return at(nounPartner, nounSync, nounTenant)
	case partnerReads:
		return at(nounPartner, nounPartners)
	case expandedReads:
		return at(nounPartner, nounPartners) && c.asks("$expand")
	case pages:
		return at(nounPartners, nounAudit)
	case laterPages:
		return at(nounPartners) && c.asks("$skiptoken")
	}
	return true
}
