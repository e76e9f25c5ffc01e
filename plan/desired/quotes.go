package desired

import (
	"bytes"
	"unicode/utf8"
)

// mendQuotes moves the stray spaces that stand between a delimiter and a quote
// to the inside of the quotes, where they are trimmed like any others:
// ` "a" ,b` becomes `" a ",b`. No byte is added, so positions stay true. It
// reports whether it moved any, and where the cell starts at which the row
// could not be followed further.
func mendQuotes(raw []byte, comma byte) (moved bool, cell int) {
	for {
		open := cell + strayPrefix(raw[cell:], comma)
		if open == len(raw) || raw[open] != '"' {
			end := bytes.IndexByte(raw[cell:], comma)
			if end < 0 || bytes.IndexByte(raw[cell:cell+end], '"') >= 0 {
				return moved, cell
			}
			cell += end + 1
			continue
		}
		if open > cell {
			copy(raw[cell+1:], raw[cell:open])
			raw[cell], moved = '"', true
		}
		shut := closingQuote(raw, open+1)
		if shut < 0 {
			return moved, cell
		}
		end := shut + 1 + strayPrefix(raw[shut+1:], comma)
		if end < len(raw) && raw[end] != comma && raw[end] != '\n' && raw[end] != '\r' {
			return moved, cell
		}
		if end > shut+1 {
			copy(raw[shut:], raw[shut+1:end])
			raw[end-1], moved = '"', true
		}
		if end == len(raw) || raw[end] != comma {
			return moved, cell
		}
		cell = end + 1
	}
}

// closingQuote finds the quote that ends a quoted cell, or -1.
func closingQuote(raw []byte, from int) int {
	for {
		i := bytes.IndexByte(raw[from:], '"')
		if i < 0 {
			return -1
		}
		from += i
		if from+1 == len(raw) || raw[from+1] != '"' {
			return from
		}
		from += 2
	}
}

// strayPrefix is the length of the stray characters that b starts with. The
// delimiter and line ends are never stray.
func strayPrefix(b []byte, comma byte) int {
	n := 0
	for n < len(b) {
		if c := b[n]; c == comma || c == '\n' || c == '\r' || c > ' ' && c < utf8.RuneSelf {
			break
		}
		r, size := utf8.DecodeRune(b[n:])
		if !isStray(r) {
			break
		}
		n += size
	}
	return n
}
