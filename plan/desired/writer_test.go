package desired_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/plan/desired"
)

// A file for people is read back with the cells, the delimiter and the line ends that
// it was written with. In UTF-8 it has a byte order mark if and only if a cell is not
// ASCII.
func TestAFileForPeopleReadsBackEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := dialects.Draw(t, "dialect")
		records := [][]string{{"tenantId", "note", "reason"}}
		for i, note := range rapid.SliceOfN(texts, 1, 8).Draw(t, "notes") {
			records = append(records, []string{fmt.Sprintf("p%d.example", i), note, texts.Draw(t, "reason")})
		}
		var file bytes.Buffer
		if err := d.Write(&file, records); err != nil {
			t.Fatal(err)
		}
		marked := bytes.HasPrefix(file.Bytes(), []byte("\ufeff"))
		if !strings.HasPrefix(d.Encoding, "utf-16") {
			wide := strings.ContainsFunc(fmt.Sprint(records), func(r rune) bool { return r > '~' })
			if d.Encoding = "utf-8"; wide {
				d.Encoding = "utf-8-bom"
			}
			if marked != wide {
				t.Errorf("the mark is there: %v", marked)
			}
		}
		got, err := desired.ReadRows(t.Context(), &file, "failed.csv")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(records[1:], got.Input.Cells); diff != "" {
			t.Errorf("cells (-want +got):\n%s", diff)
		}
		if got.Input.Dialect != d {
			t.Errorf("dialect is %q, want %q", got.Input.Dialect, d)
		}
	})
}

// Without a dialect a file is plain, and the mark says nothing that is not so.
func TestAFileHasAMarkWhereItHelps(t *testing.T) {
	for _, c := range []struct {
		name  string
		d     desired.Dialect
		cells []string
		want  string
	}{
		{"no dialect", desired.Dialect{}, []string{"a;b", "c,d"}, "a;b,\"c,d\"\n"},
		{"no dialect and an umlaut", desired.Dialect{}, []string{"a", "ü"}, "\ufeffa,ü\n"},
		{"a German input of ASCII", desired.Dialect{Delimiter: ";", Encoding: "utf-8-bom", Newline: "\r\n"}, []string{"a;b", "c,d\n"}, "\"a;b\";\"c,d\r\n\"\r\n"},
		{"an umlaut", desired.Dialect{Delimiter: ";", Encoding: "utf-8", Newline: "\r\n"}, []string{"a", "", "ü"}, "\ufeffa;;ü\r\n"},
		{"no UTF-8", desired.Dialect{Delimiter: ",", Encoding: "utf-8", Newline: "\n"}, []string{"M\xfcller", "ü"}, "M\xfcller,ü\n"},
		{"UTF-16 and what could not be read", desired.Dialect{Delimiter: ";", Encoding: "utf-16be", Newline: "\n"}, []string{"\ufffd", "\xff"}, "\xfe\xff\x00?\x00;\x00?\x00\n"},
		{"UTF-16", desired.Dialect{Delimiter: "\t", Encoding: "utf-16le", Newline: "\n"}, []string{"a", "b"}, "\xff\xfea\x00\t\x00b\x00\n\x00"},
	} {
		var file strings.Builder
		if err := c.d.Write(&file, [][]string{c.cells}); err != nil || file.String() != c.want {
			t.Errorf("%s: %v, %q, want %q", c.name, err, file.String(), c.want)
		}
	}
}

// An error of what is written ends the writing before anything is in the file, and an
// error of the file is returned.
func TestAFileThatCannotBeWritten(t *testing.T) {
	broken, full := errors.New("broken"), errors.New("full")
	for _, d := range []desired.Dialect{{}, {Delimiter: ";", Encoding: "utf-16le", Newline: "\n"}} {
		var file bytes.Buffer
		if err := d.WriteFile(&file, func(*desired.Writer) error { return broken }); err != broken || file.Len() > 0 {
			t.Errorf("%v and %d bytes", err, file.Len())
		}
		for _, n := range []int{1, 100_000} {
			err := d.Write(failing{full}, [][]string{{strings.Repeat("ü", n)}})
			if !errors.Is(err, full) {
				t.Errorf("%d characters: %v", n, err)
			}
		}
	}
}

// failing is a writer that fails.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
