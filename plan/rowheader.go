package plan

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"

	"github.com/gocarina/gocsv"
)

// maxColumns is what old spreadsheets could hold. Short rows are filled up to
// the header, so a header without bounds would make rows without bounds.
const maxColumns = 256

// readHeader finds the dialect and the columns. It returns io.EOF when there
// is nothing worth reading below.
func (rd *rowReader) readHeader() error {
	if err := rd.firstLine(); err != nil {
		return rd.noHeader(err)
	}
	if err := rd.openDecoder(); err != nil {
		return err
	}
	if rd.lines.bad != nil {
		rd.refuse(rd.lines.bad.place, "", rd.lines.bad.err)
	}
	cells := rd.decoder.Headers
	if holdsTenantID(cells) {
		rd.refuse(rd.cellPlace(0), "", errors.New("no header: the first row is data already; put a line above it that names the columns, such as tenantId,displayName"))
		return io.EOF
	}
	if len(cells) > maxColumns {
		rd.refuse(place{rd.lines.first, 1}, "", fmt.Errorf("the header has %d cells: at most %d are read", len(cells), maxColumns))
		return io.EOF
	}
	head, faults := parseHeader(cells)
	for _, f := range faults {
		rd.refuse(rd.cellPlace(f.position), trimCell(cells[f.position]), f.err)
	}
	rd.head, rd.sheet.width = head, len(cells)
	return rd.decoder.RenormalizeHeaders(func([]string) []string { return head.names })
}

// firstLine brings the header line into the lineReader and tells its dialect.
func (rd *rowReader) firstLine() error {
	rd.lines.begin()
	if err := rd.lines.fetch(); err != nil {
		return err
	}
	comma, found, err := separatorLine(rd.lines.raw)
	if err != nil {
		return rd.lines.stop(rd.lines.line, err)
	}
	if found {
		rd.lines.begin()
		if err := rd.lines.fetch(); err != nil {
			return err
		}
	} else {
		comma = sniffDelimiter(rd.lines.raw)
	}
	line := bytes.TrimSuffix(rd.lines.raw, []byte("\n"))
	rd.dialect.Newline = "\n"
	if bytes.HasSuffix(line, []byte("\r")) {
		rd.dialect.Newline = "\r\n"
	}
	if i := bytes.IndexByte(bytes.TrimSuffix(line, []byte("\r")), '\r'); i >= 0 {
		return rd.lines.stop(rd.lines.line, errors.New("lines end in carriage returns alone, as on an old Macintosh: save the file as CSV UTF-8"))
	}
	rd.lines.comma = comma
	rd.dialect.Delimiter = string(comma)
	return nil
}

// noHeader turns the end of the text before a header into a fault.
func (rd *rowReader) noHeader(err error) error {
	var stopped *fault
	switch {
	case errors.As(err, &stopped):
		rd.refuse(stopped.place, "", stopped.err)
		return io.EOF
	case err != io.EOF:
		return err
	}
	what := "the file is empty"
	if rd.lines.line > 1 {
		what = "the file holds nothing but blank lines and comments"
	}
	rd.refuse(place{1, 1}, "", fmt.Errorf("%s: it needs a header with a tenantId column and a row for each partner", what))
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
