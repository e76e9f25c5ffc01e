package plan_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"bulksync/plan"
)

func ptr[T any](v T) *T { return &v }

// policy is a policy with every member.
func policy() *plan.Policy {
	return &plan.Policy{
		Name: "policy.yaml", SHA256: strings.Repeat("a", 64),
		Limits:    []plan.Limit{{Name: plan.LimitStopped, Count: ptr(10), Percent: ptr(30.0)}, {Name: plan.LimitChanges, Count: ptr(500)}},
		Protected: []plan.Protected{{TenantID: fabrikam, Reason: "payroll, ask Ada"}},
		Approvals: &plan.Approvals{Required: 2, Signers: "ada ssh-ed25519 AAAA\n", SignersName: "allowed_signers", SignersSHA256: "c6dac243860721e57f7a0a58ff00ff053ee937fc66281405def59ed2b34d04ed"},
		Window:    &plan.Window{Days: []string{"sat", "sun"}, From: "22:00", To: "04:00", Timezone: "Europe/Berlin"}, PlanMaxAgeMs: 7 * 24 * 3600 * 1000,
		Overridable: []plan.LimitName{plan.LimitChanges},
	}
}

func TestAPolicyThatMeansNothingIsRefused(t *testing.T) {
	for _, c := range []struct {
		says string
		edit func(p *plan.Policy)
	}{
		{"", func(*plan.Policy) {}},
		{"", func(p *plan.Policy) { *p = *plan.BuiltInPolicy() }},
		{"", func(p *plan.Policy) {
			p.Limits, p.Protected, p.Approvals, p.Window, p.PlanMaxAgeMs, p.Overridable = nil, nil, nil, nil, 0, nil
		}},
		{"", func(p *plan.Policy) { p.Approvals = &plan.Approvals{} }},
		{"it is not the built-in policy", func(p *plan.Policy) { *p = *plan.BuiltInPolicy(); p.Limits = p.Limits[:1] }},
		{"the policy", func(p *plan.Policy) { p.SHA256 = "" }},
		{"the policy", func(p *plan.Policy) { p.Name = "" }},
		{`limits: there is no limit "speed"`, func(p *plan.Policy) { p.Limits[0].Name = "speed" }},
		{"limits: changes appears twice or out of order", func(p *plan.Policy) { p.Limits[0] = p.Limits[1] }},
		{"limits: stopped: it has no value", func(p *plan.Policy) { p.Limits[0] = plan.Limit{Name: plan.LimitStopped} }},
		{"limits: stopped: -1 is negative", func(p *plan.Policy) { p.Limits[0].Count = ptr(-1) }},
		{"limits: stopped: 101% is not a share", func(p *plan.Policy) { p.Limits[0].Percent = ptr(101.0) }},
		{"limits: stopped: -1% is not a share", func(p *plan.Policy) { p.Limits[0].Percent = ptr(-1.0) }},
		{"limits: changes: it takes a number", func(p *plan.Policy) { p.Limits[1].Percent = ptr(1.0) }},
		{`overridable: there is no limit "all"`, func(p *plan.Policy) { p.Overridable[0] = "all" }},
		{"overridable: changes appears twice", func(p *plan.Policy) { p.Overridable = append(p.Overridable, plan.LimitChanges) }},
		{`protected: "x" is not a tenant ID`, func(p *plan.Policy) { p.Protected[0].TenantID = "x" }},
		{"protected: " + fabrikam + " appears twice", func(p *plan.Policy) { p.Protected = append(p.Protected, p.Protected[0]) }},
		{"protected: " + fabrikam + " has no reason", func(p *plan.Policy) { p.Protected[0].Reason = " " }},
		{"protected: the reason of " + fabrikam + " is too long", func(p *plan.Policy) { p.Protected[0].Reason = strings.Repeat("x", 4096) }},
		{"approvals: required is -1", func(p *plan.Policy) { p.Approvals.Required = -1 }},
		{"approvals: required is 2, but no signers are named", func(p *plan.Policy) { p.Approvals.Signers = "" }},
		{"approvals: signers", func(p *plan.Policy) { p.Approvals.SignersSHA256 = "x" }},
		{"approvals: the signers are not those", func(p *plan.Policy) { p.Approvals.Signers += "eve ssh-ed25519 AAAA\n" }},
		{"approvals: the signers take", func(p *plan.Policy) { p.Approvals.Signers = strings.Repeat("x", 1<<20+1) }},
		{"window: no days are named", func(p *plan.Policy) { p.Window.Days = nil }},
		{`window: "Saturday" is not a day`, func(p *plan.Policy) { p.Window.Days[0] = "Saturday" }},
		{"window: sat appears twice", func(p *plan.Policy) { p.Window.Days[1] = "sat" }},
		{`window: "24:00" is not a time of day`, func(p *plan.Policy) { p.Window.To = "24:00" }},
		{`window: "4:00" is not a time of day`, func(p *plan.Policy) { p.Window.To = "4:00" }},
		{"window: it begins and ends at 22:00", func(p *plan.Policy) { p.Window.To = "22:00" }},
		{`window: "Mars/Base" is not a time zone`, func(p *plan.Policy) { p.Window.Timezone = "Mars/Base" }},
		{`window: "Local" is not a time zone`, func(p *plan.Policy) { p.Window.Timezone = "Local" }},
		{`window: "" is not a time zone`, func(p *plan.Policy) { p.Window.Timezone = "" }},
		{"planMaxAge is negative", func(p *plan.Policy) { p.PlanMaxAgeMs = -1 }},
		{"", func(p *plan.Policy) { p.PlanMaxAgeMs = 99_999 * 24 * 3600 * 1000 }},
		{"planMaxAge is longer than 99999 days", func(p *plan.Policy) { p.PlanMaxAgeMs = 99_999*24*3600*1000 + 1 }},
		{"planMaxAge is longer", func(p *plan.Policy) { p.PlanMaxAgeMs = 1 << 58 }}, // as a time.Duration, 0
	} {
		p := policy()
		c.edit(p)
		err := p.Check()
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.HasPrefix(err.Error(), c.says)) {
			t.Errorf("got %v, want %q", err, c.says)
		}
	}
}

// A share is of those that synchronize today, rounded down; where a number is
// given too, the larger of the two holds.
func TestUsageOfLimits(t *testing.T) {
	yes := "1111111%d-0000-4000-8000-000000000000"
	var lines, there []string
	for i := range 9 {
		id := strings.Replace(yes, "%d", string(rune('0'+i)), 1)
		sync, consent := "false", "false"
		if i < 4 {
			consent = "true"
		}
		lines = append(lines, id+",,"+sync+","+consent+",,,")
		there = append(there, partner(t, id, syncOn+","+consents).TenantID)
	}
	cur := currently()
	for _, id := range there {
		cur.Partners[id] = partner(t, id, syncOn+","+consents)
	}
	cur.Read.Partners, cur.Read.Synchronizing, cur.Read.Consenting = 100, 29, 19
	h := head
	h.Policy = policy()
	h.Policy.Protected = nil
	h.Policy.Limits = []plan.Limit{
		{Name: plan.LimitStopped, Count: ptr(3), Percent: ptr(30.0)}, {Name: plan.LimitConsentOff, Percent: ptr(30.0)},
		{Name: plan.LimitNewPartners, Count: ptr(0)}, {Name: plan.LimitChanges, Count: ptr(13)},
	}
	p, err := plan.Build(h, wanted(t, lines...), cur)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range p.Usage() {
		got = append(got, strings.TrimSpace(string(must(json.Marshal(map[string]any{"name": u.Name, "used": u.Used, "of": u.Of, "max": u.Max, "above": u.IsAbove()})))))
	}
	want := []string{
		`{"above":true,"max":8,"name":"stopped","of":29,"used":9}`, `{"above":false,"max":5,"name":"consentOff","of":19,"used":5}`,
		`{"above":false,"max":0,"name":"newPartners","of":0,"used":0}`, `{"above":true,"max":13,"name":"changes","of":0,"used":14}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if above := p.Above(); len(above) != 2 || above[0].Name != plan.LimitStopped || above[1].Name != plan.LimitChanges {
		t.Errorf("above %+v", above)
	}
	undo := taken(t, p, nil)
	if undo.Policy.Name != p.Policy.Name || len(undo.Above()) != 0 || len(undo.Usage()) != 4 {
		t.Errorf("the way back is above %+v", undo.Above())
	}
}

// A share is exact: what is just within the limit is not above it.
func TestAShareIsExact(t *testing.T) {
	for _, c := range []struct {
		percent float64
		of, max int
	}{{1.14, 5000, 57}, {0.29, 100_000, 290}, {100, 0, 0}, {0, 100, 0}, {100, 1_000_000_000, 1_000_000_000}, {33.333333, 3, 0}, {0.000001, 100_000_000, 1}} {
		p := plan.Plan{Policy: *policy(), Read: plan.Read{Synchronizing: c.of}}
		p.Policy.Limits = []plan.Limit{{Name: plan.LimitStopped, Percent: &c.percent}}
		if got := p.Usage()[0].Max; got != c.max {
			t.Errorf("%v%% of %d is %d, want %d", c.percent, c.of, got, c.max)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A protected partner is blocked in the plan, with the reason of the policy. A
// plan that writes to one, or blocks one that is not protected, was altered.
func TestAProtectedPartnerIsBlocked(t *testing.T) {
	h := head
	h.Policy = policy()
	d := wanted(t, fabrikam+",Fabrikam,false,true,,,", contoso+",,true,,,,")
	d.CreatePartners = true
	for name, cur := range map[string]*plan.Current{
		"there":     currently(partner(t, fabrikam, syncOn), partner(t, contoso, syncOn)),
		"not there": currently(partner(t, contoso, syncOn)),
	} {
		p, err := plan.Build(h, d, cur)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range p.Changes {
			isProtected := c.Partner.TenantID == fabrikam
			if isProtected != (c.Action == plan.Blocked && c.Reason == "protected by the policy: payroll, ask Ada") || isProtected && c.Writes() {
				t.Errorf("%s: %+v", name, c)
			}
		}
		if _, err := decode(encoded(t, p)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := plan.Build(h, d, currently(partner(t, contoso, syncOn)))
	if err != nil {
		t.Fatal(err)
	}
	for says, edit := range map[string]func(policy map[string]any){
		"the policy does not block it because": func(policy map[string]any) { delete(policy, "protected") },
		"it is not the built-in policy":        func(policy map[string]any) { policy["name"] = "built-in"; delete(policy, "sha256") },
	} {
		members := tree(t, p)
		edit(members["policy"].(map[string]any))
		if _, err := resealedTree(t, members); !errors.Is(err, plan.ErrAltered) || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
	members := tree(t, build(t, d, currently(partner(t, contoso, syncOn))))
	members["policy"] = tree(t, p)["policy"]
	if _, err := resealedTree(t, members); !errors.Is(err, plan.ErrAltered) || !strings.Contains(err.Error(), "the policy protects") {
		t.Errorf("got %v", err)
	}
	delete(members, "policy")
	if _, err := resealedTree(t, members); !errors.Is(err, plan.ErrAltered) || !strings.Contains(err.Error(), "the policy: there is none") {
		t.Errorf("got %v", err)
	}
}

// The window is one of the clocks in its zone, across midnight and through the
// nights on which the clocks change.
func TestAWindowGoesByTheClocksOfItsZone(t *testing.T) {
	night := &plan.Window{Days: []string{"sat"}, From: "22:00", To: "04:00", Timezone: "Europe/Berlin"}
	day := &plan.Window{Days: []string{"sun"}, From: "01:30", To: "02:30", Timezone: "Europe/Berlin"}
	for _, c := range []struct {
		w    *plan.Window
		at   string
		want bool
	}{
		{night, "2026-11-28T20:59:00Z", false}, // Saturday 21:59
		{night, "2026-11-28T21:00:00Z", true},
		{night, "2026-11-29T02:59:59Z", true}, // Sunday 03:59:59
		{night, "2026-11-29T03:00:00Z", false},
		{night, "2026-11-29T22:00:00Z", false}, // Sunday 23:00: no day of the window
		{night, "2026-11-27T22:00:00Z", false},
		{night, "2026-11-28T02:00:00Z", false}, // Saturday 03:00 is Friday's night
		{day, "2026-03-29T00:30:00Z", true},    // 01:30, and at 02:00 it is 03:00
		{day, "2026-03-29T00:59:00Z", true},
		{day, "2026-03-29T01:00:00Z", false},
		{day, "2026-10-25T00:00:00Z", true}, // 02:00, for the first time
		{day, "2026-10-25T00:30:00Z", false},
		{day, "2026-10-25T01:15:00Z", true}, // 02:15, for the second
		{day, "2026-10-25T01:30:00Z", false},
	} {
		zone, err := c.w.Location()
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.w.Contains(at.In(zone)); got != c.want {
			t.Errorf("%s in %s: %v", c.at, c.w.From, got)
		}
	}
}

// The estimate is part of a plan that writes, as a range.
func TestAPlanCarriesItsEstimate(t *testing.T) {
	h := head
	h.Estimate = func(writes int) plan.Estimate {
		return plan.Estimate{LowMs: int64(writes), HighMs: int64(writes) * 10, LatencyMs: 5}
	}
	cur := currently(partner(t, contoso, syncOn))
	p, err := plan.Build(h, wanted(t, contoso+",,false,true,,,"), cur)
	if err != nil || *p.Estimate != (plan.Estimate{LowMs: 2, HighMs: 20, LatencyMs: 5}) {
		t.Fatalf("%+v, %v", p.Estimate, err)
	}
	if got, err := decode(encoded(t, p)); err != nil || *got.Estimate != *p.Estimate {
		t.Errorf("%+v, %v", got, err)
	}
	if none, err := plan.Build(h, wanted(t, contoso+",,true,,,,"), cur); err != nil || none.Estimate != nil {
		t.Errorf("%+v, %v", none.Estimate, err)
	}
	for _, bad := range []string{`{"lowMs":5,"highMs":4,"latencyMs":1}`, `{"lowMs":-1,"highMs":4,"latencyMs":1}`, `{"lowMs":1,"highMs":4,"latencyMs":-1}`} {
		members := tree(t, p)
		members["estimate"] = json.RawMessage(bad)
		if _, err := resealedTree(t, members); !errors.Is(err, plan.ErrAltered) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
