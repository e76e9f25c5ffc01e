package desired_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/plan/desired"
)

func TestEqualRowsAreMergedWithANotice(t *testing.T) {
	got := readRows(t, "tenantId,name,isSyncAllowed\n"+idA+",Contoso,true\n"+idB+",,\n{"+strings.ToUpper(idA)+"}, Contoso ,YES\n")
	want := []desired.Row{desired.With(desired.Row{Line: 2, TenantID: idA, Also: 1}, "displayName", "Contoso", "userSyncInbound.isSyncAllowed", true), {Line: 3, TenantID: idB}}
	if diff := cmp.Diff(want, known(t, got), ignorePositions); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	notices := []desired.Notice{{File: "partners.csv", Line: 4, Column: 1,
		Message: "tenant " + idA + " is on line 2 already and says the same: the two rows are one"}}
	if diff := cmp.Diff(notices, got.Notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if got.Input.Rows != 3 || len(got.Input.Cells) != 3 {
		t.Errorf("input has %d rows and %d of cells, want the merged one among them", got.Input.Rows, len(got.Input.Cells))
	}
}

// TestDuplicatesAreFoundInALongFile repeats each of many rows once.
func TestDuplicatesAreFoundInALongFile(t *testing.T) {
	const n = 5000
	var once strings.Builder
	for i := range n {
		fmt.Fprintf(&once, "%08x-0000-4000-8000-00000000000a\n", i+1)
	}
	got := readRows(t, "tenantId\n"+once.String()+once.String())
	if rows := known(t, got); len(rows) != n || got.Input.Rows != 2*n || len(got.Input.Lines) != 2*n {
		t.Errorf("%d rows of %d in the input, want %d of %d", len(rows), got.Input.Rows, n, 2*n)
	}
}

func TestContradictingRowsNameBothLinesAndWhatDiffers(t *testing.T) {
	const head = "note,tenantId,name,isSyncAllowed,inboundConsent,outboundConsent,ensure\n"
	for _, test := range []struct{ first, second, want string }{
		{"," + idA + ",,true,,,", "," + idA + ",,false,,,", "userSyncInbound.isSyncAllowed is false here and true there"},
		{"," + idA + ",,true,,,", "," + idA + ",,,,,", "userSyncInbound.isSyncAllowed is empty here and true there"},
		{"," + idA + ",A,,,,", "," + idA + ",B,,,,", `displayName is "B" here and "A" there`},
		{"," + idA + ",,,1,,", "," + idA + ",,,0,,", "automaticUserConsentSettings.inboundAllowed is false here and true there"},
		{"," + idA + ",,,,,", "," + idA + ",,,,1,", "automaticUserConsentSettings.outboundAllowed is true here and empty there"},
		{"," + idA + ",,,,,present", "," + idA + ",,,,,absent", "ensure is absent here and present there"},
		{"," + idA + ",,,,,", "x," + idA + ",,,,,", `note is "x" here and empty there`},
		{"," + idA + ",A,1,,,", "," + idA + ",B,0,,,", `displayName is "B" here and "A" there; userSyncInbound.isSyncAllowed is false here and true there`},
	} {
		place := "partners.csv:3:2: "
		if strings.HasPrefix(test.second, "x") {
			place = "partners.csv:3:3: "
		}
		want := place + "tenant " + idA + " is on line 2 already and contradicts it: " + test.want
		if diff := cmp.Diff(want, rowProblems(t, head+test.first+"\n"+test.second+"\n")); diff != "" {
			t.Errorf("problem (-want +got):\n%s", diff)
		}
	}
}

func TestDomainsAreAskedForOnce(t *testing.T) {
	got := readRows(t, "tenantId\nfabrikam.com\n"+idA+"\ncontoso.com\nFABRIKAM.com\n")
	if diff := cmp.Diff([]string{"fabrikam.com", "contoso.com"}, got.Domains()); diff != "" {
		t.Errorf("domains (-want +got):\n%s", diff)
	}
}

func TestResolveMergesWhatTurnsOutToBeOneTenant(t *testing.T) {
	rows := readRows(t, "tenantId,name\nfabrikam.com,F\n"+idA+",C\ncontoso.com,C\n")
	got, err := rows.Resolve("", map[string]string{"fabrikam.com": strings.ToUpper(idB), "contoso.com": idA})
	if err != nil {
		t.Fatal(err)
	}
	want := []desired.Row{
		desired.With(desired.Row{Line: 2, TenantID: idB}, "displayName", "F"),
		desired.With(desired.Row{Line: 3, TenantID: idA, Also: 1}, "displayName", "C"),
	}
	if diff := cmp.Diff(want, got.Rows, ignorePositions); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	notices := []desired.Notice{{File: "partners.csv", Line: 4, Column: 1,
		Message: "domain contoso.com (tenant " + idA + ") is on line 3 already and says the same: the two rows are one"}}
	if diff := cmp.Diff(notices, got.Notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if len(rows.Domains()) != 2 || len(rows.Notices) != 0 {
		t.Errorf("the rows have become %v, %v", rows.Domains(), rows.Notices)
	}
}

func TestResolveReportsEveryProblemAndChangesNothing(t *testing.T) {
	const home = "cccccccc-0000-4000-8000-00000000000c"
	got := readRows(t, "name,tenantId\nunknown,nobody.example\nA,"+idA+"\nB,contoso.com\nhome,"+home+"\nhome,home.example\n")
	partners, err := got.Resolve(strings.ToUpper(home), map[string]string{"contoso.com": idA, "home.example": home})
	want := strings.Join([]string{
		`partners.csv:2:9: unknown domain "nobody.example": no tenant has it; correct it or give the tenant ID`,
		"partners.csv:4:3: domain contoso.com (tenant " + idA + `) is on line 3 already and contradicts it: displayName is "B" here and "A" there`,
		"partners.csv:5:6: tenant " + home + " is the home tenant itself: it cannot be its own partner",
		"partners.csv:6:6: domain home.example (tenant " + home + ") is the home tenant itself: it cannot be its own partner",
	}, "\n")
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if partners != nil || len(got.Domains()) != 3 {
		t.Errorf("got %v, and the domains %v are left", partners, got.Domains())
	}
}
