package desired_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/plan/desired"
)

// tableColumns are the columns of the tables in these tests.
var tableColumns = []desired.TableColumn{{Name: "tenantId", Required: true}, {Name: "note"}, {Name: "endDate", Required: true}}

// readTable returns the cells of a table, after the line of their row.
func readTable(t *testing.T, text string, columns []desired.TableColumn) (rows []string, err error) {
	err = desired.ReadTable(t.Context(), strings.NewReader(text), "t", columns, func(r *desired.TableRow) {
		cells := fmt.Sprint(r.Line)
		for i := range columns {
			cells += "|" + r.Cell(i)
		}
		rows = append(rows, cells)
	})
	return rows, err
}

// A table is read like the rows of partners: dialects, blank lines, comments,
// repairs of quotes and of surplus cells.
func TestReadTable(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"plain":            {"tenantId,note,endDate\na,b,c\n", []string{"2|a|b|c"}},
		"other order":      {"END DATE;tenant_id\n c ;a\n", []string{"2|a||c"}},
		"separator line":   {"sep=\t\r\nnote\tendDate\ttenantId\r\nb;,\tc\ta\r\n", []string{"3|a|b;,|c"}},
		"quotes":           {"tenantId,note,endDate\n \"a\" ,\"b \"\"x\"\"\r\nb\",c\nd,,e", []string{"2|a|b \"x\"\nb|c", "4|d||e"}},
		"blank, comments":  {"# x\n\ntenantId,note,endDate\n,,\n# y,,\n\u00a0\na,b,c,,\n", []string{"7|a|b|c"}},
		"short row":        {"tenantId,endDate,note,,\na,c,b\n", []string{"2|a|b|c"}},
		"UTF-16":           {"\xff\xfet\x00e\x00n\x00a\x00n\x00t\x00i\x00d\x00,\x00e\x00n\x00d\x00d\x00a\x00t\x00e\x00\n\x00a\x00,\x00c\x00", []string{"2|a||c"}},
		"no rows":          {"tenantId,endDate\n# none yet\n", nil},
		"optional formula": {"tenantId,note,endDate\na,=A1,c\n", []string{"2|a|=A1|c"}},
	} {
		got, err := readTable(t, c.text, tableColumns)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Problems are those of rows, each at its cell and all at once.
func TestBadTables(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"header": {"tenantId,nota,x,NOTE,note\na,b,c,d,e\n", `t:1:1: no endDate column: add one
t:1:10: unknown column "nota": the nearest known one is note; rename the column or remove it
t:1:15: unknown column "x": the nearest known one is note; rename the column or remove it
t:1:22: column note appears twice: "NOTE" and "note" mean the same`},
		"cells": {"tenantId,endDate,\n,c,\na,#REF!,\na,c,x\na,b,c,d\na\n", `t:2:1: tenantId is empty
t:3:3: endDate is "#REF!", a spreadsheet's error value: a formula or look-up failed there; put the right value in its place and save the file again
t:4:5: the cell "x" is in a column without a name: name the column or empty the cell
t:5:7: the row has 4 cells and the header 3: quote a cell that holds the delimiter
t:6:1: the row has 1 cell and the header 3: a delimiter is missing or the row was cut short`},
		"quotes": {"tenantId,endDate\na\"b,c\n,\"\nd,e\n", `t:2:1: a quote inside an unquoted cell: quote the whole cell and double the quotes inside it
t:3:2: the quoted cell that starts here does not end in a quote and a delimiter: double the quotes inside it; the rows below were not read`},
		"text":          {"tenantId,endDate\n\xc3\x28,c\na\rb,c\n", "t:2:1: byte 0xC3 is not valid UTF-8: save the file as CSV UTF-8\nt:3:1: the cell \"a\\rb\" holds a carriage return alone: end every line alike, or quote the cell"},
		"header quotes": {"tenantId,\"endDate\nx\n", "t:1:10: the quoted cell that starts here does not end in a quote and a delimiter: double the quotes inside it; the rows below were not read"},
		"bad header":    {"tenantId,\xff\n", "t:1:10: byte 0xFF is not valid UTF-8: save the file as CSV UTF-8"},
		"bare quote":    {"tenantId,end\"Date\n", "t:1:10: a quote inside an unquoted cell: quote the whole cell and double the quotes inside it"},
		"no header":     {"a,b\n", "t:1:1: no header: the first line must name the columns, which are tenantId, endDate, note"},
		"too wide":      {"tenantId" + strings.Repeat(",", 256) + "\n", "t:1:1: the header has 257 cells: at most 256 are read"},
		"nothing":       {"", "t:1:1: the file is empty: it needs a header with the columns tenantId, endDate, note"},
		"a PDF":         {"%PDF-1.7", "t:1:1: this looks like a PDF: export the table as CSV UTF-8"},
	} {
		_, err := readTable(t, c.text, tableColumns)
		var rows desired.RowErrors
		if !errors.As(err, &rows) {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(c.want, err.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A cell is refused once, and one of a column that is not there at the start of its
// row.
func TestRefusedCells(t *testing.T) {
	err := desired.ReadTable(t.Context(), strings.NewReader("endDate,tenantId\nx, contoso.com\ny,"+idA+"\nz,\n"), "t", tableColumns, func(r *desired.TableRow) {
		if r.IsRefused() != (r.Line == 4) {
			t.Errorf("line %d is refused: %v", r.Line, r.IsRefused())
		}
		if id := r.TenantID(0); id != map[int]string{3: idA}[r.Line] {
			t.Errorf("line %d has the ID %q", r.Line, id)
		}
		if r.IsRefused() != (r.Line != 3) {
			t.Errorf("line %d is refused: %v", r.Line, r.IsRefused())
		}
		if r.Line == 3 {
			r.Refuse(1, errors.New("nothing there"))
			r.Refuse(2, errors.New("first"))
			r.Refuse(2, errors.New("second"))
		}
	})
	want := "t:2:3: tenantId \"contoso.com\" is a domain name: give the tenant ID here\nt:3:1: nothing there\nt:3:1: first\nt:4:3: tenantId is empty"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// An error of reading is no problem of the content.
func TestTableThatCannotBeRead(t *testing.T) {
	never := func(*desired.TableRow) {}
	for _, text := range []string{"", "tenantId,endDate\n", "tenantId,endDate\na,b\nc"} {
		err := desired.ReadTable(t.Context(), io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrClosedPipe)), "t", tableColumns, never)
		if !errors.Is(err, io.ErrClosedPipe) || !strings.HasPrefix(err.Error(), "reading t: ") {
			t.Errorf("after %q: %v", text, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := desired.ReadTable(ctx, strings.NewReader("tenantId,endDate\n"), "t", tableColumns, never); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A table has the cells that the rows of partners have, and the same problems
// where they are those of lines and quotes.
func TestTablesAgreeWithRows(t *testing.T) {
	columns := []desired.TableColumn{{Name: "tenantId"}, {Name: "note"}}
	piece := rapid.SampledFrom([]string{"a", " ", "\"", "\"\"", ",", "\n", "\r\n", "\r", "#", "é", "\xff", "\u00a0", idB})
	rapid.Check(t, func(rt *rapid.T) {
		text := "tenantId,note,\n"
		for i := range rapid.IntRange(1, 4).Draw(rt, "rows") {
			text += fmt.Sprintf("%s%d,", idA[:len(idA)-1], i) + strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(rt, "cell"), "") + "\n"
		}
		got, err := readTable(t, text, columns)
		rows, rowsErr := desired.ReadRows(t.Context(), strings.NewReader(text), "t")
		if rowsErr == nil {
			var want []string
			for i, cells := range rows.Input.Cells {
				want = append(want, fmt.Sprintf("%d|%s|%s", rows.Input.Lines[i], desired.Trim(cells[0]), desired.Trim(cells[1])))
			}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				rt.Errorf("%q: %v (-rows +table):\n%s", text, err, diff)
			}
			return
		}
		var of, ofTable desired.RowErrors
		if !errors.As(rowsErr, &of) {
			rt.Fatal(rowsErr)
		}
		if errors.As(err, &ofTable); len(ofTable) > len(of) {
			rt.Errorf("%q:\n%v\nand the rows\n%v", text, err, rowsErr)
		}
	})
}
