package desired

import (
	"fmt"
	"slices"
)

// checker turns cells into rows, and notes every problem.
type checker struct {
	file    string
	head    *header
	merged  *merger
	notices notices
	errs    RowErrors
}

// newChecker returns a checker with room for n rows under head, which may be filled
// in later.
func newChecker(file string, head *header, n int) *checker {
	return &checker{file: file, head: head, merged: newMerger(file, n), notices: notices{file: file}}
}

// block checks the rows of a block, and adds their cells to in.
func (ch *checker) block(b *block, in *Input) {
	width := len(ch.head.cells)
	ch.merged.rows, in.Cells, in.Lines = roomFor(ch.merged.rows), roomFor(in.Cells), roomFor(in.Lines)
	for i, cells := range b.cells(width) {
		spans := b.spans[i*width : (i+1)*width]
		in.Cells = append(in.Cells, cells)
		in.Lines = append(in.Lines, int(spans[0].line))
		ch.check(cells, spans)
	}
}

// roomFor makes room for another block. It doubles the list; append would grow it
// by a quarter at a time, and copy it four times as often.
func roomFor[T any](list []T) []T {
	if cap(list)-len(list) < blockRows {
		return slices.Grow(list, max(len(list), 8*blockRows))
	}
	return list
}

// check checks one row, and adds it to those of the file.
func (ch *checker) check(cells []string, spans []span) {
	row, problems := Row{Line: int(spans[0].line)}, len(ch.errs)
	for i, c := range ch.head.columns {
		cell := trimCell(cells[i])
		if err := ch.set(&row, c, cell); err != nil {
			at := spans[i]
			ch.errs = append(ch.errs, &RowError{File: ch.file, Line: int(at.line), Column: int(at.column), Value: cell, Err: err})
		}
	}
	for _, e := range ch.errs[problems:] {
		e.TenantID = row.TenantID
	}
	tenantID := ch.head.indexes[colTenantID]
	if len(ch.errs) > problems || tenantID < 0 {
		return
	}
	row.at = spans[tenantID].position()
	ch.merged.add(&row)
	ch.noticeUnused(&row, spans)
	if name := row.DisplayName(); isPlaceholder(name) {
		at := spans[ch.head.indexes[colDisplayName]].position()
		ch.notices.add(placeholders, at, fmt.Sprintf("displayName is %s, which programs write where they have no name: correct it if the partner is not called so", Quote(name)))
	}
}

// noticeUnused tells of switches that a row turns on in what it removes.
func (ch *checker) noticeUnused(r *Row, spans []span) {
	if !r.Absent {
		return
	}
	for i := range partnerProperties {
		c, p := column(i), &partnerProperties[i]
		switch {
		case p.Kind != Switch || r.Values.at(c) != true:
		case r.PartnerAbsent:
			ch.notices.add(unusedCells, spans[ch.head.indexes[c]].position(), "ensure=partner-absent removes the partner configuration; "+p.Aliases[0]+" is not used")
		case p.Object == IdentitySynchronization:
			ch.notices.add(unusedCells, spans[ch.head.indexes[c]].position(), "ensure=absent removes the policy; "+p.Aliases[0]+" is not used")
		}
	}
}

// set reads one trimmed cell into the row.
func (ch *checker) set(r *Row, c column, cell string) (err error) {
	if c.isManaged() {
		if err := checkComputed(c, cell); err != nil {
			return err
		}
	}
	switch p := c.property(); {
	case c == colTenantID:
		r.TenantID, r.domain, err = parseTenant(cell)
	case p != nil:
		err = r.Values.parse(c, cell)
	case c == colEnsure:
		err = r.parseEnsure(cell)
	case c == colNote:
		r.Note = cell
	case c == colUnnamed && cell != "": // its meaning is unknown
		err = namelessCell.errorf("the cell %s is in a column without a name: name the column or empty the cell", Quote(cell))
	}
	return err
}
