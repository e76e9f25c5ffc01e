package desired

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Faults are the rows of a CSV that have problems, as they were. They are written
// with a reason each, so that their author can correct them: what is corrected can
// be read, and what is not is refused again for the same reason.
type Faults struct {
	header  []string
	dialect Dialect
	reason  int // the column of the reason in the header; -1 if it has none
	rows    []faultyRow
	good    int // rows without a problem, which are not in it
}

// faultyRow is one row with problems. It has cells, or a text if it could not be
// taken apart.
type faultyRow struct {
	line    int
	cells   []string
	text    string
	reasons []string
}

// faults collects the rows that have one of the problems, which are sorted.
func (rd *rowReader) faults(problems RowErrors, in *Input) *Faults {
	if rd.lost || rd.head.cells == nil || problems[0].Line < rd.firstRow(in) {
		return nil
	}
	return newFaults(problems, in, rd.rowStarts(in))
}

// Faults are the rows with problems that Resolve found, to be handed back.
func (r *Rows) Faults(problems RowErrors) *Faults {
	return newFaults(problems, &r.Input, new(rowReader).rowStarts(&r.Input))
}

// newFaults keeps those of all rows that have a problem, and those that one of them
// contradicts: without those it would pass for correct.
func newFaults(problems RowErrors, in *Input, rows []faultyRow) *Faults {
	f := &Faults{header: in.Header, dialect: in.Dialect, reason: in.ReasonColumn()}
	for _, p := range problems {
		row := &rows[lastAt(rows, p.Line)]
		row.reasons = append(row.reasons, p.Err.Error())
		var c *kindError
		if !errors.As(p.Err, &c) || c.first == 0 {
			continue
		}
		if first := &rows[lastAt(rows, c.first)]; len(first.reasons) == 0 {
			first.reasons = append(first.reasons, fmt.Sprintf("the row on line %d contradicts it", p.Line))
		}
	}
	all := len(rows)
	f.rows = slices.DeleteFunc(rows, func(r faultyRow) bool { return len(r.reasons) == 0 })
	f.good = all - len(f.rows)
	return f
}

// HasGoodRows reports whether a CSV has a row without a problem. A file of faults has
// one once its author has corrected it. The home tenant may be empty. An error means
// that the file could not be read.
func HasGoodRows(ctx context.Context, r io.Reader, home string) (bool, error) {
	rows, err := ReadRows(ctx, r, "")
	var refused *RefusedRows
	var problems RowErrors
	switch {
	case errors.As(err, &refused):
		return refused.faults != nil && refused.faults.good > 0, nil
	case err != nil:
		return false, err
	case home == "" || len(rows.Domains()) > 0:
		return true, nil
	}
	if _, err := rows.Resolve(home, nil); errors.As(err, &problems) {
		return rows.Faults(problems).good > 0, nil
	}
	return true, nil
}

// firstRow is the line of the first row; without rows it is no line at all, and so
// below all of them.
func (rd *rowReader) firstRow(in *Input) int {
	first := int(^uint(0) >> 1)
	if len(in.Lines) > 0 {
		first = in.Lines[0]
	}
	if len(rd.broken) > 0 {
		first = min(first, rd.broken[0].line)
	}
	return first
}

// rowStarts lists all rows in the order of the file, still without reasons.
func (rd *rowReader) rowStarts(in *Input) []faultyRow {
	rows := make([]faultyRow, 0, len(in.Lines)+len(rd.broken))
	broken := rd.broken
	for i, line := range in.Lines {
		for len(broken) > 0 && broken[0].line < line {
			rows, broken = append(rows, broken[0].faulty()), broken[1:]
		}
		if len(broken) > 0 && broken[0].line == line { // it has cells, but a problem that they do not show
			rows, broken = append(rows, broken[0].faulty()), broken[1:]
			continue
		}
		rows = append(rows, faultyRow{line: line, cells: in.Cells[i]})
	}
	for _, b := range broken {
		rows = append(rows, b.faulty())
	}
	return rows
}

func (b brokenRow) faulty() faultyRow {
	return faultyRow{line: b.line, text: strings.TrimRight(b.text, "\r\n")}
}

// lastAt is the index of the last row that starts at a line or above it.
func lastAt(rows []faultyRow, line int) int {
	at, exact := slices.BinarySearchFunc(rows, line, func(r faultyRow, line int) int { return r.line - line })
	if exact {
		return at
	}
	return at - 1
}

// Rows is how many rows have problems.
func (f *Faults) Rows() int { return len(f.rows) }

// Write writes the rows below the header of the file, in its dialect, with their
// cells as they were, and with a last column "reason"; if the file has such a
// column already, as an earlier file of faults does, the reason stands there.
func (f *Faults) Write(w io.Writer) error {
	if slices.ContainsFunc(f.rows, faultyRow.isBroken) { // anywhere: a mark would say that it is all UTF-8
		d := f.dialect
		d.Encoding = utf8Plain
		return d.WriteExactly(w, f.write)
	}
	return f.dialect.WriteFile(w, f.write)
}

// isBroken reports whether something in the row is not UTF-8, which an input in UTF-16
// always becomes.
func (r faultyRow) isBroken() bool {
	return !utf8.ValidString(r.text) || slices.ContainsFunc(r.cells, func(cell string) bool { return !utf8.ValidString(cell) })
}

func (f *Faults) write(t *Writer) error {
	header := f.header
	if f.reason < 0 {
		header = f.withReason(header, colReason.String())
	}
	err := t.Write(header)
	for i := 0; i < len(f.rows) && err == nil; i++ {
		r := &f.rows[i]
		reason := fmt.Sprintf("line %d: %s", r.line, strings.Join(r.reasons, "; "))
		if r.cells != nil {
			err = t.Write(f.withReason(r.cells, reason))
		} else {
			err = t.line(f.reasoned(r.text, f.dialect.quote(reason)))
		}
	}
	return err
}

// withReason is cells with a reason in its column, or as a new last cell.
func (f *Faults) withReason(cells []string, reason string) []string {
	out := slices.Clone(cells)
	if f.reason < 0 {
		return append(out, reason)
	}
	out[f.reason] = reason
	return out
}

// reasoned is the text of a row with a reason, which is quoted, as its last cell.
// The number of cells may be what is wrong, so nothing else is added or taken
// away: a row with too few cells must not become one that fits. It keeps an
// earlier reason where that is not known to be the last of its cells.
func (f *Faults) reasoned(text, reason string) string {
	if f.reason < 0 {
		return text + f.dialect.Delimiter + reason
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = rune(f.dialect.Delimiter[0]), true, -1
	cells, err := r.Read()
	if last := len(cells) - 1; err == nil && f.reason == len(f.header)-1 && last >= f.reason {
		if line, column := r.FieldPos(last); line == 1 {
			return text[:column-1] + reason
		}
	}
	return text
}
