package plan_test

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// hostileName draws names that a CSV, a spreadsheet or a terminal would alter.
var hostileName = rapid.OneOf(
	rapid.SampledFrom([]string{
		"", " ", "Fabrikam", " Fabrikam", "Fabrikam\u00a0", "\u200bFabrikam", "a\u200bb", "Müller & Söhne", "a,b;c\td", "a;=1+1", `a,"=1+1`, "Smith, John", `say "hi"`, `"`, "'", "'=1",
		"=1+1", "+49 30 1234", "-", "-x", "@home", "＝1", "{=A1}", "#N/A", "#NV", "#1 Fabrikam", "#", "# comment", "##vso[task]", "sep=;", "tenantId", "Err:502", "NULL", "Loading...", "007", "7-11", "TRUE", "May 5", "1E5",
		"a\nb", "a\r\nb", "a\rb", "a\x00b", "\x1b[31m", "a\u0085b", "a\u2028b", "\ufeffa", "\ufffd", "\u202eabc", "😀", "PK\x03\x04", "<x>", "true", strings.Repeat("é", 256), strings.Repeat("x", 257),
	}),
	rapid.String(),
	rapid.StringOf(rapid.SampledFrom([]rune("aZ09 ,;\t\"#\n='+-@!|.{}()é€😀\u00a0\u200b\ufffd"))),
)

// hostileTenant draws partners with any names, and among them one that is not ours.
func hostileTenant(rt *rapid.T, sim *graphsim.Sim) {
	for i := range rapid.IntRange(0, 6).Draw(rt, "partners") {
		p := anyPartner(fmt.Sprintf("90e29127-71ad-49c7-9ce8-%012x", i+1)).Draw(rt, "partner")
		if y := p.IdentitySynchronization; y != nil && rapid.Bool().Draw(rt, "named") {
			name := hostileName.Draw(rt, "name")
			y.DisplayName = &name
		}
		if rapid.IntRange(0, 5).Draw(rt, "owned") == 0 {
			p.IsServiceProvider = new(true)
		}
		sim.SetPartner(p)
	}
}

// anyForm draws a file to be like: some columns, by any of their names, in any
// order and dialect.
func anyForm(t tester, rt *rapid.T) desired.Form {
	names := [][]string{
		{"displayName", "name", "Partner", "display name"}, {"userSyncInbound.isSyncAllowed", "inboundSync"}, {"mfaTrust"}, {"inboundTrust.isCompliantDeviceAccepted"}, {"hybridTrust"},
		{"inboundConsent", "Inbound Consent"}, {"outboundConsent"}, {"ensure"}, {"note", "Ticket"}, {"reason"}, {"directoryName", "Directory Name"}, {"", " "},
	}
	header := []string{rapid.SampledFrom([]string{"tenantId", "Tenant ID", "\u200btenant_id"}).Draw(rt, "id")}
	for _, spellings := range names {
		if rapid.Bool().Draw(rt, "column") {
			header = append(header, rapid.SampledFrom(spellings).Draw(rt, "spelling"))
		}
	}
	header = rapid.Permutation(header).Draw(rt, "order")
	d := desired.Dialect{
		Delimiter: rapid.SampledFrom([]string{",", ";", "\t"}).Draw(rt, "delimiter"),
		Encoding:  rapid.SampledFrom([]string{"utf-8", "utf-8-bom", "utf-16le", "utf-16be"}).Draw(rt, "encoding"),
		Newline:   rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(rt, "newline"),
	}
	var file bytes.Buffer
	if err := d.Write(&file, [][]string{header}); err != nil {
		t.Fatal(err)
	}
	form, err := desired.ReadForm(t.Context(), &file, "like.csv")
	if err != nil {
		t.Fatalf("%q: %v", header, err)
	}
	return form
}

// export writes what was read, and reads it back with the reader of inputs.
func export(t tester, x desired.Exporter, cur *plan.Current) (*desired.Export, string, *desired.Rows) {
	out := x.Export(cur.Partners)
	var file strings.Builder
	if err := out.Write(&file); err != nil {
		t.Fatal(err)
	}
	rows, err := desired.ReadRows(t.Context(), strings.NewReader(file.String()), "export.csv")
	switch {
	case out.Rows == 0 && err != nil && strings.Contains(err.Error(), "no rows below the header"):
		return out, file.String(), nil
	case err != nil:
		t.Fatalf("%v, of\n%q", err, file.String())
	case rows.Input.Rows != out.Rows:
		t.Fatalf("%d rows were written, and %d read", out.Rows, rows.Input.Rows)
	}
	return out, file.String(), rows
}

// hostileDirectory draws what is known of partners in the directory.
func hostileDirectory(rt *rapid.T, cur *plan.Current) map[string]graph.Tenant {
	known := map[string]graph.Tenant{}
	for _, id := range slices.Sorted(maps.Keys(cur.Partners)) {
		if rapid.Bool().Draw(rt, "known") {
			known[id] = graph.Tenant{Name: hostileName.Draw(rt, "directory name"), Domain: "fabrikam.example"}
		}
	}
	return known
}

// A plan of an export is empty: for any tenant and any names, in any columns and
// any dialect. It has no hazard either, whatever the directory says.
func TestThePlanOfAnExportIsEmpty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sim := graphsim.New(graphsim.Config{PageSize: 3})
		hostileTenant(rt, sim)
		w := &world{Sim: sim, client: inProcess(t, sim)}
		x := exporter(desired.CanonicalForm(), rapid.Bool().Draw(rt, "all"))
		if rapid.Bool().Draw(rt, "like a file") {
			x.Form = anyForm(t, rt)
		}
		cur := w.read(rt)
		x.Names = hostileDirectory(rt, cur)
		out, _, rows := export(rt, x, cur)
		if wanted := wantedRows(cur, x.All); out.Rows != len(wanted) {
			rt.Errorf("%d rows for %q", out.Rows, wanted)
		}
		if rows == nil {
			return
		}
		partners, err := rows.Resolve(head.HomeTenant.ID, nil)
		if err != nil {
			rt.Fatal(err)
		}
		knowing := head
		knowing.Names = x.Names
		p, err := plan.Build(knowing, plan.Desired{Partners: partners}, cur)
		if err != nil {
			rt.Fatal(err)
		}
		hazard := slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return len(c.Hazards) > 0 })
		if p.Summary.Differs() || hazard {
			rt.Errorf("%q", toldAll(p))
		}
	})
}

func exporter(form desired.Form, all bool) desired.Exporter {
	return desired.Exporter{
		Form: form, All: all, Home: head.HomeTenant.ID,
		Owned: func(p *graph.Partner) bool { return plan.IsOwned(p.TenantID, p) },
	}
}

// wantedRows are the partners that need a row.
func wantedRows(cur *plan.Current, all bool) (ids []string) {
	for id, p := range cur.Partners {
		if !p.IsServiceProvider && (all || p.Sync != nil) {
			ids = append(ids, id)
		}
	}
	return ids
}

// ordinary matches names that nothing alters.
var ordinary = regexp.MustCompile(`^[A-Z][a-zäöü]+( & [A-Z][a-zäöü]+)*$`)

// What is not in an export is told, and what nothing alters is in it. Whatever a
// spreadsheet takes for the delimiter, no cell begins as a formula does.
func TestAnExportHasAllThatItDoesNotTell(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sim := graphsim.New(graphsim.Config{PageSize: 3})
		hostileTenant(rt, sim)
		w := &world{Sim: sim, client: inProcess(t, sim)}
		cur := w.read(rt)
		x := exporter(desired.CanonicalForm(), false)
		x.Names = hostileDirectory(rt, cur)
		out, file, rows := export(rt, x, cur)
		for _, cell := range strings.FieldsFunc(file, func(r rune) bool { return strings.ContainsRune(",;\t\n", r) }) {
			if strings.IndexAny(strings.TrimLeft(cell, "\" \u00a0"), "=+-@＝") == 0 {
				rt.Errorf("%q may be run", cell)
			}
		}
		if rows == nil {
			return
		}
		partners, err := rows.Resolve("", nil)
		if err != nil {
			rt.Fatal(err)
		}
		for i := range partners.Rows {
			row := &partners.Rows[i]
			p := cur.Partners[row.TenantID]
			told := slices.ContainsFunc(out.Notices, func(n string) bool { return strings.HasPrefix(n, p.TenantID) && strings.Contains(n, "is not managed") })
			for _, o := range desired.PartnerObjects[1:] {
				for _, prop := range o.Properties() {
					have, wants := prop.Value(&p, nil), row.Value(&prop)
					switch name, _ := have.(string); {
					case have == wants || have == "" && wants == nil:
					case wants != nil || !told || ordinary.MatchString(name):
						rt.Errorf("%s of %s is %#v and was written as %#v, told %q", prop.Path, p.TenantID, have, wants, out.Notices)
					}
				}
			}
		}
	})
}

// The template goes the same way; what its reader would refuse is left out.
func TestThePlanOfAnExportedTemplateIsEmpty(t *testing.T) {
	null := rapid.SampledFrom([]*bool{nil, new(true), new(false)})
	level := rapid.SampledFrom([]string{"", "none", "newPartners", "existingPartners", "newPartners,existingPartners", "existingPartners, newPartners", "unknownFutureValue", "none,newPartners"})
	rapid.Check(t, func(rt *rapid.T) {
		live := &graph.Template{TemplateApplicationLevel: level.Draw(rt, "level"), IsSyncAllowed: null.Draw(rt, "allowed")}
		out := desired.ExportTemplate(live)
		if refused := desired.CheckLevels(live.TemplateApplicationLevel) != nil; refused != (len(out.Notices) > 0) {
			rt.Errorf("told %q", out.Notices)
		}
		if out.IsEmpty() {
			return
		}
		var file strings.Builder
		if err := out.Write(&file); err != nil {
			rt.Fatal(err)
		}
		cur := currently()
		cur.Template = live
		p := build(t, plan.Desired{Template: wantedTemplate(t, file.String())}, cur)
		if p.Summary.Differs() {
			rt.Errorf("%s gives %q", file.String(), toldAll(p))
		}
	})
}

// numeric and dated match what spreadsheets take for a number and for a date.
var (
	numeric = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?([eE][0-9]+)?%?$`)
	dated   = regexp.MustCompile(`(?i)^([0-9]{1,2}[-/][0-9]{1,4}|(jan|may|oct) [0-9]{1,2}|[0-9]{1,2}[- ](jan|may|oct))$`)
)

// opened is what a spreadsheet makes of a cell that it opens and saves again.
func opened(cell string) string {
	switch {
	case cell != "" && strings.ContainsAny(cell[:1], "=+-@"):
		return "#NAME?"
	case numeric.MatchString(cell):
		return strings.TrimLeft(cell, "0") + ".0"
	case dated.MatchString(cell):
		return "2026-05-01"
	case strings.EqualFold(cell, "true"), strings.EqualFold(cell, "false"):
		return strings.ToUpper(cell)
	default:
		return cell
	}
}

// An export that was opened in a spreadsheet and saved there asks for nothing that
// was not told when it was written.
func TestAnExportSurvivesASpreadsheetOrItIsTold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sim := graphsim.New(graphsim.Config{PageSize: 3})
		hostileTenant(rt, sim)
		w := &world{Sim: sim, client: inProcess(t, sim)}
		cur := w.read(rt)
		x := exporter(desired.CanonicalForm(), true)
		x.Names = hostileDirectory(rt, cur)
		out, _, rows := export(rt, x, cur)
		if rows == nil {
			return
		}
		records := [][]string{rows.Input.Header}
		for _, cells := range rows.Input.Cells {
			saved := slices.Clone(cells)
			for i, cell := range cells {
				saved[i] = opened(cell)
			}
			records = append(records, saved)
		}
		var file bytes.Buffer
		if err := (desired.Dialect{Delimiter: ";", Encoding: "utf-8-bom", Newline: "\r\n"}).Write(&file, records); err != nil {
			rt.Fatal(err)
		}
		again, err := desired.ReadRows(t.Context(), &file, "saved.csv")
		if err != nil {
			rt.Fatalf("%v, of %q", err, records)
		}
		partners, err := again.Resolve("", nil)
		if err != nil {
			rt.Fatal(err)
		}
		p := build(t, plan.Desired{Partners: partners}, cur)
		for i := range p.Changes {
			c := &p.Changes[i]
			warned := slices.ContainsFunc(out.Notices, func(n string) bool {
				return strings.HasPrefix(n, c.Partner.TenantID) && strings.Contains(n, "number or a date")
			})
			if c.Action != plan.NoOp && !warned {
				rt.Errorf("%s, told %q", told(c), out.Notices)
			}
		}
	})
}
