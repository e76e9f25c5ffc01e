package desired

import "strings"

// sheet holds the data rows of a CSV between decoding and checking, a block at a
// time, so that the two run in parallel. A block has no pointers, so that the
// garbage collector skips a large file; the strings that stay are cut out of it
// once it is complete.
type sheet struct {
	width int // cells per row
	rows  int
	open  *block
	whole chan *block // blocks that are complete, in order; closed by end
}

// block is the text of up to blockRows rows, end to end.
type block struct {
	text  strings.Builder
	spans []span
}

const blockRows = 1024

// span is a cell of a block: where its text ends and where in the file it starts.
// The text starts where that of the previous cell ends.
type span struct{ end, line, column uint32 }

func (s *span) position() position { return position{int(s.line), int(s.column)} }

// add appends a cell. The cells of a row are added in order.
func (b *block) add(cell string, at position) {
	b.text.WriteString(cell)
	b.spans = append(b.spans, span{uint32(b.text.Len()), uint32(at.line), uint32(at.column)})
}

// next is the block for the next row.
func (s *sheet) next() *block {
	if s.rows%blockRows == 0 {
		b := &block{spans: make([]span, 0, blockRows*s.width)}
		if s.open != nil {
			size := s.open.text.Len()
			b.text.Grow(size + size/16)
			s.whole <- s.open
		}
		s.open = b
	}
	s.rows++
	return s.open
}

// end passes on the last block. No row comes after it.
func (s *sheet) end() {
	if s.open != nil {
		s.whole <- s.open
	}
	close(s.whole)
}

// cells cuts the block into strings, a slice of width cells for each row.
func (b *block) cells(width int) [][]string {
	rows := make([][]string, 0, len(b.spans)/width)
	flat := make([]string, 0, len(b.spans))
	text, start := b.text.String(), uint32(0)
	for i, span := range b.spans {
		flat = append(flat, text[start:span.end])
		start = span.end
		if (i+1)%width == 0 {
			rows = append(rows, flat[i+1-width:i+1:i+1])
		}
	}
	return rows
}
