package report

import (
	"bytes"
	_ "embed" // the template that rows are compared with
	"html/template"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

//go:embed testdata/row.gohtml
var rowTemplate string

// Rows are written by hand, and are what html/template would make of them.
func TestARowIsWhatTheTemplateMakes(t *testing.T) {
	want := template.Must(template.Must(template.New("page").Parse(pageTemplate)).Parse(rowTemplate))
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(anyRow), 1, 3).Draw(rt, "rows")
		if len(rows) > 1 && rapid.Bool().Draw(rt, "one note") {
			rows[1].Note = rows[0].Note
		}
		var text bytes.Buffer
		if err := want.ExecuteTemplate(&text, "line", &rows[0]); err != nil {
			rt.Fatal(err)
		}
		if err := want.ExecuteTemplate(&text, "group", rows); err != nil {
			rt.Fatal(err)
		}
		var got markup
		got.line(&rows[0])
		got.group(rows)
		if diff := cmp.Diff(text.String(), string(got)); diff != "" {
			rt.Errorf("(-template +ours):\n%s", diff)
		}
	})
}

// anyRow draws a row. Texts have everything that HTML escapes and half a rune.
// Actions are known ones: the template takes data-action for an address.
func anyRow(rt *rapid.T) row {
	texts := rapid.OneOf(rapid.Just(""), rapid.StringOf(rapid.SampledFrom([]rune("aZ09 \x00\"&'+<>/=`:;%{}\n\u00e9\u2192\u2028\U0001f600\ufffd"))),
		rapid.Custom(func(rt *rapid.T) string { return string(rapid.SliceOf(rapid.Byte()).Draw(rt, "bytes")) }))
	text := func(name string) string { return texts.Draw(rt, name) }
	flag := func(name string) bool { return rapid.Bool().Draw(rt, name) }
	number := func(name string) int { return rapid.IntRange(0, 1<<40).Draw(rt, name) }
	r := row{
		Seq: number("seq"), Line: rapid.IntRange(0, 2).Draw(rt, "line"), Symbol: "+", Status: text("status"), Tone: tone(text("tone")),
		Action:  rapid.SampledFrom([]string{"create", "update", "delete", "no-op", "blocked", "missing", "changed", "extra", "unreadable"}).Draw(rt, "action"),
		Partner: partner{Name: text("name"), TenantID: text("tenant"), Directory: text("directory")}, Object: text("object"), About: text("about"), Reason: text("reason"), Note: text("note"),
		State: rapid.SampledFrom([]string{"", "new", "continuing", "reopened", "<"}).Draw(rt, "state"), Since: text("since"), Waived: text("waived"),
		Method: text("method"), Path: text("path"), Body: text("body"), Hazards: rapid.SliceOfN(texts, 0, 3).Draw(rt, "hazards"),
	}
	for range rapid.IntRange(0, 3).Draw(rt, "fields") {
		r.Fields = append(r.Fields, field{text("at"), text("before"), text("after"), text("now"), text("wanted")})
	}
	for range rapid.IntRange(0, 2).Draw(rt, "edits") {
		r.Edits = append(r.Edits, edit{text("by"), text("changed"), text("activity"), text("correlation")})
	}
	if flag("ended") {
		r.Outcome = &outcome{text("code"), text("message"), text("request"), text("client"), text("sent"), text("sent at")}
	}
	return r
}
