package desired

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"

	"bulksync/internal/words"
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
		rd.misfit(place{l.first, 1}, "", cells, "a delimiter is missing or the row was cut short")
		return errSkipRow
	}
	offset := func(i int) int {
		line, column := again.FieldPos(i)
		return l.starts[line-1] + column - 1
	}
	for i := want; i < len(cells); i++ {
		if value := trimCell(cells[i]); value != "" {
			rd.misfit(l.at(offset(i)), value, cells, "quote a cell that holds the delimiter")
			return errSkipRow
		}
	}
	l.cut(offset(want) - 1)
	return nil
}

// misfit refuses a row of too few or too many cells. One that begins with # was
// meant as a comment, or is what a failed look-up left.
func (rd *rowReader) misfit(at place, value string, cells []string, why string) {
	first, column := trimCell(cells[0]), rd.head.columns[0]
	switch {
	case !column.isManaged() || !strings.HasPrefix(first, "#"):
		rd.refuse(at, value, cellCount.errorf("the row has %s and the header %d: %s", words.Count(len(cells), "cell"), len(rd.head.cells), why))
	case isErrorValue(first):
		rd.refuse(place{rd.lines.first, 1}, first, checkComputed(column, first))
	default:
		rd.refuse(place{rd.lines.first, 1}, first, hashed(first))
	}
}

// keep lays a decoded row out in the sheet, unless it says nothing.
func (rd *rowReader) keep(rec *record, extra map[string]string) {
	cells := &rec.Cells
	if blank(cells, extra) {
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
		at := rd.lines.cell(line-first, column)
		if strings.IndexByte(cell, '\r') >= 0 {
			cell = rd.lineBreaks(cell, line-first, column, i, at)
		}
		b.add(cell, at)
	}
	if len(rd.lines.starts) > 1 {
		rd.noticeSwallowed(first)
	}
}

// noticeSwallowed looks for rows inside a row of several lines: a quote that is
// left open makes a cell of them, if another happens to end it. Lines in which
// a cell of the row starts are its own. The row starts at line first of the
// decoder's count.
func (rd *rowReader) noticeSwallowed(first int) {
	l := rd.lines
	own := make([]bool, len(l.starts))
	for i := range rd.head.columns {
		line, _ := rd.csv.FieldPos(i)
		own[line-first] = true
	}
	for k := range l.starts {
		if !own[k] && rd.looksLikeRow(l.text(k)) {
			rd.swallowed.add(swallowedRows, l.cell(k, 1), fmt.Sprintf("this line looks like a row and stands inside a quoted cell of line %d: is a quote left open?", l.first))
		}
	}
}

// looksLikeRow reports whether a line has several cells, and a tenant ID in one
// of them, or as many cells as the header, and a domain where tenants are named.
func (rd *rowReader) looksLikeRow(line []byte) bool {
	cells := strings.Split(string(line), string(rd.lines.comma))
	if len(cells) < 2 {
		return false
	}
	for i := range cells {
		cells[i] = strings.Trim(trimCell(cells[i]), `"`)
	}
	if holdsTenantID(cells) {
		return true
	}
	at := rd.head.position[colTenantID]
	if at < 0 || len(cells) < rd.head.named {
		return false
	}
	_, domain, _ := parseTenant(trimCell(cells[at]))
	return domain != ""
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

// lineBreaks writes every line break inside a cell as "\n". A carriage return
// inside a cell without quotes, or before it, is the end of a line that nobody
// else sees: what follows may be a row of its own. Only before the first cell
// there is nothing that it could end.
func (rd *rowReader) lineBreaks(cell string, k, column, position int, at place) string {
	text := strings.TrimRightFunc(cell, isStray)
	if position == 0 {
		text = trimCell(text)
	}
	quoted := rd.lines.raw[rd.lines.starts[k]+column-1] == '"'
	if !quoted && strings.IndexByte(text, '\r') >= 0 {
		rd.refuse(at, trimCell(text), strayReturn.errorf("the cell %s holds a carriage return alone: end every line alike, or quote the cell", Quote(text)))
	}
	return strings.ReplaceAll(strings.ReplaceAll(cell, "\r\n", "\n"), "\r", "\n")
}
