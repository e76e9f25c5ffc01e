package desired_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/plan/desired"
)

// An input that a plan keeps gives back the rows that were read.
func TestAnInputIsReadAgain(t *testing.T) {
	const text = "tenantId,name,isSyncAllowed,ensure\n\"" + idA + "\" , Contoso,yes,\n" + idA + ",Contoso,1,\n" + idB + ",,,absent\n"
	rows := readRows(t, text)
	again, err := rows.Input.Reread()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(known(t, rows), known(t, again), ignorePositions); diff != "" {
		t.Errorf("(-read +again):\n%s", diff)
	}
	for _, c := range []struct {
		row, column int
		cell, want  string
	}{
		{0, 2, "maybe", `partners.csv:2:0: userSyncInbound.isSyncAllowed is "maybe": use true/false, yes/no, on/off or 1/0`},
		{1, 1, "Fabrikam", `partners.csv:3:0: tenant ` + idA + ` is on line 2 already and contradicts it: displayName is "Fabrikam" here and "Contoso" there`},
		{2, 1, "a\rb", "line 4 holds a character that no cell can have"},
		{2, 1, "a\x00b", "line 4 holds a character that no cell can have"},
	} {
		in := readRows(t, text).Input
		in.Cells[c.row][c.column] = c.cell
		if _, err := in.Reread(); err == nil || err.Error() != c.want {
			t.Errorf("%q: got %v, want %s", c.cell, err, c.want)
		}
	}
	for _, header := range []string{"name,what", "name,name", "name,note"} {
		in := desired.Input{Header: strings.Split(header, ",")}
		if _, err := in.Reread(); err == nil || !strings.HasPrefix(err.Error(), "its header: ") {
			t.Errorf("%s: got %v", header, err)
		}
	}
}

// What a domain name stood for is known from the line of its row.
func TestRowsAreAssignedTheirTenantsAgain(t *testing.T) {
	const text = "tenantId,name\na.example,A\n" + idB + ",B\nb.example,B\nc.example,C\nb.example,B\n"
	rows := readRows(t, text)
	want := []desired.Unassigned{{Line: 4, Rows: 2, Repeats: true}, {Line: 5, Rows: 1}}
	if diff := cmp.Diff(want, rows.Assign(map[int]string{2: idA, 3: idB})); diff != "" {
		t.Errorf("without a tenant (-want +got):\n%s", diff)
	}
	rows = readRows(t, text)
	if dropped := rows.Assign(map[int]string{2: idA, 3: idB, 5: "cccccccc-0000-4000-8000-00000000000c"}); !cmp.Equal(want[:1], dropped) || len(rows.Domains()) != 0 {
		t.Errorf("%v have no tenant, and the domains %v are left", dropped, rows.Domains())
	}
	var lines []int
	for _, row := range known(t, rows) {
		lines = append(lines, row.Line)
	}
	if diff := cmp.Diff([]int{2, 3, 5}, lines); diff != "" {
		t.Errorf("lines of the rows (-want +got):\n%s", diff)
	}
}

func TestAnInputThatCannotBeWrittenAgainIsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*desired.Input)
		want string
	}{
		{"as it was read", func(*desired.Input) {}, ""},
		{"no header", func(in *desired.Input) { in.Header = nil }, "it has no header"},
		{"a row more than cells", func(in *desired.Input) { in.Rows++ }, "it counts 3 rows, but has the cells of 2 and the lines of 2"},
		{"cells that are missing", func(in *desired.Input) { in.Cells = in.Cells[:1] }, "it counts 2 rows, but has the cells of 1 and the lines of 2"},
		{"lines that are missing", func(in *desired.Input) { in.Lines = in.Lines[:1] }, "it counts 2 rows, but has the cells of 2 and the lines of 1"},
		{"no rows", func(in *desired.Input) { in.Rows, in.Cells, in.Lines = 0, nil, nil }, "it counts 0 rows, but has the cells of 0 and the lines of 0"},
		{"a strange delimiter", func(in *desired.Input) { in.Dialect.Delimiter = "|" }, `unknown dialect {"|" "utf-8" "\n"}`},
		{"a strange encoding", func(in *desired.Input) { in.Dialect.Encoding = "latin1" }, `unknown dialect {"," "latin1" "\n"}`},
		{"a strange line end", func(in *desired.Input) { in.Dialect.Newline = "\r" }, `unknown dialect {"," "utf-8" "\r"}`},
		{"a row on the line of the header", func(in *desired.Input) { in.Lines[0] = 1 }, "row 1 is on line 1, after line 1"},
		{"rows that go up", func(in *desired.Input) { slices.Reverse(in.Lines) }, "row 2 is on line 2, after line 3"},
		{"a cell too many", func(in *desired.Input) { in.Cells[1] = append(in.Cells[1], "x") }, "line 3 has 3 cells below a header of 2"},
		{"no name", func(in *desired.Input) { in.Name = "" }, "it has no name, or one that is too long"},
		{"a name that is too long", func(in *desired.Input) { in.Name = strings.Repeat("x", desired.MaxName+1) }, "it has no name, or one that is too long"},
		{"half a hash", func(in *desired.Input) { in.SHA256 = in.SHA256[:32] }, "it has no SHA-256: "},
		{"a hash in capitals", func(in *desired.Input) { in.SHA256 = strings.Repeat("A", 64) }, "it has no SHA-256: "},
		{"a number alone", func(in *desired.Input) { *in = desired.Input{Name: "run", Rows: 2} }, ""},
		{"less than no rows", func(in *desired.Input) { *in = desired.Input{Rows: -1} }, "it counts -1 rows"},
		{"a dialect alone", func(in *desired.Input) { *in = desired.Input{Dialect: in.Dialect} }, "it has a dialect but no rows"},
		{"a long name alone", func(in *desired.Input) { *in = desired.Input{Name: strings.Repeat("x", desired.MaxName+1)} }, "its name or its hash is too long"},
		{"a long hash alone", func(in *desired.Input) { *in = desired.Input{SHA256: strings.Repeat("x", desired.MaxName+1)} }, "its name or its hash is too long"},
	} {
		in := readRows(t, "tenantId,note\n"+idA+",x\n"+idB+",y\n").Input
		c.edit(&in)
		err := in.Check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

func TestARowManagesWhatItNames(t *testing.T) {
	const header = "tenantId,displayName,isSyncAllowed,mfaTrust,inboundConsent,ensure\n" + idA
	for cells, want := range map[string][]desired.Object{
		",,,,,":       {desired.PartnerConfiguration},
		",A,,,,":      {desired.IdentitySynchronization},
		",,no,,,":     {desired.IdentitySynchronization},
		",,,,,absent": {desired.IdentitySynchronization},
		",,,no,,":     {desired.Trust},
		",,,,yes,":    {desired.Consent},
		",A,1,1,1,":   {desired.IdentitySynchronization, desired.Trust, desired.Consent},
	} {
		row := known(t, readRows(t, header+cells+"\n"))[0]
		var got []desired.Object
		for _, o := range desired.PartnerObjects {
			if row.Manages(o) {
				got = append(got, o)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", cells, diff)
		}
	}
}

// A row is read again for each line that has to be mended, but not without end.
func TestARowIsMendedSoOftenAndNoMore(t *testing.T) {
	text := func(cells int) string {
		return "tenantId" + strings.Repeat(",", cells) + "\n" + idA + strings.Repeat(", \"\n\" ", cells) + "\n"
	}
	if rows := readRows(t, text(90)); rows.Input.Rows != 1 {
		t.Errorf("%d rows", rows.Input.Rows)
	}
	if got := rowProblems(t, text(150)); !strings.Contains(got, "does not end in a quote and a delimiter") {
		t.Errorf("got %s", got)
	}
}

func TestTheColumnOfReasonsIsFound(t *testing.T) {
	for header, want := range map[string]int{"tenantId,note": -1, "tenantId,note,reason": 2, " Reason ,tenantId": 0} {
		in := desired.Input{Header: strings.Split(header, ",")}
		if got := in.ReasonColumn(); got != want {
			t.Errorf("%s: got %d, want %d", header, got, want)
		}
	}
}
