package desired

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDisplayName is how long a displayName may be, in characters. Graph documents
// no limit for it; directory objects accept 256.
const maxDisplayName = 256

// MaxName is the longest name of a partner or of a file that is kept, in bytes. A
// name in a row has at most maxDisplayName characters; one from Graph may have
// more.
const MaxName = 4 * maxDisplayName

// isStray reports whether r is an invisible character that spreadsheets and web
// pages leave around a value: a space, even of zero width, or a mark of text
// direction.
func isStray(r rune) bool {
	switch r {
	case '\u061C', '\u200E', '\u200F', '\u202A', '\u202B', '\u202C', '\u202D', '\u202E', '\u2066', '\u2067', '\u2068', '\u2069':
		return true
	case '\u00AD', '\u180E', '\u200B', '\u200C', '\u200D', '\u2060', '\uFEFF':
		return true
	}
	return unicode.IsSpace(r)
}

// trimCell removes stray characters from both ends.
func trimCell(s string) string {
	if s == "" || isPlainEdge(s[0]) && isPlainEdge(s[len(s)-1]) {
		return s
	}
	return strings.TrimFunc(s, isStray)
}

func isPlainEdge(c byte) bool { return c > ' ' && c < utf8.RuneSelf }

// Quote shows a value in a message: quoted, on one line, shortened, with
// what cannot be seen escaped.
func Quote(s string) string {
	const most = 60
	if n := utf8.RuneCountInString(s); n > most {
		return strconv.Quote(string([]rune(s)[:most])) + "…"
	}
	return strconv.Quote(s)
}

// parseEnsure reads what is to be removed: nothing, the policy, or the partner
// configuration with it.
func (r *Row) parseEnsure(cell string) error {
	switch strings.ToLower(cell) {
	case "", "present":
	case "absent":
		r.Absent = true
	case "partner-absent":
		r.Absent, r.PartnerAbsent = true, true
	default:
		return badEnsure.errorf("ensure is %s: use present, absent or partner-absent", Quote(cell))
	}
	return nil
}

// checkText refuses what would make a name unreadable in a portal.
func (p *Property) checkText(cell string) error {
	if len(cell) <= maxDisplayName && IsPrintableASCII(cell) {
		return nil
	}
	if n := utf8.RuneCountInString(cell); n > maxDisplayName {
		return badName.errorf("%s has %d characters: at most %d are allowed", p.Path, n, maxDisplayName)
	}
	if strings.IndexFunc(cell, breaksLine) >= 0 {
		return badName.errorf("%s is %s: line breaks and control characters are not allowed", p.Path, Quote(cell))
	}
	return nil
}

// IsPrintableASCII reports whether all of s is printable ASCII: no control
// characters, and nothing above 0x7E.
func IsPrintableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func breaksLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

var errEmptyTenantID = emptyTenantID.errorf("tenantId is empty: give the partner's tenant ID or one of its domain names")
