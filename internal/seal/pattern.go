package seal

import "strings"

// matchList reports whether a list of patterns, separated by commas, matches the
// text as OpenSSH has it: one pattern must match, and none that begins with an
// exclamation mark may.
func matchList(text, patterns string) bool {
	found := false
	for pattern := range strings.SplitSeq(patterns, ",") {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if !matchPattern(text, pattern) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// matchPattern reports whether a pattern matches the whole text, byte by byte: *
// stands for any bytes, and ? for one. When a byte does not fit, the last * takes
// one byte more; those before it need not be tried again.
func matchPattern(text, pattern string) bool {
	t, p := 0, 0
	star, retry := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, retry = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			t++
			p++
		case star >= 0:
			retry++
			t, p = retry, star+1
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
