package report_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"bulksync/internal/fleet"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
	"bulksync/report"
)

func fleetAs(t *testing.T, r *fleet.Rollup, f report.Format, o report.Options) string {
	t.Helper()
	return rendered(t, func(w io.Writer) error { return report.Fleet(w, r, f, o) })
}

// counts is how many tenants of a fleet have each status, and at how many of those that
// differ something is new.
type counts struct{ unknown, failed, incomplete, differs, fresh, passed, wanted int }

// fleetWith is a fleet of so many tenants.
func fleetWith(verb string, c counts) *fleet.Rollup {
	var rows []fleet.Row
	add := func(n int, row func(id int, name string) fleet.Row) {
		for range n {
			rows = append(rows, row(len(rows), fmt.Sprintf("t%d", len(rows))))
		}
	}
	unread := func(s fleet.Status) func(int, string) fleet.Row {
		return func(id int, name string) fleet.Row { return failedRow(id, name, s, "no", "look") }
	}
	audited := func(s fleet.Status, totals audit.Totals, news evidence.News) func(int, string) fleet.Row {
		return func(id int, name string) fleet.Row { return auditedRow(id, name, s, totals, news) }
	}
	add(c.unknown, unread(fleet.Unknown))
	add(c.failed, unread(fleet.Failed))
	add(c.incomplete, unread(fleet.Incomplete))
	if verb == "plan" {
		add(c.differs, func(id int, name string) fleet.Row {
			return plannedRow(id, name, plan.Summary{Update: 600, Blocked: c.fresh})
		})
		add(c.wanted, func(id int, name string) fleet.Row { return plannedRow(id, name, plan.Summary{NoOp: 3}) })
		return fleetOf(verb, 1, rows...)
	}
	add(c.fresh, audited(fleet.Differs, audit.Totals{Extra: 1}, evidence.News{New: 1}))
	add(c.differs-c.fresh, audited(fleet.Differs, audit.Totals{Extra: 1}, evidence.News{Continuing: 1}))
	add(c.passed, audited(fleet.Passed, audit.Totals{Extra: 1}, evidence.News{Continuing: 1}))
	add(c.wanted, audited(fleet.AsWanted, audit.Totals{OK: 1}, evidence.News{}))
	return fleetOf(verb, 1, rows...)
}

// The verdict is a sentence that fits none, one and many, and never calls fine what is
// not known.
func TestVerdictsOfAFleet(t *testing.T) {
	for _, c := range []struct {
		verb string
		counts
		want string
	}{
		{"audit", counts{wanted: 1}, "Clean: the tenant is as wanted."},
		{"audit", counts{wanted: 2}, "Clean: both tenants are as wanted."},
		{"audit", counts{wanted: 1200}, "Clean: all 1,200 tenants are as wanted."},
		{"audit", counts{passed: 1}, "Passed: the tenant is not as wanted, which --fail-on lets pass."},
		{"audit", counts{passed: 1, wanted: 2}, "Passed: 1 of 3 tenants is not as wanted, which --fail-on lets pass."},
		{"audit", counts{passed: 2, wanted: 2}, "Passed: 2 of 4 tenants are not as wanted, which --fail-on lets pass."},
		{"audit", counts{differs: 1}, "Drift: the tenant is not as wanted; nothing is new."},
		{"audit", counts{differs: 1, fresh: 1}, "Drift: the tenant is not as wanted; something is new."},
		{"audit", counts{differs: 1, fresh: 1, wanted: 3}, "Drift: 1 of 4 tenants is not as wanted; something is new."},
		{"audit", counts{differs: 2}, "Drift: neither tenant is as wanted; nothing is new."},
		{"audit", counts{differs: 2, fresh: 2}, "Drift: neither tenant is as wanted; something is new at both."},
		{"audit", counts{differs: 3, fresh: 1}, "Drift: none of the 3 tenants is as wanted; something is new at 1 of them."},
		{"audit", counts{differs: 3, fresh: 2, passed: 1, wanted: 1}, "Drift: 3 of 5 tenants are not as wanted; something is new at 2 of them; --fail-on lets 1 other pass."},
		{"audit", counts{differs: 3, fresh: 3, wanted: 1}, "Drift: 3 of 4 tenants are not as wanted; something is new at each of them."},
		{"audit", counts{failed: 1}, "No result for the tenant."},
		{"audit", counts{unknown: 1, incomplete: 1}, "No result for either tenant."},
		{"audit", counts{unknown: 1, failed: 1, incomplete: 1}, "No result for any of the 3 tenants."},
		{"audit", counts{failed: 1, wanted: 2}, "No result for 1 of 3 tenants."},
		{"audit", counts{failed: 2, wanted: 2}, "No result for 2 of 4 tenants."},
		{"audit", counts{failed: 2, differs: 1, wanted: 2}, "No result for 2 of 5 tenants; 1 other is not as wanted."},
		{"audit", counts{incomplete: 1, differs: 2, fresh: 1, wanted: 2}, "No result for 1 of 5 tenants; 2 others are not as wanted."},
		{"audit", counts{failed: 1, passed: 2, wanted: 2}, "No result for 1 of 5 tenants; --fail-on lets 2 others pass."},
		{"audit", counts{failed: 1, differs: 1, passed: 1, wanted: 2}, "No result for 1 of 5 tenants; 1 other is not as wanted; --fail-on lets 1 other pass."},
		{"plan", counts{wanted: 1}, "Nothing to change: the tenant is as wanted."},
		{"plan", counts{wanted: 3}, "Nothing to change: all 3 tenants are as wanted."},
		{"plan", counts{differs: 1}, "The tenant needs changes: 600 to make."},
		{"plan", counts{differs: 2, fresh: 1}, "Both tenants need changes: 1,200 to make, 2 blocked."},
		{"plan", counts{differs: 1, wanted: 1}, "1 of 2 tenants needs changes: 600 to make."},
		{"plan", counts{differs: 2, wanted: 1}, "2 of 3 tenants need changes: 1,200 to make."},
		{"plan", counts{failed: 1, differs: 1, wanted: 1}, "No result for 1 of 3 tenants; 1 other needs changes."},
		{"plan", counts{failed: 1, differs: 2, wanted: 1}, "No result for 1 of 4 tenants; 2 others need changes."},
	} {
		r := fleetWith(c.verb, c.counts)
		if got, _, _ := strings.Cut(fleetAs(t, r, report.Text, report.Options{Width: 200}), "\n"); got != c.want {
			t.Errorf("%s of %+v:\ngot  %s\nwant %s", c.verb, c.counts, got, c.want)
		}
		if page := fleetAs(t, r, report.HTML, report.Options{}); !strings.Contains(page, "<h1>"+c.want+"</h1>") {
			t.Errorf("%s of %+v: the page has another verdict", c.verb, c.counts)
		}
	}
}

// Tenants with one cause share an alert, whatever is particular in their messages. It
// says the next step if that is the same for all.
func TestTenantsThatFailedAreGroupedByCause(t *testing.T) {
	var rows []fleet.Row
	for i := range 20 {
		name := "branch-" + string(rune('a'+i))
		rows = append(rows, failedRow(i, name, fleet.Failed, fmt.Sprintf("sign-in was refused for %s: trace %s", name, tenant(i)), "give the app a secret that is valid"))
		rows = append(rows, failedRow(100+i, "x"+name, fleet.Failed, "the variable is not set", "set X"+strings.ToUpper(name)))
	}
	text := fleetAs(t, fleetOf("audit", 1, rows...), report.Text, report.Options{Width: 160})
	for _, want := range []string{
		"\n! failed (20 tenants): for example, sign-in was refused for branch-a: trace " + tenant(0) + "; each row has its own message\n",
		"\n    and 15 more tenants\n  hint: give the app a secret that is valid\n", "\n! failed (20 tenants): the variable is not set\n", "next: set XBRANCH-T\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "next: give the app") || strings.Contains(text, "hint: set") || strings.Count(text, "! failed (") != 2 {
		t.Errorf("got\n%s", text)
	}
	for i := range rows {
		rows[i].Problem = strings.Repeat("a", i+1)
	}
	if text := fleetAs(t, fleetOf("audit", 1, rows...), report.Text, report.Options{Width: 160}); !strings.Contains(text, "\n! other (32 tenants): for other reasons; each row has its own\n") {
		t.Errorf("got\n%s", text)
	}
}

// A cause is one whatever the variables of the tenants are called, and so is a next
// step: it is told once, for the first of them.
func TestTenantsWithoutTheirSecretsAreOneCause(t *testing.T) {
	var rows []fleet.Row
	for i := range 20 {
		name := "branch-" + string(rune('a'+i))
		variable := "TOKEN_" + strings.ToUpper(name[7:])
		rows = append(rows, failedRow(i, name, fleet.Failed, "the variable "+variable+" is not set", "put a token of the tenant in it"))
		rows = append(rows, failedRow(100+i, "x"+name, fleet.Failed, "access token is not a JWT", "put a token in "+variable+", such as another"))
	}
	text := fleetAs(t, fleetOf("audit", 1, rows...), report.Text, report.Options{Width: 160})
	for _, want := range []string{
		"\n! failed (20 tenants): for example, the variable TOKEN_A is not set; each row has its own message\n", "\n  hint: put a token of the tenant in it\n",
		"\n! failed (20 tenants): access token is not a JWT\n", "\n  hint: for xbranch-a: put a token in TOKEN_A, such as another; likewise for the others\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "next:") || strings.Count(text, "! failed (") != 2 {
		t.Errorf("got\n%s", text)
	}
}

// A name that is part of a word in the message does not make a cause of its own.
func TestTenantsWithShortNamesAreOneCause(t *testing.T) {
	var rows []fleet.Row
	for i, name := range []string{"de", "at", "it", "fr"} {
		rows = append(rows, failedRow(i, name, fleet.Failed, name+": the credentials that were provided are from another site", "ask Ada"))
	}
	text := fleetAs(t, fleetOf("audit", 1, rows...), report.Text, report.Options{Width: 160})
	if !strings.Contains(text, "\n! failed (4 tenants): for example, de: the credentials") {
		t.Errorf("got\n%s", text)
	}
}

// What is the next step for many tenants is told once, above them; on the page each
// row has it as well.
func TestACommonStepIsToldOnce(t *testing.T) {
	var rows []fleet.Row
	for i := range 20 {
		row := auditedRow(i, fmt.Sprintf("t%d", i), fleet.Differs, audit.Totals{Extra: 1}, evidence.News{})
		if row.Next = "change the file"; i == 0 {
			row.Next = "ask Ada"
		}
		rows = append(rows, row)
	}
	r := fleetOf("audit", 1, rows...)
	const told = "Next for each of 19 tenants: change the file."
	for _, f := range []report.Format{report.Text, report.Markdown, report.HTML} {
		text := fleetAs(t, r, f, report.Options{Width: 160})
		rest := strings.ReplaceAll(text, told, "")
		want := 0
		if f == report.HTML {
			want = 19
		}
		if !strings.Contains(text, told) || strings.Count(strings.ToLower(rest), "change the file") != want || !strings.Contains(strings.ToLower(text), "ask ada") {
			t.Errorf("%s: got\n%.3000s", f, text)
		}
	}
}

// The alert names the shards without a result, those that never began and those that
// did not end.
func TestShardsWithoutAResultAreNamed(t *testing.T) {
	stated := func(n int, states map[int]fleet.State) *fleet.Rollup {
		var rows []fleet.Row
		for i := range 2 * n {
			name := fmt.Sprintf("t%d", i)
			if states[i%n] != "" {
				rows = append(rows, failedRow(i, name, fleet.Unknown, "no result", "wait"))
			} else {
				rows = append(rows, auditedRow(i, name, fleet.AsWanted, audit.Totals{OK: 1}, evidence.News{}))
			}
		}
		r := fleetOf("audit", n, rows...)
		for i, s := range states {
			r.Shards[i].State = s
		}
		return r
	}
	many := map[int]fleet.State{}
	for i := range 15 {
		many[i] = fleet.Missing
	}
	for want, r := range map[string]*fleet.Rollup{
		"! 1 of 3 shards without a result (2 tenants): 2/3 has left none":                stated(3, map[int]fleet.State{2: fleet.Missing}),
		"  hint: run it with --shard 2/3, or name its folder as well\n":                  stated(3, map[int]fleet.State{2: fleet.Missing}),
		"): 0/3, 1/3 have left none\n":                                                   stated(3, map[int]fleet.State{0: fleet.Missing, 1: fleet.Missing}),
		"  hint: run each of them, such as --shard 0/3, or name their folders as well\n": stated(3, map[int]fleet.State{0: fleet.Missing, 1: fleet.Missing}),
		"): 1/3 began and has not ended\n":                                               stated(3, map[int]fleet.State{1: fleet.Unfinished}),
		"  hint: wait for 1/3, or start it again: it goes on where it stopped\n":         stated(3, map[int]fleet.State{1: fleet.Unfinished}),
		"): 0/3 has left none; 1/3, 2/3 began and have not ended\n":                      stated(3, map[int]fleet.State{0: fleet.Missing, 1: fleet.Unfinished, 2: fleet.Unfinished}),
		"; wait for 1/3, 2/3, or start them again: they go on where they stopped\n":      stated(3, map[int]fleet.State{0: fleet.Missing, 1: fleet.Unfinished, 2: fleet.Unfinished}),
		"! 15 of 20 shards without a result (30 tenants): 0/20, 1/20, 2/20, 3/20, 4/20, 5/20, 6/20, 7/20, 8/20, 9/20 and 5 more shards have left none\n": stated(20, many),
		"  Shards       20, of which 5 have finished\n": stated(20, many),
		"  Shards       3, of which 1 has finished\n":   stated(3, map[int]fleet.State{0: fleet.Missing, 1: fleet.Missing}),
		"  Shards       3, all finished\n":              stated(3, nil),
		"  Finished     not yet\n":                      stated(3, map[int]fleet.State{1: fleet.Unfinished}),
	} {
		if text := fleetAs(t, r, report.Text, report.Options{Width: 200}); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	// A shard that has no tenants is not missed.
	r := stated(3, nil)
	r.Shards = append(r.Shards, fleet.ShardState{Index: 3, State: fleet.Missing})
	if text := fleetAs(t, r, report.Text, report.Options{}); strings.Contains(text, "without a result") {
		t.Errorf("got\n%s", text)
	}
}

// Nothing is said of what a tenant without a result holds.
func TestNothingIsClaimedOfATenantWithoutAResult(t *testing.T) {
	rows := []fleet.Row{
		auditedRow(1, "contoso", fleet.AsWanted, audit.Totals{OK: 1}, evidence.News{}),
		auditedRow(2, "fabrikam", fleet.Failed, audit.Totals{OK: 777, Extra: 888}, evidence.News{New: 999}),
		auditedRow(3, "zava", fleet.Incomplete, audit.Totals{OK: 777, Extra: 888}, evidence.News{New: 999}),
	}
	rows[2].Audit.Result = audit.Incomplete
	for _, f := range []report.Format{report.Text, report.CSV, report.Markdown, report.HTML, report.JUnit} {
		text := fleetAs(t, fleetOf("audit", 1, rows...), f, report.Options{All: true})
		if f == report.HTML {
			text = sectionOf(t, text, "changes")
		}
		for _, n := range []string{"777", "888", "999", "1,665"} {
			if strings.Contains(text, n) {
				t.Errorf("%s says %s:\n%s", f, n, text)
			}
		}
	}
}

// A command can be copied as it stands; one that would do more than call bulksync is
// only a sentence.
func TestWhatIsACommand(t *testing.T) {
	for next, is := range map[string]bool{
		"bulksync apply plan.json": true,
		`AZURE_CLIENT_SECRET="$CONTOSO_SECRET" AZURE_CLIENT_ID=x bulksync apply 'a b/plan.json' --tenant x`: true,
		`BULKSYNC_ACCESS_TOKEN=$TOKEN bulksync apply "a b.json"`:                                            true,
		`AZURE_CLIENT_ID= bulksync apply C:\fleet\plan.json`:                                                true,
		`bulksync apply 'it'\''s/plan.json' --tenant x`:                                                     true,
		`bulksync apply x\' ; canary ; echo \'`:                                                             false, `bulksync apply "\"" ; canary "\""`: false, `bulksync apply x\\' ; canary '`: false,
		"LD_PRELOAD=x.so bulksync apply x": false, "PATH=/tmp/x bulksync apply x": false, "/tmp/x/bulksync apply x": false, "bulksync apply !x": false, `bulksync apply "!x"`: false,
		"bulksync": false, "wait for it, or start it again": false, "run bulksync apply plan.json": false,
		"bulksync apply x; rm -rf ~": false, "bulksync apply $(canary)": false, "bulksync apply `canary`": false, `bulksync apply "$(canary)"`: false,
		"bulksync apply x > y": false, "bulksync apply x | y": false, "bulksync apply x && y": false, "bulksync apply 'x": false, "A=$(canary) bulksync apply x": false,
		"bulksync apply x\ncanary": false, "bulksync apply \u202ex": false, "PATH=x canary bulksync apply x": false, "bulksync apply a::b ##[x": false,
	} {
		r := fleetOf("plan", 1, plannedRow(1, "contoso", plan.Summary{Create: 1}))
		r.Rows[0].Next = next
		text, page, md := fleetAs(t, r, report.Text, report.Options{}), fleetAs(t, r, report.HTML, report.Options{}), fleetAs(t, r, report.Markdown, report.Options{})
		if got := strings.Contains(text, "\n  # contoso\n  "+next+"\n"); got != is {
			t.Errorf("text, %q: %v", next, got)
		}
		if got := strings.Contains(page, `<td class="command"><code>`); got != is {
			t.Errorf("page, %q: %v", next, got)
		}
		if got := strings.Contains(md, "```sh\n# contoso\n"+next+"\n```\n"); got != is {
			t.Errorf("markdown, %q: %v", next, got)
		}
	}
}

// What matters is listed, up to a bound, and what is left out is said. All of it is
// listed on request.
func TestTextOfAFleetIsBounded(t *testing.T) {
	r := fleetWith("audit", counts{failed: 100, differs: 150, passed: 30, wanted: 1000})
	text := fleetAs(t, r, report.Text, report.Options{})
	for _, want := range []string{
		"\n... and 50 more tenants. --format html, csv or json shows all of them.\n",
		"\n1,030 other tenants are not listed: 30 passed, 1,000 as wanted. The HTML, CSV\nand JSON reports have all of them, and so has text with --all.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text[len(text)-800:])
		}
	}
	if lines := strings.Count(text, "\n"); lines > 800 || strings.Contains(text, "t200 ") || !strings.Contains(text, "t199 ") {
		t.Errorf("%d lines", lines)
	}
	all := fleetAs(t, r, report.Text, report.Options{All: true})
	for i := range r.Rows {
		if !strings.Contains(all, fmt.Sprintf("  %s ", r.Rows[i].Name)) {
			t.Fatalf("%s is not listed", r.Rows[i].Name)
		}
	}
	if strings.Contains(all, "not listed") || strings.Contains(all, "... and") {
		t.Error("text with --all says that it left something out")
	}
	// A small fleet is listed as a whole.
	if text := fleetAs(t, fleetWith("audit", counts{wanted: 50}), report.Text, report.Options{}); !strings.Contains(text, "t49 ") || strings.Contains(text, "not listed") {
		t.Errorf("got\n%s", text)
	}
	if text := fleetAs(t, fleetWith("audit", counts{wanted: 51}), report.Text, report.Options{}); strings.Contains(text, "What was found") || !strings.Contains(text, "\n51 other tenants are not listed: 51 as wanted.") {
		t.Errorf("got\n%s", text)
	}
	// No line but a command is wider than the terminal.
	for _, r := range sampleFleets() {
		for line := range strings.Lines(fleetAs(t, r, report.Text, report.Options{})) {
			if len([]rune(line)) > 81 && !strings.Contains(line, "bulksync apply") && !strings.HasPrefix(line, "     ") {
				t.Errorf("%q", line)
			}
		}
	}
}

// Commands are bounded too, and those of all tenants are listed on request.
func TestCommandsOfAFleetAreBounded(t *testing.T) {
	r := fleetWith("plan", counts{differs: 400})
	text := fleetAs(t, r, report.Text, report.Options{})
	if n := strings.Count(text, " bulksync apply "); n != 50 || !strings.Contains(text, "\n... and 350 more commands. --all lists them.\n") {
		t.Errorf("%d commands in\n%s", n, text[len(text)-600:])
	}
	if all := fleetAs(t, r, report.Text, report.Options{All: true}); strings.Count(all, " bulksync apply ") != 400 || strings.Contains(all, "more commands") {
		t.Error("not all commands are listed")
	}
	md := fleetAs(t, r, report.Markdown, report.Options{})
	n := strings.Count(md, " bulksync apply ")
	if want := fmt.Sprintf("\n%d more commands are left out to fit into a comment.\n", 400-n); n == 0 || n == 400 || !strings.Contains(md, want) || len(md) > 65_535 {
		t.Errorf("%d commands in %d bytes, want %q", n, len(md), want)
	}
}

// Markdown stays under the size of a comment, whatever the texts are.
func TestMarkdownOfAFleetIsBounded(t *testing.T) {
	r := fleetWith("audit", counts{failed: 200, differs: 200})
	for i := range r.Rows {
		r.Rows[i].Problem, r.Rows[i].Next, r.Rows[i].DirectoryName = strings.Repeat("注意 ", 3000), strings.Repeat("e\u0301|", 2000), strings.Repeat("x", 9000)
	}
	for i := range 105 {
		r.Ignored = append(r.Ignored, fleet.Ignored{File: strings.Repeat("f", 5000), Why: fmt.Sprint(i)})
	}
	md := fleetAs(t, r, report.Markdown, report.Options{})
	if len(md) > 65_535 || !strings.Contains(md, "more tenants are left out to fit into a comment") || !strings.Contains(md, "100 more records are left out") {
		t.Errorf("%d bytes\n%s", len(md), md[len(md)-500:])
	}
}

// A link leads to the tenant's own page, and nowhere else.
func TestLinksOfAFleetLeadToTheTenant(t *testing.T) {
	for page, want := range map[string]string{
		"tenants/contoso/evidence/index.html":      "./tenants/contoso/evidence/index.html",
		"../shard1/tenants/contoso/plan.html":      "../shard1/tenants/contoso/plan.html",
		"../../a b#c?d%e/tenants/contoso/x:y.html": "../../a%20b%23c%3Fd%25e/tenants/contoso/x:y.html",
		`javascript:canary()/tenants/contoso/"><x`: "./javascript:canary%28%29/tenants/contoso/%22%3E%3Cx",
		"": "", "/tenants/contoso/x": "", "https://canary/tenants/contoso/x": "", "tenants/fabrikam/x": "", "tenants/contoso/../../x": "", "x/../tenants/contoso/y": "",
		`tenants/contoso\x`: "", `\\host\tenants/contoso/x`: "", "tenants/contoso": "", "tenants/contoso/": "", "./tenants/contoso/x": "", "a/../../tenants/contoso/x": "",
		"//host/tenants/contoso/x": "", "mytenants/contoso/x": "", "tenants/contoso/\x00": "",
	} {
		r := fleetOf("plan", 1, plannedRow(1, "contoso", plan.Summary{Create: 1}))
		r.Rows[0].Page = page
		doc, err := html.Parse(strings.NewReader(fleetAs(t, r, report.HTML, report.Options{})))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for n := range doc.Descendants() {
			for _, a := range n.Attr {
				if a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
					got += a.Val
				}
			}
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", page, got, want)
		}
	}
}

// A writer that fails is told of.
func TestAFleetThatCannotBeWritten(t *testing.T) {
	for _, f := range append(formats, report.JUnit) {
		if err := report.Fleet(brokenWriter{}, sampleFleet(), f, report.Options{}); err == nil {
			t.Errorf("%s: no error", f)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// The tiles count the tenants by status, the worst first; a tenant that needs changes is
// no alarm in a plan.
func TestTilesOfAFleet(t *testing.T) {
	tiles := func(r *fleet.Rollup) string {
		_, page, _ := strings.Cut(fleetAs(t, r, report.HTML, report.Options{}), `<ul class="tiles">`)
		page, _, _ = strings.Cut(page, "</ul>")
		return strings.NewReplacer("\n", "", "<b>", "", "</b>", "", "<span>", "", "</span>", "", "</li>", "; ", `<li class="`, "", `">`, " ").Replace(page)
	}
	for want, r := range map[string]*fleet.Rollup{
		"bad 1 unknown; bad 2 failed; bad 1 incomplete; bad 1 differs; warn 1 passed; good 1 as wanted; ":    sampleFleet(),
		"bad zero 0 unknown; bad zero 0 failed; bad zero 0 incomplete; warn 3 differ; good 1 as wanted; ":    planFleet(),
		"bad 6 unknown; bad zero 0 failed; bad zero 0 incomplete; bad zero 0 differ; good 6 as wanted; ":     shardedFleet(),
		"bad zero 0 unknown; bad 1,200 failed; bad zero 0 incomplete; bad zero 0 differ; good 2 as wanted; ": fleetWith("audit", counts{failed: 1200, wanted: 2}),
	} {
		if got := tiles(r); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// A finding that was waived before is as new as one that was not there, and what could
// not be judged is told.
func TestNewsOfATenant(t *testing.T) {
	r := fleetOf("audit", 2,
		auditedRow(1, "contoso", fleet.Differs, audit.Totals{Extra: 1}, evidence.News{Reopened: 1}),
		auditedRow(2, "fabrikam", fleet.Differs, audit.Totals{Extra: 1}, evidence.News{Continuing: 1}))
	r.Rows[1].Audit.Unjudged = 4
	page := fleetAs(t, r, report.HTML, report.Options{})
	for _, want := range []string{
		`<tr data-status="differs" data-state="something new" data-shard="0/2">`, `<tr data-status="differs" data-state="nothing new" data-shard="1/2">`,
		"<i>News</i> 1 continuing, 4 not judged</p>", "<b>4</b> <span>not judged</span>", "<b>1</b> <span>reopened</span>", "something is new at 1 of them", "<p><i>Shard</i> 1/2</p>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in the page", want)
		}
	}
	if lines := strings.Split(fleetAs(t, r, report.CSV, report.Options{}), "\n"); !strings.HasPrefix(lines[2], "fabrikam,"+tenant(2)+",The fabrikam Company,differs,2,1,") {
		t.Errorf("got %s", lines[2])
	}
}

// One finding is told as one.
func TestOneNewFinding(t *testing.T) {
	for n, want := range map[int]string{0: "0 new findings", 1: "1 new finding", 2: "2 new findings"} {
		r := fleetOf("audit", 1, auditedRow(1, "contoso", fleet.Differs, audit.Totals{Extra: 3}, evidence.News{New: n, Continuing: 3 - n}))
		if text := fleetAs(t, r, report.Text, report.Options{}); !strings.Contains(text, "\nNews: "+want+", ") {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
