package report

import (
	"fmt"
	"io"
	"strings"
)

const (
	// textRows bounds the rows that text lists.
	textRows = 200
	// textPartners bounds the partners that text names in an alert.
	textPartners = 5
	// textCell bounds one text of a row, in characters.
	textCell = 400
	// textNote bounds the note of a row, in columns.
	textNote = 100
	// factWidth is the room for the labels of facts; a longer one has its own line.
	factWidth = 11
)

// textWriter writes a page for a terminal and remembers the first error.
type textWriter struct {
	w     io.Writer
	width int
	color bool
	err   error
}

// writeText writes verdict, facts, what needs attention, the table and, as the
// last lines, the totals.
func writeText(w io.Writer, p *page, o Options) error {
	t := &textWriter{w: w, width: o.Width, color: o.Color}
	if t.width == 0 {
		t.width = 80
	}
	t.width = max(t.width, 60)
	t.say("%s\n", t.paint(p.Tone, wrap(p.Verdict, t.width)))
	for _, l := range p.Lead {
		t.say("%s\n", wrap(l, t.width))
	}
	t.facts(p.Facts)
	for _, a := range p.Alerts {
		t.alert(a, p.Noun)
	}
	t.rows(p)
	if p.Fingerprint != "" {
		t.say("\nFingerprint\n  %s\n", p.Fingerprint)
	}
	t.say("\n")
	for _, l := range p.Closing {
		t.say("%s\n", wrap(l, t.width))
	}
	return t.err
}

func (t *textWriter) say(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format, args...)
	}
}

// paint colours s, line by line, so that a cut or wrapped table never leaves a
// colour open.
func (t *textWriter) paint(tn tone, s string) string {
	code := map[tone]string{good: "32", warn: "33", bad: "31", plain: "1"}[tn]
	if !t.color || code == "" || s == "" {
		return s
	}
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = "\x1b[" + code + "m" + l + "\x1b[0m"
	}
	return strings.Join(lines, "\n")
}

func (t *textWriter) facts(fs []fact) {
	t.say("\n")
	for _, f := range fs {
		label := f.Label
		if width(label) > factWidth {
			t.say("  %s\n", label)
			label = ""
		}
		t.say("%s\n", hang(fmt.Sprintf("  %-*s  %s", factWidth, label, f.Value), factWidth+4, max(t.width, 80)))
	}
}

// alert writes what a reader must see first, and the names of the first few
// partners.
func (t *textWriter) alert(a *alert, noun string) {
	t.say("\n%s\n", t.paint(a.Tone, hang(fmt.Sprintf("! %s (%s): %s", a.Title, a.Count(noun), a.Words), 2, t.width)))
	for _, p := range a.Partners[:min(len(a.Partners), textPartners)] {
		t.say("    %s\n", twoSides(p, t.width-4))
	}
	if rest := len(a.Partners) - textPartners + a.More; rest > 0 {
		t.say("    and %s\n", more(rest, "partner"))
	}
	if a.Hint != "" {
		t.say("%s\n", hang("  hint: "+a.Hint, 2, t.width))
	}
}

// twoSides is a partner in one line of at most limit columns; the name gives
// way to the tenant ID.
func twoSides(p partner, limit int) string {
	if p.Name == "" || p.TenantID == "" {
		return p.String()
	}
	return p.TenantID + "  " + cut(p.Name, max(limit-guidWidth-2, 10))
}

// rows draws the rows that matter as a table and counts the others.
func (t *textWriter) rows(p *page) {
	if p.NListed > 0 && t.err == nil {
		t.say("\n")
		t.table(p)
	}
	if rest := p.NListed - textRows; rest > 0 {
		t.say("\n... and %s. --format html, csv or json has all.\n", more(rest, p.Noun))
	}
	if p.Unlisted != "" {
		t.say("\n%s\n", wrap(p.Unlisted, t.width))
	}
}

func (t *textWriter) table(p *page) {
	l := layoutFor(t.width, p.Lined)
	var rows [][]string
	var last partner
	for r := range p.Rows {
		if !p.Listed(&r) {
			continue
		}
		rows = append(rows, t.cells(l, &r, len(rows) > 0 && r.Partner == last))
		if last = r.Partner; len(rows) == textRows {
			break
		}
	}
	if err := drawTable(trimLines{t.w}, l.columns(p.Detail), rows); t.err == nil {
		t.err = err
	}
}
