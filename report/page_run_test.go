package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
	"bulksync/report"
)

// syncPlan is a plan that allows synchronization for n partners.
func syncPlan(n int) *plan.Plan {
	var changes []plan.Change
	for i := range n {
		changes = append(changes, change(i+2, "", plan.IdentitySynchronization, plan.Update, syncTo(false, true)))
	}
	return planOf(changes...)
}

// outcomes is a run of p with the outcomes os, in plan order.
func outcomes(p *plan.Plan, os ...journal.Outcome) *journal.Result {
	return resultOf(p, func(c *plan.Change) journal.Outcome { return os[c.Seq-1] })
}

var (
	seen    = journal.Outcome{Status: journal.Verified, Attempts: 1, HTTPStatus: 204}
	unseen  = journal.Outcome{Status: journal.Succeeded, Attempts: 1, HTTPStatus: 204, Unseen: true, Message: "accepted; not yet visible after 2m0s"}
	unread  = journal.Outcome{Status: journal.Succeeded, Attempts: 1, HTTPStatus: 204}
	drifted = journal.Outcome{Status: journal.Held, Reason: journal.ReasonDrifted, Message: "changed since the plan: isSyncAllowed is true"}
	undone  = journal.Outcome{Status: journal.Held, Reason: journal.ReasonReplaced, Applied: true, Overwritten: true, Attempts: 1, HTTPStatus: 204, Message: "made by this run, different now: isSyncAllowed is null"}
	refused = journal.Outcome{Status: journal.Failed, Attempts: 1, Kind: graph.Forbidden, HTTPStatus: 403, GraphCode: "Authorization_RequestDenied", Message: "No.", RequestID: tenant(900)}
	waiting = journal.Outcome{Status: journal.NotAttempted}
	lost    = journal.Outcome{Status: journal.Indeterminate, Attempts: 1, Kind: graph.Indeterminate, HTTPStatus: 503, Message: "no answer"}
)

func statusOf(s journal.Status) journal.Outcome { return journal.Outcome{Status: s} }

// The verdict is the first line; it claims only what was seen.
func TestTheVerdict(t *testing.T) {
	late := journal.Outcome{Status: journal.Held, Reason: journal.ReasonReplaced, Applied: true, Overwritten: true, Attempts: 2, HTTPStatus: 503, Open: true, Message: "made by this run, different now: it is as it was before the change"}
	clash := journal.Outcome{Status: journal.Held, Attempts: 1, HTTPStatus: 409, Message: "somebody created it"}
	for want, os := range map[string][]journal.Outcome{
		"Done: the change succeeded.":                                     {seen},
		"Done: both changes succeeded.":                                   {seen, seen},
		"Done: all 3 changes succeeded.":                                  {seen, unread, seen},
		"Done: 1 change succeeded, 1 object was already as wanted.":       {seen, statusOf(journal.Unchanged)},
		"Nothing had to be changed. Everything is as wanted.":             {statusOf(journal.Unchanged), statusOf(journal.Unchanged)},
		"Finished, but nothing that Graph accepted could be confirmed.":   {unseen, statusOf(journal.Unchanged)},
		"Finished, but 2 of 3 changes are not confirmed yet.":             {unseen, unseen, seen},
		"Finished, but 2 of 4 changes are not confirmed yet.":             {unseen, unread, unread, unseen},
		"Finished, but 1 of 2 changes is not confirmed yet.":              {unseen, seen},
		"Finished, but 2 of 3 changes were overwritten.":                  {undone, seen, late},
		"Finished, but 2 of 4 changes did not succeed.":                   {undone, drifted, seen, seen},
		"Finished, but 1 of 2 changes did not succeed.":                   {clash, seen},
		"Finished, but 1 of 3 changes did not succeed.":                   {refused, seen, seen},
		"Finished, but 1 of 4 changes did not succeed.":                   {lost, seen, seen, seen},
		"Finished, but the change did not succeed.":                       {refused},
		"Finished, but neither change succeeded.":                         {refused, drifted},
		"Finished, but none of the 3 changes succeeded.":                  {refused, drifted, undone},
		"Finished, but the change is not known to have succeeded.":        {lost},
		"Finished, but none of the 3 changes is known to have succeeded.": {lost, refused, drifted},
		"Finished, but the change was overwritten.":                       {undone},
		"Finished, but both changes were overwritten.":                    {undone, late},
		"Finished, but 1 of 5 changes was overwritten.":                   {undone, unseen, unseen, unseen, unseen},
	} {
		p := syncPlan(len(os))
		if got, _, _ := strings.Cut(runText(t, p, outcomes(p, os...)), "\n"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A run that stopped says how much is not done, and nothing of what may have landed.
func TestTheVerdictOfARunThatStopped(t *testing.T) {
	for want, os := range map[string][]journal.Outcome{
		"1 of 2 changes is not done.":                {seen, waiting},
		"2 of 3 changes are not done.":               {seen, waiting, lost},
		"the change is not done.":                    {waiting},
		"neither change is done.":                    {refused, waiting},
		"none of the 3 changes is done.":             {refused, waiting, waiting},
		"the change is not known to be done.":        {lost},
		"none of the 3 changes is known to be done.": {lost, waiting, waiting},
	} {
		p := syncPlan(len(os))
		r := outcomes(p, os...)
		r.Stopped = "asked to"
		if got, _, _ := strings.Cut(runText(t, p, r), "\n"); got != "Stopped early: "+want {
			t.Errorf("%q, want %q", got, want)
		}
		r.Interrupted = true
		if got, _, _ := strings.Cut(runText(t, p, r), "\n"); got != "Interrupted: "+want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Unchanged objects are not changes, and blocked ones are counted separately,
// as in the plan; if objects that were to stay unchanged are open, objects are
// counted.
func TestTheVerdictCountsChanges(t *testing.T) {
	sync := plan.IdentitySynchronization
	same := change(2, "", sync, plan.NoOp)
	write := change(3, "", sync, plan.Update, syncTo(false, true))
	stuck := with(change(4, "", sync, plan.Blocked), "no")
	kept, left := statusOf(journal.Unchanged), journal.Outcome{Status: journal.Skipped, Message: "no"}
	for _, c := range []struct {
		changes  []plan.Change
		outcomes []journal.Outcome
		want     string
	}{
		{[]plan.Change{same, write, write}, []journal.Outcome{kept, refused, seen}, "Finished, but 1 of 2 changes did not succeed."},
		{[]plan.Change{same, write, stuck}, []journal.Outcome{kept, refused, left}, "Finished, but the change did not succeed; 1 other change is blocked."},
		{[]plan.Change{same, write, stuck}, []journal.Outcome{kept, seen, left}, "Finished, but 1 change is blocked; 1 other change succeeded, 1 object was already as wanted."},
		{[]plan.Change{write, stuck}, []journal.Outcome{kept, left}, "Finished, but 1 change is blocked; everything else is as wanted."},
		{[]plan.Change{write, write, stuck}, []journal.Outcome{seen, seen, left}, "Finished, but 1 change is blocked; both other changes succeeded."},
		{[]plan.Change{write, stuck}, []journal.Outcome{unseen, left}, "Finished, but nothing that Graph accepted could be confirmed; 1 other change is blocked."},
		{[]plan.Change{stuck}, []journal.Outcome{left}, "Nothing was done: the change is blocked."},
		{[]plan.Change{stuck, stuck, stuck}, []journal.Outcome{left, left, left}, "Nothing was done: all 3 changes are blocked."},
		{[]plan.Change{same, stuck, stuck}, []journal.Outcome{kept, left, left}, "Nothing was done: both changes are blocked."},
		{[]plan.Change{same, write, write}, []journal.Outcome{drifted, seen, seen}, "Finished, but 1 of 3 objects needs a look."},
		{[]plan.Change{same, write}, []journal.Outcome{drifted, refused}, "Finished, but both objects need a look."},
		{[]plan.Change{same, write}, []journal.Outcome{undone, seen}, "Finished, but 1 of 2 objects was overwritten."},
	} {
		p := planOf(c.changes...)
		if got, _, _ := strings.Cut(runText(t, p, outcomes(p, c.outcomes...)), "\n"); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// A held no-op was planned from what the object was, not from nothing.
func TestAHeldObjectShowsWhatItWas(t *testing.T) {
	p := planOf(change(2, "", plan.IdentitySynchronization, plan.NoOp, syncTo(true, true)))
	o := journal.Outcome{Status: journal.Held, Reason: journal.ReasonNoOpLost, Message: "as wanted when the plan was made, different now: it is false",
		Live: json.RawMessage(`{"userSyncInbound":{"isSyncAllowed":false}}`)}
	if text := strings.Join(strings.Fields(runText(t, p, outcomes(p, o))), " "); !strings.Contains(text, "isSyncAllowed: planned from true, now false, wanted true") {
		t.Errorf("%s", text)
	}
}

// Null and an object of nulls are one thing, and said in the same words.
func TestAHeldTrustThatIsNullIsNotSet(t *testing.T) {
	p := planOf(change(2, "", plan.Trust, plan.Update, trusting("isMfaAccepted", true, false)))
	for _, live := range []string{"", `{"isMfaAccepted":null}`} {
		o := journal.Outcome{Status: journal.Held, Reason: journal.ReasonDrifted, Message: "changed since the plan: it is null"}
		if live != "" {
			o.Live = json.RawMessage(live)
		}
		if text := strings.Join(strings.Fields(runText(t, p, outcomes(p, o))), " "); !strings.Contains(text, "isMfaAccepted: planned from true, now not set, wanted false") {
			t.Errorf("%s", text)
		}
	}
}

// An object that could not be read is not said to be absent.
func TestWhatWasNotReadIsNotNothing(t *testing.T) {
	p := planOf(change(2, "", plan.IdentitySynchronization, plan.Update, syncTo(false, true)))
	o := journal.Outcome{Status: journal.Held, Reason: journal.ReasonUnreadable, Message: "the object could not be read: two names"}
	if text := strings.Join(strings.Fields(runText(t, p, outcomes(p, o))), " "); strings.Contains(text, "now nothing") {
		t.Errorf("%s", text)
	}
	o.Reason = journal.ReasonDrifted // the object was deleted
	if text := strings.Join(strings.Fields(runText(t, p, outcomes(p, o))), " "); !strings.Contains(text, "now nothing") {
		t.Errorf("%s", text)
	}
}

// What Graph accepted and no reading showed is not called overwritten: nobody is
// known to have changed it.
func TestWhatWasNeverSeenIsNotOverwritten(t *testing.T) {
	p := syncPlan(1)
	o := journal.Outcome{Status: journal.Held, Reason: journal.ReasonNeverSeen, Applied: true, Attempts: 1, HTTPStatus: 204}
	text := runText(t, p, outcomes(p, o))
	if strings.Contains(text, "overwritten") || !strings.Contains(text, "accepted by Graph, never seen there") ||
		!strings.Contains(text, "hint: plan again; if Graph still") {
		t.Errorf("%s", text)
	}
}

// An object that this run made and could not read afterwards is not called
// overwritten.
func TestWhatWasNotReadIsNotOverwritten(t *testing.T) {
	p := syncPlan(1)
	o := journal.Outcome{Status: journal.Held, Reason: journal.ReasonUnreadable, Applied: true, Attempts: 1, HTTPStatus: 204, Message: "the object could not be read: two names"}
	text := runText(t, p, outcomes(p, o))
	if strings.Contains(text, "overwritten") || !strings.Contains(text, "hint: check what Graph returns for this partner; if it is right, plan again\n") {
		t.Errorf("%s", text)
	}
}

// A page that lists unchanged objects counts objects, and asks for approval
// only if something changes.
func TestAPageCountsObjects(t *testing.T) {
	sync := plan.IdentitySynchronization
	same := change(2, "", sync, plan.NoOp)
	write := change(3, "", sync, plan.Update, syncTo(false, true))
	stuck := with(change(4, "", sync, plan.Blocked), "no")
	for want, changes := range map[string][]plan.Change{
		`data-all="3 objects">3 objects: 1 to change, 1 as wanted, 1 blocked<`: {same, write, stuck},
		`data-all="2 objects">2 objects: 2 as wanted<`:                         {same, same},
		`data-all="2 changes">2 changes<`:                                      {write, write},
	} {
		p := planOf(changes...)
		var b strings.Builder
		if err := report.Plan(&b, p, report.HTML, report.Options{}); err != nil {
			t.Fatal(err)
		}
		if text := b.String(); !strings.Contains(text, want) || strings.Contains(text, "Approving this fingerprint") != (p.Summary.Writes() > 0) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A group of outcomes has the words for how they ended, and the right next
// step.
func TestAlertWords(t *testing.T) {
	early := func(r *journal.Result) { r.Stopped = "403 from Graph, ten times in a row" }
	asked := func(r *journal.Result) { r.Stopped, r.Interrupted = "interrupted", true }
	for name, c := range map[string]struct {
		o    journal.Outcome
		set  func(*journal.Result)
		want string
	}{
		"drifted":          {drifted, nil, "! held (1 partner): changed since the plan, so not overwritten\n"},
		"undone":           {undone, nil, "! held (1 partner): made by this run, different now\n"},
		"undone, no words": {journal.Outcome{Status: journal.Held, Reason: journal.ReasonReplaced, Applied: true, Overwritten: true, Attempts: 1, HTTPStatus: 204}, nil, "! held (1 partner): made by this run, different now\n"},
		"held, no words":   {journal.Outcome{Status: journal.Held}, nil, "! held (1 partner): somebody changed the object, so it was not overwritten\n"},
		"as wanted, once": {journal.Outcome{Status: journal.Held, Reason: journal.ReasonMatchLost, Message: "as wanted when this run first looked, different now: isSyncAllowed is null"}, nil,
			"! held (1 partner): as wanted when this run first looked, different now\n"},
		"held, unread": {journal.Outcome{Status: journal.Held, Reason: journal.ReasonUnreadable, Message: "the object could not be read: two names"}, nil, "! held (1 partner): the object could not be read\n"},
		"undone hint":  {undone, nil, "hint: see in the Entra audit log who changed it, then plan again if it is still wanted\n"},
		"overwritten": {journal.Outcome{Status: journal.Failed, Attempts: 1, HTTPStatus: 204, Overwritten: true, Message: "accepted, but something else is there now"}, nil,
			"! failed (1 partner): accepted, but something else is there now\n"},
		"stopped":      {waiting, early, "! not-attempted (1 partner): the run stopped before it got there: 403 from Graph, ten times in a row\n"},
		"stopped hint": {waiting, early, "hint: fix what stopped the run, then resume the run\n"},
		"asked hint":   {waiting, asked, "hint: resume the run\n"},
		"refused":      {refused, nil, "! failed: 403 Authorization_RequestDenied (1 partner): No.\n"},
		"refused hint": {refused, nil, "Policy.ReadWrite.CrossTenantAccess, with admin consent; a person also needs"},
		"throttled":    {journal.Outcome{Status: journal.Failed, Kind: graph.Throttled, HTTPStatus: 429, Attempts: 6, Message: "asked for a pause of 900 s"}, nil, "! failed: 429 (1 partner): asked for a pause of 900 s\n"},
		"notice":       {journal.Outcome{Status: journal.Verified, Message: "displayName was changed too"}, nil, "! verified (1 partner): displayName was changed too\n"},
		"quiet":        {journal.Outcome{Status: journal.Unchanged, Message: "somebody made it"}, nil, "! unchanged (1 partner): somebody made it\n"},
		"unseen":       {unseen, nil, "! succeeded (1 partner): accepted; not yet visible after 2m0s\n"},
		"a step before": {journal.Outcome{Status: journal.Skipped, Reason: journal.ReasonPredecessor, Message: "change 4 of this partner did not succeed"}, nil,
			"! skipped (1 partner): another change of the same partner did not succeed\n"},
		"excepted": {journal.Outcome{Status: journal.Skipped, Message: "excepted by Ada"}, nil, "! skipped (1 partner): excepted by Ada\n"},
		"lost":     {journal.Outcome{Status: journal.Indeterminate}, nil, "! indeterminate (1 partner): sent, but what became of it is not known\n"},
	} {
		p := syncPlan(1)
		r := outcomes(p, c.o)
		if c.set != nil {
			c.set(r)
		}
		if got := runText(t, p, r); !strings.Contains(got, c.want) {
			t.Errorf("%s: no %q in\n%s", name, c.want, got)
		}
	}
}

// Only a run that looked says that something is not visible; without reading
// back, or if that failed, nothing was looked for.
func TestNotVisibleOnlyAfterALook(t *testing.T) {
	for _, o := range []journal.Outcome{unread, {Status: journal.Succeeded, Message: "accepted; reading back failed: 503"}} {
		p := syncPlan(1)
		text := runText(t, p, outcomes(p, o))
		if strings.Contains(text, "visible") || !strings.Contains(text, "\n1 change was accepted by Graph and not read back.\n") {
			t.Errorf("%s", text)
		}
	}
	p := syncPlan(3)
	if text := runText(t, p, outcomes(p, unseen, seen, unseen)); !strings.Contains(text, "\n2 changes were accepted by Graph, but not visible when the run ended.\n") {
		t.Errorf("%s", text)
	}
}

// A thousand notices do not crowd a failure out of the alerts, and an alert
// does not show one row's message for rows with other messages.
func TestNoticesDoNotHideFailures(t *testing.T) {
	p := syncPlan(1002)
	r := resultOf(p, func(c *plan.Change) journal.Outcome {
		switch c.Seq {
		case 1001:
			return refused
		case 1002:
			o := refused
			o.Message = "Never."
			return o
		}
		return journal.Outcome{Status: journal.Verified, Message: fmt.Sprintf("notice %d", c.Seq)}
	})
	text := runText(t, p, r)
	if !strings.Contains(text, "! failed: 403 Authorization_RequestDenied (2 partners): for example, No.; each row has its\n  own message\n") &&
		!strings.Contains(text, "! failed: 403 Authorization_RequestDenied (2 partners): for example, No.; each row has its own message\n") {
		t.Errorf("%.3000s", text)
	}
	if !strings.Contains(text, "! other (992 partners): for other reasons; each row has its own\n") || strings.Index(text, "! failed") > strings.Index(text, "! verified") {
		t.Errorf("%.3000s", text)
	}
}

// Partners are counted once, and separately from changes.
func TestAlertsCountPartnersOnce(t *testing.T) {
	blocked := func(row int, o plan.Object) plan.Change {
		return with(change(row, "", o, plan.Blocked), "no partner")
	}
	p := planOf(blocked(2, plan.IdentitySynchronization), blocked(2, plan.Consent), blocked(3, plan.Consent), blocked(2, plan.Consent))
	if text := planText(t, p); !strings.Contains(text, "! blocked (4 changes to 2 partners): no partner\n") || strings.Count(text, "\n    "+tenant(2)) != 1 {
		t.Errorf("%s", text)
	}
	template := plan.Change{Object: plan.SyncTemplate, Action: plan.Blocked, Reason: "no partner", Hazards: []plan.Hazard{}}
	if text := planText(t, planOf(template, blocked(2, plan.Consent))); !strings.Contains(text, "! blocked (2 changes to 1 partner and the home tenant): no partner\n") {
		t.Errorf("%s", text)
	}
}

func TestPaceAgreesWithTheProgressLine(t *testing.T) {
	for want, set := range map[string]func(*journal.Result){
		"Pace: no write was refused for lack of quota.":                                                       func(*journal.Result) {},
		"Pace: throttled, and no steady rate was found.":                                                      func(r *journal.Result) { r.Requests.Throttled = 1 },
		"Pace: throttled, and no steady rate was found, up to 3":                                              func(r *journal.Result) { r.Pace = journal.Pace{Refusals: 1, Burst: 3} },
		"Pace: throttled, and no steady rate was found; throttled for 1.5 s in 1 pause that Graph asked for.": func(r *journal.Result) { r.Pace = journal.Pace{Pauses: 1, PausedMs: 1500} },
		"Pace: 2.0 writes per second.":                                                                        func(r *journal.Result) { r.Pace, r.Requests.Throttled = journal.Pace{WritesPerSecond: 2}, 4 },
	} {
		p := syncPlan(1)
		r := outcomes(p, seen)
		r.Requests, r.Pace = journal.Requests{}, journal.Pace{}
		set(r)
		if text := runText(t, p, r); !strings.Contains(text, "\n"+want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// An undo plan has no cells; its open partners are written in columns that can
// be read again.
func TestFailedRowsOfAnUndo(t *testing.T) {
	p := planOf(
		plan.Change{Object: plan.SyncTemplate, Action: plan.Update, Fields: []plan.Field{syncTo(true, nil)}},
		change(3, "=1+1", plan.IdentitySynchronization, plan.Delete, syncTo(true, nil)),
		change(3, "=1+1", plan.PartnerConfiguration, plan.Delete),
		change(2, "b", plan.IdentitySynchronization, plan.Delete, syncTo(true, nil)),
		change(4, "c", plan.IdentitySynchronization, plan.Delete, syncTo(true, nil)),
		with(change(5, "d", plan.Consent, plan.Blocked), "protected"),
		with(change(5, "d", plan.Consent, plan.Update, inbound(true, nil)), "reverts what the run did"),
	)
	p.Input = desired.Input{Name: "run of yesterday", Rows: 4}
	p.Changes[1].Note = "=note"
	r := outcomes(p, refused, undone, waiting, seen, drifted,
		statusOf(journal.Skipped), journal.Outcome{Status: journal.Failed, Kind: graph.Invalid, HTTPStatus: 400})
	r.Outcomes[1].Message = ""
	r.Stopped = "=stopped"
	var b bytes.Buffer
	if err := report.FailedRows(&b, p, r); err != nil {
		t.Fatal(err)
	}
	want := "tenantId,note,reason\n" +
		tenant(3) + `,'=note,"identitySynchronization held: made by this run, different now; partner not-attempted: the run stopped before it got there: =stopped"` + "\n" +
		tenant(4) + ",CHG0041877,identitySynchronization held: changed since the plan: isSyncAllowed is true\n" +
		tenant(5) + ",CHG0041877,consent skipped: protected; consent failed 400\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	if rows, err := desired.ReadRows(context.Background(), &b, "failed.csv"); err != nil || rows.Input.Rows != 3 {
		t.Errorf("read again: %v", err)
	}
}

// A template alone has no rows to fail, and no input to name.
func TestFailedRowsOfATemplate(t *testing.T) {
	p := planOf(plan.Change{Object: plan.SyncTemplate, Action: plan.Update, Fields: []plan.Field{syncTo(true, nil)}})
	p.Input = desired.Input{}
	var b bytes.Buffer
	if err := report.FailedRows(&b, p, outcomes(p, refused)); err != nil || b.Len() > 0 {
		t.Errorf("%v\n%s", err, b.String())
	}
	if text := planText(t, p); strings.Contains(text, "Input") {
		t.Errorf("%s", text)
	}
}

// A partner that could not be read is neither clean nor counted as different.
func TestUnreadablePartners(t *testing.T) {
	a := sampleAudit()
	a.Findings = a.Findings[len(a.Findings)-1:]
	a.Totals = audit.Totals{OK: 5, Unreadable: 1}
	for _, f := range []report.Format{report.Text, report.Markdown, report.HTML} {
		var b strings.Builder
		if err := report.Audit(&b, a, f, report.Options{Width: 120}); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if strings.Contains(strings.ToLower(text), "clean") || !strings.Contains(text, "Unknown: 1 partner could not be read. Everything else is as wanted.") ||
			!strings.Contains(text, "his partner could not be read, so nothing is known about it") || !strings.Contains(text, "0 extra, 1 unreadable.") {
			t.Errorf("%s:\n%s", f, text)
		}
	}
}

// What is not listed is counted, but only if there is any.
func TestUnlistedChanges(t *testing.T) {
	p := syncPlan(1001)
	r := resultOf(p, func(c *plan.Change) journal.Outcome {
		if c.Seq == 1 {
			return refused
		}
		return seen
	})
	if text := runText(t, p, r); !strings.Contains(text, "\n1,000 changes succeeded, not listed.\n") {
		t.Errorf("%.3000s", text)
	}
	p = planOf(change(2, "", plan.Consent, plan.NoOp), change(3, "", plan.Consent, plan.Update), change(4, "", plan.Consent, plan.Update))
	text := runText(t, p, outcomes(p, statusOf(journal.Unchanged), seen, refused))
	if !strings.Contains(text, "\n1 change succeeded and 1 object was already as wanted, not listed.\n") || !strings.Contains(text, "\nRun: 3 objects = 1 verified + 1 unchanged + 1 failed.\n") {
		t.Errorf("%s", text)
	}
	p = syncPlan(1)
	for _, o := range []journal.Outcome{seen, refused} {
		if text := runText(t, p, outcomes(p, o)); strings.Contains(text, "not listed") {
			t.Errorf("%s", text)
		}
	}
}

// A note of several lines stays one cell in Markdown, line by line.
func TestMarkdownKeepsTheLinesOfANote(t *testing.T) {
	p := syncPlan(1)
	p.Changes[0].Note = "one\r\ntwo"
	var b strings.Builder
	if err := report.Plan(&b, p, report.Markdown, report.Options{}); err != nil || !strings.Contains(b.String(), "| one<br>two |") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// A removed partner is the most serious hazard.
func TestRemovedPartnersComeFirst(t *testing.T) {
	text := planText(t, samplePlan())
	if first := strings.Index(text, "\n! "); !strings.HasPrefix(text[first:], "\n! partner-removed (1 partner)") {
		t.Errorf("%s", text)
	}
}

// Many changes that were held do not fill the terminal: text lists the first, and
// says where the others are.
func TestTextListsTheFirstOutcomes(t *testing.T) {
	var changes []plan.Change
	var all []journal.Outcome
	for i := range 71 {
		c := change(i+2, "", plan.IdentitySynchronization, plan.Update, syncTo(false, true))
		c.Partner.TenantID = tenant(i + 1)
		changes, all = append(changes, c), append(all, journal.Outcome{Status: journal.Held, Message: "somebody changed it"})
	}
	p := planOf(changes...)
	text := wideText(t, p, outcomes(p, all...))
	if n := strings.Count(text, "held identitySynchronization"); n != 20 {
		t.Errorf("%d are listed", n)
	}
	if !strings.Contains(text, "\n... and 51 more changes. --all lists them; report.html and outcomes.csv of the run show all of them.\n") {
		t.Error(text)
	}
}
