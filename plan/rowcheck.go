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

// fitCells handles a row that has not as many cells as the header. Empty cells
// too many, as spreadsheets append them, are cut off.
func (rd *rowReader) fitCells() error {
	l, want := rd.lines, len(rd.input.Header)
	again := csv.NewReader(bytes.NewReader(l.raw))
	again.Comma, again.FieldsPerRecord = rune(l.comma), -1
	cells, err := again.Read()
	if err != nil {
		return err
	}
	if strings.TrimFunc(strings.Join(cells, ""), isStray) == "" {
		return errSkipRow
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
	faults := len(rd.errs)
	row, blank := rd.check(cells)
	for i, c := range rd.head.columns {
		if c != colUnnamed {
			continue
		}
		if value := trimCell(extra[rd.head.names[i]]); value != "" {
			blank = false
			rd.refuse(rd.cellPlace(i), value, fmt.Errorf("the cell %s stands in a column without a name: name the column or empty the cell", quoteValue(value)))
		}
	}
	if blank {
		rd.errs = rd.errs[:faults]
		return
	}
	rd.keep(cells, extra)
	if len(rd.errs) == faults && rd.head.position[colTenantID] >= 0 {
		rd.merged.add(row)
	}
}

// check turns cells into a Row and notes every fault.
func (rd *rowReader) check(cells [columnCount]string) (row Row, blank bool) {
	blank = true
	row.Line = rd.lines.first
	for c, position := range rd.head.position {
		if position < 0 {
			continue
		}
		row.at[c] = rd.cellPlace(position)
		cell := trimCell(cells[c])
		blank = blank && cell == ""
		if err := row.set(column(c), cell); err != nil {
			rd.refuse(row.at[c], cell, err)
		}
	}
	if row.Absent && row.IsSyncAllowed != nil && *row.IsSyncAllowed {
		at := row.at[colIsSyncAllowed]
		rd.notices = append(rd.notices, Notice{rd.file, at.line, at.column, "ensure=absent removes the policy, isSyncAllowed is not used"})
	}
	return row, blank
}

// set takes over one trimmed cell.
func (r *Row) set(c column, cell string) (err error) {
	switch c {
	case colTenantID:
		r.TenantID, r.Domain, err = parseTenant(cell)
	case colDisplayName:
		r.DisplayName, err = cell, parseDisplayName(cell)
	case colIsSyncAllowed:
		r.IsSyncAllowed, err = parseSwitch(c, cell)
	case colInboundAllowed:
		r.InboundAllowed, err = parseSwitch(c, cell)
	case colOutboundAllowed:
		r.OutboundAllowed, err = parseSwitch(c, cell)
	case colEnsure:
		r.Absent, err = parseEnsure(cell)
	case colNote:
		r.Note = cell
	}
	return err
}

// keep stores the cells of a row as they were.
func (rd *rowReader) keep(cells [columnCount]string, extra map[string]string) {
	n := len(rd.head.columns)
	if len(rd.slab) < n {
		rd.slab = make([]string, 512*n)
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
	rd.input.Cells = append(rd.input.Cells, kept)
	rd.input.Lines = append(rd.input.Lines, rd.lines.first)
}

// lineBreaks writes every line break inside a cell as "\n".
func lineBreaks(cell string) string {
	if strings.IndexByte(cell, '\r') < 0 {
		return cell
	}
	return strings.ReplaceAll(strings.ReplaceAll(cell, "\r\n", "\n"), "\r", "\n")
}
