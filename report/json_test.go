package report_test

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/report"
)

// plainlyEscaped is the plain twin of the escaper: it takes the whole text at
// once.
func plainlyEscaped(s string) string {
	var b strings.Builder
	var before rune
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		whole := r != utf8.RuneError || n > 1
		if r == '#' && before == '#' {
			b.WriteString(`\u0023`)
		} else if r < ' ' || whole && r == utf8.RuneError || whole && !report.IsUnsafe(r) {
			b.WriteString(s[:n])
		} else {
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		}
		s, before = s[n:], r
	}
	return b.String()
}

// The escaper gives the same result as its plain twin, wherever writes split
// the text.
func TestTheEscaperAgreesWithItsTwin(t *testing.T) {
	pieces := rapid.OneOf(rapid.SampledFrom(hostile), rapid.String(), rapid.SampledFrom([]string{
		"\u202e", "\U000e0041", "\ufffd", "\xff", "\xf0\x9f", "\xe2", "👩\u200d💻", "\n", "\x7f", `"\\`, "plain"}))
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(pieces).Draw(t, "text"), "")
		sizes := rapid.SliceOfN(rapid.IntRange(1, 5), 1, 8).Draw(t, "sizes")
		var b strings.Builder
		err := report.Escaped(&b, func(w io.Writer) error {
			for i, rest := 0, text; rest != ""; i++ {
				n := min(sizes[i%len(sizes)], len(rest))
				if written, err := io.WriteString(w, rest[:n]); err != nil || written != n {
					return fmt.Errorf("%d of %d bytes: %w", written, n, err)
				}
				rest = rest[n:]
			}
			return nil
		})
		if want := plainlyEscaped(text); err != nil || b.String() != want {
			t.Fatalf("%+q: %v\n got %q\nwant %q", text, err, b.String(), want)
		}
	})
}

// Findings are written one by one, and the text is that of the whole audit at
// once.
func TestTheJSONOfAnAuditIsOfOnePiece(t *testing.T) {
	hard := finding(3, audit.Changed, named(`a "findings": [`, "<&>\u2028\u202e"))
	bare := finding(4, audit.Unreadable)
	bare.Fields, bare.Problem = []plan.Field{}, "\"findings\": []"
	for name, a := range map[string]*audit.Audit{"sample": sampleAudit(), "each list": storedAudit(), "one": auditOf(hard), "hard": auditOf(bare, hard, bare), "clean": auditOf()} {
		var want strings.Builder
		err := report.Escaped(&want, func(w io.Writer) error {
			enc := json.NewEncoder(w)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			return enc.Encode(a)
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), auditAs(t, a, report.JSON)); diff != "" {
			t.Errorf("%s (-whole +ours):\n%s", name, diff)
		}
	}
}
