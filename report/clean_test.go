package report_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"bulksync/report"
)

// Characters that a terminal obeys, that change the reading direction or that
// are invisible become visible; those that a script or an emoji needs stay.
func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"plain text":                     "plain text",
		"red \x1b[31m":                   `red \x1b[31m`,
		"bell \a and del \x7f":           `bell \x07 and del \x7f`,
		"c1 \u009b31m":                   `c1 \x9b31m`,
		"a\r\nb\rc\u2028d\u2029e\n":      "a b c d e ",
		"a\tb":                           "a b",
		"\u202egnp.exe":                  `\u202egnp.exe`,
		"con\u200btoso":                  `con\u200btoso`,
		"con\u200dtoso":                  `con\u200dtoso`,
		"soft\u00adhyphen\ufeff":         `soft\xadhyphen\ufeff`,
		"filler\u3164\u115f":             `filler\u3164\u115f`,
		"\u2800":                         `\u2800`,
		"tag\U000e0041":                  `tag\U000e0041`,
		"a\ufe0f":                        `a\ufe0f`,
		"\xff bytes":                     "\ufffd bytes",
		"\xff\u200d\u0627":               "\ufffd" + `\u200d` + "\u0627",
		"می\u200cخواهم":                  "می\u200cخواهم",
		"क्\u200dष":                      "क्\u200dष",
		"👩\u200d💻, 🏳\ufe0f\u200d🌈":       "👩\u200d💻, 🏳\ufe0f\u200d🌈",
		"👍🏽\u200d":                       "👍🏽" + `\u200d`,
		"\u2764\ufe0f\ufe0f":             "\u2764\ufe0f" + `\ufe0f`,
		"株式会社　東京":                        "株式会社　東京",
		"\u200d\u200d\u0627\u200d\u200d": `\u200d\u200d` + "\u0627" + `\u200d\u200d`,
		"##vso[x]":                       `#\x23vso[x]`,
		"a ###[error]x":                  `a ##\x23[error]x`,
		"C# ## C++ #1":                   "C# ## C++ #1",
		"::error::x":                     `\x3a:error::x`,
		"a ::error::x":                   `a \x3a:error::x`,
		"A::B :: C ::1":                  "A::B :: C ::1",
	} {
		if got := report.OneLine(in); got != want {
			t.Errorf("OneLine(%+q) = %+q, want %+q", in, got, want)
		}
	}
	if got := report.Clean("a\r\nb\x1b"); got != "a\nb\\x1b" {
		t.Errorf("Clean keeps line breaks, got %q", got)
	}
}

// isHidden is what must never reach a reader, independent of the package's own
// table: without the two joiners and the selectors, which some texts need.
func isHidden(r rune) bool {
	switch r {
	case '\n', '\u200c', '\u200d':
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Bidi_Control, unicode.Other_Default_Ignorable_Code_Point)
}

func TestOneLineIsClean(t *testing.T) {
	pieces := rapid.OneOf(rapid.SampledFrom(hostile), rapid.String(),
		rapid.SampledFrom([]string{"\u200d", "\u200c", "\ufe0f", "\u0627", "👩", "\r", "\n", "\xff", "\U000e0101", "辻", "#", "[", "::", "x"}))
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOf(pieces).Draw(t, "text"), "")
		got := report.OneLine(in)
		if !utf8.ValidString(got) || strings.Contains(got, "\n") || strings.ContainsFunc(got, isHidden) {
			t.Fatalf("OneLine(%+q) = %+q", in, got)
		}
		if again := report.OneLine(got); again != got {
			t.Fatalf("twice: %+q became %+q", got, again)
		}
	})
}
