package desired_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"bulksync/plan/desired"
)

// dialects draws each way of writing a CSV that ReadRows promises to read.
var dialects = rapid.Custom(func(t *rapid.T) desired.Dialect {
	return desired.Dialect{
		Delimiter: rapid.SampledFrom([]string{",", ";", "\t"}).Draw(t, "delimiter"),
		Encoding:  rapid.SampledFrom([]string{"utf-8", "utf-8-bom", "utf-16le", "utf-16be"}).Draw(t, "encoding"),
		Newline:   rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "newline"),
	}
})

// texts draws cells that a careless writer would break.
var texts = rapid.StringOf(rapid.SampledFrom([]rune("aZ09 ,;\t\"#\n='{}-.é€😀\u00a0\u200b")))

// writeExactly writes records in a dialect, with a byte order mark if it has one.
func writeExactly(d desired.Dialect, w io.Writer, records [][]string) error {
	return d.WriteExactly(w, func(out *desired.Writer) error {
		for _, cells := range records {
			if err := out.Write(cells); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestRowsReadBackEqualInEachDialect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := dialects.Draw(t, "dialect")
		n := rapid.IntRange(1, 8).Draw(t, "rows")
		ids := rapid.SliceOfNDistinct(rapid.StringMatching("[1-9a-f][0-9a-f]{7}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), n, n, rapid.ID).Draw(t, "ids")
		records := [][]string{{"note", "tenantId", "displayName", "isSyncAllowed"}}
		var want []desired.Row
		for _, id := range ids {
			note := texts.Draw(t, "note")
			name := strings.ReplaceAll(strings.ReplaceAll(texts.Draw(t, "name"), "\n", ""), "\t", "")
			if strings.IndexAny(strings.Trim(name, " \u00a0\u200b"), "=-#{") == 0 { // no formula, no error value
				name = "." + name
			}
			sync := rapid.SampledFrom([]string{"", "true", "false"}).Draw(t, "sync")
			records = append(records, []string{note, id, name, sync})
			row := desired.Row{TenantID: id, Note: strings.Trim(note, " \t\n\u00a0\u200b")}
			if name = strings.Trim(name, " \u00a0\u200b"); name != "" {
				row = desired.With(row, "displayName", name)
			}
			if sync != "" {
				row = desired.With(row, "userSyncInbound.isSyncAllowed", sync == "true")
			}
			want = append(want, row)
		}
		var file bytes.Buffer
		if err := writeExactly(d, &file, records); err != nil {
			t.Fatal(err)
		}
		got, err := desired.ReadRows(context.Background(), &file, "partners.csv")
		if err != nil {
			t.Fatalf("ReadRows:\n%v", err)
		}
		if diff := cmp.Diff(want, known(t, got), ignorePositions, cmpopts.IgnoreFields(desired.Row{}, "Line")); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(records[1:], got.Input.Cells); diff != "" {
			t.Errorf("cells (-want +got):\n%s", diff)
		}
		if got.Input.Dialect != d {
			t.Errorf("dialect is %+v, want %+v", got.Input.Dialect, d)
		}
	})
}

func TestLinesAreThoseOfTheFileHoweverItIsBroken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		newline := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "newline")
		lines := []string{"note,tenantId"}
		var want []int
		for range rapid.IntRange(1, 8).Draw(t, "rows") {
			filler := rapid.SampledFrom([]string{"", "  ", "# a \"comment", ",", ",,,"})
			lines = append(lines, rapid.SliceOfN(filler, 0, 3).Draw(t, "between")...)
			want = append(want, len(lines)+1)
			inside := rapid.SliceOfN(rapid.SampledFrom([]string{"", "#", "x,y", "é"}), 0, 3).Draw(t, "inside")
			lines = append(lines, strings.Split(`"a`+strings.Join(inside, "\n")+`",p`+strings.Repeat("x", len(want))+".example", "\n")...)
		}
		got, err := desired.ReadRows(context.Background(), strings.NewReader(strings.Join(lines, newline)), "partners.csv")
		if err != nil {
			t.Fatalf("ReadRows:\n%v", err)
		}
		if diff := cmp.Diff(want, got.Input.Lines); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}

// pieces are lines of a file by what should become of them; each p0.example is
// replaced by another name. Junk is random, and never an acceptable row.
var pieces = map[string][]string{
	"blank":   {"", "  \u00a0", ",,", `"" , "",`, " ,\u200b,"},
	"comment": {"#", "# a", `# a "b`, " #a,,", `"# a, b",,`, `"# a, ""b""", "",""`, "#p0.example", "######"},
	"row": {"p0.example,x,#N/A", "p0.example,,", `"p0.example",x,"# c, d"`, "p0.example,,\"first\n# second\n\n,,\nlast\"",
		" p0.example ,NULL,=A1", "p0.example,x,#,,,"},
	"problem": {"#N/A,x,", "#N/A", "#REF!,,", `"#NV",,`, "#p0.example,x,y", "# a, b", `# a, "b"`, "#,,x", "\"#\nx\",,", "p0.example,#N/A,",
		"p0.example,=A1,", "p0.example", "nobody,,", ",x,", "p0.example,a\"b,", "p0.example,x,a\rb", "p0.example,x,y,z", "8e30,,"},
}

var junk = rapid.StringOf(rapid.SampledFrom([]rune("#,=-x0 N/A!?é\u00a0;")))

// TestNoRowVanishes checks that each line of a file is exactly one of header,
// blank, counted comment, row and problem.
func TestNoRowVanishes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := dialects.Draw(t, "dialect")
		want, drawn := map[int]string{}, map[int]string{}
		var lines []string
		add := func(as, text string) {
			if as != "blank" {
				want[len(lines)+1] = as
			}
			lines = append(lines, strings.Split(strings.ReplaceAll(text, ",", d.Delimiter), "\n")...)
		}
		for range rapid.IntRange(0, 3).Draw(t, "above") { // few enough comments in total to be listed
			as := rapid.SampledFrom([]string{"blank", "comment"}).Draw(t, "above as")
			add(as, rapid.SampledFrom(pieces[as]).Draw(t, as))
		}
		add("blank", "tenantId,displayName,note")
		for i := range rapid.IntRange(0, 7).Draw(t, "pieces") {
			as := rapid.SampledFrom([]string{"blank", "comment", "row", "row", "row", "problem", "junk"}).Draw(t, "as")
			if as == "junk" {
				line := strings.ReplaceAll(junk.Draw(t, as), ",", d.Delimiter)
				drawn[len(lines)+1] = strings.Trim(line, " \u00a0"+d.Delimiter)
				add("blank", line)
				continue
			}
			text := rapid.SampledFrom(pieces[as]).Draw(t, as)
			add(as, strings.ReplaceAll(text, "p0.", fmt.Sprintf("p%d.", i)))
		}
		checkLines(t, want, drawn, accounts(t, inEncoding(t, d.Encoding, strings.Join(lines, d.Newline))))
	})
}

// checkLines compares what should become of each line with what did. A random
// line, known without blanks and delimiters, only has to be reported.
func checkLines(t *rapid.T, want, drawn, got map[int]string) {
	refused := got[0] != ""
	delete(got, 0)
	maps.DeleteFunc(want, func(_ int, as string) bool { return refused && as == "row" })
	for line, text := range drawn {
		if as := got[line]; (text != "") != (as == "problem" || as == "comment") {
			t.Errorf("line %d, %q, is reported as %q", line, text, as)
		}
		delete(got, line)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// accounts reads a file and says what became of which line. Line 0 says that the
// file was refused, because then no rows are returned.
func accounts(t *rapid.T, text string) map[int]string {
	lines := map[int]string{}
	account := func(line int, as string) {
		if was := lines[line]; was != "" && (was != as || as != "problem") {
			t.Errorf("line %d is reported as %s and as %s", line, was, as)
		}
		lines[line] = as
	}
	rows, err := desired.ReadRows(context.Background(), strings.NewReader(text), "partners.csv")
	var refused *desired.RefusedRows
	if errors.As(err, &refused) {
		for _, problem := range refused.RowErrors {
			if !strings.HasPrefix(problem.Err.Error(), "no rows below the header") {
				account(problem.Line, "problem")
			}
		}
		rows = &desired.Rows{Notices: refused.Notices}
		lines[0] = "refused"
	}
	for _, line := range rows.Input.Lines {
		account(line, "row")
	}
	for _, n := range rows.Notices {
		if strings.HasPrefix(n.Message, "this line begins with #") {
			account(n.Line, "comment")
		} else if _, list, found := strings.Cut(n.Message, "not as rows: lines "); found {
			for number := range strings.SplitSeq(strings.ReplaceAll(list, " and ", ", "), ", ") {
				line, err := strconv.Atoi(number)
				if err != nil {
					t.Fatalf("%s: %v", n, err)
				}
				account(line, "comment")
			}
		}
	}
	return lines
}

// inEncoding writes text in a dialect's encoding.
func inEncoding(t *rapid.T, name, text string) string {
	var encoder *encoding.Encoder
	switch name {
	case "utf-8":
		return text
	case "utf-8-bom":
		return "\uFEFF" + text
	case "utf-16le":
		encoder = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder()
	default:
		encoder = unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder()
	}
	encoded, err := encoder.String(text)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}
