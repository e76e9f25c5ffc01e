package report_test

import (
	"html"
	"io"
	"strings"
	"testing"
	"time"

	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/report"
)

// formOf is the form of a page, as text.
func formOf(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b strings.Builder
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(b.String(), "<textarea")
	_, text, _ = strings.Cut(text, ">")
	text, _, _ = strings.Cut(text, "</textarea>")
	return html.UnescapeString(text)
}

func planForm(t *testing.T, p *plan.Plan, o report.Options) string {
	t.Helper()
	return formOf(t, func(w io.Writer) error { return report.Plan(w, p, report.HTML, o) })
}

func checkForm(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
}

// The form of a plan answers what a change board asks.
func TestTheFormOfAPlan(t *testing.T) {
	p := boardPlan()
	checkForm(t, planForm(t, p, report.Options{Approvals: boardApprovals(p), File: "my plan.json"}),
		"SCOPE", "- Home tenant: 7d2c1f0e-5a1b-4c0d-8e9f-0a1b2c3d4e5f (Adatum Corporation)", "- Writes to: 10 partners",
		"- Not touched: 2 objects that are already as wanted; 2 blocked objects; the other 203 partners of the tenant; every setting that no change names",
		"RISK", "- sync-off: 1 partner: stops synchronizing users from this partner; users already synchronized stay",
		"- Limit stopped: 2 partners stop synchronizing, within the limit of 3",
		"- Limit consentOff: automatic redemption is turned off for 1 partner, 1 above the limit of 0 (1% of 90); apply refuses it, and the policy lets nobody lift this limit",
		"- Protected: 1 partner that the policy never lets a plan write to", "    payroll provider, ask Ada  "+tenant(99),
		"DURATION", "- Estimate: about 4 to 95 s",
		"- Rests on: 13 writes, and 140 ms for an answer while the tenant was read. The lower end is the documented quota of 3,000 writes in 150 s, the upper one 1 write a second, as users report for similar objects. The pace that this tenant allows is found during the run: choose a window by the upper end.",
		"WINDOW", "- Open: Saturdays and Sundays 22:00-04:00 Europe/Berlin", "- First opening: it was open when the plan was made",
		"- Apply before: 2026-11-28 22:04:05 UTC; after that the plan is too old",
		"BACK-OUT", "- Command: bulksync undo RUN_DIR", "- Not taken back: Users who were synchronized in the meantime stay in this tenant; undo only ends the synchronization.",
		"CHECKS", "DECISION", "- To read aloud: sha256: 4be1 c0b1 f2a9 4f0e 8d7c 6b5a 4938 2716 f5e4 d3c2 b1a0 9f8e 7d6c 5b4a 3928 1706",
		"- Notes of the rows: CHG0041877 (12 rows)", "- Needed: 2 signed approvals, each of another person with a key in allowed_signers",
		"- Approved by: Ada Lovelace; 2026-11-21 23:04:05 UTC; holds until 2026-11-24 23:04:05 UTC; ticket CHG0041877; signed with the key SHA256:47DEQpj8HBSa; 1 partner excepted",
		"    Contoso Retail (excepted: payroll until December)  "+tenant(5),
		"- Rejected by: Grace Hopper; 2026-11-21 23:04:05 UTC; not before the audit; not signed",
		"- To approve: bulksync approve 'my plan.json' --as NAME --key FILE", "- To run exactly this: not possible: the policy lets nobody lift the limit consentOff",
	)
	p.Policy.Overridable = plan.AllLimits()
	checkForm(t, planForm(t, p, report.Options{File: "plan.json"}),
		"- To run exactly this: bulksync apply plan.json --decision DECISION_FILE --decision DECISION_FILE --allow consentOff --allow changes")
	p.Policy.Approvals.Required = 1
	checkForm(t, planForm(t, p, report.Options{}), "- Needed: 1 signed approval, of a person with a key in allowed_signers")
}

// An exception needs no reason.
func TestAnExceptionWithoutAReason(t *testing.T) {
	p := boardPlan()
	all := boardApprovals(p)[:1]
	all[0].Except = []approval.Exception{{TenantID: tenant(5)}, {TenantID: approval.TemplateException}}
	checkForm(t, planForm(t, p, report.Options{Approvals: all}), "    Contoso Retail (excepted)  "+tenant(5), "    the template (excepted)")
}

// The links at the top answer the form in a few words each.
func TestTheLinksAnswerTheForm(t *testing.T) {
	p := boardPlan()
	r := sampleRun(p)
	r.Approvals = boardApprovals(p)[:1]
	for name, tc := range map[string]struct {
		write func(io.Writer) error
		want  []string
	}{
		"plan": {func(w io.Writer) error { return report.Plan(w, p, report.HTML, report.Options{}) }, []string{
			"Scope <span>10 partners<", "Risk <span>above 2 limits<", "Duration <span>about 4 to 95 s<", "Window <span>Saturdays and Sundays 22:00-04:00 Europe/Berlin<",
			"Back-out <span>bulksync undo, in part<", "Decision <span>0 of 2 approvals<"}},
		"rejected": {func(w io.Writer) error {
			return report.Plan(w, p, report.HTML, report.Options{Approvals: boardApprovals(p)})
		}, []string{"Decision <span>rejected<"}},
		"plain": {func(w io.Writer) error { return report.Plan(w, syncPlan(1), report.HTML, report.Options{}) }, []string{"Window <span>at any time<", "Decision <span>one yes is enough<"}},
		"run":   {func(w io.Writer) error { return report.Run(w, p, r, report.HTML, report.Options{}) }, []string{"Duration <span>1m11s<", "Decision <span>approved by Ada Lovelace<"}},
	} {
		var b strings.Builder
		if err := tc.write(&b); err != nil {
			t.Fatal(err)
		}
		_, links, _ := strings.Cut(b.String(), "<nav")
		links, _, _ = strings.Cut(links, "</nav>")
		for _, want := range tc.want {
			if !strings.Contains(links, want) {
				t.Errorf("%s: no %q in %s", name, want, links)
			}
		}
	}
}

// What the policy does not ask for is said in a few words.
func TestTheFormOfAPlainPlan(t *testing.T) {
	p := syncPlan(1)
	checkForm(t, planForm(t, p, report.Options{}),
		"- None of the known hazards applies to this plan.", "- Policy: built-in", "- Estimate: none: the tenant was not read for this plan",
		"- The policy names no window: the plan may be applied at any time.", "- To run exactly this: bulksync apply plan.json --approve "+p.Fingerprint)
	checkForm(t, planForm(t, planOf(change(2, "", plan.Consent, plan.NoOp)), report.Options{}), "- Nothing is written.")
}

// A window opens by the clocks of its zone, also in the night in which they are
// changed.
func TestTheFirstOpening(t *testing.T) {
	for made, want := range map[string]string{
		"2026-11-25T12:00:00Z": "Saturday 2026-11-28 22:00 CET (2026-11-28 21:00:00 UTC), the first after the plan was made",
		"2026-03-29T04:30:00Z": "Sunday 2026-03-29 22:00 CEST (2026-03-29 20:00:00 UTC), the first after the plan was made",
		"2026-10-25T02:30:00Z": "it was open when the plan was made",
	} {
		p := boardPlan()
		var err error
		if p.CreatedAt, err = time.Parse(time.RFC3339, made); err != nil {
			t.Fatal(err)
		}
		checkForm(t, planForm(t, p, report.Options{}), "- First opening: "+want)
	}
}

// The form of a run says beside what was asked what came of it.
func TestTheFormOfARun(t *testing.T) {
	p := boardPlan()
	r := sampleRun(p)
	r.ApprovedWith, r.Approvals, r.Allowed = "--decision", boardApprovals(p)[:1], []plan.LimitName{plan.LimitChanges}
	text := formOf(t, func(w io.Writer) error { return report.Run(w, p, r, report.HTML, report.Options{}) })
	checkForm(t, text, "- Took: 1m11s", "- Estimate: about 4 to 95 s", "- Verified: 7 changes read back as wanted", "- Held: 2 objects left as found",
		"- Limit changes: 13 changes are written, 10 above the limit of 3; it was lifted with --allow changes", "- Limit lifted: changes", "- Approved with: --decision",
		"- Run as: app 4f5e6d7c-1a2b-4c3d-9e8f-7a6b5c4d3e2f")
	if strings.Contains(text, "To approve") {
		t.Error("a run is not approved again")
	}
}

// A page shows what was sent where it did not work, and nothing of what did.
func TestASucceededRequestIsNotShown(t *testing.T) {
	p := syncPlan(2)
	var b strings.Builder
	if err := report.Run(&b, p, outcomes(p, seen, refused), report.HTML, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "PATCH request"); n != 1 {
		t.Errorf("%d requests are shown", n)
	}
	first, second := strings.Index(b.String(), `data-status="failed"`), strings.Index(b.String(), `data-status="verified"`)
	if first < 0 || second < first {
		t.Errorf("the failed change is at %d, the verified one at %d", first, second)
	}
}

// Above a limit, and rejected: the page says so under its verdict.
func TestThePageSaysWhatKeepsThePlan(t *testing.T) {
	p := boardPlan()
	var b strings.Builder
	if err := report.Plan(&b, p, report.HTML, report.Options{Approvals: boardApprovals(p)}); err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(html.UnescapeString(b.String()), "</header>")
	for _, want := range []string{"Above the limit changes of its policy: 13 changes are written, 10 above the limit of 3; apply refuses it without --allow changes.", "Rejected by Grace Hopper: not before the audit"} {
		if !strings.Contains(head, want) {
			t.Errorf("no %q", want)
		}
	}
}

// The changes of a partner stand together, its unchanged objects behind the fold.
func TestThePartnersOfAPage(t *testing.T) {
	sync := plan.IdentitySynchronization
	p := planOf(change(2, "Fabrikam", sync, plan.NoOp), change(2, "Fabrikam", plan.Consent, plan.Update, inbound(nil, true)),
		change(2, "Fabrikam", plan.Trust, plan.Update, trusting("isMfaAccepted", nil, true)), change(3, "Contoso", sync, plan.NoOp))
	var b strings.Builder
	if err := report.Plan(&b, p, report.HTML, report.Options{}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	_, list, _ := strings.Cut(text, `<table id="list">`)
	list, same, _ := strings.Cut(list, "</table>")
	if strings.Count(list, "Fabrikam") != 1 || strings.Count(list, "data-action") != 2 || strings.Contains(list, "Contoso") {
		t.Errorf("%s", list)
	}
	if !strings.Contains(same, "2 objects are already as wanted") || strings.Count(same, "<li>") != 2 {
		t.Errorf("%s", same)
	}
}

// A card names a partner that the file does not name as its directory does.
func TestACardNamesAPartnerOfTheDirectory(t *testing.T) {
	c := with(change(2, "", plan.IdentitySynchronization, plan.Update, syncTo(true, false)), "", plan.SyncOff)
	c.Partner.DirectoryName, c.Partner.Domain = "Alder Mills", "alder.example"
	var b strings.Builder
	if err := report.Plan(&b, planOf(c), report.HTML, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `<p class="names"><span>Alder Mills</span></p>`) {
		t.Error("the card does not name it")
	}
}
