package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// layout says how a table uses the width of the terminal. A wide one has the
// line of the input and the tenant ID in columns of their own; a narrow one
// puts the tenant ID under the name.
type layout struct {
	wide, lined  bool
	name, detail int
}

const (
	// wideFrom is the width from which there is room for the wide layout.
	wideFrom = 110
	// lineWidth is the room for the number of a line of the input.
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

// cells are the cells of r. The partner and the note of its row are not given
// again in the rows below its first.
func (t *textWriter) cells(l layout, r *row, again bool) []string {
	symbol := t.paint(r.Tone, strings.TrimSpace(r.Symbol))
	detail := t.detail(r, l.detail)
	name, id, note := cut(r.Partner.Name, 2*l.name), r.Partner.TenantID, cut(r.Note, textNote)
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

// stack puts the texts that there are under each other.
func stack(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), "\n")
}

// detail says what the row is about: the object, then what changes or what
// happened, each on its own line.
func (t *textWriter) detail(r *row, limit int) string {
	lines := []string{r.About}
	if r.Action == "blocked" {
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
	for _, f := range r.Fields {
		lines = append(lines, cut(f.String(), textCell))
	}
	if r.Reason != "" {
		lines = append(lines, cut(r.Reason, textCell))
	}
	return wrap(strings.Join(lines, "\n"), limit)
}

// outcomeLines is the evidence of an outcome. The hint stands in the alert of
// its group, not in each row.
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

// cut shortens s to limit columns and marks the place.
func cut(s string, limit int) string {
	if width(s) <= limit {
		return s
	}
	return twwidth.Truncate(s, limit, "…")
}

// trimLines takes the spaces off line ends that pad the last column. Each
// Write it gets is of whole lines.
type trimLines struct{ w io.Writer }

func (t trimLines) Write(b []byte) (int, error) {
	lines := strings.Split(string(b), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	_, err := io.WriteString(t.w, strings.Join(lines, "\n"))
	return len(b), err
}
