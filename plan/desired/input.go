package desired

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Input is the CSV unchanged. A plan keeps all of it, so that the rows that did
// not succeed can be written again in the form that their author knows.
type Input struct {
	Name    string     `json:"name"`
	SHA256  string     `json:"sha256"`  // hex, of the bytes as read
	Rows    int        `json:"rows"`    // data rows, merged duplicates included
	Header  []string   `json:"header"`  // cells before trimming
	Cells   [][]string `json:"cells"`   // one per data row, in file order, before trimming; each as long as Header
	Lines   []int      `json:"lines"`   // the physical line at which each of Cells starts
	Dialect Dialect    `json:"dialect"` // how to write the cells so that they look as they did
}

// ReasonColumn is the index of the column that failed.csv adds; -1 if the input
// has none.
func (in *Input) ReasonColumn() int {
	return slices.IndexFunc(in.Header, func(cell string) bool { return lookUpColumn(cell) == colReason })
}

// Reread reads the rows from the cells again, as ReadRows left them.
func (in *Input) Reread() (*Rows, error) {
	head, problems := parseHeader(in.Header)
	switch {
	case len(problems) > 0:
		return nil, fmt.Errorf("its header: %w", problems[0].err)
	case head.indexes[colTenantID] < 0:
		return nil, fmt.Errorf("its header: %w", errNoTenantID)
	}
	ch := newChecker(in.Name, &head, len(in.Cells))
	spans := make([]span, len(in.Header))
	for i, cells := range in.Cells {
		for j, cell := range cells {
			if strings.IndexByte(cell, '\r') >= 0 || strings.IndexByte(cell, 0) >= 0 {
				return nil, fmt.Errorf("line %d holds a character that no cell can have", in.Lines[i])
			}
			spans[j].line = uint32(in.Lines[i])
		}
		ch.check(cells, spans)
	}
	if err := slices.Concat(ch.errs, ch.merged.errs).orNil(); err != nil {
		return nil, err
	}
	return &Rows{Input: Input{Name: in.Name}, rows: ch.merged.rows}, nil
}

// CheckSource refuses a file without a name, or without a hash.
func CheckSource(what, name, sum string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("%s has no name, or one that is too long", what)
	}
	if raw, err := hex.DecodeString(sum); err != nil || len(raw) != 32 || strings.ToLower(sum) != sum {
		return fmt.Errorf("%s has no SHA-256: %s", what, Quote(sum))
	}
	return nil
}

// Check refuses an input whose rows could not be found or written again. An input
// without rows is that of a template alone, or names a run that is reverted.
func (in *Input) Check() error {
	if in.IsListed() {
		return in.checkRows()
	}
	switch {
	case in.Rows < 0:
		return fmt.Errorf("it counts %d rows", in.Rows)
	case in.Dialect != Dialect{}:
		return errors.New("it has a dialect but no rows")
	case len(in.Name) > MaxName || len(in.SHA256) > MaxName:
		return errors.New("its name or its hash is too long")
	default:
		return nil
	}
}

// IsListed reports whether the input holds rows, and not only their number.
func (in *Input) IsListed() bool { return len(in.Header)+len(in.Cells)+len(in.Lines) > 0 }

func (in *Input) checkRows() error {
	d := in.Dialect
	switch {
	case len(in.Header) == 0:
		return errors.New("it has no header")
	case in.Rows < 1 || in.Rows != len(in.Cells) || in.Rows != len(in.Lines):
		return fmt.Errorf("it counts %d rows, but has the cells of %d and the lines of %d", in.Rows, len(in.Cells), len(in.Lines))
	case !slices.Contains([]string{",", ";", "\t"}, d.Delimiter) || !slices.Contains([]string{"\n", "\r\n"}, d.Newline),
		!slices.Contains([]string{utf8Plain, utf8BOM, utf16LE, utf16BE}, d.Encoding):
		return fmt.Errorf("unknown dialect %q", d)
	}
	last := 1 // the header is above all rows
	for i, line := range in.Lines {
		if line <= last {
			return fmt.Errorf("row %d is on line %d, after line %d", i+1, line, last)
		}
		if last = line; len(in.Cells[i]) != len(in.Header) {
			return fmt.Errorf("line %d has %d cells below a header of %d", line, len(in.Cells[i]), len(in.Header))
		}
	}
	return CheckSource("it", in.Name, in.SHA256)
}
