package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text from a file or from Graph safe to show: line breaks become
// \n, tabs become spaces, and other control, direction and invisible
// characters become visible escapes. The two joiners stay, because scripts and
// emoji need them.
func clean(s string) string {
	if !strings.ContainsFunc(s, unsafeRune) {
		return s
	}
	var b strings.Builder
	for _, r := range strings.ReplaceAll(s, "\r\n", "\n") {
		switch {
		case r == '\r' || r == '\u2028' || r == '\u2029':
			b.WriteByte('\n')
		case r == '\t':
			b.WriteByte(' ')
		case r == '\n' || r == unicode.ReplacementChar || !unsafeRune(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// unsafeRune reports whether clean alters r. Bytes that are not UTF-8 arrive
// as U+FFFD and are written as that.
func unsafeRune(r rune) bool {
	switch {
	case ' ' <= r && r <= '~', r == '\n', r == '\u200c', r == '\u200d':
		return false
	case r == unicode.ReplacementChar:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// oneLine is clean for places that have no room for a line break.
func oneLine(s string) string {
	return strings.ReplaceAll(clean(s), "\n", " ")
}

// guard makes a cell harmless that a spreadsheet would run as a formula, by
// the apostrophe that spreadsheets themselves use. It wants cleaned text, and
// looks past leading spaces, as some spreadsheets do.
func guard(s string) string {
	if strings.HasPrefix(s, "\n") {
		return "'" + s
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(s, unicode.IsSpace))
	if strings.ContainsRune("=+-@＝＋－＠", first) {
		return "'" + s
	}
	return s
}

// count says n things in words: "1 change", "2 changes".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", thousands(n), noun)
}

// thousands writes n with a comma between groups of three digits.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
