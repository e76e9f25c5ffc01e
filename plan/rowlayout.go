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
		rd.refuse(place{l.first, 1}, "", fmt.Errorf("the row has %s and the header %d: a delimiter is missing or the row was cut short", plural(len(cells), "cell"), want))
		return errSkipRow
	}
	offset := func(i int) int {
		line, column := again.FieldPos(i)
		return l.starts[line-1] + column - 1
	}
	for i := want; i < len(cells); i++ {
		if value := trimCell(cells[i]); value != "" {
			rd.refuse(l.at(offset(i)), value, fmt.Errorf("the row has %s and the header %d: quote a cell that holds the delimiter", plural(len(cells), "cell"), want))
			return errSkipRow
		}
	}
	l.cut(offset(want) - 1)
	return nil
}

// keep lays a decoded row out in the sheet, unless it says nothing.
func (rd *rowReader) keep(rec *record, extra map[string]string) {
	cells := rec.cells()
	if blank(&cells, extra) {
		return
	}
	b := rd.sheet.next()
	first, _ := rd.csv.FieldPos(0)
	for i, c := range rd.head.columns {
		var cell string // that of an unknown column stays empty: the file is refused
		switch {
		case c >= 0:
			cell = cells[c]
		case c == colUnnamed:
			cell = extra[rd.head.names[i]]
		}
		line, column := rd.csv.FieldPos(i)
		b.add(lineBreaks(cell), rd.lines.cell(line-first, column))
	}
}

// blank reports whether no cell of a row says anything.
func blank(cells *[columnCount]string, extra map[string]string) bool {
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

// lineBreaks writes every line break inside a cell as "\n".
func lineBreaks(cell string) string {
	if strings.IndexByte(cell, '\r') < 0 {
		return cell
	}
	return strings.ReplaceAll(strings.ReplaceAll(cell, "\r\n", "\n"), "\r", "\n")
}
