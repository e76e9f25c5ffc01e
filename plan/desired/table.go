package desired

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
)

// TableColumn is a column of a Table.
type TableColumn struct {
	Name string
	// Required means that the column must be there, and that none of its cells may
	// be empty or what a spreadsheet shows in place of a value.
	Required bool
}

// TableRow is a row of a small CSV while it is checked.
type TableRow struct {
	Line int // physical line at which the row starts, from 1

	table   *tableReader
	cells   []tableCell // by column
	refused bool
}

// tableCell is a cell of a table. In a column that the file does not have, it is
// empty.
type tableCell struct {
	text    string // trimmed
	at      position
	refused bool
}

// Cell is the trimmed cell in a column.
func (r *TableRow) Cell(column int) string { return r.cells[column].text }

// Refuse notes that something is wrong with the cell in a column. Only the first
// problem of a cell counts.
func (r *TableRow) Refuse(column int, err error) {
	if c := &r.cells[column]; !c.refused {
		c.refused, r.refused = true, true
		r.table.refuse(c.at, c.text, err)
	}
}

// IsRefused reports whether something is wrong with one of the cells, or with the
// header above them: then the row does not say all that it should.
func (r *TableRow) IsRefused() bool { return r.refused }

// TenantID reads the cell of a column that names a tenant by its ID, in any form
// that a row of partners may have. If it does not, that is noted.
func (r *TableRow) TenantID(column int) string {
	cell := r.Cell(column)
	id, domain, err := parseTenant(cell)
	if isPlainName(cell) { // a domain name would not do
		_, err = ParseTenantID(cell)
	}
	if err == nil && domain != "" {
		err = badTenantID.errorf("tenantId %s is a domain name: give the tenant ID here", Quote(cell))
	}
	if err != nil {
		r.Refuse(column, err)
	}
	return id
}

// ReadTable reads a small CSV with these columns, in the dialects and with the
// repairs of ReadRows, and passes its rows to check, which may refuse their cells.
// Messages call the file name. The names of columns may be in any order, letter
// case and spacing. If anything is wrong with the content, the error is a RowErrors
// with every problem; any other error comes from r or ctx. A file without rows is
// an empty table.
func ReadTable(ctx context.Context, r io.Reader, name string, columns []TableColumn, check func(*TableRow)) error {
	t := &tableReader{rowReader: rowReader{file: name}, columns: columns}
	t.needs = "a header with the columns " + strings.Join(t.names(), ", ")
	err := t.open(&contextReader{ctx, r})
	if err == nil {
		err = t.readTableHeader()
	}
	for err == nil {
		err = t.readRow(check)
	}
	if err != io.EOF {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return t.errs.orNil()
}

// IsTable reports whether the header of a CSV has these columns, whatever is below
// it. An error comes from r or ctx.
func IsTable(ctx context.Context, r io.Reader, columns []TableColumn) (bool, error) {
	t := &tableReader{columns: columns}
	err := t.open(&contextReader{ctx, r})
	if err == nil {
		err = t.readTableHeader()
	}
	if err != nil && err != io.EOF {
		return false, err
	}
	return err == nil && len(t.errs) == 0, nil
}

// tableReader reads a CSV of any columns. It shares with the reading of partners
// what makes lines and cells of the text, but not gocsv, which decodes into a
// type that has all columns.
type tableReader struct {
	rowReader
	columns []TableColumn
	indexes []int // of the column, by position in the file; -1 for none
	// badHeader means that something is wrong with the header.
	badHeader bool
}

// names lists the required columns first.
func (t *tableReader) names() []string {
	var required, others []string
	for _, c := range t.columns {
		if c.Required {
			required = append(required, c.Name)
		} else {
			others = append(others, c.Name)
		}
	}
	return append(required, others...)
}

// readTableHeader finds the dialect and the columns. It returns io.EOF if the rows
// below cannot be read.
func (t *tableReader) readTableHeader() error {
	if err := t.firstLine(); err != nil {
		return t.noHeader(err)
	}
	cells, err := t.headerCells()
	switch {
	case err == errSkipRow:
		return io.EOF
	case err != nil:
		return err
	case len(cells) > maxColumns:
		t.refuse(position{t.lines.first, 1}, "", fmt.Errorf("the header has %d cells: at most %d are read", len(cells), maxColumns))
		return io.EOF
	case !slices.ContainsFunc(cells, func(cell string) bool { return t.index(cell) >= 0 }):
		t.refuse(t.cellPosition(0), trimCell(cells[0]), badColumn.errorf("no header: the first line must name the columns, which are %s", strings.Join(t.names(), ", ")))
		return io.EOF
	}
	t.takeHeader(cells)
	return nil
}

// headerCells reads the cells of the header, which may have to be repaired.
func (t *tableReader) headerCells() ([]string, error) {
	for {
		t.csv = csv.NewReader(t.lines)
		t.csv.Comma = rune(t.lines.comma)
		cells, err := t.csv.Read()
		if err == nil && t.lines.bad == nil {
			return cells, nil
		}
		if err := t.repair(err); err != nil {
			return nil, err
		}
	}
}

// index is that of the column that a header cell names; -1 if it names none.
func (t *tableReader) index(cell string) int {
	key := headerKey(cell)
	return slices.IndexFunc(t.columns, func(c TableColumn) bool { return strings.ToLower(c.Name) == key })
}

// takeHeader notes where each column is, and what is wrong with the header.
func (t *tableReader) takeHeader(cells []string) {
	t.head = header{cells: cells, columns: make([]column, len(cells))}
	at := make([]int, len(t.columns)) // one more than the position; 0 where the file has no such column
	for i, cell := range cells {
		t.head.columns[i] = colUnknown // none of those of partners
		index, text := t.index(cell), trimCell(cell)
		switch {
		case text == "":
			t.indexes = append(t.indexes, -1)
			continue
		case index < 0:
			t.refuse(t.cellPosition(i), text, badColumn.errorf("unknown column %s: the nearest known one is %s; rename the column or remove it", Quote(text), Nearest(headerKey(cell), t.names())))
		case at[index] > 0:
			t.refuse(t.cellPosition(i), text, badColumn.errorf("column %s appears twice: %s and %s mean the same",
				t.columns[index].Name, Quote(trimCell(cells[at[index]-1])), Quote(text)))
			index = -1
		default:
			at[index] = i + 1
		}
		t.indexes = append(t.indexes, index)
		t.head.named = i + 1
	}
	for i, c := range t.columns {
		if c.Required && at[i] == 0 {
			t.refuse(position{t.lines.first, 1}, "", badColumn.errorf("no %s column: add one", c.Name))
		}
	}
	t.badHeader = len(t.errs) > 0
}

// readRow reads a row and passes it on. It returns io.EOF at the end.
func (t *tableReader) readRow(check func(*TableRow)) error {
	cells, err := t.rowCells()
	if err == errSkipRow || err == nil && strings.TrimFunc(strings.Join(cells, ""), isStray) == "" {
		return nil
	}
	if err != nil {
		return err
	}
	row := &TableRow{table: t, Line: t.lines.first, cells: make([]tableCell, len(t.columns)), refused: t.badHeader}
	for i := range row.cells {
		row.cells[i].at = position{row.Line, 1}
	}
	first, _ := t.csv.FieldPos(0)
	for i, cell := range cells {
		at := t.cellPosition(i)
		if strings.IndexByte(cell, '\r') >= 0 {
			line, column := t.csv.FieldPos(i)
			cell = t.lineBreaks(cell, line-first, column, i, at)
		}
		t.place(row, i, trimCell(cell), at)
	}
	t.checkRequired(row)
	check(row)
	return nil
}

// rowCells reads the cells of a row.
func (t *tableReader) rowCells() ([]string, error) {
	t.lines.begin()
	for {
		cells, err := t.csv.Read()
		if err == nil && t.lines.bad == nil {
			return cells, nil
		}
		if err = t.repair(err); err != nil {
			return nil, err
		}
	}
}

// place puts the cell at an index of the row where its column is. Below a header
// cell that is wrong it is not looked at.
func (t *tableReader) place(row *TableRow, i int, cell string, at position) {
	switch index := t.indexes[i]; {
	case index >= 0:
		row.cells[index].text, row.cells[index].at = cell, at
	case cell != "" && trimCell(t.head.cells[i]) == "":
		t.refuse(at, cell, namelessCell.errorf("the cell %s is in a column without a name: name the column or empty the cell", Quote(cell)))
	}
}

// checkRequired refuses the cells of a row that must say something and do not; the
// empty ones are one problem, at the first of them. If a column is not there, that is
// one problem of the header, and not one more of each row, whatever is made of the
// empty cell.
func (t *tableReader) checkRequired(row *TableRow) {
	var empty []int
	for i, c := range t.columns {
		switch cell := row.Cell(i); {
		case !c.Required:
		case !slices.Contains(t.indexes, i):
			row.cells[i].refused = true
		case cell == "":
			empty = append(empty, i)
		default:
			if err := checkComputed(c.Name, cell); err != nil {
				row.Refuse(i, err)
			}
		}
	}
	if len(empty) > 0 {
		row.Refuse(empty[0], emptyCell.errorf("%s", t.areEmpty(empty)))
		for _, i := range empty {
			row.cells[i].refused = true
		}
	}
}

// areEmpty says in words that cells are empty.
func (t *tableReader) areEmpty(columns []int) string {
	last := t.columns[columns[len(columns)-1]].Name
	if len(columns) == 1 {
		return last + " is empty"
	}
	var names []string
	for _, i := range columns[:len(columns)-1] {
		names = append(names, t.columns[i].Name)
	}
	return strings.Join(names, ", ") + " and " + last + " are empty"
}
