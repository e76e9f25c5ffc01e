package plan

import "strings"

// sheet holds the data rows of a CSV between decoding and checking. Nothing in
// it points at anything, so that the garbage collector passes over a large
// file; the strings that last are cut out of it once their number is known.
type sheet struct {
	width  int // cells per row
	rows   int
	blocks []*block
}

// block is the text of up to blockRows rows, end to end.
type block struct {
	text  strings.Builder
	spans []span
}

const blockRows = 1024

// span is a cell of a block: where its text ends and where in the file it
// starts. The text starts where that of the cell before ends.
type span struct{ end, line, column uint32 }

func (s *span) place() place { return place{int(s.line), int(s.column)} }

// add appends a cell. The cells of a row come one after the other.
func (b *block) add(cell string, at place) {
	b.text.WriteString(cell)
	b.spans = append(b.spans, span{uint32(b.text.Len()), uint32(at.line), uint32(at.column)})
}

// next is the block that takes the next row.
func (s *sheet) next() *block {
	s.rows++
	if s.rows%blockRows != 1 {
		return s.blocks[len(s.blocks)-1]
	}
	b := &block{spans: make([]span, 0, blockRows*s.width)}
	if n := len(s.blocks); n > 0 {
		size := s.blocks[n-1].text.Len()
		b.text.Grow(size + size/16)
	}
	s.blocks = append(s.blocks, b)
	return b
}

// cells cuts the sheet into strings, a slice per row.
func (s *sheet) cells() [][]string {
	all := make([][]string, 0, s.rows)
	flat := make([]string, 0, s.rows*s.width)
	for _, b := range s.blocks {
		text, start := b.text.String(), uint32(0)
		for i, span := range b.spans {
			flat = append(flat, text[start:span.end])
			start = span.end
			if n := len(flat); (i+1)%s.width == 0 {
				all = append(all, flat[n-s.width:n:n])
			}
		}
	}
	return all
}

// spans returns the places of a row's cells.
func (s *sheet) spans(row int) []span {
	first := row % blockRows * s.width
	return s.blocks[row/blockRows].spans[first : first+s.width]
}
