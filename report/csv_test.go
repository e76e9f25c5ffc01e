package report_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/plan/desired"
	"bulksync/report"
)

// tableOf reads a CSV with our own reader: its header and its trimmed cells.
func tableOf(t *rapid.T, file []byte, header []string) [][]string {
	var columns []desired.TableColumn
	for _, name := range header {
		columns = append(columns, desired.TableColumn{Name: name})
	}
	table := [][]string{header}
	err := desired.ReadTable(t.Context(), bytes.NewReader(file), "report.csv", columns, func(row *desired.TableRow) {
		var cells []string
		for i := range header {
			cells = append(cells, strings.TrimSpace(row.Cell(i)))
		}
		table = append(table, cells)
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// plainTable reads what is for programs, as they do.
func plainTable(t *rapid.T, text []byte) [][]string {
	if bytes.HasPrefix(text, []byte("\ufeff")) || bytes.Contains(text, []byte("\r")) {
		t.Fatalf("not plain: %.40q", text)
	}
	table, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range table {
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
	}
	return table
}

// The files of a run and an audit are written as their input was, in any dialect and
// whatever is in them, and say the same as the plain CSV of the same report.
func TestFilesForPeopleSayWhatThePlainOnesSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawRun(t)
		d := rapid.SampledFrom(append(dialects, desired.Dialect{})).Draw(t, "dialect")
		p.Input.Dialect = d
		a := sampleAudit()
		a.Input.Dialect = d
		for i := range a.Findings {
			a.Findings[i].Note, a.Findings[i].DisplayName = drawHostile(t, "note"), drawHostile(t, "name")
		}
		for name, write := range map[string]func(io.Writer, report.Options) error{
			"outcomes.csv": func(w io.Writer, o report.Options) error { return report.Run(w, p, r, report.CSV, o) },
			"audit.csv":    func(w io.Writer, o report.Options) error { return report.Audit(w, a, report.CSV, o) },
		} {
			var plain, file bytes.Buffer
			if err := write(&plain, report.Options{}); err != nil {
				t.Fatal(err)
			}
			if err := write(&file, report.Options{LikeInput: true}); err != nil {
				t.Fatal(err)
			}
			if d.Encoding == "utf-16le" { // a file in UTF-16 with this sign would be broken
				plain = *bytes.NewBuffer(bytes.ReplaceAll(plain.Bytes(), []byte("\ufffd"), []byte("?")))
			}
			want := plainTable(t, plain.Bytes())
			if diff := cmp.Diff(want, tableOf(t, file.Bytes(), want[0])); diff != "" {
				t.Fatalf("%s like %q (-plain +file):\n%s", name, d, diff)
			}
			if d.Encoding == "utf-16le" {
				continue
			}
			wide := strings.ContainsFunc(plain.String(), func(r rune) bool { return r > '~' })
			if bytes.HasPrefix(file.Bytes(), []byte("\ufeff")) != wide {
				t.Fatalf("%s: begins with %.8q, and it is not ASCII: %v", name, file.Bytes(), wide)
			}
			if d.Newline == "\r\n" && strings.Count(file.String(), "\n") != strings.Count(file.String(), "\r\n") {
				t.Fatalf("%s has mixed line ends", name)
			}
		}
	})
}

// A spreadsheet that splits a line at the other delimiter finds no formula there.
func TestNoFormulaBehindTheOtherDelimiter(t *testing.T) {
	p := samplePlan()
	for _, name := range []string{"a,=1+1", "a; =1+1", `a,"=1+1"`} {
		p.Changes[0].Partner.DisplayName = name
		for _, d := range dialects {
			p.Input.Dialect = d
			for _, like := range []bool{true, false} {
				var b strings.Builder
				if err := report.Run(&b, p, sampleRun(p), report.CSV, report.Options{LikeInput: like}); err != nil {
					t.Fatal(err)
				}
				if text := readable(t, d, []byte(b.String())); !strings.Contains(b.String(), "'=1+1") && !strings.Contains(text, "'=1+1") {
					t.Errorf("%q as it is in %q", name, d)
				}
			}
		}
	}
}
