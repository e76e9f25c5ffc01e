package desired_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/plan/desired"
)

// TestSmallFilesThatWentWrong reads the files of testdata/rows and compares what
// is reported: problems and notices.
func TestSmallFilesThatWentWrong(t *testing.T) {
	for name, want := range map[string]string{
		"hash-row.csv":        `3:1: tenantId is "#N/A", a spreadsheet's error value: a formula or look-up failed there; put the right value in its place and save the file again`,
		"hash-row-absent.csv": `3:1: tenantId is "#REF!", a spreadsheet's error value: a formula or look-up failed there; put the right value in its place and save the file again`,
		"hash-comment.csv":    "1:1: 2 lines begin with # and were read as comments, not as rows: lines 1 and 3",
		"error-names.csv": `2:38: displayName is "#N/A", a spreadsheet's error value: a formula or look-up failed there; put the right value in its place and save the file again
3:38: displayName is "#VALUE!", a spreadsheet's error value: a formula or look-up failed there; put the right value in its place and save the file again
4:38: displayName is "=VLOOKUP(A2,Sheet2!A:B,2)", a formula and not its value: paste the values in place of the formulas and save the file again
5:38: displayName is "NULL", which programs write where they have no name: correct it if the partner is not called so`,
		"title-row.csv":       "1:1: the header is not on line 1: it seems to be on line 2; delete what stands above it, or begin those lines with #",
		"version-row.csv":     "1:1: the header is not on line 1: it seems to be on line 2; delete what stands above it, or begin those lines with #",
		"empty-first-row.csv": "",
		"exponent-id.csv": `2:1: tenantId "1.23457E+31" is a number: a spreadsheet made that of the tenant ID, and some of its digits are lost; format the column as text and enter the ID again
3:1: tenantId "8e30" is a number: a spreadsheet made that of the tenant ID, and some of its digits are lost; format the column as text and enter the ID again`,
	} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", "rows", name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, reported(t, string(text))); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
		})
	}
}

// reported is what is reported for a file: its problems, and then its notices.
func reported(t *testing.T, text string) string {
	t.Helper()
	rows, err := desired.ReadRows(t.Context(), strings.NewReader(text), "f")
	var lines []string
	var refused *desired.RefusedRows
	switch {
	case err == nil:
		refused = &desired.RefusedRows{Notices: rows.Notices}
	case errors.As(err, &refused):
		lines = strings.Split(err.Error(), "\n")
	default:
		t.Fatalf("error %v (%T) is not of rows", err, err)
	}
	for _, n := range refused.Notices {
		lines = append(lines, n.String())
	}
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "f:")
	}
	return strings.Join(lines, "\n")
}

func TestALineOfOneCellCanBeAComment(t *testing.T) {
	const comment = "2:1: this line begins with # and was read as a comment, not as a row"
	for _, test := range []struct{ name, header, line, want string }{
		{"text", "tenantId,note", "# reviewed", comment},
		{"a stray quote in it", "tenantId,note", "# the \"first", comment},
		{"stray spaces before it", "tenantId,note", "\u00a0 # reviewed", comment},
		{"filled up with empty cells", "tenantId,note", "# reviewed,", comment},
		{"filled up with empty cells of any kind", "tenantId;note;", `#reviewed; "" ;`, comment},
		{"quoted as it holds the delimiter", "tenantId,note", `"# reviewed, Monday",`, comment},
		{"quoted with quotes in it", "tenantId,note", `" # ""x"", y" , ""`, comment},
		{"the other delimiter", "tenantId;note", "# a, b", comment},
		{"tabs", "tenantId\tnote", "# a, b\t\t", comment},
		{"one column", "tenantId", "#" + idB, comment},
		{"a ruler", "tenantId,note", "##########", comment},
		{"an error value in its text", "tenantId,note", "# look up #N/A", comment},

		{"several cells", "tenantId,note", "# reviewed, Monday", "2:1: \"# reviewed\" begins with #, and only a line of one cell is a comment: delete the row, or put one pair of quotes round all of the comment"},
		{"too many cells", "tenantId,note", "# a, b, c", "2:1: \"# a\" begins with #, and only a line of one cell is a comment: delete the row, or put one pair of quotes round all of the comment"},
		{"too few cells", "tenantId,name,note", "#" + idB + ",x", "2:1: \"#" + idB + "\" begins with #, and only a line of one cell is a comment: delete the row, or put one pair of quotes round all of the comment"},
		{"a quote in several cells", "tenantId,note", "# the \"first\", x", "2:1: \"# the \\\"first\\\"\" begins with #, and only a line of one cell is a comment: delete the row, or put one pair of quotes round all of the comment"},
		{"a cell of two lines", "tenantId,note", "\"# a\nb\",", "2:1: \"# a\\nb\" begins with #, and only a line of one cell is a comment: delete the row, or put one pair of quotes round all of the comment"},
		{"text behind the quotes", "tenantId,note", `"# a",b`, "2:1: \"# a\" begins with #, and only a line of one cell is a comment: delete the row, or put one pair of quotes round all of the comment"},
		{"a note that comes first", "note,tenantId", "#4711," + idB, ""},
		{"a note that comes first, and too few cells", "note,name,tenantId", "#4711," + idB, "2:1: the row has 2 cells and the header 3: a delimiter is missing or the row was cut short"},
		{"a note that comes first, and an empty cell too many", "note,tenantId", "#4711," + idB + ",", ""},
		{"a note that comes first, and is an error value", "note,tenantId", "#N/A," + idB, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			delimiters := strings.Repeat(";", strings.Count(test.header, ";")) + strings.Repeat(",", strings.Count(test.header, ",")) + strings.Repeat("\t", strings.Count(test.header, "\t"))
			good := idA + delimiters
			if strings.HasPrefix(test.header, "note") {
				good = delimiters + idA
			}
			if diff := cmp.Diff(test.want, reported(t, test.header+"\n"+test.line+"\n"+good+"\n")); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnErrorValueIsNeverAComment checks that its row is read as a row, however it is written.
func TestAnErrorValueIsNeverAComment(t *testing.T) {
	for _, test := range []struct{ header, line string }{
		{"tenantId", "#N/A"}, {"tenantId,note", "#N/A"}, {"tenantId,note", "#n/a ,"}, {"tenantId;note", "#NV;"},
		{"tenantId,note", `"#REF!",""`}, {"tenantId,note", "# N/A,,,"}, {"tenantId,note", "#N/A,x,y"}, {"tenantId\tnote", "#¿NOMBRE?\t"},
	} {
		got := reported(t, test.header+"\n"+test.line+"\n")
		if !strings.HasPrefix(got, "2:1: tenantId is ") || !strings.Contains(got, "a spreadsheet's error value") || strings.Contains(got, "\n") {
			t.Errorf("%s below %s: %s", test.line, test.header, got)
		}
	}
}

func TestCommentsAreCountedInOneNotice(t *testing.T) {
	text := "# a\n#TYPE x\n\n\"# b, c\",,\ntenantId,note\n" + idA + ",\"x\n# no comment\"\n#d,\n" + strings.Repeat("# e\n", 1200)
	want := "1:1: 1,204 lines begin with # and were read as comments, not as rows: lines 1, 2, 4, 8, 9, 10, 11, 12, 13, 14 and 1,194 more"
	if diff := cmp.Diff(want, reported(t, text)); diff != "" {
		t.Errorf("reported (-want +got):\n%s", diff)
	}
}

func TestEmptyRowsAboveTheHeaderAreBlank(t *testing.T) {
	for _, above := range []string{",,,", ";;", "\t\t", ` "" , "",`, " , ,", "\u00a0,", "\n\n,,,\n# a\n;"} {
		rows := readRows(t, above+"\ntenantId,note\n"+idA+",x\n")
		if rows.Input.Rows != 1 {
			t.Errorf("%q: %d rows", above, rows.Input.Rows)
		}
	}
}

func TestAHeaderFurtherDownIsOneProblem(t *testing.T) {
	rows := strings.Repeat("x,y,z\n", 2000)
	for _, test := range []struct{ name, text, want string }{
		{"below a title", "Partners\ntenantId,name,note\n" + rows, "1:1: the header is not on line 1: it seems to be on line 2"},
		{"with a delimiter of its own", "Partners, all\ntenant id;name;note\n" + rows, "1:1: the header is not on line 1: it seems to be on line 2"},
		{"below a separator line", "sep=;\nPartners\ntenantId;name\n" + rows, "2:1: the header is not on line 2: it seems to be on line 3"},
		{"below comments and blank lines", "# a\n,,\nPartners\n\n# b\nname,\"tenant ID\"\n" + rows, "3:1: the header is not on line 3: it seems to be on line 6"},
		{"below a quote that is left open", "\"Partners\nname\ntenantId,name\n" + rows, "1:1: the header is not on line 1: it seems to be on line 3"},
		{"below a quote astray", "Partners \"all\"\ntenantId,name\n" + rows, "1:1: the header is not on line 1: it seems to be on line 2"},
		{"below data", idA + ",x\ntenantId,name\n" + rows, "1:1: the header is not on line 1: it seems to be on line 2"},
		{"as far down as is looked", "Title\n" + strings.Repeat("x\n", 99) + "tenantId\n" + rows, "1:1: the header is not on line 1: it seems to be on line 101"},
		{"too far down", "Title\n" + strings.Repeat("x\n", 100) + "tenantId\n" + rows, "1:1: no tenantId column: "},
		{"nowhere", "name,note\n" + rows, "1:1: no tenantId column: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := rowProblems(t, test.text); !strings.HasPrefix(got, "partners.csv:"+test.want) || strings.Contains(got, "\n") {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestProblemsBeyondTheFirstFiftyAreCounted(t *testing.T) {
	text := "tenantId,isSyncAllowed\n" + strings.Repeat("x,maybe\n", 25) + strings.Repeat(idA+",maybe\n", 1200) + strings.Repeat("#N/A,\n", 2) + "contoso,a,b\n"
	_, err := desired.ReadRows(t.Context(), strings.NewReader(text), "f")
	var problems desired.RowErrors
	if !errors.As(err, &problems) || len(problems) != 25*2+1200+2+1 {
		t.Fatalf("%d problems: %v", len(problems), err)
	}
	lines := strings.Split(err.Error(), "\n")
	want := "and 1,203 more: 1,200 × value that is neither true nor false, 2 × spreadsheet error value, 1 × row with too few or too many cells"
	if len(lines) != 51 || lines[50] != want {
		t.Errorf("%d lines, the last is\n%s\nwant\n%s", len(lines), lines[len(lines)-1], want)
	}
	if got := problems[:50].Error(); strings.Count(got, "\n") != 49 || strings.Contains(got, "more") {
		t.Errorf("fifty problems are printed as\n%s", got)
	}
}

func TestNoticesBeyondTheFirstFiftyAreCounted(t *testing.T) {
	text := "tenantId,name\n" + idA + ",x\n" + strings.Repeat(idA+",x\n", 1100) + "# comment\n"
	rows := readRows(t, text)
	if len(rows.Notices) != 52 {
		t.Fatalf("%d notices", len(rows.Notices))
	}
	want := []string{
		"partners.csv:53:1: from here on 1,050 more rows that say the same as an earlier row of their tenant",
		"partners.csv:1103:1: this line begins with # and was read as a comment, not as a row",
	}
	if diff := cmp.Diff(want, []string{rows.Notices[50].String(), rows.Notices[51].String()}); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

// TestRowsInsideAQuotedCellAreNoticed reads the rows that an open quote swallows
// when a later row ends it.
func TestRowsInsideAQuotedCellAreNoticed(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"tenantId,note\n" + idA + ",\"x\n" + idB + ",y\nz\"\n", "3:1: this line looks like a row and stands inside a quoted cell of line 2: is a quote left open?"},
		{"note;tenantId\n\"x;" + idA + "\ny;{" + idB + "}\r\n\";" + idA + "\n", "3:1: this line looks like a row and stands inside a quoted cell of line 2: is a quote left open?"},
		{"tenantId,note\n" + idA + ",\"x\nContoso.com,y\nz\"\n", "3:1: this line looks like a row and stands inside a quoted cell of line 2: is a quote left open?"},
		{"tenantId,note\n" + idA + ",\"x\n\"\"" + idB + "\"\",y\nz\"\n", "3:1: this line looks like a row and stands inside a quoted cell of line 2: is a quote left open?"},
		{"tenantId,note\n" + idA + ",\"merged from:\n" + idB + "\nand others, too\"\n", ""},
		{"tenantId,name,note\n" + idA + ",,\"see contoso.com,\ncontoso.com, Monday\"\n", ""},
	} {
		if diff := cmp.Diff(test.want, reported(t, test.text)); diff != "" {
			t.Errorf("reported (-want +got):\n%s", diff)
		}
	}
}

// A cell with very many lines is read as fast as another one with as many bytes.
func TestACellOfManyLinesIsReadOnce(t *testing.T) {
	text := "tenantId,note\n" + idA + ",\"" + strings.Repeat("\n", 1<<20-100) + "\" \n"
	began := time.Now()
	if rows := readRows(t, text); rows.Input.Rows != 1 || time.Since(began) > 10*time.Second {
		t.Errorf("%d rows in %v", rows.Input.Rows, time.Since(began))
	}
}
