package desired

import (
	"bytes"
	"fmt"
	"strings"

	"bulksync/internal/words"
)

// isComment reports whether a line between rows is a comment: its first cell
// begins with # and is its only one. Empty cells do not count, because
// spreadsheets pad a comment like any row, and quote one that has a delimiter in
// it. A spreadsheet's error value is no comment: its row must not vanish. Above
// the header (comma is 0) there are no rows, and every line that begins with # is
// a comment.
func isComment(line []byte, comma byte) bool {
	start, end := 0, len(line)
	if line[0] == '"' {
		start = 1
	}
	if start += strayPrefix(line[start:], comma); start == len(line) || line[start] != '#' {
		return false
	}
	switch {
	case line[0] == '"':
		if end = closingQuote(line, start); end < 0 {
			return false // it ends in another line, so it is a cell of a row
		}
	case comma != 0:
		if i := bytes.IndexByte(line, comma); i >= 0 {
			end = i
		}
	}
	if comma == 0 {
		return !returnsAlone(line) // a line ends in it, and the header may follow
	}
	rest, cell := bytes.TrimPrefix(line[end:], []byte(`"`)), trimCell(string(line[start:end]))
	ruler := strings.Trim(cell, "#") == ""
	if strings.IndexByte(cell, '\r') >= 0 {
		return false // a line ends in it, and a row may follow
	}
	return holdsNothing(rest, comma) && (ruler || !isErrorValue(cell))
}

// holdsNothing reports whether the cells in the rest of a line are all empty.
// Above the header (comma is 0) each delimiter counts as one.
func holdsNothing(rest []byte, comma byte) bool {
	for len(rest) > 0 {
		n := strayPrefix(rest, comma)
		switch {
		case n > 0:
		case bytes.HasPrefix(rest, []byte(`""`)):
			n = 2
		case rest[0] == '\r', rest[0] == '\n', rest[0] == comma, comma == 0 && (rest[0] == ',' || rest[0] == ';'):
			n = 1
		default:
			return false
		}
		rest = rest[n:]
	}
	return true
}

// comments counts the comment lines of a file. Those that an export wrote are
// counted alone: they were never meant as rows.
type comments struct {
	n, exported int
	lines       []int // the first of the others
}

// others is how many no export wrote.
func (c *comments) others() int { return c.n - c.exported }

// maxListed is how many lines are listed.
const maxListed = 10

// add counts the comment in a line. Empty cells may follow it.
func (c *comments) add(line int, text []byte) {
	c.n++
	switch cell := strings.TrimRight(string(text), "\r\n\t,; "); {
	case isRemark(cell):
		c.exported++
	case len(c.lines) < maxListed:
		c.lines = append(c.lines, line)
	}
}

// String lists the lines: "lines 1, 3 and 4".
func (c *comments) String() string {
	if c.others() == 1 {
		return fmt.Sprintf("line %d", c.lines[0])
	}
	told := make([]string, len(c.lines))
	for i, line := range c.lines {
		told[i] = fmt.Sprint(line)
	}
	last := len(told) - 1
	if rest := c.others() - len(told); rest > 0 {
		return fmt.Sprintf("lines %s and %s more", strings.Join(told, ", "), words.Thousands(rest))
	}
	return fmt.Sprintf("lines %s and %s", strings.Join(told[:last], ", "), told[last])
}

// notices says which lines were not read as rows, in case one of them was meant
// as a row.
func (rd *rowReader) notices() []Notice {
	if rd.lines == nil || rd.lines.comments.others() == 0 {
		return rd.swallowed.all()
	}
	c := &rd.lines.comments
	what := fmt.Sprintf("%s begin with # and were read as comments, not as rows: %s", words.Count(c.others(), "line"), c)
	if c.others() == 1 {
		what = "this line begins with # and was read as a comment, not as a row"
	}
	return append(rd.swallowed.all(), Notice{File: rd.file, Line: c.lines[0], Column: 1, Message: what})
}
