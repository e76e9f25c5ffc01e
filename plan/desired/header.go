package desired

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gocarina/gocsv"
)

// header says where each column is.
type header struct {
	cells   []string         // as they were
	names   []string         // the column names for gocsv: its own, or one that it does not know
	columns []column         // by position in the file
	indexes [columnCount]int // the inverse; -1 where the file has no such column
	named   int              // the columns up to the last that has a name
	unnamed bool             // some columns have no name
}

// headerProblem is what is wrong with the header cell at a position.
type headerProblem struct {
	index int
	err   error
}

var errNoTenantID = errors.New("no tenantId column: add one that holds the tenant ID or a domain name of each partner")

// parseHeader recognises the columns, and returns a problem for each cell that it
// does not recognise.
func parseHeader(cells []string) (header, []headerProblem) {
	h := header{cells: cells, names: make([]string, len(cells)), columns: make([]column, len(cells))}
	for c := range h.indexes {
		h.indexes[c] = -1
	}
	var problems []headerProblem
	for i, cell := range cells {
		c := lookUpColumn(cell)
		h.columns[i], h.names[i] = c, fmt.Sprintf("column %d", i+1)
		switch {
		case c == colUnnamed:
			h.unnamed = true
			continue
		case c == colUnknown:
			problems = append(problems, headerProblem{i, unknownColumn(trimCell(cell))})
		case h.indexes[c] >= 0:
			h.columns[i] = colUnknown
			first := trimCell(cells[h.indexes[c]])
			problems = append(problems, headerProblem{i, badColumn.errorf("column %s appears twice: %s and %s mean the same",
				c, Quote(first), Quote(trimCell(cell)))})
		default:
			h.indexes[c], h.names[i] = i, c.recordName()
		}
		h.named = i + 1
	}
	return h, problems
}

// namesTenantID reports whether one of the header cells is tenantId.
func namesTenantID(cells []string) bool {
	return slices.ContainsFunc(cells, func(cell string) bool { return lookUpColumn(cell) == colTenantID })
}

// holdsTenantID reports whether a header cell is data, which means that the
// file has no header at all.
func holdsTenantID(cells []string) bool {
	for _, cell := range cells {
		if _, err := ParseTenantID(trimCell(cell)); err == nil {
			return true
		}
	}
	return false
}

// maxColumns is what old spreadsheets could hold. Short rows are padded to the
// header, so an unbounded header would make unbounded rows. The column that
// failed.csv adds does not count.
const maxColumns = 256

// readHeader finds the dialect and the columns. It returns io.EOF if the rows
// below cannot be read.
func (rd *rowReader) readHeader() error {
	if err := rd.firstLine(); err != nil {
		return rd.noHeader(err)
	}
	switch err := rd.openDecoder(); {
	case err == errSkipRow, err == io.EOF: // the problem is noted
		rd.lookBelow()
		return io.EOF
	case err != nil:
		return err
	case rd.lines.bad != nil:
		rd.refuse(rd.lines.bad.position, "", rd.lines.bad.err)
		return io.EOF
	}
	cells := rd.decoder.Headers
	switch {
	case !namesTenantID(cells):
		rd.noTenantID(cells)
		rd.lookBelow()
		return io.EOF
	case len(cells) > maxColumns+1, len(cells) > maxColumns && lookUpColumn(cells[maxColumns]) != colReason:
		rd.refuse(position{rd.lines.first, 1}, "", fmt.Errorf("the header has %d cells: at most %d are read", len(cells), maxColumns))
		return io.EOF
	}
	head, problems := parseHeader(cells)
	for _, f := range problems {
		rd.refuse(rd.cellPosition(f.index), trimCell(cells[f.index]), f.err)
	}
	rd.head, rd.sheet.width = head, len(cells)
	return rd.decoder.RenormalizeHeaders(func([]string) []string { return head.names })
}

// noTenantID refuses a header without a tenantId column. That is one problem, not
// one more for each row.
func (rd *rowReader) noTenantID(cells []string) {
	if holdsTenantID(cells) {
		rd.refuse(rd.cellPosition(0), "", errors.New("no header: the first row already holds data; put a line above it that names the columns, such as tenantId,displayName"))
		return
	}
	for i, cell := range cells[:min(len(cells), maxColumns)] {
		if holdsNames(cell) {
			rd.refuse(rd.cellPosition(i), trimCell(cell), badColumn.errorf("the cell %s holds several names: the line stands in quotes as a whole, or its delimiter is not the one of the line; export the table again, with a comma, a semicolon or a tab",
				Quote(trimCell(cell))))
			return
		}
		if isNearTenantID(cell) {
			rd.refuse(rd.cellPosition(i), trimCell(cell), unknownColumn(trimCell(cell)))
			return
		}
	}
	rd.refuse(rd.cellPosition(0), trimCell(cells[0]), errNoTenantID)
}

// holdsNames reports whether a header cell is several unseparated ones, tenantId
// among them.
func holdsNames(cell string) bool {
	names := strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(",;|\t\"", r) })
	return len(names) > 1 && namesTenantID(names)
}

// maxAbove is how many lines are searched for a header below the first.
const maxAbove = 100

// lookBelow searches for the header further down, below a title or version. If it
// finds one, that is the problem, and it replaces those noted before. The text is
// used up, so the reading ends here.
func (rd *rowReader) lookBelow() {
	first := rd.lines.first
	searched := bytes.SplitAfter(rd.lines.raw, []byte("\n"))[1:] // an open quote may have swallowed it
	for n := 1; n <= maxAbove; n++ {
		var line []byte
		if len(searched) > 0 && len(searched[0]) > 0 {
			line, searched = searched[0], searched[1:]
		} else {
			rd.lines.begin()
			if rd.lines.readLine() != nil {
				return
			}
			line, searched = rd.lines.raw, nil
		}
		if isHeader(line) {
			rd.errs = nil
			rd.refuse(position{first, 1}, "", fmt.Errorf("the header is not on line %d: it seems to be on line %d; delete what stands above it, or begin those lines with #", first, first+n))
			return
		}
	}
}

// isHeader reports whether a line names a tenantId column.
func isHeader(line []byte) bool {
	r := csv.NewReader(bytes.NewReader(line))
	r.Comma, r.LazyQuotes = rune(sniffDelimiter(line)), true
	cells, _ := r.Read()
	return namesTenantID(cells)
}

// firstLine brings the header line into the lineReader and detects its dialect.
func (rd *rowReader) firstLine() error {
	rd.lines.begin()
	if err := rd.lines.fetch(); err != nil {
		return err
	}
	const returns = "lines end in carriage returns alone, as on an old Macintosh: save the file as CSV UTF-8"
	comma, found, err := separatorLine(rd.lines.raw)
	switch {
	case returnsAlone(rd.lines.raw):
		return rd.lines.stop(rd.lines.line, errors.New(returns))
	case err != nil:
		return rd.lines.stop(rd.lines.line, err)
	case found:
		rd.lines.begin()
		if err := rd.lines.fetch(); err != nil {
			return err
		}
	default:
		comma = sniffDelimiter(rd.lines.raw)
	}
	if returnsAlone(rd.lines.raw) {
		return rd.lines.stop(rd.lines.line, errors.New(returns))
	}
	rd.dialect.Newline = "\n"
	if bytes.HasSuffix(bytes.TrimSuffix(rd.lines.raw, []byte("\n")), []byte("\r")) {
		rd.dialect.Newline = "\r\n"
	}
	rd.lines.comma = comma
	rd.dialect.Delimiter = string(comma)
	return nil
}

// returnsAlone reports whether a line holds a carriage return that is not at its end.
func returnsAlone(line []byte) bool {
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	return bytes.IndexByte(line, '\r') >= 0
}

// noHeader turns the end of the text before a header into a problem.
func (rd *rowReader) noHeader(err error) error {
	var stopped *problem
	switch {
	case errors.As(err, &stopped):
		rd.refuse(stopped.position, "", stopped.err)
		return io.EOF
	case err != io.EOF:
		return err
	}
	what := "the file is empty"
	if rd.lines.line > 1 {
		what = "the file holds nothing but blank lines and comments"
	}
	rd.refuse(position{1, 1}, "", fmt.Errorf("%s: it needs %s", what, rd.needs))
	return io.EOF
}

// openDecoder lets gocsv read the header.
func (rd *rowReader) openDecoder() error {
	for {
		rd.csv = csv.NewReader(rd.lines)
		rd.csv.Comma = rune(rd.lines.comma)
		rd.csv.ReuseRecord = true // gocsv copies the cells out
		decoder, err := gocsv.NewUnmarshaller(rd.csv, &record{})
		if err == nil {
			rd.decoder = decoder
			return nil
		}
		if err := rd.repair(err); err != nil {
			return err
		}
	}
}
