package report

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net/http"
	"strings"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
)

// cause is what a piece of advice is about: a graph.Kind, a more specific code
// of Graph, a status of a change, or one of the following.
type cause string

const (
	untrusted       cause = "untrusted certificate"
	changedMeantime cause = "changed meanwhile"
	lookUpRefused   cause = "lookup refused"
	pauseAsked      cause = "pause asked for"
	memberLeftOut   cause = "member left out"
	partialRole     cause = "role that sees no policies"
	overwritten     cause = "overwritten"
	neverSeen       cause = "never seen"
	runStopped      cause = "run stopped"
	unknownTenant   cause = "unknown tenant"
	noTemplate      cause = "no template"
	policyRemains   cause = "policy remains"
	unconfirmed     cause = "unconfirmed"
	unreadable      cause = "unreadable partner"
	excepted        cause = "excepted by a decision"
)

// advice is the next thing to do: for a command that ended with an error, for a
// change of a run, and for a change of an undo run if that differs. An undo
// plan cannot be made again from a file, and made again from its run it is the
// same. Empty means that nothing helps.
type advice struct{ command, run, undo string }

// always is advice that applies everywhere.
func always(s string) advice {
	return advice{command: s, run: s}
}

// Where to look when somebody else may have changed an object.
const (
	whoChanged = "in the Entra audit log who changed it"
	byHand     = "see what is there now, and " + whoChanged
)

// adviceTable is the one table of advice. Facts fill in the words in braces. It
// is never modified.
var adviceTable = map[cause]advice{
	cause(graph.Unauthorized): always("{signIn}; then {again}"),
	cause(graph.Forbidden):    always("this needs the permission {permission}, with admin consent; a person also needs the role {role}{except}"),
	cause(graph.Throttled):    always("Graph throttled this tenant for too long: {again} later{slower}"),
	cause(graph.Transient):    always("Graph had an error of its own: {again}; if it persists, give Microsoft the request-id"),
	cause(graph.Unreachable):  always("check the network, the proxy and --graph-url"),
	cause(graph.Outage):       always("check the network, the proxy and --graph-url; --outage waits longer"),
	cause(graph.Unreadable):   always("check that --graph-url is Graph itself, and that no proxy or sign-in page answers in its place"),
	cause(graph.NotVisible):   always("this identity cannot see synchronization policies: use {reader}"),
	cause(graph.Invalid): {
		run:  "Graph refused the request itself: correct the row that its message names, and plan again",
		undo: "Graph refused the request itself: see what its message says, and change the object with a separate plan",
	},
	// A change fails with one of these two only after its object was read again: an
	// object that is gone, or there already, is another outcome.
	cause(graph.NotFound): {run: "Graph says that it does not exist, but lists it: {again} later; if it persists, give Microsoft the request-id", undo: byHand},
	cause(graph.Conflict): {run: "Graph reports a conflict, but lists nothing that explains it: {again} later; if it persists, give Microsoft the request-id", undo: byHand},

	"insufficient_claims":            always("Conditional Access asks for a stronger sign-in for this protected action: sign in again, then {again}"),
	"Directory_ConcurrencyViolation": always("others were writing to this tenant at the same time: {again} when they are done{fewer}"),
	"Directory_QuotaExceeded":        always("the tenant's object quota is used up: free some, or ask Microsoft to raise it; then {again}"),

	untrusted:       always("check --graph-url; if a proxy inspects TLS here, let this machine trust its certificate authority (SSL_CERT_FILE)"),
	changedMeantime: always("somebody changed the tenant meanwhile: {again}"),
	lookUpRefused:   always("this needs the permission " + permissionLookUp + ", with admin consent; without it, name the partners by tenant ID instead of by domain"),
	pauseAsked:      always("Graph asked for a pause of {pause}: {again} after that{slower}"),
	memberLeftOut:   always("{again}; if Graph still leaves {member} out, use {reader}"),
	partialRole:     always("a {partial} sees partners, but not their synchronization policies: use {reader}"),
	unknownTenant:   {run: "Graph knows no such tenant: check the tenant ID", undo: byHand},
	policyRemains: {
		run:  "Graph removes no partner while its synchronization policy is still there: plan again later, when its removal is visible",
		undo: "Graph removes no partner while its synchronization policy is still there: undo the run again later, when its removal is visible",
	},
	noTemplate: {run: "this cloud or tenant has no such template: plan again without --template", undo: byHand},

	unconfirmed: always("Graph did not confirm the write in several attempts: {again}; if it persists, give Microsoft the request-id"),
	neverSeen: {
		run:  "plan again; if Graph still does not show the change, give Microsoft the request-id",
		undo: "undo the run again; if Graph still does not show the change, give Microsoft the request-id",
	},
	overwritten: {run: "see " + whoChanged + ", then plan again if it is still wanted", undo: "see " + whoChanged},
	unreadable: {
		command: "check what Graph returns for this partner; if it is right, {again}",
		run:     "check what Graph returns for this partner; if it is right, plan again",
		undo:    "check what Graph returns for this partner; if it is right, undo the run again",
	},
	cause(journal.Held): {
		run:  "plan again, and review the difference before you approve it",
		undo: "an undo does not touch what was changed after the run: review it, and change it with a separate plan",
	},
	excepted:                     always("to write it after all, resume the run with decisions that do not except it"),
	cause(journal.Indeterminate): always("{again}: the object is read before it is written again"),
	cause(journal.NotAttempted):  always("{again}"),
	runStopped:                   always("fix what stopped the run, then {again}"),
}

// The permissions and roles that Graph's reference pages name for cross-tenant
// access.
const (
	permissionRead   = "Policy.Read.All"
	permissionWrite  = "Policy.ReadWrite.CrossTenantAccess"
	permissionLookUp = graph.PermissionTenantInformation
	rolesRead        = "Security Reader or Global Reader"
	roleWrite        = "Security Administrator"
	rolePartial      = "Teams Administrator"
)

// partialRoleName names the first role that lets a person see partners but not
// their policies, by the template IDs in the token.
func partialRoleName(templateIDs []string) string {
	for _, id := range templateIDs {
		switch strings.ToLower(id) {
		case "69091246-20e8-4a56-aa4d-066075b2a7a8":
			return rolePartial
		case "ac434307-12b9-4fa1-a708-88bf58caabc1":
			return "Global Secure Access Administrator"
		}
	}
	return ""
}

// Command is what advice about an error needs to know about the command.
type Command struct {
	// Writes means that the command writes, and so has --max-rate.
	Writes bool
	// SignIn says how to get another token; empty if the way to sign in is not
	// known.
	SignIn string
	// Roles are the template IDs of the roles of the person who signed in.
	Roles []string
}

// Advise returns the next thing to do about an error of Graph; empty if nothing
// helps.
func Advise(err error, by Command) string {
	f := facts{again: "run the command again", writes: by.Writes, signIn: by.SignIn, partial: partialRoleName(by.Roles)}
	for _, c := range f.causesOf(err) {
		if a := adviceTable[c]; a.command != "" {
			return f.fill(a.command)
		}
	}
	return ""
}

// causesOf lists the causes of an error, the most specific first, and records
// the facts that advice on them names.
func (f *facts) causesOf(err error) []cause {
	var out []cause
	f.throttled = errors.Is(err, graph.Throttled)
	if e := (*graph.Error)(nil); errors.As(err, &e) {
		f.refusedWrite = e.Method != http.MethodGet
		out = append(out, cause(e.Code))
		if f.pause = e.RetryAfter; f.pause > 0 && (f.throttled || e.Kind == graph.Transient) {
			out = append(out, pauseAsked)
		}
	}
	switch missing := (*graph.MissingMember)(nil); {
	case errors.As(err, new(*tls.CertificateVerificationError)):
		out = append(out, untrusted)
	case errors.As(err, new(*graph.ChangedPartner)):
		out = append(out, changedMeantime)
	case errors.Is(err, graph.Forbidden) && errors.As(err, new(*plan.LookupError)):
		out = append(out, lookUpRefused)
	case errors.As(err, &missing) && (missing.Shown || missing.Member != string(plan.IdentitySynchronization)):
		f.member = missing.Member
		out = append(out, memberLeftOut)
	case errors.Is(err, graph.NotVisible) && f.partial != "":
		out = append(out, partialRole)
	}
	for _, k := range []graph.Kind{ // an error can be of two kinds: an open write is also an outage that has lasted too long
		graph.Unauthorized, graph.Forbidden, graph.Throttled, graph.Transient, graph.Unreachable, graph.Outage, graph.NotVisible, graph.Unreadable,
	} {
		if errors.Is(err, k) {
			out = append(out, cause(k))
		}
	}
	return out
}

// hint is the next thing to do about an outcome, or "" if its message and
// status say enough.
func hint(c *plan.Change, o *journal.Outcome, r *journal.Result) string {
	f := facts{again: "resume the run", writes: true, refusedWrite: true, throttled: true, object: c.Object}
	for _, why := range outcomeCauses(c, o, r) {
		switch a := adviceTable[why]; {
		case a.undo != "" && c.Reverts():
			return f.fill(a.undo)
		case a.run != "":
			return f.fill(a.run)
		}
	}
	return ""
}

// findingHint is the next thing to do about findings that could not be read.
func findingHint() string {
	f := facts{again: "run the audit again"}
	return f.fill(adviceTable[unreadable].command)
}

// outcomeCauses lists the causes of an outcome, the most specific first: how
// the change ended if no refusal explains it, Graph's code, then the kind.
func outcomeCauses(c *plan.Change, o *journal.Outcome, r *journal.Result) []cause {
	switch {
	case o.Reason == journal.ReasonExcepted:
		return []cause{excepted}
	case o.Status.Done(), o.Status == journal.Skipped:
		return nil
	case o.Reason == journal.ReasonUnreadable:
		return []cause{unreadable}
	case o.Reason == journal.ReasonNeverSeen:
		return []cause{neverSeen}
	case o.Overwritten:
		return []cause{overwritten}
	case o.Status == journal.NotAttempted && r.Stopped != "" && !r.Interrupted:
		return []cause{runStopped}
	case o.Status != journal.Failed:
		return []cause{cause(o.Status)}
	}
	out := []cause{cause(o.GraphCode)}
	switch o.Kind {
	case graph.Invalid:
		if c.Object == plan.PartnerConfiguration && c.Action == plan.Delete { // a removal sends nothing that a row could have wrong
			out = append(out, policyRemains)
		}
		return append(out, cause(o.Kind))
	case graph.NotFound:
		return append(out, missingCause(c))
	case graph.Indeterminate: // sent several times, and uncertain each time until it was read
		return append(out, unconfirmed)
	default:
		return append(out, cause(o.Kind))
	}
}

// missingCause is what a write can have found missing: the template, the tenant
// itself, or else its partner or policy.
func missingCause(c *plan.Change) cause {
	switch {
	case c.Object == plan.SyncTemplate:
		return noTemplate
	case c.Action == plan.Create && c.Object == plan.PartnerConfiguration:
		return unknownTenant
	default:
		return cause(graph.NotFound)
	}
}

// facts fill in the sentences of the table.
type facts struct {
	again, member, partial, signIn  string
	writes, refusedWrite, throttled bool
	pause                           time.Duration
	object                          plan.Object
}

// fill puts the facts into a sentence.
func (f *facts) fill(sentence string) string {
	permission, role, reader := permissionRead, rolesRead, "the role "+rolesRead+", or an app with the permission "+permissionRead
	if f.refusedWrite {
		permission, role = permissionWrite, roleWrite
	}
	if f.writes {
		reader = "the role " + roleWrite + ", or an app with the permission " + permissionWrite
	}
	except, slower, fewer := "", "", ""
	if f.object == plan.IdentitySynchronization {
		except = " (a " + rolePartial + " can write partners, but not their identity synchronization)"
	}
	if f.writes && f.throttled {
		slower = ", or with a lower --max-rate"
	}
	if f.writes {
		fewer = ", or with a lower --concurrency"
	}
	signIn := cmp.Or(f.signIn, "sign in again, with a fresh token for this cloud if it comes from elsewhere")
	return strings.NewReplacer("{again}", f.again, "{signIn}", signIn, "{permission}", permission, "{role}", role, "{except}", except, "{reader}", reader,
		"{partial}", f.partial, "{member}", f.member, "{pause}", f.pause.Round(time.Second).String(), "{slower}", slower, "{fewer}", fewer).Replace(sentence)
}
