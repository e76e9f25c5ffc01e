package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes text from a file, from Graph, from a token or from a proxy safe
// to show: control, direction and invisible characters become visible escapes
// such as \x1b and \u202e. Line breaks of any kind become \n and stay; tabs
// become spaces. Joiners and variation selectors stay where a script or an
// emoji needs them. Text that is clean already comes back as it is.
func Clean(s string) string {
	if !strings.ContainsFunc(s, isUnsafe) {
		return s
	}
	var b strings.Builder
	before := ' ' // the rune before, as it was written
	for s = strings.ReplaceAll(s, "\r\n", "\n"); s != ""; {
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch r {
		case '\r', '\u2028', '\u2029':
			r = '\n'
		case '\t':
			r = ' '
		}
		if next, _ := utf8.DecodeRuneInString(s); isUnsafe(r) && !isNeeded(before, r, next) {
			b.WriteString(escape(r))
			before = ' '
			continue
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

// OneLine is Clean for places that have no room for a line break, such as a
// message, a name or a path: a break becomes a space. OneLine of OneLine
// changes nothing more.
func OneLine(s string) string {
	return strings.ReplaceAll(Clean(s), "\n", " ")
}

// isUnsafe reports whether r could move the cursor, turn the direction of the
// text or not be seen at all. Bytes that are not UTF-8 arrive as U+FFFD, which
// Clean writes as it is.
func isUnsafe(r rune) bool {
	switch {
	case ' ' <= r && r <= '~', r == '\n':
		return false
	case r == unicode.ReplacementChar, r == blankBraille:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

const (
	nonJoiner    = '\u200c'
	joiner       = '\u200d'
	emojiStyle   = '\ufe0f'
	blankBraille = '\u2800' // a sign that shows nothing
)

// isNeeded reports whether r is unsafe in general and does its work here:
// a joiner between letters or emoji that join, a selector behind what it
// selects a form of. Elsewhere it would only make two names look alike.
func isNeeded(before, r, next rune) bool {
	switch {
	case r == unicode.ReplacementChar:
		return true
	case r == nonJoiner, r == joiner:
		return (joins(before) || before == emojiStyle) && joins(next)
	case unicode.Is(unicode.Variation_Selector, r):
		return !isUnsafe(before) && unicode.In(before, unicode.So, unicode.Han, unicode.Mongolian)
	}
	return false
}

// joins reports whether r is an emoji, or of a script that writes with joiners.
func joins(r rune) bool {
	return !isUnsafe(r) && (unicode.In(r, unicode.So, unicode.Arabic, unicode.Syriac, unicode.Nko, unicode.Mongolian) ||
		unicode.In(r, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil,
			unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Tibetan, unicode.Myanmar, unicode.Khmer) ||
		'\U0001f3fb' <= r && r <= '\U0001f3ff') // the skin tones of emoji
}

// escape is r as visible ASCII.
func escape(r rune) string {
	switch {
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	default:
		return fmt.Sprintf(`\U%08x`, r)
	}
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
