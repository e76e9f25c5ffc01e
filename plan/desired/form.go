package desired

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Form is how a CSV of partners is written: its columns and its dialect.
type Form struct {
	Header  []string
	Dialect Dialect

	columns []column // by position
}

// CanonicalForm has a column for each managed property, by its name in Graph, and
// one for what a partner is called in its directory. The byte order mark makes a
// spreadsheet save the file as UTF-8, whatever is typed there.
func CanonicalForm() Form {
	f := Form{Dialect: Dialect{Delimiter: ",", Encoding: utf8BOM, Newline: "\n"}}
	for c := range colEnsure {
		f.columns = append(f.columns, c)
		if c == colDisplayName {
			f.columns = append(f.columns, colDirectoryName)
		}
	}
	for _, c := range f.columns {
		f.Header = append(f.Header, c.String())
	}
	return f
}

// ReadForm reads the form of an existing CSV; its rows do not matter, and it may
// have none. Messages call the file name. If the header is wrong, the error is a
// RowErrors; any other error comes from r or ctx.
func ReadForm(ctx context.Context, r io.Reader, name string) (Form, error) {
	rd := &rowReader{file: name, needs: neededRows}
	err := rd.open(&contextReader{ctx, r})
	if err == nil {
		err = rd.readHeader()
	}
	if err != nil && err != io.EOF {
		return Form{}, fmt.Errorf("reading %s: %w", name, err)
	}
	f := Form{Dialect: rd.dialect, columns: rd.head.columns}
	for _, cell := range rd.head.cells { // in one line, from which the delimiter can be told
		f.Header = append(f.Header, strings.Join(strings.FieldsFunc(cell, func(r rune) bool { return r == '\r' || r == '\n' }), " "))
	}
	return f, rd.errs.orNil()
}

// HasReason reports whether there is a column for what is wrong with a row, as in a
// file of faults and in failed.csv.
func (f *Form) HasReason() bool { return f.has(colReason) }

// has reports whether the form has a column.
func (f *Form) has(c column) bool { return slices.Contains(f.columns, c) }
