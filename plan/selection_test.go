package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/graph"
	"bulksync/plan"
)

// third is a tenant that a domain stands for.
const third = "33333333-aaaa-4bbb-8ccc-000000000003"

// parts is an input of four partners, of which the first is as wanted, the second
// is a domain name and stands in two rows, and the last two need a change.
func parts(t testing.TB) (plan.Desired, *plan.Current) {
	d := resolved(t, rows(t,
		fabrikam+",,true,,,,", "third.example,,true,,,,", contoso+",,true,,,,", third+",,true,,,,", "44444444-aaaa-4bbb-8ccc-000000000004,,true,,,,"),
		map[string]string{"third.example": third})
	d.Template = wantedTemplate(t, `{"templateApplicationLevel":"none"}`)
	cur := currently(partner(t, fabrikam, syncOn), partner(t, third, ""), partner(t, contoso, ""), partner(t, "44444444-aaaa-4bbb-8ccc-000000000004", ""))
	cur.Template = &graph.Template{TemplateApplicationLevel: "newPartners", Raw: []byte(`{"templateApplicationLevel":"newPartners"}`)}
	return d, cur
}

// A plan of a part has the rows that are chosen, and says what it leaves out.
func TestAPlanOfAPart(t *testing.T) {
	for _, c := range []struct {
		name  string
		only  []string
		limit int
		rows  []int
		left  plan.LeftOut
	}{
		{"the first that needs a change", nil, 1, []int{2, 3}, plan.LeftOut{Rows: 2, Partners: 2, Template: true}},
		{"the first two", nil, 2, []int{2, 3, 4}, plan.LeftOut{Rows: 1, Partners: 1, Template: true}},
		{"all that need one", nil, 3, []int{2, 3, 4, 6}, plan.LeftOut{Template: true}},
		{"more than there are", nil, 9, []int{2, 3, 4, 6}, plan.LeftOut{Template: true}},
		{"by name", []string{contoso, fabrikam, contoso}, 0, []int{2, 4}, plan.LeftOut{Rows: 3, Partners: 2, Template: true}},
		{"of two rows", []string{third}, 0, []int{3}, plan.LeftOut{Rows: 3, Partners: 3, Template: true}},
		{"the template alone", []string{"template"}, 0, []int{0}, plan.LeftOut{Rows: 5, Partners: 4}},
		{"the template and a partner", []string{"template", contoso}, 0, []int{0, 4}, plan.LeftOut{Rows: 4, Partners: 3}},
		{"the first by name", []string{contoso, fabrikam, third}, 1, []int{2, 3}, plan.LeftOut{Rows: 2, Partners: 2, Template: true}},
	} {
		d, cur := parts(t)
		if missing := d.Choose(c.only, c.limit); missing != nil {
			t.Fatalf("%s: not in the input: %v", c.name, missing)
		}
		p, err := decode(encoded(t, build(t, d, cur)))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var rows []int
		for i := range p.Changes {
			rows = append(rows, p.Changes[i].Row)
		}
		if diff := cmp.Diff(c.rows, slices.Compact(rows)) + cmp.Diff(c.left, p.Selection.LeftOut); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// What is chosen and not in the input is named, and nothing is chosen then.
func TestAChoiceOfWhatIsNotThere(t *testing.T) {
	d, _ := parts(t)
	d.Template = nil
	const other = "55555555-aaaa-4bbb-8ccc-000000000005"
	if diff := cmp.Diff([]string{other, "template"}, d.Choose([]string{"template", contoso, other}, 0)); diff != "" || d.Choice != nil {
		t.Errorf("chosen: %v (-want +got):\n%s", d.Choice, diff)
	}
}

// A selection does not hide a row that it should not leave out.
func TestASelectionThatNobodyMadeIsRefused(t *testing.T) {
	const last = "44444444-aaaa-4bbb-8ccc-000000000004"
	cut := func(from, to int) func(*plan.Plan) {
		return func(p *plan.Plan) { p.Changes = slices.Delete(p.Changes, from, to) }
	}
	left := func(rows, partners int, edits ...func(*plan.Plan)) func(*plan.Plan) {
		return func(p *plan.Plan) {
			p.Selection.LeftOut.Rows, p.Selection.LeftOut.Partners = rows, partners
			for _, edit := range edits {
				edit(p)
			}
		}
	}
	only := func(ids ...string) func(*plan.Plan) { return func(p *plan.Plan) { p.Selection.Only = ids } }
	limit := func(n int) func(*plan.Plan) { return func(p *plan.Plan) { p.Selection.Limit = n } }
	for _, c := range []struct {
		name  string
		only  []string
		limit int
		edit  func(*plan.Plan)
		says  string
	}{
		{"none", nil, 2, func(p *plan.Plan) { p.Selection = nil }, "no change comes from line 6"},
		{"a named partner left out", []string{fabrikam, contoso}, 0, cut(1, 2), "no change comes from line 4"},
		{"a named domain left out", []string{contoso, third}, 0, cut(0, 1), "no change comes from line 5"},
		{"a partner that is not named", []string{third}, 0, left(4, 3, only(contoso)), "its partner, row or note is not that of line 4"},
		{"a name without a row", []string{contoso}, 0, only(contoso, "55555555-aaaa-4bbb-8ccc-000000000005"), "the selection names 55555555-aaaa-4bbb-8ccc-000000000005, but no row and no change is about it"},
		{"the same name twice", []string{contoso}, 0, only(contoso, contoso), "appears twice or out of order"},
		{"names out of order", []string{contoso, fabrikam}, 0, only(fabrikam, contoso), "appears twice or out of order"},
		{"no tenant", []string{contoso}, 0, only(contoso, "all"), `"all" is not a tenant ID`},
		{"what is as wanted left out", nil, 2, cut(0, 1), "its partner, row or note is not that of line 2"},
		{"a domain left out before the end", nil, 2, left(0, 0, cut(1, 2)), "no change comes from line 5"},
		{"cut short", nil, 2, left(0, 0, cut(2, 3)), "no change comes from line 4"},
		{"a limit that is passed", nil, 2, limit(1), "the plan goes on after the first 1 partners that need a change"},
		{"a limit that is not reached", nil, 2, left(0, 0, limit(3)), "no change comes from line 6"},
		{"a negative limit", nil, 2, limit(-1), "its limit is -1"},
		{"nothing named", nil, 2, limit(0), "it names nothing"},
		{"a row too many", nil, 2, left(2, 1), "the selection says that 2 rows and 1 partners are left out, but it is 1 and 1"},
		{"a partner too many", []string{contoso}, 0, left(4, 5), "the selection says that"},
		{"a partner too few", []string{contoso}, 0, left(4, 1), "the selection says that"},
		{"rows without partners", nil, 3, left(1, 0), "the selection says that 1 rows and 0 partners"},
		{"no word of the template", nil, 2, func(p *plan.Plan) { p.Selection.LeftOut.Template = false }, "it does not say whether the template is left out"},
		{"a template that is not there", nil, 2, func(p *plan.Plan) { p.Template = nil }, "it does not say whether the template is left out"},
		{"no template that is named", []string{"template", last}, 0, func(p *plan.Plan) { p.Template = nil }, "it names the template, but the plan has none"},
		{"a named template left out", []string{"template", last}, 0, cut(0, 1), "it names a template file, but no change comes from it"},
		{"a template that is not named", []string{"template", last}, 0, func(p *plan.Plan) {
			p.Selection.Only, p.Selection.LeftOut.Template = []string{last}, true
		}, "the selection leaves the template out, but a change comes from it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, cur := parts(t)
			d.Choose(c.only, c.limit)
			refuses(t, crafted(t, build(t, d, cur), c.edit), c.says)
		})
	}
	d, cur := parts(t)
	undo := taken(t, build(t, d, cur), nil)
	refuses(t, crafted(t, undo, func(p *plan.Plan) { p.Selection = &plan.Selection{Limit: 1} }), "a plan that reverts a run has none")
	d, cur = parts(t)
	d.Partners = nil
	refuses(t, crafted(t, build(t, d, cur), func(p *plan.Plan) { p.Selection = &plan.Selection{Only: []string{"template"}} }), "it is a part of no rows")
}

// A row that only a domain identifies is left out for sure if it says what no row of
// the plan says: it cannot be about a partner of the plan.
func TestADomainLeftOutIsCounted(t *testing.T) {
	d := resolved(t, rows(t, fabrikam+",,true,,,,", "third.example,,false,,,,"), map[string]string{"third.example": third})
	d.Choose(nil, 1)
	p := build(t, d, currently(partner(t, fabrikam, ""), partner(t, third, "")))
	if diff := cmp.Diff(plan.LeftOut{Rows: 1, Partners: 1}, p.Selection.LeftOut); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	refuses(t, crafted(t, p, func(p *plan.Plan) { p.Selection.LeftOut = plan.LeftOut{} }), "the selection says that 0 rows and 0 partners are left out, but it is 1 and 1")
}

// A row that only a domain identifies and that says what a row of the plan says is
// not left out if it stands above the end of the plan, and is no partner that is left
// out if it is about one of the plan.
func TestARepeatedDomainIsCounted(t *testing.T) {
	tenants := map[string]string{"fabrikam.example": fabrikam, "contoso.example": contoso, "third.example": third}
	built := func(limit int, only []string, lines ...string) *plan.Plan {
		d := resolved(t, rows(t, lines...), tenants)
		d.Choose(only, limit)
		return build(t, d, currently(partner(t, fabrikam, ""), partner(t, contoso, ""), partner(t, third, "")))
	}
	left := func(rows, partners int) func(*plan.Plan) {
		return func(p *plan.Plan) { p.Selection.LeftOut.Rows, p.Selection.LeftOut.Partners = rows, partners }
	}
	above := built(2, nil, fabrikam+",,true,,,,", "fabrikam.example,,true,,,,", contoso+",,true,,,,", third+",,true,,,,")
	if _, err := decode(crafted(t, above, left(1, 1))); err != nil {
		t.Error(err)
	}
	refuses(t, crafted(t, above, left(2, 1)), "the selection says that 2 rows and 1 partners are left out, but it is 1 and 1")
	refuses(t, crafted(t, above, left(2, 2)), "the selection says that 2 rows and 2 partners are left out, but it is 1 and 1")

	named := built(0, []string{fabrikam}, fabrikam+",,true,,,,", "fabrikam.example,,true,,,,", "fabrikam.example,,true,,,,", "contoso.example,,true,,,,", "third.example,,false,,,,")
	for said, says := range map[plan.LeftOut]string{
		{Rows: 2, Partners: 2}: "", {Rows: 4, Partners: 3}: "", {Rows: 3, Partners: 2}: "", {Rows: 1, Partners: 1}: "",
		{Rows: 2, Partners: 3}: "the selection says that", {Rows: 3, Partners: 3}: "the selection says that", {Rows: 1, Partners: 2}: "the selection says that", {}: "the selection says that",
	} {
		text := crafted(t, named, left(said.Rows, said.Partners))
		if says != "" {
			refuses(t, text, says)
		} else if _, err := decode(text); err != nil {
			t.Errorf("%+v: %v", said, err)
		}
	}
}

// Any part of any input, with domain names and repeated rows, is a plan that can be
// read; its rows and those left out are all rows; and the whole plan has the changes
// of the part.
func TestAnyPartIsAPlan(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tenants := map[string]string{}
		var lines []string
		var there []graph.Partner
		for i := range rapid.IntRange(1, 6).Draw(rt, "partners") {
			id, domain := fmt.Sprintf("90e29127-71ad-49c7-9ce8-%012x", i), fmt.Sprintf("p%d.example", i)
			tenants[domain] = id
			want := rapid.SampledFrom([]string{"true", "false"}).Draw(rt, "wanted")
			for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{id, domain}), 1, 3).Draw(rt, "rows") {
				lines = append(lines, name+",,"+want+",,,,")
			}
			if state := rapid.SampledFrom([]string{"-", "", syncOn}).Draw(rt, "there"); state != "-" {
				there = append(there, partner(t, id, state))
			}
		}
		lines = rapid.Permutation(lines).Draw(rt, "order")
		d := resolved(t, rows(t, lines...), tenants)
		whole := build(t, d, currently(there...))
		chooseAny(rt, &d)
		p, err := decode(encoded(t, build(t, d, currently(there...))))
		if err != nil {
			rt.Fatalf("%s\n%v", strings.Join(lines, "\n"), err)
		}
		in, planned := map[string]bool{}, 0
		for i := range p.Changes {
			c := &p.Changes[i]
			in[c.Partner.TenantID] = true
			if !slices.ContainsFunc(whole.Changes, func(w plan.Change) bool { return told(&w) == told(c) && w.Row == c.Row }) {
				rt.Errorf("a change that the whole plan does not have: %s", told(c))
			}
		}
		for _, line := range lines {
			name, _, _ := strings.Cut(line, ",")
			if in[name] || in[tenants[name]] {
				planned++
			}
		}
		if p.Selection == nil && planned != len(lines) || p.Selection != nil && planned+p.Selection.LeftOut.Rows != len(lines) {
			rt.Errorf("%d rows are planned of %d; left out: %+v", planned, len(lines), p.Selection)
		}
	})
}

// No partner of a part can be dropped from its plan, whatever the selection says
// of the rows that are left out.
func TestNoPartnerOfAPartCanBeDropped(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := anyPlan(t, 6).Draw(rt, "plan")
		if p.Selection == nil || len(p.Changes) == 0 {
			return
		}
		id := p.Changes[rapid.IntRange(0, len(p.Changes)-1).Draw(rt, "change")].Partner.TenantID
		more := rapid.IntRange(0, 1).Draw(rt, "more left out")
		text := crafted(t, p, func(p *plan.Plan) {
			p.Changes = slices.DeleteFunc(p.Changes, func(c plan.Change) bool { return c.Partner.TenantID == id })
			p.Selection.LeftOut.Rows += more
			p.Selection.LeftOut.Partners += more
		})
		if _, err := decode(text); err == nil {
			rt.Errorf("without %s it is taken:\n%s", id, text)
		}
	})
}
