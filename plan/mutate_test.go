package plan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// planWords occur somewhere in a plan, and are tried everywhere else.
var planWords = []any{
	"", contoso, graph.SupportTenantID, "create", "update", "delete", "no-op", "blocked", "partner", "identitySynchronization", "consent", "trust", "template",
	"reverts what the run did", "userSyncInbound.isSyncAllowed",
}

// edits are the values that replace a value of a plan.
func edits(old any) []any {
	values := []any{nil, false, "x"}
	switch v := old.(type) {
	case nil:
		values = append(append(values, planWords...), json.Number("1"), map[string]any{"zz": "z"})
	case bool:
		values = append(values, !v)
	case json.Number:
		n, _ := strconv.Atoi(v.String())
		values = append(values, json.Number("0"), json.Number("-1"), json.Number("99"), json.Number(strconv.Itoa(n+1)), json.Number(strconv.Itoa(n-1)))
	case string:
		values = append(append(values, planWords...), v+"x")
	case []any:
		values = append(values, []any{}, []any{"sync-off"})
		for i := range v {
			values = append(values, slices.Delete(slices.Clone(v), i, i+1), slices.Insert(slices.Clone(v), i, v[i]))
			if i > 0 {
				swapped := slices.Clone(v)
				swapped[i-1], swapped[i] = v[i], v[i-1]
				values = append(values, swapped)
			}
		}
	case map[string]any:
		more := maps.Clone(v)
		more["zz"] = "z"
		values = append(values, more)
		for name := range v {
			less := maps.Clone(v)
			delete(less, name)
			values = append(values, less)
		}
	}
	return values
}

// visit calls at for every value below v, with the way to set it.
func visit(path string, v any, set func(any), at func(path string, old any, set func(any))) {
	at(path, v, set)
	switch v := v.(type) {
	case []any:
		for i := range v {
			visit(path+"/"+strconv.Itoa(i), v[i], func(x any) { v[i] = x }, at)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			visit(path+"/"+name, v[name], func(x any) { v[name] = x }, at)
		}
	}
}

// tree is a plan file as JSON, to be edited.
func tree(t testing.TB, p *plan.Plan) map[string]any {
	t.Helper()
	var members map[string]any
	dec := json.NewDecoder(bytes.NewReader(encoded(t, p)))
	dec.UseNumber()
	if err := dec.Decode(&members); err != nil {
		t.Fatal(err)
	}
	return members
}

// resealedTree decodes an edited plan with the matching fingerprint, which the
// refusal of a wrong one names.
func resealedTree(t testing.TB, members map[string]any) (*plan.Plan, error) {
	t.Helper()
	delete(members, "fingerprint")
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	with := func(sum string) []byte { return append(text[:len(text)-1:len(text)-1], `,"fingerprint":"`+sum+`"}`...) }
	got, err := decode(with("none"))
	if _, sum, ok := strings.Cut(fmt.Sprint(err), "its content is "); ok {
		return decode(with(sum))
	}
	return got, err
}

// meaning is what a plan says, without what cannot be checked against anything
// else in it: names, notes, hashes, times, counts of the reading, the cells, and
// what was wanted where nothing is sent.
func meaning(p *plan.Plan) *plan.Plan {
	m := *p
	m.Fingerprint, m.Tool, m.CreatedAt, m.HomeTenant, m.Read = "", plan.Tool{}, head.CreatedAt, graph.HomeTenant{}, plan.Read{Complete: p.Read.Complete}
	m.Input = desired.Input{Rows: p.Input.Rows}
	if p.Template != nil {
		m.Template = &plan.TemplateInput{}
	}
	m.Changes = slices.Clone(p.Changes)
	for i := range m.Changes {
		c := &m.Changes[i]
		c.Note, c.Partner.DisplayName = "", ""
		if len(p.Changes) == 1 && len(p.Input.Lines) > 0 {
			c.Reason = "" // an undo may list the rows of its run
		}
		if c.Before != nil {
			c.Before = json.RawMessage("{}")
		}
		if len(p.Input.Lines) == 0 {
			c.Row = 0 // an undo names the rows of a run
			if said, _, ok := strings.Cut(c.Reason, ": "); ok {
				c.Reason = said // and what it cannot bring back, which is not in it
			}
		}
		if c.Object == plan.Consent || c.Object == plan.Trust {
			c.Before = nil // as an object of nulls
		}
		if !c.Writes() {
			c.Partner.TenantID, c.Before = "", nil
		}
		if c.Action == plan.Blocked {
			c.Reason, c.Object, c.Fields = "", "", nil
		}
	}
	return &m
}

// mutated decodes a plan that was edited and sealed again. It is refused as
// altered, or says the same.
func mutated(t testing.TB, p *plan.Plan, members map[string]any) error {
	got, err := resealedTree(t, members)
	switch {
	case errors.Is(err, plan.ErrAltered):
		return nil
	case err != nil:
		return fmt.Errorf("refused as no plan: %w", err)
	}
	if diff := cmp.Diff(meaning(p), meaning(got), cmpopts.EquateEmpty()); diff != "" {
		return fmt.Errorf("taken (-made +read):\n%s", diff)
	}
	return nil
}

// free are the members with a text or a number that nothing else in a plan
// vouches for, and two whose edits make it another file or none.
var free = regexp.MustCompile(`^/formatVersion$|^/changes$|^/tool/|^/(input|template)/(name|sha256)$|^/input/(cells|header)/|/note$|/displayName$|/before/(unknown|tenantId)|^/read/(pages|partners|synchronizing|consenting)$`)

// smallPlans are plans of few changes, with each action and object in one of
// them, and the plans that revert them.
func smallPlans(t *testing.T) map[string]*plan.Plan {
	yes := build(t, wanted(t, fabrikam+",Fabrikam Ltd,false,false,,,CHG1"), currently(partner(t, fabrikam, syncOn+","+consents)))
	gone := build(t, wanted(t, contoso+",,true,,,,", fabrikam+",,,,,absent,"), currently(partner(t, contoso, syncOn), partner(t, fabrikam, syncOn)))
	trusted := build(t, wantedOfAll(t, fabrikam+",,,yes,no,,true,,,"), currently(partner(t, fabrikam, trusts)))
	d := wanted(t, fabrikam+",Fabrikam,,,,,", contoso+",,true,,,,")
	d.CreatePartners = true
	added := build(t, d, currently(partner(t, contoso, `"isServiceProvider":true`)))
	all := build(t, wanted(t, fabrikam+",,,,,partner-absent,", contoso+",,,,,partner-absent,"), currently(partner(t, fabrikam, whole)))
	pilot := wanted(t, fabrikam+",,false,,,,", contoso+",,true,,,,")
	pilot.Choose(nil, 1)
	named := wanted(t, fabrikam+",,false,,,,", contoso+",,true,,,,", contoso+",,true,,,,")
	named.Template = wantedTemplate(t, `{"templateApplicationLevel":"none"}`)
	named.Choose([]string{contoso}, 0)
	both := currently(partner(t, fabrikam, syncOn), partner(t, contoso, ""))
	cur := currently()
	cur.Template = &graph.Template{TemplateApplicationLevel: "newPartners", Raw: []byte(`{"templateApplicationLevel":"newPartners"}`)}
	template := build(t, plan.Desired{Template: wantedTemplate(t, `{"templateApplicationLevel":"none","userSyncInbound":{"isSyncAllowed":true}}`)}, cur)
	return map[string]*plan.Plan{
		"update": yes, "trust": trusted, "undo of trust": taken(t, trusted, nil), "removal": gone, "new partner": added, "template": template,
		"whole partner": all, "undo of whole partner": taken(t, all, nil),
		"first of two": build(t, pilot, both), "second by name": build(t, named, both), "undo of update": taken(t, yes, nil),
		"undo of removal": taken(t, gone, nil), "undo of new partner": taken(t, added, nil), "undo of template": taken(t, template, nil),
	}
}

// Any single change to a plan that is sealed again is refused, or does not change
// what the plan says.
func TestNoSingleEditOfASealedPlanChangesIt(t *testing.T) {
	for name, p := range smallPlans(t) {
		members := tree(t, p)
		delete(members, "fingerprint")
		n := 0
		visit("", members, nil, func(path string, old any, set func(any)) {
			if set == nil || free.MatchString(path) {
				return
			}
			for _, v := range edits(old) {
				set(v)
				if err := mutated(t, p, members); err != nil {
					t.Errorf("%s: %s = %.100v in place of %.100v: %v", name, path, v, old, err)
				}
				n++
			}
			set(old)
		})
		if _, err := resealedTree(t, members); err != nil || n < 200 {
			t.Errorf("%s: after %d edits: %v", name, n, err)
		}
	}
}

// The same for random plans and their undo, one edit each.
func TestNoSingleEditOfAnyPlanChangesIt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := anyPlan(t, 4).Draw(rt, "plan")
		if rapid.Bool().Draw(rt, "undo") {
			p = revert(rt, p)
		}
		members := tree(t, p)
		delete(members, "fingerprint")
		type place struct {
			path string
			old  any
			set  func(any)
		}
		var places []place
		visit("", members["changes"], nil, func(path string, old any, set func(any)) {
			if set != nil {
				places = append(places, place{path, old, set})
			}
		})
		if len(places) == 0 {
			return
		}
		at := rapid.SampledFrom(places).Draw(rt, "place")
		values := edits(at.old)
		v := values[rapid.IntRange(0, len(values)-1).Draw(rt, "value")]
		at.set(v)
		if err := mutated(t, p, members); err != nil {
			rt.Errorf("%s = %.100v in place of %.100v: %v", at.path, v, at.old, err)
		}
	})
}
