package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute/journal"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
	"bulksync/report"
)

// leadOf is the part of a text report between its verdict and its facts.
func leadOf(text string) []string {
	head, _, _ := strings.Cut(text, "\n\n")
	return strings.Split(head, "\n")[1:]
}

func planText(t *testing.T, p *plan.Plan) string {
	t.Helper()
	var b strings.Builder
	if err := report.Plan(&b, p, report.Text, report.Options{Width: 120}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func runText(t *testing.T, p *plan.Plan, r *journal.Result) string {
	t.Helper()
	var b strings.Builder
	if err := report.Run(&b, p, r, report.Text, report.Options{Width: 120}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func outbound(before, after any) plan.Field {
	return plan.Field{Path: "automaticUserConsentSettings.outboundAllowed", Before: before, After: after}
}

// removed is the removal of a partner configuration with these members.
func removed(row int, members string) plan.Change {
	c := change(row, "", plan.PartnerConfiguration, plan.Delete)
	c.Before = []byte(`{"tenantId":"` + c.Partner.TenantID + `",` + members + `}`)
	return c
}

// A sentence counts the partners for whom something changes, each once: what
// was not allowed before cannot stop.
func TestSentencesCountWhatChanges(t *testing.T) {
	sync, consent := plan.IdentitySynchronization, plan.Consent
	for name, c := range map[string]struct {
		changes []plan.Change
		want    []string
	}{
		"created off":        {[]plan.Change{change(2, "", sync, plan.Create, syncTo(nil, false))}, []string{"A synchronization policy that does not allow synchronization is added for 1 partner."}},
		"created on":         {[]plan.Change{change(2, "", sync, plan.Create, syncTo(nil, true))}, []string{"Synchronization is allowed for 1 partner."}},
		"null to false":      {[]plan.Change{change(2, "", sync, plan.Update, syncTo(nil, false))}, []string{"Synchronization is set to off, which is its default, for 1 partner."}},
		"false to null":      {[]plan.Change{change(2, "", sync, plan.Update, syncTo(false, nil))}, []string{"Synchronization is left at its default, which is off, for 1 partner."}},
		"true to false":      {[]plan.Change{change(2, "", sync, plan.Update, syncTo(true, false))}, []string{"Synchronization is stopped for 1 partner."}},
		"true to null":       {[]plan.Change{change(2, "", sync, plan.Update, syncTo(true, nil))}, []string{"Synchronization is stopped for 1 partner."}},
		"name only":          {[]plan.Change{change(2, "", sync, plan.Update, named("a", "b"))}, []string{"The name of the synchronization policy is changed for 1 partner."}},
		"deleted, was off":   {[]plan.Change{change(2, "", sync, plan.Delete, syncTo(false, nil))}, []string{"A synchronization policy that does not allow synchronization is removed for 1 partner."}},
		"deleted, was on":    {[]plan.Change{change(2, "", sync, plan.Delete, syncTo(true, nil))}, []string{"Synchronization is stopped, by removing the policy, for 1 partner."}},
		"blocked":            {[]plan.Change{change(2, "", sync, plan.Blocked, syncTo(true, false))}, []string{}},
		"consent off twice":  {[]plan.Change{change(2, "", consent, plan.Update, inbound(true, false), outbound(true, nil))}, []string{"Automatic redemption is turned off for 1 partner."}},
		"consent never on":   {[]plan.Change{change(2, "", consent, plan.Update, inbound(nil, false), outbound(false, nil))}, []string{"Automatic redemption is set to off, which is its default, for 1 partner.", "Automatic redemption is left at its default, which is off, for 1 partner."}},
		"consent both ways":  {[]plan.Change{change(2, "", consent, plan.Update, inbound(nil, true), outbound(true, false))}, []string{"Automatic redemption is turned on for 1 partner.", "Automatic redemption is turned off for 1 partner."}},
		"partner added":      {[]plan.Change{change(2, "", plan.PartnerConfiguration, plan.Create)}, []string{"A partner configuration is added for 1 partner."}},
		"partner removed":    {[]plan.Change{change(2, "", plan.PartnerConfiguration, plan.Delete)}, []string{"The partner configuration is removed for 1 partner."}},
		"consent removed":    {[]plan.Change{removed(2, `"automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":true}`), removed(3, `"automaticUserConsentSettings":{"inboundAllowed":false}`)}, []string{"Automatic redemption is turned off for 1 partner.", "The partner configuration is removed for 2 partners."}},
		"trust removed":      {[]plan.Change{removed(2, `"inboundTrust":{"isMfaAccepted":true,"isCompliantDeviceAccepted":null}`)}, []string{"Whether this tenant accepts MFA from 1 partner is left to its default settings.", "The partner configuration is removed for 1 partner."}},
		"the template":       {[]plan.Change{{Object: plan.SyncTemplate, Action: plan.Update, Fields: []plan.Field{syncTo(true, false)}}}, []string{}},
		"one partner, twice": {[]plan.Change{change(2, "", sync, plan.Update, syncTo(true, false)), change(2, "", sync, plan.Delete, syncTo(true, nil))}, []string{"Synchronization is stopped, by removing the policy, for 1 partner."}},
		"created empty":      {[]plan.Change{change(2, "", sync, plan.Create)}, []string{"A synchronization policy that does not allow synchronization is added for 1 partner."}},
		"consent unset":      {[]plan.Change{change(2, "", consent, plan.Update, inbound(nil, false))}, []string{"Automatic redemption is set to off, which is its default, for 1 partner."}},
		"one way on":         {[]plan.Change{change(2, "", consent, plan.Update, inbound(nil, true), outbound(nil, false))}, []string{"Automatic redemption is turned on for 1 partner."}},
		"name and off":       {[]plan.Change{change(2, "", sync, plan.Update, named("a", "b"), syncTo(true, false))}, []string{"Synchronization is stopped for 1 partner.", "The name of the synchronization policy is changed for 1 partner."}},
		"off and removed": {[]plan.Change{
			change(2, "", sync, plan.Update, syncTo(true, false)), change(3, "", sync, plan.Update, syncTo(true, nil)), change(4, "", sync, plan.Delete, syncTo(true, nil)), change(5, "", sync, plan.Delete, syncTo(nil, nil))},
			[]string{"Synchronization is stopped for 3 partners: for 2 it is turned off, for 1 the policy is removed.", "A synchronization policy that does not allow synchronization is removed for 1 partner."}},
		"two partners, apart": {[]plan.Change{change(2, "", sync, plan.Update, syncTo(true, false)), change(3, "", sync, plan.Update, syncTo(true, false))}, []string{"Synchronization is stopped for 2 partners."}},
	} {
		if diff := cmp.Diff(c.want, leadOf(planText(t, planOf(c.changes...)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A run says what landed, in the same words, and how much of it was not seen.
func TestARunCountsWhatLanded(t *testing.T) {
	var changes []plan.Change
	for row := range 12 {
		changes = append(changes, change(row+2, "", plan.IdentitySynchronization, plan.Update, syncTo([]any{true, false, nil}[row%3], false)))
	}
	p := planOf(changes...)
	for name, c := range map[string]struct {
		status func(row int) journal.Status
		want   []string
	}{
		"all seen":     {func(int) journal.Status { return journal.Verified }, []string{"Synchronization was stopped for 4 partners.", "Synchronization was set to off, which is its default, for 8 partners."}},
		"half done":    {func(row int) journal.Status { return []journal.Status{journal.Verified, journal.Failed}[row/8] }, []string{"Synchronization was stopped for 2 partners.", "Synchronization was set to off, which is its default, for 4 partners."}},
		"as they were": {func(int) journal.Status { return journal.Unchanged }, []string{}},
		"not read back": {func(int) journal.Status { return journal.Succeeded }, []string{
			"Synchronization was stopped for 4 partners (accepted by Graph, not confirmed).", "Synchronization was set to off, which is its default, for 8 partners (accepted by Graph, not confirmed).", "12 changes were accepted by Graph and not read back."}},
		"partly read back": {func(row int) journal.Status { return []journal.Status{journal.Verified, journal.Succeeded}[row/8] }, []string{
			"Synchronization was stopped for 4 partners (2 of them accepted by Graph, not confirmed).",
			"Synchronization was set to off, which is its default, for 8 partners (4 of them accepted by Graph, not confirmed).", "6 changes were accepted by Graph and not read back."}},
	} {
		r := resultOf(p, func(ch *plan.Change) journal.Outcome { return journal.Outcome{Status: c.status(ch.Row)} })
		if diff := cmp.Diff(c.want, leadOf(runText(t, p, r))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A partner whose switch was turned off and whose policy was removed counts
// once, and as confirmed only if both changes are.
func TestStoppedTwoWaysIsConfirmedWhereBothAre(t *testing.T) {
	sync := plan.IdentitySynchronization
	p := planOf(change(2, "", sync, plan.Update, syncTo(true, false)), change(2, "", sync, plan.Delete, syncTo(true, nil)), change(3, "", sync, plan.Update, syncTo(true, false)))
	for _, c := range []struct{ off, removed journal.Status }{{journal.Verified, journal.Succeeded}, {journal.Succeeded, journal.Verified}} {
		want := "Synchronization was stopped for 2 partners (1 of them accepted by Graph, not confirmed): for 1 it was turned off, for 1 the policy was removed."
		lead := leadOf(runText(t, p, outcomes(p, statusOf(c.off), statusOf(c.removed), seen)))
		if got := strings.Join(lead[:len(lead)-1], " "); got != want {
			t.Errorf("off %s, removed %s: %q", c.off, c.removed, lead)
		}
	}
}

// Every write to a partner appears in some sentence.
func TestNoWriteIsSilent(t *testing.T) {
	values := []any{nil, false, true}
	for _, before := range values {
		for _, after := range values {
			for _, c := range []plan.Change{
				change(2, "", plan.IdentitySynchronization, plan.Create, syncTo(nil, after)),
				change(2, "", plan.IdentitySynchronization, plan.Update, syncTo(before, after)),
				change(2, "", plan.IdentitySynchronization, plan.Delete, syncTo(before, nil)),
				change(2, "", plan.Consent, plan.Update, inbound(before, after)),
				change(2, "", plan.Consent, plan.Update, outbound(before, after), inbound(before, after)),
			} {
				if c.Action == plan.Update && before == after {
					continue
				}
				if got := leadOf(planText(t, planOf(c))); len(got) != 1 {
					t.Errorf("%s %s %v > %v: %q", c.Action, c.Object, before, after, got)
				}
			}
		}
	}
}

// Every managed switch has its own words, for the effect of a change and for a
// finding of an audit.
func TestEverySwitchHasWords(t *testing.T) {
	values := []any{nil, false, true}
	for _, o := range desired.PartnerObjects {
		for _, p := range o.Properties() {
			if p.Kind != desired.Switch {
				continue
			}
			said := map[string]bool{}
			for _, before := range values {
				for _, after := range values {
					if before == after {
						continue
					}
					lead := leadOf(planText(t, planOf(change(2, "", o, plan.Update, plan.Field{Path: p.Path, Before: before, After: after}))))
					if len(lead) != 1 || strings.Contains(lead[0], "Another property") {
						t.Errorf("%s %v > %v: %q", p.Path, before, after, lead)
					}
					said[strings.Join(lead, "")] = true
				}
			}
			if len(said) != 4 {
				t.Errorf("%s: %d sentences, want one for on, off, set to off and left", p.Path, len(said))
			}
			a := sampleAudit()
			a.Findings, a.Totals = a.Findings[:1], audit.Totals{OK: 1, Changed: 1}
			a.Findings[0] = audit.Finding{TenantID: tenant(2), Kind: audit.Changed, Object: o, Fields: []plan.Field{{Path: p.Path, Before: false, After: true}}}
			if text := auditAs(t, a, report.Text); strings.Contains(text, "false") || strings.Contains(text, "true") {
				t.Errorf("%s: no words for its values in\n%s", p.Path, text)
			}
		}
	}
}

// A plan's page calls for caution only if there is something to look at first.
func TestThePageOfAHarmlessPlanIsPlain(t *testing.T) {
	for tone, c := range map[string]plan.Change{
		"plain": change(2, "", plan.IdentitySynchronization, plan.Update, syncTo(false, true)),
		"warn":  with(change(2, "", plan.IdentitySynchronization, plan.Update, syncTo(true, false)), "", plan.SyncOff),
	} {
		var b strings.Builder
		if err := report.Plan(&b, planOf(c), report.HTML, report.Options{}); err != nil || !strings.Contains(b.String(), `<header class="`+tone+`">`) {
			t.Errorf("%v: not %s", err, tone)
		}
	}
}

// An undo of a run that changed nothing has compared nothing, so it calls
// nothing as wanted.
func TestAnEmptyUndoClaimsNothing(t *testing.T) {
	p := planOf()
	p.Input = desired.Input{Name: "undo of run a", SHA256: p.Input.SHA256}
	text := planText(t, p)
	if !strings.HasPrefix(text, "Nothing to revert: the run changed nothing.\n\n") || !strings.Contains(text, "SHA-256 of the run's journal") {
		t.Errorf("%s", text)
	}
	var b strings.Builder
	if err := report.Run(&b, p, &journal.Result{PlanFingerprint: p.Fingerprint}, report.Text, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); !strings.HasPrefix(text, "Nothing had to be reverted: the other run changed nothing.\n\n") {
		t.Errorf("%s", text)
	}
}

// An undo says once what it is, and its rows do not repeat it; its hash is that
// of the journal.
func TestAnUndoSaysOnceWhatItIs(t *testing.T) {
	p := planOf(
		with(change(2, "", plan.IdentitySynchronization, plan.Create, syncTo(nil, true)), "reverts what the run did"),
		with(change(3, "", plan.IdentitySynchronization, plan.Create, syncTo(nil, false)), "reverts what the run did"),
	)
	for _, f := range []report.Format{report.Text, report.Markdown, report.HTML} {
		var b strings.Builder
		if err := report.Plan(&b, p, f, report.Options{}); err != nil {
			t.Fatal(err)
		}
		text, _, _ := strings.Cut(b.String(), "<textarea") // which repeats the page
		if strings.Count(text, "This plan reverts a run.") != 1 || strings.Contains(text, "akes back what the run did") || !strings.Contains(strings.ReplaceAll(text, "&#39;", "'"), "SHA-256 of the run's journal") {
			t.Errorf("%s:\n%s", f, text)
		}
	}
	text := planText(t, planOf(change(2, "", plan.IdentitySynchronization, plan.Create, syncTo(nil, true))))
	if strings.Contains(text, "reverts") || !strings.Contains(text, "  SHA-256 of the input\n               b5bb9d") {
		t.Errorf("%s", text)
	}
}
