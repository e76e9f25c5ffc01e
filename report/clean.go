package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes text from a file, from Graph, from a token or from a proxy safe
// to show: control, direction and invisible characters become visible escapes
// such as \x1b and \u202e. Line breaks of any kind become \n; tabs become
// spaces. Joiners and variation selectors stay where a script or an emoji needs
// them. What a CI runner would obey in its log is disarmed. Clean text is returned
// unchanged.
func Clean(s string) string { return disarm(visible(s)) }

// visible is Clean, but for commands.
func visible(s string) string {
	if !strings.ContainsFunc(s, isUnsafe) {
		return s
	}
	var b strings.Builder
	before := ' ' // the rune before, unescaped
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

// OneLine is Clean for places without room for a line break, such as a message,
// a name or a path: a break becomes a space. OneLine is idempotent.
func OneLine(s string) string {
	return strings.ReplaceAll(Clean(s), "\n", " ")
}

var (
	// hashCommand is what begins a command anywhere in a line: ##vso[ and ##[ of
	// Azure Pipelines, ##[ of GitHub Actions, ##teamcity[ of TeamCity.
	hashCommand = regexp.MustCompile(`##(\pL*\[)`)
	// colonCommand is what begins a command of GitHub Actions at the start of a
	// line, after spaces. Text after a space counts too: it may be wrapped there.
	colonCommand = regexp.MustCompile(`(^|[\s\pZ]):(:+\pL)`)
)

// disarm makes text harmless to a CI runner that reads it in its log: a partner's
// name must not fail a job, set a variable or hide a line. It expects text that is
// clean in all else; C# and A::B stay as they are.
func disarm(s string) string {
	if strings.Contains(s, "##") {
		s = hashCommand.ReplaceAllString(s, `#\x23$1`)
	}
	if strings.Contains(s, "::") {
		s = colonCommand.ReplaceAllString(s, `$1\x3a$2`)
	}
	return s
}

// isUnsafe reports whether r could move the cursor, change the direction of the
// text or be invisible. Bytes that are not UTF-8 arrive as U+FFFD, which Clean
// keeps.
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
	blankBraille = '\u2800' // an invisible sign
)

// isNeeded reports whether r is unsafe in general but needed here: a joiner
// between letters or emoji that join, or a selector after a character that has
// variants. Elsewhere it would only make two names look alike.
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

// joins reports whether r is an emoji, or belongs to a script that uses
// joiners.
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

// guard neutralizes a cell that a spreadsheet would run as a formula, with the
// apostrophe that spreadsheets themselves use. It expects cleaned text, and
// ignores leading spaces, as some spreadsheets do.
func guard(s string) string {
	s = inner.ReplaceAllString(s, "$1'$2")
	if strings.HasPrefix(s, "\n") {
		return "'" + s
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(s, unicode.IsSpace))
	if strings.ContainsRune("=+-@＝＋－＠", first) {
		return "'" + s
	}
	return s
}

// guardJSON is guard for JSON, which keeps its meaning: the sign of a formula is
// written as its code.
func guardJSON(s string) string {
	return inner.ReplaceAllStringFunc(s, func(match string) string {
		sign, size := utf8.DecodeLastRuneInString(match)
		return fmt.Sprintf(`%s\u%04x`, match[:len(match)-size], sign)
	})
}

// inner matches what begins a formula inside of a cell. A spreadsheet that separates
// cells by semicolons, as in much of Europe, splits a line of ours there, one that
// separates them by commas splits a file that is like a European input, and each does
// so at a line break, quotes or not: for it they do not begin a cell.
var inner = regexp.MustCompile(`([,;\n][\s\pZ"]*)([=+\-@＝＋－＠])`)
