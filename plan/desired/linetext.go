package desired

import (
	"encoding/binary"
	"unicode/utf8"
)

// isPlainASCII reports whether b has neither zero bytes nor any above 0x7F.
func isPlainASCII(b []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for len(b) >= 8 {
		word := binary.LittleEndian.Uint64(b)
		if (word|(word-ones))&highs != 0 { // subtracting borrows from a zero byte
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c == 0 || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// invalidUTF8 is the offset of the first byte that is not valid UTF-8, or -1.
func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; ; {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}
