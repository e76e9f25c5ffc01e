package desired_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// A value is refused by what its own property takes, and by no other's rule.
func TestOnlyWhatAnInputCanSayIsWanted(t *testing.T) {
	for _, c := range []struct {
		o     desired.Object
		path  string
		value any
		good  bool
	}{
		{desired.IdentitySynchronization, desired.PathDisplayName, "Fabrikam", true},
		{desired.IdentitySynchronization, desired.PathDisplayName, "", false},
		{desired.IdentitySynchronization, desired.PathDisplayName, "a\nb", false},
		{desired.IdentitySynchronization, desired.PathSyncAllowed, false, true},
		{desired.SyncTemplate, "templateApplicationLevel", "newPartners", true},
		{desired.SyncTemplate, "templateApplicationLevel", "Fabrikam", false},
	} {
		found := false
		for _, p := range c.o.Properties() {
			if p.Path != c.path {
				continue
			}
			found = true
			if err := p.CheckWanted(c.value); (err == nil) != c.good {
				t.Errorf("%s %#v: %v", c.path, c.value, err)
			}
		}
		if !found {
			t.Errorf("there is no %s", c.path)
		}
	}
}

// A template is written as its file, and what is not there has no value.
func TestATemplateHasTheValuesThatItWasReadWith(t *testing.T) {
	live, out := &graph.Template{TemplateApplicationLevel: "newPartners"}, strings.Builder{}
	if err := desired.ExportTemplate(live).Write(&out); err != nil || out.String() != "{\n  \"templateApplicationLevel\": \"newPartners\"\n}\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	for _, p := range desired.SyncTemplate.Properties() {
		if v := p.Value(nil, nil); v != nil {
			t.Errorf("%s of no template is %v", p.Path, v)
		}
	}
}

// An object is the JSON that Graph returned, and nothing of a partner that is not
// there.
func TestAnObjectIsWhatGraphReturned(t *testing.T) {
	p, err := graph.ParsePartner([]byte(`{"tenantId":"0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01","inboundTrust":{"isMfaAccepted":true},"identitySynchronization":{"displayName":"x"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for o, want := range map[desired.Object]string{desired.Trust: `{"isMfaAccepted":true}`, desired.IdentitySynchronization: `{"displayName":"x"}`, desired.PartnerConfiguration: ""} {
		if got := string(o.Raw(&p)); got != want {
			t.Errorf("%s is %q", o, got)
		}
		if got := o.Raw(nil); got != nil {
			t.Errorf("%s of no partner is %q", o, got)
		}
	}
}

// A file that cannot be read has no form.
func TestAFormThatCannotBeRead(t *testing.T) {
	broken := errors.New("the disk is gone")
	if _, err := desired.ReadForm(t.Context(), iotest.ErrReader(broken), "like.csv"); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// A corrected file of faults has good rows, also by the home tenant.
func TestGoodRowsAreSeen(t *testing.T) {
	const home = "90e29127-71ad-49c7-9ce8-000000000001"
	for _, c := range []struct {
		file, home string
		want       bool
	}{
		{"tenantId,reason\n" + home + ",x\n", "", true},
		{"tenantId,reason\n" + home + ",x\n", home, false},
		{"tenantId,reason\n90e29127-71ad-49c7-9ce8-000000000002,x\n", home, true},
		{"tenantId,reason\n" + home + ",x\nfabrikam.example,\n", home, true},
		{"tenantId,isSyncAllowed\n" + home + ",maybe\n", "", false},
		{"tenantId,isSyncAllowed\n" + home + ",maybe\nfabrikam.example,true\n", "", true},
	} {
		if got, err := desired.HasGoodRows(t.Context(), strings.NewReader(c.file), c.home); got != c.want || err != nil {
			t.Errorf("%q, home %q: %v, %v", c.file, c.home, got, err)
		}
	}
}

// One name with a stray delimiter behind it is not several.
func TestAHeaderOfOneName(t *testing.T) {
	_, err := desired.ReadRows(t.Context(), strings.NewReader("tenantId|\n90e29127-71ad-49c7-9ce8-000000000001\n"), "x.csv")
	if err == nil || strings.Contains(err.Error(), "several names") {
		t.Error(err)
	}
}
