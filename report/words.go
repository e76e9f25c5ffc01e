package report

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"bulksync/internal/words"
)

// more counts n further things: "1 more change".
func more(n int, noun string) string { return words.Count(n, "more "+noun) }

// isAre says "1 change is" or "3 changes are".
func isAre(n int, noun string) string { return words.Count(n, noun) + agree(n, " is", " are") }

// wasWere says "1 change was" or "3 changes were".
func wasWere(n int, noun string) string { return words.Count(n, noun) + agree(n, " was", " were") }

// allOf names all of n things: "the change", "both changes" or "all 12
// changes".
func allOf(n int, noun string) string {
	switch n {
	case 1:
		return "the " + noun
	case 2:
		return "both " + noun + "s"
	default:
		return "all " + words.Count(n, noun)
	}
}

// noneOf names none of n things: "neither change" or "none of the 9 changes".
func noneOf(n int, noun string) string {
	if n == 2 {
		return "neither " + noun
	}
	return "none of the " + words.Count(n, noun)
}

// agree picks the form that agrees with n.
func agree(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// sentence begins s with a capital and ends it with a full stop.
func sentence(s string) string {
	word, _, _ := strings.Cut(s, " ")
	if word == strings.ToLower(word) {
		first, n := utf8.DecodeRuneInString(s)
		s = string(unicode.ToUpper(first)) + s[n:]
	}
	return strings.TrimSuffix(s, ".") + "."
}
