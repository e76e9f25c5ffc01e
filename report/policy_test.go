package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"bulksync/execute/journal"
	"bulksync/plan"
	"bulksync/report"
)

func ptr[T any](v T) *T { return &v }

// strict is a policy with every member.
func strict() plan.Policy {
	return plan.Policy{
		Name: "policy.yaml", SHA256: strings.Repeat("a", 64),
		Limits: []plan.Limit{
			{Name: plan.LimitStopped, Count: ptr(1), Percent: ptr(0.5)}, {Name: plan.LimitConsentOff, Percent: ptr(2.5)},
			{Name: plan.LimitNewPartners, Count: ptr(0)}, {Name: plan.LimitChanges, Count: ptr(1500)},
		},
		Protected:   []plan.Protected{{TenantID: tenant(8), Reason: "ask Ada"}, {TenantID: tenant(9), Reason: "as wanted anyway"}, {TenantID: tenant(99), Reason: "not in the plan"}},
		Approvals:   &plan.Approvals{Required: 2, SignersName: "allowed_signers"},
		Window:      &plan.Window{Days: []string{"sat", "sun"}, From: "22:00", To: "04:00", Timezone: "Europe/Berlin"},
		Overridable: []plan.LimitName{plan.LimitNewPartners}, PlanMaxAgeMs: 7 * 24 * 3600 * 1000,
	}
}

// planAs is a plan as a wide text, so that no line is wrapped.
func planAs(t *testing.T, p *plan.Plan, f report.Format) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Plan(&b, p, f, report.Options{Width: 300}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The first lines of a plan say which limits it is above, by how much, and what
// lifts them; its facts say how far it is from each.
func TestAPlanShowsItsPolicy(t *testing.T) {
	p := samplePlan()
	p.Policy = strict()
	p.Estimate = &plan.Estimate{LowMs: 130_000, HighMs: 290_001, LatencyMs: 45}
	got := planAs(t, p, report.Text)
	want := []string{
		"\nAbove the limit stopped of its policy: 2 partners stop synchronizing, 1 above the limit of 1 (the larger of 1 and 0.5% of 120); apply refuses it, and the policy lets nobody lift this limit.\n",
		"\nAbove the limit newPartners of its policy: 1 partner is added, 1 above the limit of 0; apply refuses it without --allow newPartners.\n",
		"Policy       policy.yaml\n", strings.Repeat("a", 64) + "\n",
		"Limits       stopped 2 of 1, above; consentOff 1 of 2; newPartners 1 of 0, above; changes 13 of 1,500\n",
		"Protected    3 partners, 1 of them in this plan\n",
		"Approvals    2 needed, signed by different names in allowed_signers\n",
		"Window       Saturdays and Sundays 22:00-04:00 Europe/Berlin\n",
		"Apply by     2026-11-28 22:04:05 UTC\n",
		"Duration     about 2 to 5 min: 13 writes, 45 ms an answer, between the documented quota of 3,000 writes in 150 s and 1 write a second\n",
	}
	for rest, i := got, 0; i < len(want); i++ {
		_, after, found := strings.Cut(rest, want[i])
		if !found {
			t.Fatalf("%q is missing, or too late, in\n%s", want[i], got)
		}
		rest = after
		if want[i][0] == '\n' {
			rest = "\n" + rest
		}
	}
	md := planAs(t, p, report.Markdown)
	if !strings.Contains(md, "\n- Above the limit stopped of its policy: 2 partners") || !strings.Contains(md, "\n| Limits | stopped 2 of 1, above; ") {
		t.Errorf("in Markdown:\n%s", md)
	}
}

// A plan that reverts a run is held to no limit and no age, and says neither.
func TestAnUndoShowsNoLimits(t *testing.T) {
	p := planOf(with(change(2, "Fabrikam", plan.IdentitySynchronization, plan.Update, syncTo(true, false)), "reverts what the run did", plan.SyncOff))
	p.Policy = strict()
	p.Policy.Limits[0] = plan.Limit{Name: plan.LimitStopped, Count: ptr(0)}
	got := planAs(t, p, report.Text)
	if strings.Contains(got, "Above") || strings.Contains(got, "Limits") || strings.Contains(got, "Apply by") || !strings.Contains(got, "Window  ") {
		t.Errorf("got\n%s", got)
	}
}

func TestAPolicyWithoutLimits(t *testing.T) {
	p := samplePlan()
	p.Policy = plan.Policy{Name: "policy.yaml", SHA256: strings.Repeat("a", 64)}
	if got := planAs(t, p, report.Text); !strings.Contains(got, "Limits       none\n") || strings.Contains(got, "Duration") || strings.Contains(got, "Protected") {
		t.Errorf("got\n%s", got)
	}
	if got := planAs(t, p, report.HTML); !strings.Contains(got, "Risk <span>no limits<") || !strings.Contains(got, "none: the policy sets no limit") {
		t.Errorf("the page does not say that there are no limits:\n%s", got)
	}
}

// The report of a run tells what was lifted, and what was estimated beside what it
// took, if it ended by itself.
func TestARunShowsWhatWasLiftedAndWhatItTook(t *testing.T) {
	p := samplePlan()
	p.Policy = strict()
	p.Estimate = &plan.Estimate{LowMs: 900, HighMs: 2000}
	r := resultOf(p, func(c *plan.Change) journal.Outcome { return journal.Outcome{Status: journal.Verified} })
	r.Allowed = []plan.LimitName{plan.LimitStopped, plan.LimitNewPartners}
	r.FinishedAt = r.StartedAt.Add(71 * time.Second)
	text := func(f report.Format, o report.Options) string {
		var b bytes.Buffer
		if err := report.Run(&b, p, r, f, o); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	got := text(report.Text, report.Options{Width: 300})
	for _, want := range []string{"Policy       policy.yaml\n", "Lifted       the limits stopped, newPartners, with --allow\n", "Duration     estimated at 1 to 2 s, took 1m11s\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	r.Idle = time.Minute
	got = text(report.Text, report.Options{Width: 300})
	for _, want := range []string{", after 1m11s, of which 11s at work\n", "took 11s\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q of a resumed run is missing in\n%s", want, got)
		}
	}
	r.Idle = 0
	var summary struct {
		Policy   struct{ Name, SHA256 string }
		Allowed  []string
		Estimate *plan.Estimate
	}
	if err := json.Unmarshal([]byte(text(report.JSON, report.Options{})), &summary); err != nil {
		t.Fatal(err)
	}
	if summary.Policy.Name != "policy.yaml" || summary.Policy.SHA256 != p.Policy.SHA256 || len(summary.Allowed) != 2 || *summary.Estimate != *p.Estimate {
		t.Errorf("the summary says %+v", summary)
	}
	if got := text(report.Text, report.Options{Width: 300, Running: true}); !strings.Contains(got, "Duration     estimated at 1 to 2 s\n") {
		t.Errorf("while it runs:\n%s", got)
	}
	if r.Interrupted = true; strings.Contains(text(report.Text, report.Options{}), ", took") {
		t.Error("an interrupted run says how long it took")
	}
}

func TestLimitWords(t *testing.T) {
	limit := func(name plan.LimitName, used int) plan.Usage {
		return plan.Usage{Limit: plan.Limit{Name: name, Count: ptr(1)}, Used: used, Max: 1}
	}
	share := plan.Usage{Limit: plan.Limit{Name: plan.LimitStopped, Percent: ptr(30.0)}, Used: 2, Of: 1200, Max: 360}
	for want, u := range map[string]plan.Usage{
		"1 partner stops synchronizing, within the limit of 1":                      limit(plan.LimitStopped, 1),
		"2 partners stop synchronizing, within the limit of 360 (30% of 1,200)":     share,
		"automatic redemption is turned off for 3 partners, 2 above the limit of 1": limit(plan.LimitConsentOff, 3),
		"2 partners are added, 1 above the limit of 1":                              limit(plan.LimitNewPartners, 2),
		"2,000 changes are written, 1,999 above the limit of 1":                     limit(plan.LimitChanges, 2000),
	} {
		if got := report.LimitWords(u); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSpanWords(t *testing.T) {
	for _, c := range []struct {
		low, high time.Duration
		want      string
	}{
		{0, 0, "1 s"}, {0, 300 * time.Millisecond, "1 s"}, {900 * time.Millisecond, 2 * time.Second, "1 to 2 s"},
		{5 * time.Second, 5 * time.Second, "5 s"}, {99 * time.Second, 100 * time.Second, "99 s to 2 min"},
		{150 * time.Second, 299 * time.Second, "2 to 5 min"}, {20 * time.Second, 5 * time.Minute, "20 s to 5 min"},
		{100 * time.Minute, 3 * time.Hour, "1 to 3 h"}, {50 * time.Hour, 101 * time.Hour, "50 h to 5 days"},
		{0, 366 * 24 * time.Hour, "a year or more"},
	} {
		if got := report.Span(c.low, c.high); got != c.want {
			t.Errorf("%s to %s: got %q, want %q", c.low, c.high, got, c.want)
		}
	}
}
