package plan

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
)

// refuse notes a fault.
func (rd *rowReader) refuse(at place, value string, err error) {
	rd.errs = append(rd.errs, &RowError{File: rd.file, Line: at.line, Column: at.column, Value: value, Err: err})
}

// cellPlace is where the cell at a position of the row just decoded starts.
func (rd *rowReader) cellPlace(position int) place {
	first, _ := rd.csv.FieldPos(0)
	line, column := rd.csv.FieldPos(position)
	return rd.lines.cell(line-first, column)
}

// fitCells handles a row that has not as many cells as the header. Spreadsheets
// append empty cells to some rows and not to others: those too many are cut
// off, and those that only unnamed columns miss are added.
func (rd *rowReader) fitCells() error {
	l, want := rd.lines, len(rd.head.cells)
	again := csv.NewReader(bytes.NewReader(l.raw))
	again.Comma, again.FieldsPerRecord = rune(l.comma), -1
	cells, err := again.Read()
	if err != nil {
		return err
	}
	if strings.TrimFunc(strings.Join(cells, ""), isStray) == "" {
		return errSkipRow
	}
	if len(cells) >= rd.head.named && len(cells) < want {
		l.pad(want - len(cells))
		return nil
	}
	if len(cells) < want {
		rd.refuse(place{l.first, 1}, "", fmt.Errorf("the row has %d cells and the header %d: a delimiter is missing or the row was cut short", len(cells), want))
		return errSkipRow
	}
	offset := func(i int) int {
		line, column := again.FieldPos(i)
		return l.starts[line-1] + column - 1
	}
	for i := want; i < len(cells); i++ {
		if value := trimCell(cells[i]); value != "" {
			rd.refuse(l.at(offset(i)), value, fmt.Errorf("the row has %d cells and the header %d: quote a cell that holds the delimiter", len(cells), want))
			return errSkipRow
		}
	}
	l.cut(offset(want) - 1)
	return nil
}

// take checks a decoded row, keeps its cells and passes it on.
func (rd *rowReader) take(rec *record, extra map[string]string) {
	cells := rec.cells()
	if rd.blank(&cells, extra) {
		return
	}
	faults := len(rd.errs)
	row := Row{Line: rd.lines.first}
	for c, position := range rd.head.position {
		if position < 0 {
			continue
		}
		cell := trimCell(cells[c])
		if err := rd.set(&row, column(c), cell); err != nil {
			rd.refuse(rd.cellPlace(position), cell, err)
		}
	}
	rd.checkUnnamed(extra)
	rd.keep(&cells, extra)
	tenantID := rd.head.position[colTenantID]
	if len(rd.errs) > faults || tenantID < 0 {
		return
	}
	row.at = rd.cellPlace(tenantID)
	rd.rows.add(row)
	if row.Absent && row.IsSyncAllowed != nil && *row.IsSyncAllowed {
		at := rd.cellPlace(rd.head.position[colIsSyncAllowed])
		rd.notices = append(rd.notices, Notice{rd.file, at.line, at.column, "ensure=absent removes the policy, isSyncAllowed is not used"})
	}
}

// blank reports whether no cell of the row says anything.
func (rd *rowReader) blank(cells *[columnCount]string, extra map[string]string) bool {
	for _, cell := range cells {
		if trimCell(cell) != "" {
			return false
		}
	}
	for _, cell := range extra {
		if trimCell(cell) != "" {
			return false
		}
	}
	return true
}

// checkUnnamed refuses values of which nobody can say what they mean.
func (rd *rowReader) checkUnnamed(extra map[string]string) {
	for i, c := range rd.head.columns {
		if c != colUnnamed {
			continue
		}
		if value := trimCell(extra[rd.head.names[i]]); value != "" {
			rd.refuse(rd.cellPlace(i), value, fmt.Errorf("the cell %s stands in a column without a name: name the column or empty the cell", quoteValue(value)))
		}
	}
}

// set takes one trimmed cell over into the row.
func (rd *rowReader) set(r *Row, c column, cell string) (err error) {
	switch c {
	case colTenantID:
		r.TenantID, r.Domain, err = parseTenant(cell)
	case colDisplayName:
		r.DisplayName, err = cell, parseDisplayName(cell)
	case colIsSyncAllowed:
		r.IsSyncAllowed, err = rd.parseSwitch(c, cell)
	case colInboundAllowed:
		r.InboundAllowed, err = rd.parseSwitch(c, cell)
	case colOutboundAllowed:
		r.OutboundAllowed, err = rd.parseSwitch(c, cell)
	case colEnsure:
		r.Absent, err = parseEnsure(cell)
	case colNote:
		r.Note = cell
	}
	return err
}

// parseSwitch reads a property that is on or off; nil where it is not managed.
func (rd *rowReader) parseSwitch(c column, cell string) (*bool, error) {
	if cell == "" {
		return nil, nil
	}
	on, err := parseBool(cell)
	if err != nil {
		return nil, fmt.Errorf("%s is %s: %w", c, quoteValue(cell), err)
	}
	if on {
		return &rd.on, nil
	}
	return &rd.off, nil
}

// keep stores the cells of a row as they were.
func (rd *rowReader) keep(cells *[columnCount]string, extra map[string]string) {
	n := len(rd.head.columns)
	if len(rd.slab) < n {
		rd.slab = make([]string, pileChunk*n)
	}
	kept := rd.slab[:n:n]
	rd.slab = rd.slab[n:]
	for i, c := range rd.head.columns {
		switch {
		case c >= 0:
			kept[i] = lineBreaks(cells[c])
		case c == colUnnamed:
			kept[i] = lineBreaks(extra[rd.head.names[i]])
		}
	}
	rd.cells.add(kept)
	rd.starts.add(rd.lines.first)
}

// lineBreaks writes every line break inside a cell as "\n".
func lineBreaks(cell string) string {
	if strings.IndexByte(cell, '\r') < 0 {
		return cell
	}
	return strings.ReplaceAll(strings.ReplaceAll(cell, "\r\n", "\n"), "\r", "\n")
}
