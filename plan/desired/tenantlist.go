package desired

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// TenantName is how a person names a tenant: by its ID or by one of its domains.
// One of the two is empty.
type TenantName struct {
	ID     string // canonical
	Domain string // in lower-case ASCII
}

// String is the ID or the domain.
func (n TenantName) String() string { return n.ID + n.Domain }

// ParseTenantName reads the name of a tenant in any form that a row may have.
func ParseTenantName(text string) (n TenantName, err error) {
	n.ID, n.Domain, err = parseTenant(trimCell(text))
	return n, err
}

// ReadTenantList reads the names of tenants: one on each line, or the tenantId
// column of a CSV, whatever its other columns are. It has the dialects and repairs
// of ReadRows. Messages call the file name. If anything is wrong with the content,
// the error is a RowErrors with every problem; any other error comes from r or ctx.
func ReadTenantList(ctx context.Context, r io.Reader, name string) ([]TenantName, error) {
	l := tenantList{tableReader: tableReader{rowReader: rowReader{file: name}}}
	l.needs = "a tenant ID or a domain name on each line, or a tenantId column"
	err := l.open(&contextReader{ctx, r})
	if err == nil {
		err = l.begin()
	}
	for err == nil {
		err = l.next()
	}
	if err != io.EOF {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(l.errs) == 0 && len(l.names) == 0 {
		l.refuse(position{1, 1}, "", errors.New("no row below the header: the file names no tenant"))
	}
	return l.names, l.errs.orNil()
}

// tenantList reads the names of tenants.
type tenantList struct {
	tableReader
	column int // that of the names
	names  []TenantName
}

// begin finds the dialect and the column. Without a header the first line is a
// name already.
func (l *tenantList) begin() error {
	if err := l.firstLine(); err != nil {
		return l.noHeader(err)
	}
	cells, err := l.headerCells()
	switch {
	case err == errSkipRow:
		return io.EOF
	case err != nil:
		return err
	}
	l.head = header{cells: cells, columns: make([]column, len(cells)), named: len(cells)}
	for i := range cells {
		l.head.columns[i] = colUnknown
	}
	l.column = slices.IndexFunc(cells, func(cell string) bool { return lookUpColumn(cell) == colTenantID })
	switch {
	case l.column >= 0:
		l.head.named = l.column + 1
	case len(cells) > 1 && !holdsTenantID(cells[:1]):
		l.refuse(l.cellPosition(0), trimCell(cells[0]), errNoTenantID)
		return io.EOF
	default:
		l.column = 0
		l.take(cells[0])
	}
	return nil
}

// next reads the next line.
func (l *tenantList) next() error {
	cells, err := l.rowCells()
	switch {
	case err == errSkipRow:
		return nil
	case err != nil:
		return err
	}
	l.take(cells[l.column])
	return nil
}

// take reads a name. The cells of a line that is blank are all empty.
func (l *tenantList) take(cell string) {
	n, err := ParseTenantName(cell)
	if err != nil {
		l.refuse(l.cellPosition(l.column), trimCell(cell), err)
		return
	}
	l.names = append(l.names, n)
}
