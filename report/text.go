package report

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"bulksync/internal/words"
	"bulksync/plan"
)

const (
	// textRows bounds the rows that text lists.
	textRows = 200
	// textOutcomes bounds the changes of a run that text lists: each takes about ten
	// lines, and what they have in common stands above them.
	textOutcomes = 20
	// textPartners bounds the partners that text names in an alert.
	textPartners = 5
	// textCell bounds one text of a row, in characters.
	textCell = 400
	// textList bounds the rows that text lists of each list.
	textList = 10
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
	for _, l := range slices.Concat(p.Banners, p.Lead) {
		t.say("%s\n", wrap(l, t.width))
	}
	t.facts(p.Facts)
	for _, a := range p.Alerts {
		t.alert(a, p.Noun)
	}
	t.rows(p, o.All)
	t.commands(p, o.All)
	for i := range p.Lists {
		t.list(&p.Lists[i], o.All)
	}
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

// paint colours s line by line, so that a cut or wrapped table never leaves a
// colour on.
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
		t.say("    %s\n", partnerLine(p, t.width-4))
		if p.OtherName {
			t.say("%s\n", hang("      "+p.Directory, 6, t.width))
		}
	}
	if rest := len(a.Partners) - textPartners + a.More; rest > 0 {
		t.say("    and %s\n", more(rest, a.who()))
	}
	if a.Hint != "" {
		t.say("%s\n", hang("  hint: "+a.Hint, 2, t.width))
	}
}

// partnerLine is a partner in one line of at most limit columns; the name is
// shortened to make room for the tenant ID. A name in the directory that is another
// one has a line of its own.
func partnerLine(p partner, limit int) string {
	if p.OtherName {
		p.Directory = ""
	}
	if p.Name == "" || p.TenantID == "" {
		return p.String()
	}
	return p.TenantID + "  " + cut(p.Name, max(limit-guidWidth-2, 10))
}

// rows draws the rows that matter as a table and counts the others, or draws
// all of them.
func (t *textWriter) rows(p *page, all bool) {
	draw := func(of iter.Seq[row], limit int) { t.table(p.Detail, p.Lined, of, limit) }
	if p.Fleet {
		draw = t.tenants
	}
	if all && p.NRows > 0 {
		t.say("\n")
		draw(p.rows(rankSame), p.NRows)
		return
	}
	limit, where := textRows, "--format html, csv or json shows all of them."
	if p.Kind == "run" {
		limit, where = textOutcomes, "--all lists them; report.html and outcomes.csv of the run show all of them."
	}
	if p.NListed > 0 && t.err == nil {
		t.say("\n")
		draw(p.listed(), limit)
	}
	if rest := p.NListed - limit; rest > 0 {
		t.say("\n... and %s. %s\n", more(rest, p.Noun), where)
	}
	if p.Unlisted != "" {
		t.say("\n%s\n", wrap(p.Unlisted, t.width))
	}
}

// list draws a list as a table of its first rows, or of all of them.
func (t *textWriter) list(l *list, all bool) {
	limit := textList
	if all {
		limit = l.NRows
	}
	t.say("\n%s\n\n", hang(l.Title+" ("+l.Number()+"): "+l.Words, 2, t.width))
	if t.err == nil {
		t.table(l.Detail, false, l.rows(), limit)
	}
	if rest := l.NRows - limit; rest > 0 {
		t.say("\n... and %s. --all lists them.\n", more(rest, l.Noun))
	}
}

// table draws rows, at most limit, which are not none.
func (t *textWriter) table(detail string, lined bool, of iter.Seq[row], limit int) {
	l := layoutFor(t.width, lined)
	var rows [][]string
	var last partner
	for r := range of {
		rows = append(rows, t.cells(l, &r, len(rows) > 0 && r.Partner == last))
		if last = r.Partner; len(rows) == limit {
			break
		}
	}
	if err := drawTable(trimLines{t.w}, l.columns(detail), rows); t.err == nil {
		t.err = err
	}
}

// layout says how a table uses the width of the terminal. A wide one has
// columns for the input line and the tenant ID; a narrow one puts the tenant ID
// under the name.
type layout struct {
	wide, lined  bool
	name, detail int
}

const (
	// wideFrom is the minimum width of the wide layout.
	wideFrom = 110
	// lineWidth is the width of a line number of the input.
	lineWidth = 6
)

func layoutFor(width int, lined bool) layout {
	if width < wideFrom {
		return layout{name: guidWidth, detail: width - 3 - guidWidth - 2}
	}
	l := layout{wide: true, lined: lined, name: min((width-wideFrom)/2+24, 48)}
	l.detail = width - 3 - l.name - 2 - guidWidth - 2
	if lined {
		l.detail -= lineWidth + 2
	}
	return l
}

func (l layout) columns(detail string) []column {
	if !l.wide {
		return []column{{"", 1}, {"Partner", l.name}, {detail, l.detail}}
	}
	cols := []column{{"", 1}, {"Line", lineWidth}, {"Partner", l.name}, {"Tenant ID", guidWidth}, {detail, l.detail}}
	if !l.lined {
		cols = slices.Delete(cols, 1, 2)
	}
	return cols
}

// cells are the cells of r. After its first row, a partner's rows do not repeat
// the partner and the note.
func (t *textWriter) cells(l layout, r *row, again bool) []string {
	symbol := t.paint(r.Tone, strings.TrimSpace(r.Symbol))
	detail := t.detail(r, l.detail)
	name, note := cut(r.Partner.Name, 3*l.name), cut(r.Note, textNote)
	id := stack(r.Partner.TenantID, cut(r.Partner.Directory, 3*guidWidth))
	if r.Partner == (partner{}) {
		name = "home tenant"
	}
	if again {
		name, id, note = "", "", ""
	}
	if !l.wide {
		return []string{symbol, stack(name, id, note), detail}
	}
	cells := []string{symbol, "", stack(name, note), id, detail}
	if r.Line > 0 {
		cells[1] = fmt.Sprint(r.Line)
	}
	if !l.lined {
		cells = slices.Delete(cells, 1, 2)
	}
	return cells
}

// stack puts the non-empty texts on lines of their own.
func stack(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), "\n")
}

// detail says what the row is about: the object, then what changes or what
// happened, each on its own line.
func (t *textWriter) detail(r *row, limit int) string {
	lines := []string{r.About}
	if r.Action == string(plan.Blocked) {
		lines[0] += ": blocked"
	}
	if o := r.Outcome; o != nil {
		lines[0] = t.paint(r.Tone, r.Status) + " " + r.About
		for _, f := range r.Fields {
			if f.Now != "" {
				lines = append(lines, cut(f.String(), textCell))
			}
		}
		return wrap(strings.Join(append(lines, outcomeLines(o)...), "\n"), limit)
	}
	if isNewsState(r.State) {
		lines[0] = t.paint(r.Tone, r.State+":") + " " + lines[0]
	}
	for _, f := range r.Fields {
		lines = append(lines, cut(f.String(), textCell))
	}
	for _, s := range append([]string{r.Reason, r.Waived, since(r)}, editLines(r)...) {
		if s != "" {
			lines = append(lines, cut(s, textCell))
		}
	}
	return wrap(strings.Join(lines, "\n"), limit)
}

// editLines say who changed the object last, and how often it was changed before.
func editLines(r *row) []string {
	if len(r.Edits) == 0 {
		return nil
	}
	lines := []string{r.Edits[0].String()}
	if id := r.Edits[0].CorrelationID; id != "" {
		lines = append(lines, "correlation ID", id)
	}
	if earlier := len(r.Edits) - 1; earlier > 0 {
		lines = append(lines, "and "+words.Count(earlier, "earlier change"))
	}
	return lines
}

// since says since when a finding is known.
func since(r *row) string {
	if r.Since == "" || r.State == stateNew {
		return ""
	}
	return "since " + r.Since
}

// outcomeLines is the evidence of an outcome. The hint is in the alert of its
// group, not in each row.
func outcomeLines(o *outcome) []string {
	var lines []string
	for _, s := range []string{o.Code, cut(o.Message, textCell)} {
		if s != "" {
			lines = append(lines, s)
		}
	}
	if o.RequestID != "" {
		lines = append(lines, "request-id", o.RequestID)
	}
	return lines
}

// cut shortens s to limit columns and marks the cut, which is between two words
// if one ends near.
func cut(s string, limit int) string {
	if width(s) <= limit {
		return s
	}
	const near = 24
	short := twwidth.Truncate(s, limit, "…")
	if i := strings.LastIndexByte(short, ' '); i > len(short)/2 && width(short[i:]) < near {
		return short[:i] + "…"
	}
	return short
}

// trimLines removes the spaces that pad the last column. Each Write gets whole
// lines.
type trimLines struct{ w io.Writer }

func (t trimLines) Write(b []byte) (int, error) {
	lines := strings.Split(string(b), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	_, err := io.WriteString(t.w, strings.Join(lines, "\n"))
	return len(b), err
}
