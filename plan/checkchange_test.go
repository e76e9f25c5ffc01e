package plan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// crafted is a plan with an edit in it, whose requests, summary and fingerprint
// match: only the rules can refuse it.
func crafted(t testing.TB, p *plan.Plan, edit func(*plan.Plan)) []byte {
	t.Helper()
	p, err := decode(encoded(t, p))
	if err != nil {
		t.Fatal(err)
	}
	edit(p)
	for i := range p.Changes {
		p.Changes[i].Seq = i + 1
	}
	p.Summary = plan.Summarize(p.Changes)
	text := encoded(t, p)
	return bytes.Replace(text, []byte(p.Fingerprint), []byte(independent(t, text)), 1)
}

func refuses(t *testing.T, text []byte, says string) {
	t.Helper()
	_, err := decode(text)
	if !errors.Is(err, plan.ErrAltered) || !strings.Contains(fmt.Sprint(err), says) {
		t.Errorf("got %v\nwant %s", err, says)
	}
}

// change edits one change of a plan, by its index.
func change(i int, edit func(*plan.Change)) func(*plan.Plan) {
	return func(p *plan.Plan) { edit(&p.Changes[i]) }
}

// The changes of sample are: 0 template, 1 update and 2 consent of row 2, 3 no-op
// of row 3, 4 removal of row 4, 5 partner and 6 policy of row 5, 7 blocked of row 6.
func TestAPlanThatNobodyMadeIsRefused(t *testing.T) {
	long := strings.Repeat("n", 2000)
	set := func(i, field int, before, after any) func(*plan.Plan) {
		return change(i, func(c *plan.Change) { c.Fields[field].Before, c.Fields[field].After = before, after })
	}
	for _, c := range []struct {
		name string
		edit func(*plan.Plan)
		says string
	}{
		{"a hazard taken out", change(1, func(c *plan.Change) { c.Hazards = nil }), `change 2: its hazards are [], but must be ["sync-off"]`},
		{"a removal without its hazard", change(4, func(c *plan.Change) { c.Hazards = nil }), `change 5: its hazards are []`},
		{"consent off without its hazard", change(2, func(c *plan.Change) { c.Hazards = nil }), `change 3: its hazards are []`},
		{"a hazard for nothing", change(3, func(c *plan.Change) { c.Hazards = []plan.Hazard{plan.SyncOff} }), `change 4: its hazards are ["sync-off"]`},
		{"a hazard twice", change(1, func(c *plan.Change) { c.Hazards = append(c.Hazards, c.Hazards...) }), `change 2: its hazards`},

		{"a change twice", func(p *plan.Plan) { p.Changes = append(p.Changes[:3:3], p.Changes[2:]...) }, "change 4: a second change of the consent of partner " + fabrikam},
		{"a partner in two places", func(p *plan.Plan) { p.Changes = append(p.Changes, p.Changes[1]) }, "change 9: identitySynchronization of partner " + fabrikam + " appears in two places"},
		{"the template twice", func(p *plan.Plan) { p.Changes = append(p.Changes[:1:1], p.Changes...) }, "change 2: a second change of the template"},
		{"the template at the end", func(p *plan.Plan) { p.Changes = append(p.Changes[1:], p.Changes[0]) }, "change 8: its row 0 comes after row 6"},
		{"a removal of what is created", func(p *plan.Plan) {
			p.Changes[6].Action, p.Changes[6].Before, p.Changes[6].Hazards = plan.Delete, []byte(`{"displayName":"New"}`), []plan.Hazard{plan.SyncRemoved}
			p.Changes[6].Fields = []plan.Field{{Path: "displayName", Before: "New"}}
		}, "change 7: it is out of order"},
		{"rows in another order", func(p *plan.Plan) { p.Changes[3], p.Changes[4] = p.Changes[4], p.Changes[3] }, "change 4: its partner, row or note is not that of line 3, which comes next"},
		{"consent before the policy", func(p *plan.Plan) { p.Changes[1], p.Changes[2] = p.Changes[2], p.Changes[1] }, "change 3: it is out of order"},
		{"a policy before its partner", func(p *plan.Plan) { p.Changes[5], p.Changes[6] = p.Changes[6], p.Changes[5] }, "change 6: it is out of order"},
		{"another note of one row", change(2, func(c *plan.Change) { c.Note = "CHG2" }), "change 3: its partner, row or note is not that of the change before it"},
		{"another name of one partner", change(2, func(c *plan.Change) { c.Partner.DisplayName = "Woodgrove" }), "change 3: its partner, row or note"},
		{"two rows of one partner", change(2, func(c *plan.Change) { c.Row = 3 }), "change 3: its partner, row or note"},
		{"one row of two partners", change(4, func(c *plan.Change) { c.Row = 3 }), "change 5: its row 3 comes after row 3"},

		{"a row that the input does not have", change(7, func(c *plan.Change) { c.Row = 99 }), "change 8: the input has no row on line 99"},
		{"no row", change(7, func(c *plan.Change) { c.Row = 0 }), "change 8: its row is 0"},
		{"another number of rows", func(p *plan.Plan) { p.Input.Rows = 4 }, "the input: it counts 4 rows, but has the cells of 5 and the lines of 5"},
		{"a line less", func(p *plan.Plan) { p.Input.Lines = p.Input.Lines[1:] }, "and the lines of 4"},
		{"a row of cells less", func(p *plan.Plan) { p.Input.Cells = p.Input.Cells[1:] }, "has the cells of 4"},
		{"no cells", func(p *plan.Plan) { p.Input.Cells, p.Input.Lines, p.Input.Rows = nil, nil, 0 }, "it counts 0 rows"},
		{"a cell less", func(p *plan.Plan) { p.Input.Cells[2] = p.Input.Cells[2][1:] }, "line 4 has 6 cells below a header of 7"},
		{"lines that do not ascend", func(p *plan.Plan) { p.Input.Lines[2] = 3 }, "row 3 is on line 3, after line 3"},
		{"a row on the line of the header", func(p *plan.Plan) { p.Input.Lines[0] = 1 }, "row 1 is on line 1"},
		{"no header", func(p *plan.Plan) { p.Input.Header = nil }, "it has no header"},
		{"no input", func(p *plan.Plan) { p.Input = desired.Input{} }, "change 2: the input has no row on line 2"},
		{"another delimiter", func(p *plan.Plan) { p.Input.Dialect.Delimiter = "|" }, "unknown dialect"},
		{"another encoding", func(p *plan.Plan) { p.Input.Dialect.Encoding = "ebcdic" }, "unknown dialect"},
		{"another newline", func(p *plan.Plan) { p.Input.Dialect.Newline = "\r" }, "unknown dialect"},
		{"an input without a hash", func(p *plan.Plan) { p.Input.SHA256 = "" }, "the input: it has no SHA-256"},
		{"a hash in capitals", func(p *plan.Plan) { p.Input.SHA256 = strings.ToUpper(p.Input.SHA256) }, "the input: it has no SHA-256"},
		{"an input without a name", func(p *plan.Plan) { p.Input.Name = "" }, "the input: it has no name"},
		{"an input with a long name", func(p *plan.Plan) { p.Input.Name = long }, "the input: it has no name, or one that is too long"},

		{"a reading that was not complete", func(p *plan.Plan) { p.Read.Complete = false }, "the tenant was not read completely"},
		{"a reading of no pages", func(p *plan.Plan) { p.Read.Pages = 0 }, "the tenant was read in 0 pages"},
		{"a reading of less than no partners", func(p *plan.Plan) { p.Read.Partners = -1 }, "with -1 partners"},
		{"a reading of fewer partners than it shows", func(p *plan.Plan) { p.Read.Partners = 2 }, "the tenant was read with 2 partners, but the changes show values of 3"},
		{"a home tenant that is none", func(p *plan.Plan) { p.HomeTenant.ID = "contoso.com" }, `the home tenant "contoso.com" is not a tenant ID`},
		{"a cloud that is none", func(p *plan.Plan) { p.HomeTenant.Cloud = "Global" }, `the home tenant has an unknown cloud: "Global"`},
		{"a host that would see the token in clear", func(p *plan.Plan) { p.HomeTenant.GraphURL = "http://evil.example" }, "would send the token in clear"},
		{"no time", func(p *plan.Plan) { p.CreatedAt = time.Time{} }, "it does not say when it was made"},
		{"a long name of the tool", func(p *plan.Plan) { p.Tool.Version = long }, "the name or the version of the tool is too long"},
		{"a template file without a hash", func(p *plan.Plan) { p.Template.SHA256 = "abc" }, "the template has no SHA-256"},
		{"a template file that no change needs", func(p *plan.Plan) { p.Changes = p.Changes[1:] }, "it names a template file, but no change comes from it"},
		{"a template without a file", func(p *plan.Plan) { p.Template = nil }, "change 1: the plan names no template file"},
		{"a template in a cloud that has none", func(p *plan.Plan) { p.HomeTenant.Cloud = graph.China }, "change 1: update of a template in the cloud china"},
		{"a template of a partner", change(0, func(c *plan.Change) { c.Partner.TenantID = contoso }), "change 1: the template has no partner, row or note"},

		{"a switch in words", set(1, 1, true, "false"), "holds a value of the wrong type"},
		{"a name that is a switch", set(1, 0, "Fabrikam", true), "holds a value of the wrong type"},
		{"a level that is a switch", set(0, 0, "newPartners", false), "holds a value of the wrong type"},
		{"a level that is none", set(0, 0, "newPartners", "all"), "no input can ask for that: unknown level"},
		{"a level spelt otherwise", set(0, 0, "newPartners", "newPartners "), "update cannot take the field"},
		{"a name without letters", set(6, 0, nil, ""), "no input can ask for that: displayName is empty"},
		{"a name of two lines", set(6, 0, nil, "a\nb"), "no input can ask for that: displayName is"},
		{"a long name", set(6, 0, nil, long), "no input can ask for that: displayName has 2000 characters"},
		{"an update to nothing", set(1, 1, true, nil), "change 2: update cannot take the field \"userSyncInbound.isSyncAllowed\" from true to null"},
		{"an update to the same", set(1, 1, true, true), "from true to true"},
		{"another value before", set(1, 1, nil, false), "is null before, but true in the before-image"},
		{"another name before", set(1, 0, "Other", "Fabrikam"), `is "Other" before, but "Fabrikam" in the before-image`},
		{"another consent before", set(2, 0, nil, false), "is null before, but true in the before-image"},
		{"another level before", set(0, 0, "existingPartners", "none"), `is "existingPartners" before, but "newPartners" in the before-image`},
		{"a create of what is there", set(6, 0, "Old", "New"), "create cannot take the field"},
		{"a removal to something", set(4, 0, "Old", "New"), "delete cannot take the field"},
		{"a partner of another tenant", set(5, 0, nil, contoso), "a partner is added and removed by its tenant ID alone"},
		{"a no-op with fields", change(3, func(c *plan.Change) { c.Fields = []plan.Field{{Path: "displayName", After: "x"}} }), `a no-op cannot take the field "displayName" from null to "x"`},
		{"a no-op without fields", change(3, func(c *plan.Change) { c.Fields = nil }), "no-op identitySynchronization without fields"},
		{"an update without fields", change(1, func(c *plan.Change) { c.Fields, c.Hazards = nil, nil }), "update identitySynchronization without fields"},
		{"create partner without fields", change(6, func(c *plan.Change) { c.Fields = nil }), "create identitySynchronization without fields"},
		{"a partner without fields", change(5, func(c *plan.Change) { c.Fields = nil }), "create partner without fields"},
		{"a blocked change of nothing", change(7, func(c *plan.Change) { c.Fields = nil }), "blocked identitySynchronization without fields"},
		{"fields in another order", change(1, func(c *plan.Change) { c.Fields[0], c.Fields[1] = c.Fields[1], c.Fields[0] }), "unknown or out of place"},
		{"half a removal", change(1, func(c *plan.Change) {
			c.Action, c.Hazards = plan.Delete, []plan.Hazard{plan.SyncRemoved}
			c.Fields = []plan.Field{{Path: "displayName", Before: "Fabrikam"}}
		}), "its fields leave out part of its before-image"},
		{"half a blocked removal", change(7, func(c *plan.Change) {
			c.Before = []byte(`{"displayName":"x","userSyncInbound":{"isSyncAllowed":true}}`)
			c.Fields = []plan.Field{{Path: "userSyncInbound.isSyncAllowed", Before: true}}
		}), "its fields leave out part of its before-image"},

		{"a before-image that is a text", change(1, func(c *plan.Change) { c.Before = []byte(`"x"`) }), "its before-image is neither an object nor null"},
		{"a before-image with a switch in words", change(1, func(c *plan.Change) { c.Before = []byte(`{"userSyncInbound":{"isSyncAllowed":"true"}}`) }), "its before-image: "},
		{"a consent with a switch in words", change(2, func(c *plan.Change) { c.Before = []byte(`{"inboundAllowed":"true"}`) }), "its before-image: "},
		{"a template without a level", change(0, func(c *plan.Change) { c.Before = []byte(`{}`) }), "its before-image: a template without templateApplicationLevel"},
		{"an update of nothing", change(1, func(c *plan.Change) { c.Before = nil }), "has the wrong before-image"},
		{"a create of something", change(6, func(c *plan.Change) { c.Before = []byte(`{}`) }), "has the wrong before-image"},
		{"a no-op of nothing", change(3, func(c *plan.Change) { c.Before = nil }), `no-op identitySynchronization cannot have the reason ""`},
		{"a no-op of nothing that could be as wanted", change(3, func(c *plan.Change) { c.Before, c.Fields = []byte(`{"tenantId":"x"}`), nil }), "no-op identitySynchronization without fields"},
		{"consent of a partner that is added", func(p *plan.Plan) {
			consent := p.Changes[2]
			consent.Partner, consent.Row, consent.Note = p.Changes[5].Partner, p.Changes[5].Row, p.Changes[5].Note
			p.Changes = append(append(p.Changes[:7:7], consent), p.Changes[7])
		}, "change 8: it shows values of a partner that does not exist"},

		{"a reason of a write", change(1, func(c *plan.Change) { c.Reason = "harmless" }), `update identitySynchronization cannot have the reason "harmless"`},
		{"a reason of a no-op", change(3, func(c *plan.Change) { c.Reason = "harmless" }), `cannot have the reason "harmless"`},
		{"a blocked change without a reason", change(7, func(c *plan.Change) { c.Reason, c.Hazards = "", nil }), `blocked identitySynchronization cannot have the reason ""`},
		{"a blocked change with a long reason", change(7, func(c *plan.Change) { c.Reason, c.Hazards = strings.Repeat(long, 3), nil }), `cannot have the reason "nnn`},
		{"a blocked change that reverts a run", change(7, func(c *plan.Change) { c.Reason, c.Hazards = "reverts what the run did", nil }), `cannot have the reason "reverts`},
		{"the values of an unreadable partner", change(7, func(c *plan.Change) { c.Reason, c.Hazards = "this partner could not be read: x", nil }), "it shows values of a partner that could not be read"},
		{"only some of it reverts a run", change(1, func(c *plan.Change) { c.Reason = "reverts what the run did" }), "change 2: some changes revert a run, and others do not"},
		{"a long note", change(3, func(c *plan.Change) { c.Note = strings.Repeat(long, 600) }), "the note has 1200000 bytes"},
		{"a long name of a partner", change(3, func(c *plan.Change) { c.Partner.DisplayName = long }), "the name of the partner has 2000 bytes, at most 1024 are written"},

		{"a write to Microsoft Support", change(6, func(c *plan.Change) { c.Partner.TenantID = graph.SupportTenantID }), "change 7: it writes to the tenant of Microsoft Support"},
		{"a write to a partner that is blocked", func(p *plan.Plan) {
			sync := p.Changes[7]
			sync.Action, sync.Reason, sync.Hazards, sync.Before = plan.Create, "", nil, nil
			consent := p.Changes[7]
			consent.Object, consent.Fields = plan.Consent, []plan.Field{{Path: "automaticUserConsentSettings.inboundAllowed", After: true}}
			p.Changes = append(p.Changes[:7:7], sync, consent)
		}, "change 9: it is blocked, but another change of the partner is not"},
		{"the home tenant", change(3, func(c *plan.Change) { c.Partner.TenantID = graphsim.DefaultHomeTenant }), "change 4: the home tenant is its own partner"},
		{"the nil GUID", change(3, func(c *plan.Change) { c.Partner.TenantID = "00000000-0000-0000-0000-000000000000" }), "is not a tenant ID"},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, crafted(t, sample(t), c.edit), c.says) })
	}
}

// The changes of the undo of sample are: 0 policy and 1 partner of row 5, 2 create
// of row 4, 3 consent and 4 policy of row 2, 5 template.
func TestAnUndoThatNobodyMadeIsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*plan.Plan)
		says string
	}{
		{"a partner goes without its hazard", change(1, func(c *plan.Change) { c.Hazards = nil }), `change 2: its hazards are [], but must be ["partner-removed"]`},
		{"the partner before its policy", func(p *plan.Plan) { p.Changes[0], p.Changes[1] = p.Changes[1], p.Changes[0] }, "change 1: it is out of order"},
		{"rows up and down", func(p *plan.Plan) { p.Changes = append(p.Changes[2:5:5], p.Changes[0], p.Changes[1], p.Changes[5]) }, "change 4: its row 5 comes after row 2"},
		{"another number of rows", func(p *plan.Plan) { p.Input.Rows = 5 }, "the input counts 5 rows, but the changes come from 3"},
		{"less than no rows", func(p *plan.Plan) { p.Input.Rows, p.Changes = -1, nil }, "it counts -1 rows"},
		{"a dialect of nothing", func(p *plan.Plan) { p.Input.Dialect.Newline = "\n" }, "it has a dialect but no rows"},
		{"a long name", func(p *plan.Plan) { p.Input.Name = strings.Repeat("n", 2000) }, "its name or its hash is too long"},
		{"a run without a name", func(p *plan.Plan) { p.Input.Name = "" }, "it does not name the run that it reverts"},
		{"consent of nothing", change(3, func(c *plan.Change) {
			c.Before, c.Fields, c.Hazards = nil, []plan.Field{{Path: "automaticUserConsentSettings.inboundAllowed", Before: false, After: true}}, nil
		}), `the field "automaticUserConsentSettings.inboundAllowed" is false before, but null in the before-image`},
		{"none of it reverts a run", func(p *plan.Plan) {
			for i := range p.Changes {
				p.Changes[i].Reason = ""
			}
		}, "change 1: the input has no row on line 5"},
		{"a template file", func(p *plan.Plan) { p.Template = sample(t).Template }, "it names a template file, but no change comes from it"},
		{"one change does not", change(4, func(c *plan.Change) { c.Reason = "" }), "change 5: some changes revert a run, and others do not"},
		{"a partner of another tenant", change(1, func(c *plan.Change) { c.Before = []byte(`{"tenantId":"` + contoso + `"}`) }), "its before-image: it belongs to tenant"},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, crafted(t, taken(t, sample(t), nil), c.edit), c.says) })
	}
}

// An undo that lists the rows of its run may only be of those.
func TestAnUndoMayListTheRowsOfItsRun(t *testing.T) {
	p := sample(t)
	list := func(undo *plan.Plan) { undo.Input = p.Input }
	if _, err := decode(crafted(t, taken(t, p, nil), list)); err != nil {
		t.Error(err)
	}
	refuses(t, crafted(t, taken(t, p, nil), func(undo *plan.Plan) {
		list(undo)
		undo.Changes[0].Row, undo.Changes[1].Row = 99, 99
	}), "change 1: the input has no row on line 99")
}

// Every plan that is made can be read, and so can its undo and the undo of that:
// the reader is the writer's twin.
func TestEveryPlanThatIsMadeIsRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := anyPlan(t, 8).Draw(rt, "plan")
		for range 3 {
			got, err := decode(encoded(t, p))
			if err != nil {
				rt.Fatalf("%v, of\n%s", err, encoded(t, p))
			}
			p = revert(rt, got)
		}
	})
}

// The undo of a create that met somebody's policy goes back to that policy, whatever it holds.
func TestAnUndoOfACreateThatMetAPolicyIsRead(t *testing.T) {
	p := build(t, wanted(t, fabrikam+",Fabrikam,true,,,,"), currently(partner(t, fabrikam, "")))
	for _, found := range []string{`{"tenantId":"x"}`, `{"displayName":"","userSyncInbound":{"isSyncAllowed":false}}`, `{"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true}}`} {
		undo := taken(t, p, map[int]string{1: found})
		if _, err := decode(encoded(t, undo)); err != nil {
			t.Errorf("%s: %v", found, err)
		}
		if again := undo.Changes[0]; again.Writes() {
			if _, err := decode(encoded(t, taken(t, undo, nil))); err != nil {
				t.Errorf("%s, made again: %v", found, err)
			}
		}
	}
}

// Shells write piped output with a byte order mark or in UTF-16, and other tools
// escape other characters: it is the same plan.
func TestAPlanIsReadAsShellsWriteIt(t *testing.T) {
	p := sample(t)
	text := encoded(t, p)
	var escaped bytes.Buffer
	json.HTMLEscape(&escaped, text)
	for name, file := range map[string][]byte{
		"UTF-8 with a mark":         append([]byte("\xEF\xBB\xBF"), text...),
		"UTF-16 as PowerShell 5":    []byte(inUTF16(t, unicode.LittleEndian, unicode.UseBOM, strings.ReplaceAll(string(text), "\n", "\r\n"))),
		"UTF-16 of the other order": []byte(inUTF16(t, unicode.BigEndian, unicode.UseBOM, string(text))),
		"UTF-16 without a mark":     []byte(inUTF16(t, unicode.LittleEndian, unicode.IgnoreBOM, string(text))),
		"with escapes":              escaped.Bytes(),
	} {
		got, err := decode(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(string(text), string(encoded(t, got)), cmp.Comparer(func(a, b string) bool { return independent(t, []byte(a)) == independent(t, []byte(b)) })); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", name, diff)
		}
		if body := string(got.Changes[1].Request().Body); body != string(p.Changes[1].Request().Body) {
			t.Errorf("%s: would send %s", name, body)
		}
	}
	for text, says := range map[string]string{
		"PK\x03\x04 and so on": "not a plan: this looks like an .xlsx workbook or a zip archive",
		"<html>sign in</html>": "not a plan: this looks like a web page or XML",
	} {
		if _, err := decode([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), says) || errors.Is(err, plan.ErrAltered) || strings.Contains(err.Error(), "CSV") {
			t.Errorf("%q: got %v, want %s", text, err, says)
		}
	}
}

// Members that this version does not know are covered by the fingerprint wherever
// they are, and the plan is read without them.
func TestUnknownMembersAreCoveredWhereverTheyStand(t *testing.T) {
	p := sample(t)
	for _, at := range []string{`"tool": {`, `"homeTenant": {`, `"read": {`, `"input": {`, `"template": {`, `"summary": {`, `{"action":"update",`, `"partner":{`, `{"path":"displayName",`, `"request":{`} {
		more := strings.TrimSuffix(at, ",")
		if more != at {
			more += `,"more":[1],`
		} else {
			more += `"more":[1],`
		}
		text := resealed(t, encoded(t, p), at, more)
		got, err := decode(text)
		if err != nil {
			t.Errorf("%s: %v", at, err)
			continue
		}
		if diff := cmp.Diff(meaning(p), meaning(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", at, diff)
		}
		refuses(t, bytes.Replace(text, []byte(`"more":[1]`), []byte(`"more":[2]`), 1), "its content is")
	}
}

func inUTF16(t *testing.T, order unicode.Endianness, mark unicode.BOMPolicy, text string) string {
	t.Helper()
	encoded, err := unicode.UTF16(order, mark).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}
