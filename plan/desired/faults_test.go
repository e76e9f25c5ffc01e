package desired_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/plan/desired"
)

// tester is a *testing.T or a *rapid.T.
type tester interface {
	rapid.TB
	Context() context.Context
}

// refusedRows reads a CSV that has problems.
func refusedRows(t tester, text string) *desired.RefusedRows {
	t.Helper()
	_, err := desired.ReadRows(t.Context(), strings.NewReader(text), "partners.csv")
	var refused *desired.RefusedRows
	if !errors.As(err, &refused) {
		t.Fatalf("%v for %q", err, text)
	}
	return refused
}

// handedBack is what the author of a CSV gets back.
func handedBack(t tester, refused *desired.RefusedRows) string {
	t.Helper()
	if refused.Faults() == nil {
		t.Fatalf("nothing is handed back: %v", refused)
	}
	var file strings.Builder
	if err := refused.Faults().Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

func TestFaultsAreHandedBackAsTheyWere(t *testing.T) {
	const first, second = "0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01", "1c8d6e2f-6d1a-4a1b-8b62-3a3b5d3a1b02"
	for _, c := range []struct{ name, in, want string }{
		{"the good stay out", "Tenant ID;Name;inboundSync\r\n" + first + ";A;true\r\n\r\n" + second + ";B;maybe\r\n",
			"Tenant ID;Name;inboundSync;reason\r\n" + second + `;B;maybe;"line 4: userSyncInbound.isSyncAllowed is ""maybe"": use true/false, yes/no, on/off or 1/0"` + "\r\n"},
		{"all reasons in one", "\ufefftenantId,name\n{1},=A1\n",
			"tenantId,name,reason\n{1},=A1," + `"line 2: tenantId ""{1}"" is not a GUID: it has 1 hexadecimal digit, not 32, as in 8-4-4-4-12; displayName is ""=A1"", a formula and not its value: paste the values in place of the formulas and save the file again"` + "\n"},
		{"not ASCII", "tenantId;name\r\n{1};Müller\r\n",
			"\ufefftenantId;name;reason\r\n{1};Müller;" + `"line 2: tenantId ""{1}"" is not a GUID: it has 1 hexadecimal digit, not 32, as in 8-4-4-4-12"` + "\r\n"},
		{"a row too long", "tenantId,name\n" + first + ",Smith, John\n",
			"tenantId,name,reason\n" + first + ",Smith, John," + `line 2: the row has 3 cells and the header 2: quote a cell that holds the delimiter` + "\n"},
		{"a row cut short", "tenantId,name,note\n" + first + ",x\n",
			"tenantId,name,note,reason\n" + first + ",x," + `line 2: the row has 2 cells and the header 3: a delimiter is missing or the row was cut short` + "\n"},
		{"no UTF-8", "tenantId,name\n" + first + ",M\xfcller\n",
			"tenantId,name,reason\n" + first + ",M\xfcller,line 2: byte 0xFC is not valid UTF-8: save the file as CSV UTF-8\n"},
		{"no UTF-8 below UTF-8", "tenantId,name\n{1},Müller\n" + first + ",M\xfcller\n",
			"tenantId,name,reason\n{1},Müller," + `"line 2: tenantId ""{1}"" is not a GUID: it has 1 hexadecimal digit, not 32, as in 8-4-4-4-12"` + "\n" +
				first + ",M\xfcller,line 3: byte 0xFC is not valid UTF-8: save the file as CSV UTF-8\n"},
		{"an earlier reason", "reason,tenantId\nold,{1}\n",
			"reason,tenantId\n" + `"line 2: tenantId ""{1}"" is not a GUID: it has 1 hexadecimal digit, not 32, as in 8-4-4-4-12",{1}` + "\n"},
		{"an earlier reason of a row too long", "tenantId,name,Reason\n" + first + ",Smith, John,old\n",
			"tenantId,name,Reason\n" + first + ",Smith, John," + `line 2: the row has 4 cells and the header 3: quote a cell that holds the delimiter` + "\n"},
		{"an earlier reason that cannot be found", "tenantId,reason,name\n" + first + ",old,Smith, John\n", "tenantId,reason,name\n" + first + ",old,Smith, John\n"},
		{"rows that contradict each other", "tenantId,inboundSync\n" + first + ",true\n" + second + ",true\n" + first + ",false\n" + first + ",\n",
			"tenantId,inboundSync,reason\n" + first + ",true,line 2: the row on line 4 contradicts it\n" +
				first + ",false,line 4: tenant " + first + " is on line 2 already and contradicts it: userSyncInbound.isSyncAllowed is false here and true there\n" +
				first + ",,line 5: tenant " + first + " is on line 2 already and contradicts it: userSyncInbound.isSyncAllowed is empty here and true there\n"},
		{"a cell of two lines", "tenantId,note,name\n" + first + ",\"a\nb\",#REF!\n",
			"tenantId,note,name,reason\n" + first + ",\"a\nb\",\"#REF!\"," + `"line 2: displayName is ""#REF!"", a spreadsheet's error value: a formula or look-up failed there; put the right value in its place and save the file again"` + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, handedBack(t, refusedRows(t, c.in))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Where rows cannot be told apart, half of them would pass for all that are wrong.
func TestNothingIsHandedBackOfRowsThatCannotBeToldApart(t *testing.T) {
	for _, text := range []string{
		"tenantId,nmae\np0.example,x\n", "name\nx\n", "", "tenantId\n", "tenantId,name\np0.example,\"a\"b\np1.example,c\n", "tenantId\n#N/A\np0.\x00example\n", "PK\x03\x04",
	} {
		if f := refusedRows(t, text).Faults(); f != nil {
			t.Errorf("%q: %d rows", text, f.Rows())
		}
	}
}

// Whatever is wrong with rows: each is handed back once, and if it comes in again
// as it is, it is refused again for the same reasons.
func TestWhatIsHandedBackUncorrectedIsRefusedAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := dialects.Draw(t, "dialect")
		lines := []string{rapid.SampledFrom([]string{"tenantId,displayName,note", "tenantId,note,displayName", "tenantId,displayName,note,reason", "tenantId,reason,displayName", "tenantId,displayName,note,"}).Draw(t, "header")}
		for i := range rapid.IntRange(1, 8).Draw(t, "pieces") {
			as := rapid.SampledFrom([]string{"blank", "comment", "row", "problem", "problem", "junk"}).Draw(t, "as")
			text := junk.Draw(t, "junk")
			if as != "junk" {
				text = rapid.SampledFrom(pieces[as]).Draw(t, as)
			}
			lines = append(lines, strings.ReplaceAll(text, "p0.", fmt.Sprintf("p%d.", i)))
		}
		text := strings.ReplaceAll(strings.Join(lines, "\n")+"\n", ",", d.Delimiter)
		text = inEncoding(t, d.Encoding, strings.ReplaceAll(text, "\n", d.Newline))
		_, err := desired.ReadRows(t.Context(), strings.NewReader(text), "partners.csv")
		var refused *desired.RefusedRows
		if !errors.As(err, &refused) || refused.Faults() == nil {
			return
		}
		back := handedBack(t, refused)
		again := refusedRows(t, back)
		if diff := cmp.Diff(problemsOf(refused), problemsOf(again)); diff != "" {
			t.Errorf("problems (-first +again), of\n%q:\n%s", back, diff)
		}
		if good, err := desired.HasGoodRows(t.Context(), strings.NewReader(back), ""); good || err != nil {
			t.Errorf("a good row is in %q (%v)", back, err)
		}
		if again.Faults() == nil || again.Faults().Rows() != refused.Faults().Rows() {
			t.Errorf("%d rows were handed back, and again %v, of %q", refused.Faults().Rows(), again.Faults(), back)
		}
	})
}

// problemsOf lists what is wrong, without what the column of the reason changes: the
// numbers of cells, and the value of a row that is quoted whole.
func problemsOf(r *desired.RefusedRows) (all []string) {
	for _, p := range r.RowErrors {
		text := p.Err.Error()
		if strings.HasPrefix(text, "the row has ") {
			text = "the row has another number of cells"
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return all
}
