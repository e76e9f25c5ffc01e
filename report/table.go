package report

import (
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// guidWidth is the width of a tenant ID; it is never truncated.
const guidWidth = 36

// column is one column of a text table: its head and how wide it may grow.
type column struct {
	head string
	max  int
}

// drawTable draws rows under the heads of cols, two spaces apart, with one rule
// under the heads. Cells are already wrapped.
func drawTable(w io.Writer, cols []column, rows [][]string) error {
	heads := make([]string, len(cols))
	for i, c := range cols {
		heads[i] = c.head
	}
	t := tablewriter.NewTable(w, tableOptions(len(cols))...)
	t.Header(heads)
	for _, cells := range rows {
		for i := range cells {
			cells[i] = wrap(cells[i], cols[i].max)
		}
		if err := t.Append(cells); err != nil {
			return err
		}
	}
	return t.Render()
}

// tableOptions turns off what tablewriter would decide by itself. The project
// asks for tablewriter, and it places the columns and draws the rule. Names
// keep their case and spaces; it cannot wrap a script without spaces; and it
// takes the width of ambiguous characters from the environment, while the same
// plan has to give the same bytes.
func tableOptions(cols int) []tablewriter.Option {
	pads := slices.Repeat([]tw.Padding{{Right: "  ", Overwrite: true}}, cols)
	pads[cols-1] = tw.Padding{Overwrite: true}
	return []tablewriter.Option{
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{
				Separators: tw.Separators{ShowHeader: tw.On, BetweenRows: tw.Off, BetweenColumns: tw.Off},
				Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On},
			},
		})),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithTrimLine(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithAlignment(tw.MakeAlign(cols, tw.AlignLeft)),
		tablewriter.WithHeaderPaddingPerColumn(pads),
		tablewriter.WithRowPaddingPerColumn(pads),
	}
}

// width is how many columns s takes on a terminal.
func width(s string) int { return twwidth.WidthWithOptions(s, twwidth.Options{}) }

// wrap breaks each line of s so that none is wider than limit: between words if
// possible, otherwise within a word. What was harmless within a word can be a
// command at the start of a line, so it is disarmed again.
func wrap(s string, limit int) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if width(line) > limit {
			lines[i] = disarm(breakLine(line, "", limit))
		}
	}
	return strings.Join(lines, "\n")
}

// hang wraps one line and indents the lines after the first.
func hang(line string, indent, limit int) string {
	if width(line) <= limit {
		return line
	}
	return disarm(breakLine(line, strings.Repeat(" ", indent), limit))
}

// breakLine breaks a line; it keeps the line's leading spaces, and starts the
// following lines with indent.
func breakLine(line, indent string, limit int) string {
	own := len(line) - len(strings.TrimLeft(line, " "))
	var b strings.Builder
	b.WriteString(line[:own])
	used := own
	for i, word := range strings.Split(line[own:], " ") {
		n := width(word)
		switch {
		case i > 0 && used+1+n <= limit:
			b.WriteByte(' ')
			used++
		case i > 0:
			b.WriteString("\n" + indent)
			used = len(indent)
		}
		if used+n > limit {
			used = breakWord(&b, word, indent, used, limit)
			continue
		}
		b.WriteString(word)
		used += n
	}
	return b.String()
}

// breakWord writes a word that is wider than a line, and returns the column
// that its last part reaches. It breaks after a sign such as the slashes of an
// address; only where there is none, as in a script without spaces, between
// characters.
func breakWord(b *strings.Builder, word, indent string, used, limit int) int {
	for part := range parts(word) {
		if n := width(part); used+n > limit && len(indent)+n <= limit {
			b.WriteString("\n" + indent)
			used = len(indent)
		}
		for _, r := range part {
			n := width(string(r))
			if used+n > limit {
				b.WriteString("\n" + indent)
				used = len(indent)
			}
			b.WriteRune(r)
			used += n
		}
	}
	return used
}

// parts cuts a word after each sign; a wide character is a part of its own.
func parts(word string) iter.Seq[string] {
	return func(yield func(string) bool) {
		from := 0
		for i, r := range word {
			_, n := utf8.DecodeRuneInString(word[i:])
			end := i + n
			if strings.ContainsRune("/.,:;-_=&?@", r) || width(string(r)) > 1 || end == len(word) {
				if !yield(word[from:end]) {
					return
				}
				from = end
			}
		}
	}
}
