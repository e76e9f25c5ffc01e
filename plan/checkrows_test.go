package plan_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bulksync/plan"
)

// asked is a plan whose rows name tenants by ID and by domain, and one of them
// twice. Its changes are: 0 policy and 1 consent of row 2, 2 removal of row 3, 3
// partner and 4 policy of row 4, 5 the check of the partner of row 7.
func asked(t *testing.T) *plan.Plan {
	r := rows(t,
		fabrikam+",Fabrikam,false,true,,,CHG1", "contoso.com,,,,,absent,CHG2", "33333333-aaaa-4bbb-8ccc-000000000003,New,,,,,",
		"new.example,New,,,,,", contoso+",,,,,absent,CHG2", "44444444-aaaa-4bbb-8ccc-000000000004,,,,,,")
	d := resolved(t, r, map[string]string{"contoso.com": contoso, "new.example": "33333333-aaaa-4bbb-8ccc-000000000003"})
	d.CreatePartners = true
	return build(t, d, currently(
		partner(t, fabrikam, syncOn), partner(t, contoso, syncOn), partner(t, "44444444-aaaa-4bbb-8ccc-000000000004", "")))
}

// A plan does what its rows ask for, so that failed.csv has the right rows and no
// row is left out.
func TestAPlanThatItsRowsDoNotAskForIsRefused(t *testing.T) {
	cell := func(row, column int, value string) func(*plan.Plan) {
		return func(p *plan.Plan) { p.Input.Cells[row][column] = value }
	}
	for _, c := range []struct {
		name string
		edit func(*plan.Plan)
		says string
	}{
		{"another tenant in the row", cell(0, 0, "55555555-aaaa-4bbb-8ccc-000000000005"), "change 1: its partner, row or note is not that of line 2, which comes next"},
		{"another note in the row", cell(0, 6, "CHG9"), "change 1: its partner, row or note is not that of line 2, which comes next"},
		{"another name in the row", cell(2, 1, "Old"), "no change comes from line 5"},
		{"another value in the row", cell(0, 2, "true"), "change 1: userSyncInbound.isSyncAllowed becomes false, but line 2 asks for true"},
		{"one value more in the row", cell(0, 4, "true"), "change 2: automaticUserConsentSettings.outboundAllowed becomes null, but line 2 asks for true"},
		{"one value less in the row", cell(0, 3, ""), "change 2: line 2 does not ask for that"},
		{"rows that changed places", func(p *plan.Plan) { p.Input.Cells[1], p.Input.Cells[2] = p.Input.Cells[2], p.Input.Cells[1] }, "contradicts it"},
		{"no removal in the row", cell(1, 5, ""), "contradicts it: ensure is absent here and present there"},
		{"an error value in the row", cell(5, 1, "#REF!"), `the input: line 7: displayName is "#REF!"`},
		{"a byte that no text has", cell(0, 6, "CHG1\x00"), "the input: line 2 holds a character that no cell can have"},
		{"a header without IDs", func(p *plan.Plan) { p.Input.Header[0] = "" }, "the input: its header: no tenantId column"},
		{"an unknown header", func(p *plan.Plan) { p.Input.Header[6] = "what" }, "the input: its header: unknown column"},
		{"a row left out", func(p *plan.Plan) { p.Changes = p.Changes[:5] }, "no change comes from line 7"},
		{"a row in the middle left out", func(p *plan.Plan) { p.Changes = append(p.Changes[:3:3], p.Changes[5]) }, "no change comes from line 5"},
		{"the row of a domain left out", func(p *plan.Plan) { p.Changes = append(p.Changes[:2:2], p.Changes[3:]...) }, "no change comes from line 3"},
		{"consent left out", func(p *plan.Plan) { p.Changes = append(p.Changes[:1:1], p.Changes[2:]...) }, "change 1: line 2 also asks for the consent"},
		{"the name of somebody else", change(2, func(c *plan.Change) { c.Partner.DisplayName = "Woodgrove" }), `change 3: its partner is named "Woodgrove", but "Fabrikam" in line 3`},
		{"a check of a partner that is written", func(p *plan.Plan) {
			p.Changes[5].Partner, p.Changes[5].Row = p.Changes[3].Partner, 4
			p.Changes[5].Before = json.RawMessage(`{"tenantId":"` + p.Changes[3].Partner.TenantID + `"}`)
			p.Changes = append(p.Changes[:3:3], p.Changes[5], p.Changes[4])
		}, "change 4: line 4 does not ask for that"},
		{"a removal that is none", change(2, func(c *plan.Change) {
			c.Action, c.Hazards = plan.NoOp, nil
			for i := range c.Fields {
				c.Fields[i].After = c.Fields[i].Before
			}
		}), "change 3: line 3 does not ask for that"},
		{"blocked for a reason of its own", change(0, func(c *plan.Change) {
			c.Action, c.Reason, c.Hazards = plan.Blocked, "not today", nil
		}), `change 1: blocked identitySynchronization cannot have the reason "not today"`},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, crafted(t, asked(t), c.edit), c.says) })
	}
}

// Rows by ID and by domain, in any order, some repeated: every plan made from
// them can be read.
func TestRowsThatWereMergedAreRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var lines []string
		tenants, cur := map[string]string{}, currently()
		for i := range rapid.IntRange(1, 6).Draw(rt, "tenants") {
			id := fmt.Sprintf("90e29127-71ad-49c7-9ce8-%012x", i+1)
			tenants[fmt.Sprintf("d%d.example", i)], tenants[fmt.Sprintf("e%d.example", i)] = id, id
			if rapid.Bool().Draw(rt, "there") {
				p := partner(t, id, rapid.SampledFrom(states[1:]).Draw(rt, "state"))
				p.Problem = rapid.SampledFrom([]string{"", "", "displayName is a number"}).Draw(rt, "problem")
				cur.Partners[id] = p
			}
			wish := rapid.SampledFrom([]string{",,,,,,", ",Fabrikam,,,,,", ",,true,false,,,CHG", ",New,false,,true,,", ",,,,true,absent,", ",,,,,absent,CHG"}).Draw(rt, "wish")
			for range rapid.IntRange(1, 3).Draw(rt, "times") {
				name := rapid.SampledFrom([]string{id, strings.ToUpper(id), fmt.Sprintf("d%d.example", i), fmt.Sprintf("E%d.example", i)}).Draw(rt, "name")
				lines = append(lines, name+wish)
			}
		}
		d := resolved(t, rows(t, rapid.Permutation(lines).Draw(rt, "lines")...), tenants)
		d.CreatePartners = rapid.Bool().Draw(rt, "create")
		cur.Read.Partners = len(cur.Partners)
		if text := encoded(t, build(t, d, cur)); text != nil {
			if _, err := decode(text); err != nil {
				rt.Fatalf("%v, of\n%s", err, text)
			}
		}
	})
}

// A no-op shows everything that its row wants and that is so.
func TestANoOpThatLeavesAValueOutIsRefused(t *testing.T) {
	p := crafted(t, build(t, wanted(t, fabrikam+",Fabrikam,true,,,,"), currently(partner(t, fabrikam, syncOn))), func(p *plan.Plan) {
		p.Changes[0].Fields = p.Changes[0].Fields[:1]
	})
	refuses(t, p, "change 1: line 2 asks for more than its fields show")
}

// Nothing is known about a partner that could not be read, except what its row says.
func TestAnUnreadPartnerIsCalledAsItsRow(t *testing.T) {
	unread := partner(t, fabrikam, syncOn)
	unread.Problem = "displayName is a number"
	p := build(t, wanted(t, fabrikam+",,true,,,,"), currently(unread))
	if _, err := decode(encoded(t, p)); err != nil {
		t.Fatal(err)
	}
	refuses(t, crafted(t, p, change(0, func(c *plan.Change) { c.Partner.DisplayName = "Woodgrove" })), `change 1: its partner is named "Woodgrove", but "" in line 2`)
}

// A blocked change removes all of a policy, or nothing.
func TestABlockedChangeRemovesNoHalfOfAPolicy(t *testing.T) {
	p := build(t, wanted(t, fabrikam+",Fabrikam Ltd,false,,,,"), currently(partner(t, fabrikam, `"isServiceProvider":true,`+syncOn)))
	refuses(t, crafted(t, p, change(0, func(c *plan.Change) { c.Fields[0].After = nil })), `change 1: blocked cannot take the field "displayName" from "Fabrikam" to null`)
}
