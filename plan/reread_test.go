package plan_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
)

func TestReadingsThatDisagree(t *testing.T) {
	const (
		on      = `"identitySynchronization":{"tenantId":"x","displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true}}`
		off     = `"identitySynchronization":{"tenantId":"x","displayName":"Fab","userSyncInbound":{"isSyncAllowed":false}}`
		consent = `"automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":null}`
		trust   = `"inboundTrust":{"isMfaAccepted":true}`
		other   = `"b2bCollaborationInbound":{"usersAndGroups":null}`
		policy  = "identitySynchronization of partner " + fabrikam + ": "
		itself  = "partner " + fabrikam + ": "
	)
	one := func(members string) []graph.Partner { return []graph.Partner{partner(t, fabrikam, members)} }
	owned, broken := one(on), one("")
	owned[0].IsServiceProvider = true
	broken[0].Problem = "it is broken"
	row := []string{fabrikam + ",,true,,,,"}
	trustRow := []string{fabrikam + ",,,true,,,,,,"}
	for name, tc := range map[string]struct {
		rows          []string
		rowsOnly      bool
		first, second []graph.Partner
		want          string
	}{
		"the same":                       {rows: row, first: one(on), second: one(on)},
		"the switch and the name":        {rows: row, first: one(on), second: one(off), want: policy + "userSyncInbound.isSyncAllowed was true, then false"},
		"a name that the row manages":    {rows: []string{fabrikam + ",Fabrikam,true,,,,"}, first: one(on), second: one(off), want: policy + `displayName was "Fabrikam", then "Fab", userSyncInbound.isSyncAllowed was true, then false`},
		"the policy gone":                {rows: row, first: one(on), second: one(""), want: policy + "it was there, then it was not"},
		"the policy came":                {rows: row, first: one(""), second: one(on), want: policy + "it was not there, then it was"},
		"the partner gone":               {rows: row, first: one(on), want: itself + "it was there, then it was not"},
		"the partner came":               {rows: row, second: one(on), want: itself + "it was not there, then it was"},
		"consent, which a rule judges":   {rows: row, first: one(on), second: one(on + "," + consent), want: "consent of partner " + fabrikam + ": automaticUserConsentSettings.inboundAllowed was null, then true"},
		"consent that no rule looks at":  {rows: row, first: one(on), second: one(on + `,"automaticUserConsentSettings":{"outboundAllowed":true}`)},
		"trust, which no row manages":    {rows: row, first: one(on), second: one(on + "," + trust)},
		"trust, which the row manages":   {rows: trustRow, first: one(on), second: one(on + "," + trust), want: "trust of partner " + fabrikam + ": inboundTrust.isMfaAccepted was null, then true"},
		"what is not managed":            {rows: row, first: one(on), second: one(on + "," + other)},
		"the owner":                      {rows: row, first: one(on), second: owned, want: itself + "isServiceProvider was false, then true"},
		"broken once":                    {rows: row, first: broken, second: one(on), want: itself + "one of the readings could not read it: it is broken"},
		"broken twice":                   {rows: row, first: broken, second: broken},
		"an extra policy":                {rows: []string{contoso + ",,true,,,,"}, first: one(on), second: one(off), want: policy},
		"an extra partner with a policy": {rows: []string{contoso + ",,true,,,,"}, second: one(on), want: policy + "it was not there, then it was"},
		"an extra partner without one":   {rows: []string{contoso + ",,true,,,,"}, second: one("")},
		"an extra partner, broken":       {rows: []string{contoso + ",,true,,,,"}, second: broken, want: itself + "it was not there, then it was"},
		"an extra partner's trust":       {rows: []string{contoso + ",,true,,,,"}, first: one(on), second: one(on + "," + trust)},
		"extra, with rows only":          {rows: []string{contoso + ",,true,,,,"}, rowsOnly: true, first: one(on), second: one(off)},
		"a row, with rows only":          {rows: row, rowsOnly: true, first: one(on), second: one(""), want: policy},
	} {
		t.Run(name, func(t *testing.T) {
			header := columns
			if strings.Count(tc.rows[0], ",") > 6 {
				header = allColumns
			}
			d := resolved(t, rowsBelow(t, header, tc.rows...), nil)
			diff := plan.CompareReadings(d, tc.rowsOnly, currently(tc.first...), currently(tc.second...))
			if tc.want == "" {
				if len(diff) > 0 {
					t.Errorf("got %v", diff)
				}
				return
			}
			if len(diff) != 1 || !strings.HasPrefix(diff[0].String(), tc.want) {
				t.Errorf("got  %v\nwant %s", diff, tc.want)
			}
		})
	}
}

func TestReadingsOfTheTemplate(t *testing.T) {
	d := plan.Desired{Template: wantedTemplate(t, `{"templateApplicationLevel":"newPartners"}`)}
	read := func(level string) *plan.Current {
		cur := currently(partner(t, fabrikam, `"identitySynchronization":{"tenantId":"x","displayName":"`+level+`"}`))
		cur.Template = &graph.Template{TemplateApplicationLevel: level}
		return cur
	}
	if diff := plan.CompareReadings(d, false, read("newPartners,existingPartners"), read("existingPartners,newPartners")); len(diff) > 0 {
		t.Errorf("the same levels in another order: %v", diff)
	}
	const want = `template: templateApplicationLevel was "none", then "newPartners"`
	if diff := plan.CompareReadings(d, false, read("none"), read("newPartners")); len(diff) != 1 || diff[0].String() != want {
		t.Errorf("got %v", diff)
	}
	gone := read("none")
	gone.Template = nil
	if diff := plan.CompareReadings(d, false, read("none"), gone); len(diff) != 1 || diff[0].String() != "template: it was there, then it was not" {
		t.Errorf("got %v", diff)
	}
}

// What somebody changes between two readings is named, and nothing else is. A long
// list is cut.
func TestEditBetweenTwoReadingsIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Partners: 40, PageSize: 15})
		c, err := graph.New(graph.Options{RootURL: graph.Global.RootURL(), Base: sim.Transport(), Layers: authorized(sim)})
		if err != nil {
			t.Fatal(err)
		}
		read := func() *plan.Current {
			cur, err := plan.ReadCurrent(t.Context(), c, plan.Needs{})
			if err != nil {
				t.Fatal(err)
			}
			return cur
		}
		d := wanted(t, fabrikam+",Fabrikam,true,,,,")
		first := read()
		if diff := plan.CompareReadings(d, false, first, read()); diff != nil {
			t.Errorf("nothing was changed: %v", diff)
		}
		time.Sleep(time.Minute)
		var edited []string
		for _, p := range sim.Partners()[:6] {
			sim.Edit(p.TenantID, func(p *graphsim.Partner) {
				in := p.AutomaticUserConsentSettings.InboundAllowed
				p.AutomaticUserConsentSettings = graphsim.Consent{InboundAllowed: new(in == nil || !*in), OutboundAllowed: new(false)}
			})
			edited = append(edited, p.TenantID)
		}
		diff := plan.CompareReadings(d, false, first, read())
		var got []string
		for _, one := range diff {
			got = append(got, one.TenantID)
		}
		if strings.Join(got, " ") != strings.Join(edited, " ") {
			t.Errorf("got %v, want %v", got, edited)
		}
		if text := diff.Error(); strings.Count(text, "inboundAllowed was") != 3 || !strings.HasSuffix(text, "; and 3 more") {
			t.Errorf("got %s", text)
		}
	})
}
