package desired_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// named is a partner whose policy has a name.
func named(n int, name string) graph.Partner {
	return graph.Partner{TenantID: fmt.Sprintf("90e29127-71ad-49c7-9ce8-%012x", n), Sync: &graph.IdentitySynchronization{DisplayName: &name}}
}

func exportOf(t *testing.T, x desired.Exporter, partners ...graph.Partner) (*desired.Export, string) {
	t.Helper()
	if x.Owned == nil {
		x.Owned = func(p *graph.Partner) bool { return p.IsServiceProvider }
	}
	all := map[string]graph.Partner{}
	for _, p := range partners {
		all[p.TenantID] = p
	}
	var file strings.Builder
	out := x.Export(all)
	if err := out.Write(&file); err != nil {
		t.Fatal(err)
	}
	return out, file.String()
}

// Each name is in the file as it is, or the notice says why not; what may not stay
// as it is in a spreadsheet is told as well.
func TestWhatBecomesOfANameIsTold(t *testing.T) {
	const seen, run, shown, numbers = "begins or ends with a space", "would run it as a formula", "error value", "into a number or a date"
	for name, want := range map[string]string{
		"Fabrikam": "", "Müller & Söhne": "", "#1 Fabrikam": "", "3M": "", "1&1": "", "March Networks": "", "May": "", "24 Hours": "", "true north": "", "a-b": "", "O'Neil": "", "": "",
		" x": seen, "x\u00a0": seen, "\u200bx": seen, " ": seen,
		"=1": run, "+x": run, "-x": run, "@x": run, "＝1": run, "a;=1": run, "a, -b": run, "\"=1": run, "{=A1}": run,
		"#N/A": shown, "#NAME?": shown, "Err:502": shown,
		"a\nb": "line breaks and control characters", "a\x1bb": "line breaks and control characters", strings.Repeat("x", 257): "257 characters", "a\ufffdb": "could not be read",
		"007": numbers, "7-11": numbers, "1E5": numbers, "12.5%": numbers, "$5": numbers, "May 5": numbers, "5 Okt.": numbers, "TRUE": numbers, "wahr": numbers, "24/7": numbers,
		"NULL": "programs write where they have no name",
	} {
		out, file := exportOf(t, desired.Exporter{Form: desired.CanonicalForm()}, named(1, name))
		kept := want == "" || want == numbers || strings.HasPrefix(want, "programs")
		if name != "" && kept != strings.Contains(strings.ReplaceAll(file, `"`, ""), ","+name+",") {
			t.Errorf("%q is written as %q", name, file)
		}
		if told := strings.Join(out.Notices, "\n"); want == "" && told != "" || !strings.Contains(told, want) || kept == strings.Contains(told, "is not in the file") && want != "" {
			t.Errorf("%q: told %q", name, told)
		}
	}
}

// Hundreds of names with the same trouble are counted, and none is forgotten.
func TestNoticesOfAnExportAreCounted(t *testing.T) {
	var partners []graph.Partner
	for i := range 60 {
		partners = append(partners, named(i+1, "=x"))
	}
	out, _ := exportOf(t, desired.Exporter{Form: desired.CanonicalForm()}, partners...)
	if n := len(out.Notices); n != 51 || out.Notices[50] != "and 10 more partners whose displayName is not in the file" {
		t.Errorf("%d notices, the last %q", n, out.Notices[n-1])
	}
}

// What is no partner to write has no row: the home tenant, what belongs to others,
// and, unless all are asked for, what has no policy.
func TestAnExportHasRowsForPartnersThatCanBeWritten(t *testing.T) {
	home, owned, bare := named(1, "home"), named(2, "owned"), graph.Partner{TenantID: "90e29127-71ad-49c7-9ce8-000000000003"}
	owned.IsServiceProvider = true
	x := desired.Exporter{Form: desired.CanonicalForm(), Home: home.TenantID}
	for range 2 {
		out, file := exportOf(t, x, home, owned, bare)
		comments := "\n# 90e29127-71ad-49c7-9ce8-000000000001 cannot be named by a row\n" +
			"# 90e29127-71ad-49c7-9ce8-000000000002 belongs to a service provider or to Microsoft Support: bulksync never writes it\n"
		if !strings.HasSuffix(file, comments) || strings.Contains(file, bare.TenantID) != x.All || strings.Contains(file, "own") {
			t.Errorf("%q", file)
		}
		if rows := strings.Count(file, "\n") - 3; out.Rows != rows || out.Comments != 1 || out.Left != 1-rows {
			t.Errorf("%+v of %q", out, file)
		}
		x.All = true
	}
}

// What a partner is called in its directory stands beside its own name, unless a
// spreadsheet would run it or a column for it is missing. It alone is no wish.
func TestAnExportShowsWhatPartnersAreCalled(t *testing.T) {
	bare := graph.Partner{TenantID: "90e29127-71ad-49c7-9ce8-000000000003"}
	owned := graph.Partner{TenantID: "90e29127-71ad-49c7-9ce8-000000000004", IsServiceProvider: true}
	partners := []graph.Partner{named(1, "Fab"), named(2, ""), bare, owned}
	x := desired.Exporter{Form: desired.CanonicalForm(), All: true, Names: map[string]graph.Tenant{
		partners[0].TenantID: {Name: "Fabrikam, Inc."}, partners[1].TenantID: {Name: "=1+1"}, bare.TenantID: {Name: "007"}, owned.TenantID: {Name: "Reseller"},
	}}
	out, file := exportOf(t, x, partners...)
	for _, row := range []string{"\ufefftenantId,displayName,directoryName,", "0001,Fab,\"Fabrikam, Inc.\",", "0002,,,", "0003,,007,,,,,,\n", "# 90e29127-71ad-49c7-9ce8-000000000004 belongs to a service provider or to "} {
		if !strings.Contains(file, row) {
			t.Errorf("%q is not in %q", row, file)
		}
	}
	want := []string{partners[1].TenantID + `: directoryName "=1+1" is not in the file: a spreadsheet would run it as a formula`}
	if !slices.Equal(out.Notices, want) {
		t.Errorf("told %q", out.Notices)
	}
	rows, err := desired.ReadRows(t.Context(), strings.NewReader(file), "export.csv")
	if err != nil {
		t.Fatal(err)
	}
	if all, err := rows.Resolve("", nil); err != nil || all.Rows[2].Manages(desired.IdentitySynchronization) || all.Rows[2].DisplayName() != "" || len(rows.Notices) > 1 {
		t.Errorf("%v, %+v, %v", err, all, rows.Notices)
	}
}

// Names are needed for the rows of a file that has a place for them, and no others.
func TestAnExportNeedsTheNamesThatItShows(t *testing.T) {
	all := map[string]graph.Partner{}
	for _, p := range []graph.Partner{named(3, "c"), named(1, "home"), named(2, "b"), {TenantID: "90e29127-71ad-49c7-9ce8-000000000004"}} {
		all[p.TenantID] = p
	}
	x := desired.Exporter{Form: desired.CanonicalForm(), Home: named(1, "").TenantID, Owned: func(*graph.Partner) bool { return false }}
	if got := x.Shown(all); !slices.Equal(got, []string{named(2, "").TenantID, named(3, "").TenantID}) {
		t.Errorf("%q", got)
	}
	form, err := desired.ReadForm(t.Context(), strings.NewReader("tenantId,name\n"), "like.csv")
	if err != nil {
		t.Fatal(err)
	}
	x.Form = form
	if got := x.Shown(all); len(got) != 0 {
		t.Errorf("without a column: %q", got)
	}
}

// What no export has is somebody's work. A file without rows has none.
func TestAFileThatPeopleWorkedOnIsKnown(t *testing.T) {
	const id = "90e29127-71ad-49c7-9ce8-000000000001"
	for file, want := range map[string]bool{
		"tenantId,name,note,reason,ensure,directoryName\n" + id + ",a, ,\u00a0,present,Fab\n": false,
		"tenantId\n" + id + "\n":                   false,
		"tenantId\n":                               false,
		"tenantId,note\n" + id + ",CHG1\n":         true,
		"tenantId,reason\n" + id + ",failed\n":     true,
		"tenantId,ensure\n" + id + ",absent\n":     true,
		"tenantId\n" + id + "\nfabrikam.example\n": true,
		"tenantId,name\n" + id + ",=A1\n":          true,
		"tenantId,name\n" + id + "\n":              true,
	} {
		if got, _ := desired.IsFilledIn(t.Context(), strings.NewReader(file)); got != want {
			t.Errorf("%q: %v", file, got)
		}
	}
}

// Where a text would be obeyed, it is not written, not even in a header.
func TestWhatIsUnfitForItsPlaceIsNotWritten(t *testing.T) {
	form, err := desired.ReadForm(t.Context(), strings.NewReader("\u202etenantId,name,\u200b\n"), "like.csv")
	if err != nil {
		t.Fatal(err)
	}
	unfit := func(text string) string {
		if strings.ContainsAny(text, "\u202e\u200b!") {
			return "it is obeyed"
		}
		return ""
	}
	out, file := exportOf(t, desired.Exporter{Form: form, Unfit: unfit}, named(1, "go!"), named(2, "stay"))
	want := "tenantId,name,\n90e29127-71ad-49c7-9ce8-000000000001,,\n90e29127-71ad-49c7-9ce8-000000000002,stay,\n"
	if file != want || len(out.Notices) != 1 || !strings.HasSuffix(out.Notices[0], ": it is obeyed") {
		t.Errorf("%q, told %q", file, out.Notices)
	}
}

// The comments that an export wrote were never meant as rows, so no reader is told
// of them, even if a spreadsheet padded them. All others are told.
func TestCommentsOfAnExportAreNotTold(t *testing.T) {
	owned := named(2, "owned")
	owned.IsServiceProvider = true
	_, file := exportOf(t, desired.Exporter{Form: desired.CanonicalForm()}, named(1, "Fab"), owned)
	notices := func(text string) string {
		rows, err := desired.ReadRows(t.Context(), strings.NewReader(text), "p.csv")
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, n := range rows.Notices {
			told = append(told, n.Message)
		}
		return strings.Join(told, "\n")
	}
	for text, want := range map[string]string{
		file: "",
		strings.TrimSuffix(file, "\n") + ",,,,\n":                   "",
		file + "# 90e29127-71ad-49c7-9ce8-000000000003\n":           "this line begins with # and was read as a comment, not as a row",
		file + "# Fab belongs to a service provider\n# Tailspin\n":  "2 lines begin with # and were read as comments, not as rows: lines 4 and 5",
		strings.Replace(file, ": bulksync never writes it", ":", 1): "this line begins with # and was read as a comment, not as a row",
	} {
		if got := notices(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
