package report_test

import (
	"strings"
	"testing"

	"bulksync/execute/journal"
	"bulksync/plan"
	"bulksync/report"
)

// The next step fits the refusal and the object. It names the permission that is
// missing, and only flags that exist.
func TestHints(t *testing.T) {
	const grant = "grant the app Policy.ReadWrite.CrossTenantAccess with admin consent; a person also needs the role Security Administrator"
	const teams = " (a Teams Administrator can write partners, but not their identity synchronization)"
	gone := "the partner configuration or its policy is gone; plan again, with --create-partners if it is to be made anew"
	sync := change(2, "", plan.IdentitySynchronization, plan.Update, syncTo(false, true))
	consent := change(2, "", plan.Consent, plan.Update, inbound(false, true))
	partner := change(2, "", plan.PartnerConfiguration, plan.Create)
	template := plan.Change{Object: plan.SyncTemplate, Action: plan.Update}
	for _, c := range []struct {
		change plan.Change
		http   int
		code   string
		want   string
	}{
		{sync, 403, "Authorization_RequestDenied", grant + teams},
		{sync, 403, "", grant + teams},
		{consent, 403, "Authorization_IdentityNotFound", grant},
		{template, 403, "", grant},
		{sync, 401, "insufficient_claims", "Conditional Access asks for a stronger sign-in for this protected action; sign in again, then resume the run"},
		{sync, 401, "", "sign in again, to the home tenant and its cloud, then resume the run"},
		{sync, 400, "Authentication_ExpiredToken", "sign in again, to the home tenant and its cloud, then resume the run"},
		{sync, 400, "", "Graph refused the request itself; correct the row that its message speaks of and plan again"},
		{sync, 404, "Request_ResourceNotFound", gone},
		{consent, 404, "", gone},
		{change(2, "", plan.IdentitySynchronization, plan.Create, syncTo(nil, true)), 404, "", gone},
		{change(2, "", plan.PartnerConfiguration, plan.Delete), 404, "", gone},
		{partner, 404, "Directory_ObjectNotFound", "Graph knows no such tenant; check the tenant ID"},
		{template, 404, "", "this cloud or tenant has no such template; plan again without --template"},
		{sync, 409, "", "somebody else created it meanwhile; plan again to see what still differs"},
		{sync, 409, "Directory_ConcurrencyViolation", "other writers were busy in this tenant; resume the run when they are done, or with a lower --concurrency"},
		{partner, 403, "Directory_QuotaExceeded", "the tenant's object quota is used up; free some or ask Microsoft to raise it, then resume the run"},
		{sync, 429, "TooManyRequests", "Graph throttled the tenant for longer than the run waits; resume it later, or with a lower --max-rate"},
		{sync, 500, "", "Graph had a fault of its own; resume the run, and give Microsoft the request-id if it stays"},
		{sync, 204, "", "see in the Entra audit log who changed it, then plan again if it is still wanted"},
		{sync, 0, "", ""},
	} {
		p := planOf(c.change)
		r := outcomes(p, journal.Outcome{Status: journal.Failed, HTTPStatus: c.http, GraphCode: c.code, Overwritten: c.http == 204, Message: "no"})
		_, got, _ := strings.Cut(wideText(t, p, r), "  hint: ")
		if got, _, _ = strings.Cut(got, "\n"); got != c.want {
			t.Errorf("%s, %d %s: %q, want %q", c.change.Object, c.http, c.code, got, c.want)
		}
	}
}

// What takes a run back is not planned again from a file.
func TestHintsOfAnUndo(t *testing.T) {
	const audit = "see what is there now, and in the Entra audit log who changed it"
	undo := with(change(2, "", plan.IdentitySynchronization, plan.Update, syncTo(false, true)), "takes back what the run did")
	for _, c := range []struct {
		outcome journal.Outcome
		want    string
	}{
		{journal.Outcome{Status: journal.Held}, "an undo leaves alone what was changed after the run; look at it, and change it by a plan of its own"},
		{journal.Outcome{Status: journal.Held, HTTPStatus: 204, Overwritten: true}, "see in the Entra audit log who changed it"},
		{journal.Outcome{Status: journal.Failed, HTTPStatus: 204, Overwritten: true}, "see in the Entra audit log who changed it"},
		{journal.Outcome{Status: journal.Failed, HTTPStatus: 404}, audit},
		{journal.Outcome{Status: journal.Failed, HTTPStatus: 409}, audit},
		{journal.Outcome{Status: journal.Failed, HTTPStatus: 409, GraphCode: "Directory_ConcurrencyViolation"}, "other writers were busy in this tenant; resume the run when they are done, or with a lower --concurrency"},
		{journal.Outcome{Status: journal.Failed, HTTPStatus: 400}, "Graph refused the request itself; see what its message says, and change the object by a plan of its own"},
		{journal.Outcome{Status: journal.Failed, HTTPStatus: 500}, "Graph had a fault of its own; resume the run, and give Microsoft the request-id if it stays"},
		{journal.Outcome{Status: journal.Indeterminate}, "resume the run: the object is read before it is written again"},
	} {
		p := planOf(undo)
		_, got, _ := strings.Cut(wideText(t, p, outcomes(p, c.outcome)), "  hint: ")
		if got, _, _ = strings.Cut(got, "\n"); got != c.want {
			t.Errorf("%+v: %q, want %q", c.outcome, got, c.want)
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
