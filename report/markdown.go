package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

const (
	// markdownBytes bounds the document: a comment on GitHub holds 65,536
	// characters, and no character is less than a byte.
	markdownBytes = 60_000
	// markdownHead is the room for the head of the table.
	markdownHead = 200
	// markdownCell bounds one text of a cell, in columns.
	markdownCell = 300
	// markdownLead bounds a sentence of the lead. A problem ends with what
	// support asks for, which must not be truncated.
	markdownLead = 8000
	// markdownPartners bounds the partners that Markdown names in an alert.
	markdownPartners = 10
)

// writeMarkdown writes the page for a comment or a step summary: verdict,
// facts, what needs attention, and as many rows as fit.
func writeMarkdown(w io.Writer, p *page) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## bulksync %s: %s\n\n", p.Kind, mdText(p.Verdict))
	for _, l := range p.Lead {
		fmt.Fprintf(&b, "- %s\n", mdText(cut(l, markdownLead)))
	}
	if len(p.Lead) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("| | |\n| --- | --- |\n")
	for _, f := range p.Facts {
		fmt.Fprintf(&b, "| %s | %s |\n", f.Label, mdValue(f.Value, f.Code))
	}
	if p.Fingerprint != "" {
		fmt.Fprintf(&b, "| Plan fingerprint | %s |\n", mdValue(p.Fingerprint, true))
	}
	if len(p.Alerts) > 0 {
		b.WriteString("\n### Look at these first\n\n")
	}
	for _, a := range p.Alerts {
		mdAlert(&b, a, p.Noun)
	}
	mdRows(&b, p)
	b.WriteByte('\n')
	for _, l := range p.Closing {
		fmt.Fprintf(&b, "%s\n\n", mdText(l))
	}
	_, err := io.WriteString(w, strings.TrimSuffix(b.String(), "\n"))
	return err
}

func mdAlert(b *strings.Builder, a *alert, noun string) {
	fmt.Fprintf(b, "- **%s (%s)**: %s\n", mdText(cut(a.Title, markdownCell)), a.Count(noun), mdText(cut(a.Words, markdownCell)))
	for _, p := range a.Partners[:min(len(a.Partners), markdownPartners)] {
		fmt.Fprintf(b, "  - %s\n", mdPartner(p))
	}
	if rest := len(a.Partners) - markdownPartners + a.More; rest > 0 {
		fmt.Fprintf(b, "  - and %s\n", more(rest, "partner"))
	}
	if a.Hint != "" {
		fmt.Fprintf(b, "  - hint: %s\n", mdText(a.Hint))
	}
}

// mdRows writes the table and says how many rows did not fit. A column that is
// empty in every row is left out.
func mdRows(b *strings.Builder, p *page) {
	var rows [][]string
	room := markdownBytes - b.Len() - markdownHead
	for r := range p.listed() {
		cells := mdRow(&r)
		if room -= len(mdLine(cells)); room < 0 {
			break
		}
		rows = append(rows, cells)
	}
	if p.NListed > 0 {
		fmt.Fprintf(b, "\n### %ss\n\n", strings.ToUpper(p.Noun[:1])+p.Noun[1:])
		mdTable(b, []string{"", "Line", "Partner", "Tenant ID", p.Detail, "Notes"}, rows)
	}
	if rest := p.NListed - len(rows); rest > 0 {
		fmt.Fprintf(b, "\n%s left out to fit into a comment. The HTML, CSV and JSON reports have all of them.\n", isAre(rest, "more "+p.Noun))
	}
	if p.Unlisted != "" {
		fmt.Fprintf(b, "\n%s\n", mdText(p.Unlisted))
	}
}

func mdTable(b *strings.Builder, head []string, rows [][]string) {
	filled := func(i int) bool {
		return len(rows) == 0 || slices.ContainsFunc(rows, func(cells []string) bool { return cells[i] != "" })
	}
	var kept []int
	for i := range head {
		if filled(i) {
			kept = append(kept, i)
		}
	}
	pick := func(cells []string) []string {
		var out []string
		for _, i := range kept {
			out = append(out, cells[i])
		}
		return out
	}
	b.WriteString(mdLine(pick(head)) + mdLine(slices.Repeat([]string{"---"}, len(kept))))
	for _, cells := range rows {
		b.WriteString(mdLine(pick(cells)))
	}
}

func mdLine(cells []string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

func mdRow(r *row) []string {
	name := mdCell(r.Partner.Name)
	if r.Partner == (partner{}) {
		name = "home tenant"
	}
	line := ""
	if r.Line > 0 {
		line = fmt.Sprint(r.Line)
	}
	what := []string{mdCell(r.About)}
	for _, f := range r.Fields {
		what = append(what, mdCell(f.String()))
	}
	notes := []string{}
	if o := r.Outcome; o != nil {
		what = append([]string{"**" + mdText(r.Status) + "**"}, what[0], mdCell(o.Code), mdCell(o.Message))
		if o.RequestID != "" {
			notes = append(notes, "request-id "+mdValue(o.RequestID, true))
		}
	}
	for _, h := range r.Hazards {
		notes = append(notes, "**"+mdText(h)+"**")
	}
	notes = append(notes, mdCell(r.Reason), mdCell(r.Note))
	return []string{mdAction(r), line, name, mdValue(r.Partner.TenantID, true), mdLines(what), mdLines(notes)}
}

// mdAction is the sign of a row with its word, for readers who do not know
// the signs.
func mdAction(r *row) string {
	return mdValue(strings.TrimSpace(r.Symbol), true) + " " + mdText(r.Action)
}

func mdPartner(p partner) string {
	if p.TenantID == "" {
		return mdText(p.String())
	}
	return strings.TrimSpace(mdCell(p.Name) + " " + mdValue(p.TenantID, true))
}

// mdLines joins the non-empty texts with line breaks inside a cell.
func mdLines(texts []string) string {
	kept := texts[:0]
	for _, t := range texts {
		if t != "" {
			kept = append(kept, t)
		}
	}
	return strings.Join(kept, "<br>")
}

func mdCell(s string) string { return mdText(cut(s, markdownCell)) }

// mdValue is s, in code style if it is there to be copied.
func mdValue(s string, code bool) string {
	if code && s != "" {
		return mdCode(s)
	}
	return mdText(s)
}

// mdText escapes s for a paragraph or a table cell. Text that GitHub would turn
// into a mention, a reference or a link becomes code, which GitHub does not
// interpret.
func mdText(s string) string {
	if low := strings.ToLower(s); strings.ContainsAny(s, "@#") || strings.Contains(s, "://") || strings.Contains(low, "www.") || strings.Contains(low, "gh-") {
		return mdCode(s)
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\n':
			b.WriteString("<br>")
			continue
		case strings.ContainsRune("\\|`<>[]*_~&!$", r), i == 0 && strings.ContainsRune("+-=", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// mdCode is s in a code span, fenced by more backticks than it holds. A pipe
// becomes a broken bar: in a table it ends the cell even inside code, and
// escaping it fails after a backslash.
func mdCode(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, s)
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + strings.ReplaceAll(s, "|", "¦") + fence
}
