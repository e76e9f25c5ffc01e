package report_test

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
	"bulksync/report"
)

// The next step fits the refusal and the object. It names the missing
// permission, and only flags that exist.
func TestHints(t *testing.T) {
	const grant = "this needs the permission Policy.ReadWrite.CrossTenantAccess, with admin consent; a person also needs the role Security Administrator"
	const signIn = "sign in again, with a fresh token for this cloud if it comes from elsewhere; then resume the run"
	const teams = " (a Teams Administrator can write partners, but not their identity synchronization)"
	gone := "Graph says that it does not exist, but lists it: resume the run later; if it persists, give Microsoft the request-id"
	sync := change(2, "", plan.IdentitySynchronization, plan.Update, syncTo(false, true))
	consent := change(2, "", plan.Consent, plan.Update, inbound(false, true))
	partner := change(2, "", plan.PartnerConfiguration, plan.Create)
	template := plan.Change{Object: plan.SyncTemplate, Action: plan.Update}
	for _, c := range []struct {
		change plan.Change
		kind   graph.Kind
		code   string
		want   string
	}{
		{sync, graph.Forbidden, "Authorization_RequestDenied", grant + teams},
		{sync, graph.Forbidden, "", grant + teams},
		{consent, graph.Forbidden, "Authorization_IdentityNotFound", grant},
		{template, graph.Forbidden, "", grant},
		{sync, graph.Unauthorized, "insufficient_claims", "Conditional Access asks for a stronger sign-in for this protected action: sign in again, then resume the run"},
		{sync, graph.Unauthorized, "", signIn},
		{sync, graph.Unauthorized, "Authentication_ExpiredToken", signIn},
		{sync, graph.Invalid, "", "Graph refused the request itself: correct the row that its message names, and plan again"},
		{sync, graph.NotFound, "Request_ResourceNotFound", gone},
		{consent, graph.NotFound, "", gone},
		{change(2, "", plan.IdentitySynchronization, plan.Create, syncTo(nil, true)), graph.NotFound, "", gone},
		{change(2, "", plan.PartnerConfiguration, plan.Delete), graph.NotFound, "", gone},
		{partner, graph.NotFound, "Directory_ObjectNotFound", "Graph knows no such tenant: check the tenant ID"},
		{template, graph.NotFound, "", "this cloud or tenant has no such template: plan again without --template"},
		{sync, graph.Conflict, "", "Graph reports a conflict, but lists nothing that explains it: resume the run later; if it persists, give Microsoft the request-id"},
		{sync, graph.Transient, "Directory_ConcurrencyViolation", "others were writing to this tenant at the same time: resume the run when they are done, or with a lower --concurrency"},
		{partner, graph.Forbidden, "Directory_QuotaExceeded", "the tenant's object quota is used up: free some, or ask Microsoft to raise it; then resume the run"},
		{sync, graph.Throttled, "TooManyRequests", "Graph throttled this tenant for too long: resume the run later, or with a lower --max-rate"},
		{sync, graph.Transient, "", "Graph had an error of its own: resume the run; if it persists, give Microsoft the request-id"},
		{sync, graph.Indeterminate, "UnknownError", "Graph did not confirm the write in several attempts: resume the run; if it persists, give Microsoft the request-id"},
		{sync, "", "", ""},
	} {
		p := planOf(c.change)
		r := outcomes(p, journal.Outcome{Status: journal.Failed, Kind: c.kind, GraphCode: c.code, Message: "no"})
		_, got, _ := strings.Cut(wideText(t, p, r), "  hint: ")
		if got, _, _ = strings.Cut(got, "\n"); got != c.want {
			t.Errorf("%s, %s %s: %q, want %q", c.change.Object, c.kind, c.code, got, c.want)
		}
	}
}

// A removal that Graph refuses has no row to correct: the policy is still there.
func TestHintsOfARefusedRemoval(t *testing.T) {
	removal := change(2, "", plan.PartnerConfiguration, plan.Delete)
	for want, c := range map[string]plan.Change{"plan again later": removal, "undo the run again later": with(removal, "reverts what the run did")} {
		p := planOf(c)
		text := wideText(t, p, outcomes(p, journal.Outcome{Status: journal.Failed, Kind: graph.Invalid, GraphCode: "Request_BadRequest"}))
		if !strings.Contains(text, "while its synchronization policy is still there: "+want) || strings.Contains(text, "correct the row") {
			t.Errorf("%s:\n%s", want, text)
		}
	}
}

// Advice on an undo run never says to plan again from a file.
func TestHintsOfAnUndo(t *testing.T) {
	const audit = "see what is there now, and in the Entra audit log who changed it"
	undo := with(change(2, "", plan.IdentitySynchronization, plan.Update, syncTo(false, true)), "reverts what the run did")
	for _, c := range []struct {
		outcome journal.Outcome
		want    string
	}{
		{journal.Outcome{Status: journal.Held}, "an undo does not touch what was changed after the run: review it, and change it with a separate plan"},
		{journal.Outcome{Status: journal.Held, Overwritten: true}, "see in the Entra audit log who changed it"},
		{journal.Outcome{Status: journal.Failed, Kind: graph.NotFound}, audit},
		{journal.Outcome{Status: journal.Failed, Kind: graph.Conflict}, audit},
		{journal.Outcome{Status: journal.Failed, Kind: graph.Transient, GraphCode: "Directory_ConcurrencyViolation"}, "others were writing to this tenant at the same time: resume the run when they are done, or with a lower --concurrency"},
		{journal.Outcome{Status: journal.Failed, Kind: graph.Invalid}, "Graph refused the request itself: see what its message says, and change the object with a separate plan"},
		{journal.Outcome{Status: journal.Failed, Kind: graph.Transient}, "Graph had an error of its own: resume the run; if it persists, give Microsoft the request-id"},
		{journal.Outcome{Status: journal.Indeterminate}, "resume the run: the object is read before it is written again"},
	} {
		p := planOf(undo)
		_, got, _ := strings.Cut(wideText(t, p, outcomes(p, c.outcome)), "  hint: ")
		if got, _, _ = strings.Cut(got, "\n"); got != c.want {
			t.Errorf("%+v: %q, want %q", c.outcome, got, c.want)
		}
	}
}

// Advice on an error names only flags that the command has, and what the
// refused request needs.
func TestAdviceOnErrors(t *testing.T) {
	list := func(e graph.Error) error { e.Method = "GET"; return &graph.ListError{Page: 1, Err: &e} }
	missing := func(m error) error { return list(graph.Error{Kind: graph.NotVisible, Status: 200, Err: m}) }
	read, write := report.Command{}, report.Command{Writes: true}
	partial := report.Command{Roles: []string{"x", "69091246-20E8-4A56-AA4D-066075B2A7A8"}}
	const reader = "use the role Security Reader or Global Reader, or an app with the permission Policy.Read.All"
	const writer = "use the role Security Administrator, or an app with the permission Policy.ReadWrite.CrossTenantAccess"
	const tooLong = "Graph throttled this tenant for too long: run the command again later"
	for _, c := range []struct {
		err  error
		by   report.Command
		want string
	}{
		{list(graph.Error{Kind: graph.Unauthorized}), read, "sign in again, with a fresh token for this cloud if it comes from elsewhere; then run the command again"},
		{list(graph.Error{Kind: graph.Unauthorized, Code: "insufficient_claims"}), read, "Conditional Access asks for a stronger sign-in for this protected action: sign in again, then run the command again"},
		{list(graph.Error{Kind: graph.Forbidden}), write, "this needs the permission Policy.Read.All, with admin consent; a person also needs the role Security Reader or Global Reader"},
		{&graph.Error{Kind: graph.Forbidden, Method: "PATCH"}, write, "this needs the permission Policy.ReadWrite.CrossTenantAccess, with admin consent; a person also needs the role Security Administrator"},
		{&plan.LookupError{Domain: "a.example", Err: &graph.Error{Kind: graph.Forbidden}}, read, "this needs the permission CrossTenantInformation.ReadBasic.All, with admin consent; without it, name the partners by tenant ID instead of by domain"},
		{&plan.LookupError{Domain: "a.example", Err: &graph.Error{Kind: graph.Throttled}}, read, tooLong},
		{list(graph.Error{Kind: graph.Throttled}), write, tooLong + ", or with a lower --max-rate"},
		{list(graph.Error{Kind: graph.Throttled, RetryAfter: 20 * time.Minute}), read, "Graph asked for a pause of 20m0s: run the command again after that"},
		{list(graph.Error{Kind: graph.Throttled, RetryAfter: 20 * time.Minute}), write, "Graph asked for a pause of 20m0s: run the command again after that, or with a lower --max-rate"},
		{list(graph.Error{Kind: graph.Transient, RetryAfter: 20 * time.Minute}), write, "Graph asked for a pause of 20m0s: run the command again after that"},
		{list(graph.Error{Kind: graph.Transient}), write, "Graph had an error of its own: run the command again; if it persists, give Microsoft the request-id"},
		{list(graph.Error{Kind: graph.Unreachable, RetryAfter: time.Minute}), read, "check the network, the proxy and --graph-url"},
		{list(graph.Error{Kind: graph.Outage}), read, "check the network, the proxy and --graph-url; --outage waits longer"},
		{list(graph.Error{Kind: graph.Outage, Err: &tls.CertificateVerificationError{}}), read, "check --graph-url; if a proxy inspects TLS here, let this machine trust its certificate authority (SSL_CERT_FILE)"},
		{list(graph.Error{Kind: graph.Unreadable}), read, "check that --graph-url is Graph itself, and that no proxy or sign-in page answers in its place"},
		{&graph.ListError{Page: 2, Err: &graph.ChangedPartner{}}, read, "somebody changed the tenant meanwhile: run the command again"},
		{missing(nil), read, "this identity cannot see synchronization policies: " + reader},
		{missing(nil), write, "this identity cannot see synchronization policies: " + writer},
		{missing(&graph.MissingMember{Member: "identitySynchronization"}), partial, "a Teams Administrator sees partners, but not their synchronization policies: " + reader},
		{missing(&graph.MissingMember{Member: "identitySynchronization", Shown: true}), partial, "run the command again; if Graph still leaves identitySynchronization out, " + reader},
		{missing(&graph.MissingMember{Member: "tenantId"}), partial, "run the command again; if Graph still leaves tenantId out, " + reader},
		{list(graph.Error{Kind: graph.Invalid}), read, ""},
		{list(graph.Error{Kind: graph.NotFound}), read, ""},
		{errors.New("disk full"), write, ""},
	} {
		if got := report.Advise(c.err, c.by); got != c.want {
			t.Errorf("%v:\n got %q\nwant %q", c.err, got, c.want)
		}
	}
}

func wideText(t *testing.T, p *plan.Plan, r *journal.Result) string {
	t.Helper()
	var b strings.Builder
	if err := report.Run(&b, p, r, report.Text, report.Options{Width: 400}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
