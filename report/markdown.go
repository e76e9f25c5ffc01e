package report

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode"
)

const (
	// markdownBytes bounds the document: a comment on GitHub holds 65,536
	// characters, and no character is less than a byte. A step summary of
	// GitHub Actions holds sixteen times that.
	markdownBytes = 60_000
	// markdownAlerts bounds everything before the rows, so that there is always
	// room for some of them.
	markdownAlerts = 40_000
	// markdownHead is the room for the head of the table and for what follows it.
	markdownHead = 3000
	// markdownCell bounds one text of a cell, in columns.
	markdownCell = 300
	// markdownLead bounds a sentence of the lead. A problem ends with what
	// support asks for, which must not be truncated.
	markdownLead = 8000
	// markdownPartners bounds the partners that Markdown names in an alert.
	markdownPartners = 10
)

// writeMarkdown writes the page for a comment or a step summary: verdict and
// totals, what needs attention, the facts, and as many rows as fit.
func writeMarkdown(w io.Writer, p *page) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## bulksync %s: %s\n\n", p.Kind, mdCell(p.Verdict))
	closing := p.Closing
	if len(closing) > 0 {
		fmt.Fprintf(&b, "**%s**\n\n", mdText(closing[0]))
		closing = closing[1:]
	}
	for _, l := range slices.Concat(p.Banners, p.Lead) {
		fmt.Fprintf(&b, "- %s\n", mdText(short(l, markdownLead)))
	}
	if len(p.Banners)+len(p.Lead) > 0 {
		b.WriteByte('\n')
	}
	mdAlerts(&b, p)
	b.WriteString("| | |\n| --- | --- |\n")
	for _, f := range p.Facts {
		fmt.Fprintf(&b, "| %s | %s |\n", f.Label, mdValue(short(f.Value, markdownCell), f.Code))
	}
	if p.Fingerprint != "" {
		fmt.Fprintf(&b, "| Plan fingerprint | %s |\n", mdValue(short(p.Fingerprint, markdownCell), true))
	}
	mdRows(&b, p)
	mdCommands(&b, p)
	for i := range p.Lists {
		mdList(&b, &p.Lists[i])
	}
	for _, l := range closing {
		fmt.Fprintf(&b, "\n%s\n", mdText(short(l, markdownCell)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// mdAlerts writes what needs attention, and says how many groups did not fit.
func mdAlerts(b *strings.Builder, p *page) {
	if len(p.Alerts) == 0 {
		return
	}
	b.WriteString("### Look at these first\n\n")
	for i, a := range p.Alerts {
		var one strings.Builder
		mdAlert(&one, a, p.Noun)
		if b.Len()+one.Len() > markdownAlerts {
			fmt.Fprintf(b, "- and %s, left out to fit into a comment\n", more(len(p.Alerts)-i, "group"))
			break
		}
		b.WriteString(one.String())
	}
	b.WriteByte('\n')
}

func mdAlert(b *strings.Builder, a *alert, noun string) {
	fmt.Fprintf(b, "- **%s (%s)**: %s\n", mdCell(a.Title), a.Count(noun), mdCell(a.Words))
	for _, p := range a.Partners[:min(len(a.Partners), markdownPartners)] {
		fmt.Fprintf(b, "  - %s\n", mdPartner(p))
	}
	if rest := len(a.Partners) - markdownPartners + a.More; rest > 0 {
		fmt.Fprintf(b, "  - and %s\n", more(rest, a.who()))
	}
	if a.Hint != "" {
		fmt.Fprintf(b, "  - hint: %s\n", mdText(a.Hint))
	}
}

// short shortens s to limit columns, and to four bytes a column: some characters
// have no width.
func short(s string, limit int) string {
	if s = cut(s, limit); len(s) <= 4*limit {
		return s
	}
	return strings.ToValidUTF8(s[:4*limit], "") + "…"
}

// mdRows writes the table and says how many rows did not fit. A column that is
// empty in every row is left out.
func mdRows(b *strings.Builder, p *page) {
	heads := []string{"", "Line", "Partner", "Tenant ID", p.Detail, "Notes"}
	if p.Fleet {
		heads = []string{"", "Tenant", "Tenant ID", "What was found", "Work", "Next step"}
	}
	rows := mdFitting(p.listed(), b.Len())
	if p.NListed > 0 {
		fmt.Fprintf(b, "\n### %ss\n\n", strings.ToUpper(p.Noun[:1])+p.Noun[1:])
		mdTable(b, heads, rows)
	}
	if rest := p.NListed - len(rows); rest > 0 {
		fmt.Fprintf(b, "\n%s left out to fit into a comment. The HTML, CSV and JSON reports have all of them.\n", isAre(rest, "more "+p.Noun))
	}
	if p.Unlisted != "" {
		fmt.Fprintf(b, "\n%s\n", mdText(p.Unlisted))
	}
}

// mdFitting are the cells of the first rows, as many as fit after used bytes.
func mdFitting(of iter.Seq[row], used int) [][]string {
	var rows [][]string
	room := markdownBytes - used - markdownHead
	for r := range of {
		cells := mdRow(&r)
		if room -= len(mdLine(cells)); room < 0 {
			break
		}
		rows = append(rows, cells)
	}
	return rows
}

// mdList writes a list as a table, and says how many rows did not fit.
func mdList(b *strings.Builder, l *list) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n", mdText(l.Title), mdText(short(l.Words, markdownCell)))
	rows := mdFitting(l.rows(), b.Len())
	if len(rows) > 0 {
		b.WriteByte('\n')
		mdTable(b, []string{"", "Line", "Partner", "Tenant ID", l.Detail, "Notes"}, rows)
	}
	if rest := l.NRows - len(rows); rest > 0 {
		fmt.Fprintf(b, "\n%s left out to fit into a comment.\n", isAre(rest, l.Noun))
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
	if r.Tenant != nil {
		return mdTenant(r)
	}
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
	notes = append(notes, mdCell(r.Reason), mdCell(r.Waived))
	if s := since(r); s != "" {
		notes = append(notes, mdText(s))
	}
	for _, s := range editLines(r) {
		notes = append(notes, mdCell(s))
	}
	notes = append(notes, mdCell(r.Note))
	return []string{mdAction(r), line, name, mdLines([]string{mdValue(r.Partner.TenantID, true), mdCell(r.Partner.Directory)}), mdLines(what), mdLines(notes)}
}

// mdAction is the sign of a row with its word, for readers who do not know
// the signs.
func mdAction(r *row) string {
	s := mdValue(strings.TrimSpace(r.Symbol), true) + " " + mdText(r.Action)
	if isNewsState(r.State) {
		s += ", **" + r.State + "**"
	}
	return s
}

func mdPartner(p partner) string {
	if p.TenantID == "" {
		return mdText(p.String())
	}
	// The ID comes first: after a name that is written from right to left, its first
	// digits would be shown apart from the rest.
	line := strings.TrimSpace(mdValue(short(p.TenantID, markdownCell), true) + " " + mdCell(p.Name))
	if p.OtherName {
		line += " (" + mdCell(p.Directory) + ")"
	}
	return line
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

func mdCell(s string) string { return mdText(short(s, markdownCell)) }

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
