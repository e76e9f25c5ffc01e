package plan_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/plan"
)

const (
	alder = "0a1b2c3d-1111-4a5b-8c9d-0e1f2a3b4c01"
	birch = "0a1b2c3d-1111-4a5b-8c9d-0e1f2a3b4c02"
)

// directory has the names of the home tenant and of two partners.
func directory() plan.Names {
	return plan.Names{
		head.HomeTenant.ID: {Name: "Adatum Corporation", Domain: "home.example"},
		alder:              {Name: "Alder Mills", Domain: "aldermills.example"},
		birch:              {Name: "Birch Foods", Domain: "birchfoods.example"},
	}
}

// namedPlan is a plan made with the names of the directory.
func namedPlan(t testing.TB, d plan.Desired, cur *plan.Current) *plan.Plan {
	t.Helper()
	h := head
	h.Names = directory()
	p, err := plan.Build(h, d, cur)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// swapped has the names of two partners swapped, and three objects of the first.
func swapped(t testing.TB) *plan.Plan {
	t.Helper()
	d := wanted(t, alder+",Birch Foods,true,true,,,", birch+",Alder Mills,true,,,,")
	d.CreatePartners = true
	return namedPlan(t, d, currently(partner(t, birch, "")))
}

// Names that belong to each other's tenant are a hazard of every change that
// would be made to the wrong one, and survive the file.
func TestSwappedNamesAreAHazard(t *testing.T) {
	p := swapped(t)
	read, err := decode(encoded(t, p))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*plan.Plan{p, read} {
		if p.HomeTenant.Name != "Adatum Corporation" || len(p.Changes) != 4 {
			t.Errorf("%+v, %d changes", p.HomeTenant, len(p.Changes))
		}
		for i := range p.Changes {
			if c := &p.Changes[i]; !slices.Contains(c.Hazards, plan.NameDiffers) || c.Partner.Domain == "" {
				t.Errorf("%s: %+v, %v", c.Name(), c.Partner, c.Hazards)
			}
		}
	}
	want := plan.Partner{TenantID: alder, DisplayName: "Birch Foods", DirectoryName: "Alder Mills", Domain: "aldermills.example"}
	if diff := cmp.Diff(want, read.Changes[0].Partner); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What names decide: the hazard, of what is written or would be.
func TestWhichChangesHaveANameThatDiffers(t *testing.T) {
	for _, c := range []struct {
		name, row string
		there     graph.Partner
		want      string
	}{
		{"the right name", alder + ",Alder Mills GmbH,true,,,,", partner(t, alder, ""), `create identitySynchronization displayName:null>"Alder Mills GmbH" isSyncAllowed:null>true`},
		{"the domain", alder + ",aldermills.example,true,,,,", partner(t, alder, ""), `create identitySynchronization displayName:null>"aldermills.example" isSyncAllowed:null>true`},
		{"no name", alder + ",,true,,,,", partner(t, alder, ""), "create identitySynchronization isSyncAllowed:null>true"},
		{"the name of the policy", alder + ",,false,,,,", partner(t, alder, `"identitySynchronization":{"displayName":"Birch","userSyncInbound":{"isSyncAllowed":true}}`),
			"update identitySynchronization isSyncAllowed:true>false !sync-off !name-differs"},
		{"a removal", alder + ",Birch,,,,absent,", partner(t, alder, `"identitySynchronization":{"displayName":"Alder"}`),
			`delete identitySynchronization displayName:"Alder">null !sync-removed !name-differs`},
		{"what is as wanted", alder + ",Birch,true,,,,", partner(t, alder, `"identitySynchronization":{"displayName":"Birch","userSyncInbound":{"isSyncAllowed":true}}`),
			`no-op identitySynchronization displayName:"Birch">"Birch" isSyncAllowed:true>true`},
		{"what is blocked", alder + ",Birch,true,,,,", partner(t, birch, ""), `blocked identitySynchronization displayName:null>"Birch" isSyncAllowed:null>true !name-differs (the partner`},
		{"what is owned", alder + ",Birch,true,,,,", partner(t, alder, `"isServiceProvider":true`), `blocked identitySynchronization displayName:null>"Birch" isSyncAllowed:null>true !service-owned !name-differs (the partner`},
		{"a tenant that is not known", contoso + ",Birch,true,,,,", partner(t, contoso, ""), `create identitySynchronization displayName:null>"Birch" isSyncAllowed:null>true`},
	} {
		p := namedPlan(t, wanted(t, c.row), currently(c.there))
		got := told(&p.Changes[0])
		if q := strings.Index(got, " = "); q >= 0 { // the request is of no interest here
			if h := strings.Index(got, " !"); h >= 0 {
				got = got[:q] + got[h:]
			} else {
				got = got[:q]
			}
		}
		if !strings.HasPrefix(got, c.want) || strings.Contains(got, "name-differs") != strings.Contains(c.want, "name-differs") {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
		if _, err := decode(encoded(t, p)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Nothing of the directory changes what is sent.
func TestNamesChangeNoRequest(t *testing.T) {
	d := wanted(t, alder+",Birch Foods,true,true,,,")
	d.CreatePartners = true
	plain, named := build(t, d, currently()), namedPlan(t, d, currently())
	for i := range plain.Changes {
		if diff := cmp.Diff(plain.Changes[i].Request(), named.Changes[i].Request()); diff != "" {
			t.Errorf("(-without names +with):\n%s", diff)
		}
	}
	if plain.Fingerprint == named.Fingerprint {
		t.Error("the fingerprint does not cover the names")
	}
	for _, word := range []string{"directoryName", "domain", `"name":"Adatum`} {
		if bytes.Contains(encoded(t, plain), []byte(word)) {
			t.Errorf("a plan without names has %s", word)
		}
	}
}

// Names that nobody looked up, and hazards that do not follow from them, are
// refused.
func TestNamesOfAPlanAreProved(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*plan.Plan)
		says string
	}{
		{"the hazard taken out", change(3, func(c *plan.Change) { c.Hazards = nil }), `change 4: its hazards are [], but must be ["name-differs"]`},
		{"the name made to fit", change(3, func(c *plan.Change) { c.Partner.DirectoryName = "Alder Mills" }), `change 4: its hazards are ["name-differs"], but must be []`},
		{"the domain made to fit", change(3, func(c *plan.Change) { c.Partner.Domain = "aldermills.example" }), `change 4: its hazards are ["name-differs"], but must be []`},
		{"a name in one change of a partner", change(2, func(c *plan.Change) { c.Partner.DirectoryName = "Alder" }), "change 3: its partner, row or note is not that of the change before it"},
		{"a name that no tenant has", change(3, func(c *plan.Change) { c.Partner.DirectoryName = "Birch\u0007" }), "change 4: no tenant has the name"},
		{"a long name", change(3, func(c *plan.Change) { c.Partner.DirectoryName = strings.Repeat("B", graph.MaxTenantName+1) }), "change 4: no tenant has the name"},
		{"a domain that no tenant has", change(3, func(c *plan.Change) { c.Partner.Domain = "https://birch.example" }), "change 4: no tenant has the domain"},
		{"a domain in capitals", change(3, func(c *plan.Change) { c.Partner.Domain = "Birch.example" }), "change 4: no tenant has the domain"},
		{"a home tenant that no tenant can be", func(p *plan.Plan) { p.HomeTenant.Name = "Adatum\n" }, "the home tenant cannot have the name"},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, crafted(t, swapped(t), c.edit), c.says) })
	}
	text := bytes.Replace(encoded(t, swapped(t)), []byte(`"directoryName":"Birch Foods"`), []byte(`"directoryName":"Birch Food"`), 1)
	if _, err := decode(text); !errors.Is(err, plan.ErrAltered) {
		t.Errorf("a name that the fingerprint does not cover: %v", err)
	}
}

// The way back keeps the names of the plan, without looking anything up. It goes to
// the tenants of the run, so there is no name to check.
func TestAnUndoKeepsTheNames(t *testing.T) {
	p := swapped(t)
	var applied []plan.Applied
	for i := range p.Changes {
		applied = append(applied, plan.Applied{Change: &p.Changes[i]})
	}
	h := head
	h.HomeTenant = p.HomeTenant
	r, err := plan.Revert(h, p, "run", "", applied)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = decode(encoded(t, r)); err != nil {
		t.Fatal(err)
	}
	if r.HomeTenant != p.HomeTenant {
		t.Errorf("%+v became %+v", p.HomeTenant, r.HomeTenant)
	}
	for i := range r.Changes {
		c := &r.Changes[i]
		if back := &p.Changes[len(p.Changes)-1-i]; c.Partner != back.Partner || slices.Contains(c.Hazards, plan.NameDiffers) {
			t.Errorf("%+v became %+v, %v", back.Partner, c.Partner, c.Hazards)
		}
	}
}

// Partners that have a change come first, and all in the order of the plan.
func TestShown(t *testing.T) {
	d := wanted(t, alder+",Alder,true,true,,,", contoso+",,true,,,,", fabrikam+",,,,,,", birch+",Birch,true,,,,")
	d.Template = wantedTemplate(t, `{"templateApplicationLevel":"none"}`)
	cur := currently(
		partner(t, alder, `"identitySynchronization":{"displayName":"Alder","userSyncInbound":{"isSyncAllowed":true}}`),
		partner(t, contoso, syncOn), partner(t, fabrikam, ""),
	)
	cur.Template = &graph.Template{TemplateApplicationLevel: "newPartners", Raw: []byte(`{"templateApplicationLevel":"newPartners"}`)}
	changed, same := plan.Shown(d, cur, graph.Global)
	if !slices.Equal(changed, []string{alder, birch}) || !slices.Equal(same, []string{contoso, fabrikam}) {
		t.Errorf("changed %v, same %v", changed, same)
	}
}
