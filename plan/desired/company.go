package desired

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// AreAlike reports whether a name can mean the tenant that its directory calls so:
// it is like the name or like a part of the default domain there. Letter case,
// accents, spaces, punctuation and legal forms do not count, and a name is like one
// of which it is a part. Where nothing can be compared, nothing is different.
//
// A plan file is proved with this function. A name that becomes different by a new
// rule here makes plans of earlier versions unreadable, if only those that show it.
func AreAlike(name, directoryName, domain string) bool {
	if name == directoryName {
		return true
	}
	if plain, err := idna.ToUnicode(domain); err == nil {
		domain = plain
	}
	return areAlike(name, directoryName, domain) || areAlike(spellOut(name), spellOut(directoryName), spellOut(domain))
}

// areAlike compares the names as they are spelled.
func areAlike(name, directoryName, domain string) bool {
	given := companyOf(name)
	if len(given) == 0 {
		return true
	}
	compared := false
	for _, known := range append(domainWords(domain), companyOf(directoryName)) {
		if len(known) == 0 {
			continue
		}
		if compared = true; given.isPartOf(known) || known.isPartOf(given) {
			return true
		}
	}
	return !compared
}

// spellOut writes umlauts and rings as where they cannot be typed, most of all in
// domains: Müller is at mueller.example.
func spellOut(name string) string {
	return umlauts.Replace(norm.NFC.String(strings.ToLower(name)))
}

// umlauts is never written to.
var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ø", "oe", "å", "aa")

// company is the name of one as words that count.
type company []string

// minPart is how many characters a part within words must have: shorter ones are
// in too many names.
const minPart = 4

// isPartOf reports whether c is in d: as whole words, or as letters if they are
// many, since a domain has no spaces.
func (c company) isPartOf(d company) bool {
	for i := 0; i+len(c) <= len(d); i++ {
		if slices.Equal(c, d[i:i+len(c)]) {
			return true
		}
	}
	part, whole := strings.Join(c, ""), strings.Join(d, "")
	return part == whole || strings.Contains(whole, part) && letters(part) >= minPart
}

// letters counts the characters of a text. One of a script without spaces says as
// much as two others.
func letters(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			n++
		}
	}
	return n
}

// companyOf are the words of a name without legal forms. A name of nothing else
// keeps them.
func companyOf(name string) company {
	all := joinLetters(strings.FieldsFunc(plainLetters(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
	counted := slices.DeleteFunc(slices.Clone(all), func(w string) bool { return slices.Contains(idleWords[:], w) })
	if len(counted) == 0 {
		return all
	}
	return counted
}

// joinLetters makes one word of letters that stand alone: "S.A." is "sa".
func joinLetters(all []string) (joined company) {
	alone := false
	for _, w := range all {
		isLetter := utf8.RuneCountInString(w) == 1
		if isLetter && alone {
			joined[len(joined)-1] += w
		} else {
			joined = append(joined, w)
		}
		alone = isLetter
	}
	return joined
}

// plainLetters is a text in lower case without accents, and without apostrophes,
// which are inside of words.
func plainLetters(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r), strings.ContainsRune("'’‘`´", r), isStray(r) && !unicode.IsSpace(r):
		case r == 'ß':
			b.WriteString("ss")
		case r == 'æ':
			b.WriteString("ae")
		case r == 'œ':
			b.WriteString("oe")
		case r == 'ø':
			b.WriteByte('o')
		case r == 'ł':
			b.WriteByte('l')
		case r == 'đ', r == 'ð':
			b.WriteByte('d')
		case r == 'ı':
			b.WriteByte('i')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// idleWords are the words that tell no company from another: legal forms, as
// plainLetters writes them, and words that join. It is never written to.
var idleWords = [...]string{
	"ab", "ag", "aps", "as", "asa", "asbl", "bhd", "bv", "bvba", "co", "corp", "corporation", "company", "coop", "doo", "eg", "eood", "ev",
	"gbr", "ggmbh", "gmbh", "hf", "inc", "incorporated", "kft", "kg", "kgaa", "kk", "limited", "limitada", "llc", "llp", "lp", "ltd", "ltda",
	"mbh", "nv", "nyrt", "ohg", "ood", "ou", "oy", "oyj", "plc", "private", "pte", "pty", "pvt", "ry", "sa", "sarl", "sas", "scs", "sdn", "se",
	"sia", "sl", "slu", "snc", "spa", "spzoo", "srl", "sro", "uab", "ug", "vof", "vzw", "zoo", "zrt",
	"and", "et", "the", "und",
}

// domainWords are the parts of a readable domain name that can be a company, each as words.
// The last part is a country or a kind.
func domainWords(domain string) (all []company) {
	parts := strings.Split(domain, ".")
	for _, part := range parts[:len(parts)-1] {
		if !slices.Contains([]string{"com", "co", "org", "net", "onmicrosoft", "partner", "onmschina", "mail", "www"}, part) {
			all = append(all, companyOf(part))
		}
	}
	return all
}
