package report_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"bulksync/internal/fleet"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
	"bulksync/report"
)

// night is when the fleets of the tests are worked on.
var night = time.Date(2026, 11, 21, 22, 4, 5, 0, time.UTC)

// fleetOf is a roll-up of some rows, complete as Collect would leave it, in shards of
// which each has every n-th row.
func fleetOf(verb string, shards int, rows ...fleet.Row) *fleet.Rollup {
	r := &fleet.Rollup{
		FormatVersion: fleet.FormatVersion, Tool: plan.Tool{Name: "bulksync", Version: "1.0.0"}, Verb: verb,
		Manifest:  fleet.Source{Name: "fleet.yaml", SHA256: strings.Repeat("a1", 32), Tenants: len(rows)},
		StartedAt: night, FinishedAt: night.Add(11*time.Minute + 3*time.Second),
	}
	for i := range shards {
		r.Shards = append(r.Shards, fleet.ShardState{Index: i, State: fleet.Finished, StartedAt: night, FinishedAt: night.Add(11 * time.Minute)})
	}
	for i := range rows {
		rows[i].Shard = i % shards
		if rows[i].Plan != nil || rows[i].Audit != nil || rows[i].Status != fleet.Unknown {
			rows[i].StartedAt, rows[i].DurationMs = night.Add(time.Duration(i)*time.Second), int64(1000+i*1700)
		}
		r.Shards[i%shards].Tenants++
	}
	order := fleet.Statuses()
	slices.SortStableFunc(rows, func(a, b fleet.Row) int { return slices.Index(order, a.Status) - slices.Index(order, b.Status) })
	r.Rows = rows
	for i := range rows {
		*r.Totals.Of(rows[i].Status)++
	}
	r.ExitCode = fleet.ExitCode(rows)
	return r
}

func homeRow(n int, name string, s fleet.Status) fleet.Row {
	return fleet.Row{Name: name, TenantID: tenant(n), Status: s}
}

func failedRow(n int, name string, s fleet.Status, problem, next string) fleet.Row {
	r := homeRow(n, name, s)
	r.Problem, r.Next, r.ExitCode = problem, next, 5
	return r
}

// auditedRow is a tenant that was audited.
func auditedRow(n int, name string, s fleet.Status, totals audit.Totals, news evidence.News) fleet.Row {
	r := homeRow(n, name, s)
	result := audit.Drift
	if s == fleet.AsWanted {
		result = audit.Clean
	}
	r.DirectoryName, r.Partners, r.Page = "The "+name+" Company", totals.OK+totals.Extra, "tenants/"+name+"/evidence/index.html"
	r.Audit = &fleet.AuditRow{Result: result, Totals: totals, News: news, Bundle: "20261121T220405Z-" + string(result), SHA256: strings.Repeat("cd", 32)}
	if s == fleet.Differs {
		r.ExitCode, r.Next = 2, "see its page for what to do about each finding"
	}
	return r
}

// plannedRow is a tenant with a plan.
func plannedRow(n int, name string, summary plan.Summary) fleet.Row {
	r := homeRow(n, name, fleet.AsWanted)
	r.Partners, r.Page = 200, "tenants/"+name+"/plan.html"
	r.Plan = &fleet.PlanRow{Summary: summary, Fingerprint: "sha256:" + strings.Repeat("ab", 32), File: "tenants/" + name + "/plan.json"}
	if summary.Differs() {
		r.Status, r.ExitCode, r.Next = fleet.Differs, 2, "its page says what blocks the changes"
	}
	if summary.Writes() > 0 {
		r.Next = fmt.Sprintf(`AZURE_CLIENT_SECRET="$%s_SECRET" AZURE_CLIENT_ID=%s bulksync apply nightly/tenants/%s/plan.json --tenant %s --auth secret`, strings.ToUpper(name), tenant(900), name, tenant(n))
	}
	return r
}

// sampleFleet is an audit with every status, in one shard.
func sampleFleet() *fleet.Rollup {
	const noSecret = "the variable %s is not set"
	return fleetOf("audit", 1,
		auditedRow(11, "adatum", fleet.AsWanted, audit.Totals{OK: 212}, evidence.News{Fixed: 2}),
		auditedRow(12, "contoso", fleet.Differs, audit.Totals{OK: 195, Extra: 2, Missing: 1, Changed: 4}, evidence.News{New: 2, Reopened: 1, Continuing: 4}),
		failedRow(13, "fabrikam", fleet.Failed, fmt.Sprintf(noSecret, "FABRIKAM_SECRET"), "set it to the client secret"),
		failedRow(14, "northwind", fleet.Failed, "sign-in was refused: AADSTS7000215: Invalid client secret provided. Trace ID: 3f0cf0b1-6c1f-4f6c-8f5e-0123456789ab", "put a client secret that is valid in NORTHWIND_SECRET"),
		failedRow(15, "tailspin", fleet.Incomplete, "403 Authorization_RequestDenied: Insufficient privileges to complete the operation.", "grant Policy.Read.All with admin consent"),
		auditedRow(16, "wingtip", fleet.Passed, audit.Totals{OK: 90, Changed: 3, Waived: 1}, evidence.News{Continuing: 3, Waived: 1}),
		failedRow(17, "zava", fleet.Unknown, "the run was interrupted before this tenant", ""),
	)
}

// shardedFleet is an audit of which two of four shards have no result.
func shardedFleet() *fleet.Rollup {
	var rows []fleet.Row
	for i := range 12 {
		name := fmt.Sprintf("t%d", i)
		switch i % 4 {
		case 1:
			rows = append(rows, failedRow(i, name, fleet.Unknown, "shard 1/4 has left no result", "run it with --shard 1/4, or name its folder as well"))
		case 3:
			rows = append(rows, failedRow(i, name, fleet.Unknown, "shard 3/4 began and has not ended", "wait for shard 3/4, or start it again: it goes on where it stopped"))
		default:
			rows = append(rows, auditedRow(i, name, fleet.AsWanted, audit.Totals{OK: 10 * i}, evidence.News{}))
		}
	}
	rows[4].Page = "../shard0/" + rows[4].Page
	r := fleetOf("audit", 4, rows...)
	r.Shards[1] = fleet.ShardState{Index: 1, State: fleet.Missing, Tenants: 3}
	r.Shards[3] = fleet.ShardState{Index: 3, State: fleet.Unfinished, StartedAt: night, Tenants: 3}
	r.Run = "nightly"
	r.Ignored = []fleet.Ignored{{File: "nightly/shards/0-of-3.json", Why: "it is one of 3 shards, not of 4"}}
	return r
}

// planFleet is the plans of some tenants.
func planFleet() *fleet.Rollup {
	return fleetOf("plan", 1,
		plannedRow(21, "adatum", plan.Summary{Create: 3, Update: 12, Delete: 1, NoOp: 180, Blocked: 2}),
		plannedRow(22, "contoso", plan.Summary{NoOp: 200}),
		plannedRow(23, "fabrikam", plan.Summary{Update: 1, NoOp: 4}),
		plannedRow(24, "northwind", plan.Summary{Blocked: 2}),
	)
}

// unfinishedFleet is a run that is still going, or was killed.
func unfinishedFleet() *fleet.Rollup {
	var rows []fleet.Row
	for i := range 3 {
		rows = append(rows, failedRow(i, fmt.Sprintf("t%d", i), fleet.Unknown, "the run began and has not ended", "wait for it, or start it again: it goes on where it stopped"))
	}
	r := fleetOf("audit", 1, rows...)
	r.Shards[0].State, r.Shards[0].FinishedAt, r.FinishedAt = fleet.Unfinished, time.Time{}, time.Time{}
	return r
}

// sampleFleets are roll-ups of different situations, by name.
func sampleFleets() map[string]*fleet.Rollup {
	return map[string]*fleet.Rollup{"fleet": sampleFleet(), "fleet-shards": shardedFleet(), "fleet-plan": planFleet(), "fleet-unfinished": unfinishedFleet()}
}

func TestRollupsLookAsTheyDid(t *testing.T) {
	for f, ext := range map[report.Format]string{report.Text: "txt", report.JSON: "json", report.CSV: "csv", report.Markdown: "md", report.HTML: "html", report.JUnit: "junit.xml"} {
		golden(t, "fleet."+ext, func(w io.Writer) error { return report.Fleet(w, sampleFleet(), f, report.Options{}) })
	}
	for name, r := range sampleFleets() {
		if name != "fleet" {
			golden(t, name+".txt", func(w io.Writer) error { return report.Fleet(w, r, report.Text, report.Options{}) })
		}
	}
	golden(t, "fleet-plan.md", func(w io.Writer) error { return report.Fleet(w, planFleet(), report.Markdown, report.Options{}) })
	golden(t, "fleet-120.txt", func(w io.Writer) error {
		return report.Fleet(w, sampleFleet(), report.Text, report.Options{Width: 120})
	})
}

// A fleet has JUnit beside the formats of every report, and no other format of an
// audit.
func TestFormatsOfAFleet(t *testing.T) {
	for _, f := range slices.Concat(formats, []report.Format{report.JUnit, report.SARIF, report.GitHub}) {
		want := f != report.SARIF && f != report.GitHub
		var b bytes.Buffer
		if err := report.Fleet(&b, sampleFleet(), f, report.Options{}); f.OfFleet() != want || (err == nil) != want || (b.Len() > 0) != want {
			t.Errorf("%s: %v, error %v, %d bytes", f, f.OfFleet(), err, b.Len())
		}
	}
}

// A roll-up that does not account for every tenant is not reported.
func TestARollupThatDoesNotAddUpIsNotReported(t *testing.T) {
	for name, spoil := range map[string]func(r *fleet.Rollup){
		"another verb":             func(r *fleet.Rollup) { r.Verb = "apply" },
		"a tenant is missing":      func(r *fleet.Rollup) { r.Rows = r.Rows[1:] },
		"no tenant at all":         func(r *fleet.Rollup) { r.Rows, r.Manifest.Tenants, r.Totals = nil, 0, fleet.Totals{} },
		"a manifest of one more":   func(r *fleet.Rollup) { r.Manifest.Tenants++ },
		"a name twice":             func(r *fleet.Rollup) { r.Rows[1].Name = r.Rows[0].Name },
		"an ID twice":              func(r *fleet.Rollup) { r.Rows[1].TenantID = r.Rows[0].TenantID },
		"an unknown status":        func(r *fleet.Rollup) { r.Rows[0].Status = "fine" },
		"a total is too small":     func(r *fleet.Rollup) { r.Totals.Failed-- },
		"totals are swapped":       func(r *fleet.Rollup) { r.Totals.Unknown, r.Totals.Failed = r.Totals.Failed, r.Totals.Unknown },
		"the best comes first":     func(r *fleet.Rollup) { slices.Reverse(r.Rows) },
		"fine without a result":    func(r *fleet.Rollup) { r.Rows[6].Audit = nil },
		"differs without a result": func(r *fleet.Rollup) { r.Rows[4].Audit = nil },
		"another exit code":        func(r *fleet.Rollup) { r.ExitCode = 2 },
		"a shard that is not one":  func(r *fleet.Rollup) { r.Rows[0].Shard = 1 },
		"a shard below none":       func(r *fleet.Rollup) { r.Rows[0].Shard = -1 },
		"a shard of fewer":         func(r *fleet.Rollup) { r.Shards[0].Tenants-- },
		"shards out of order":      func(r *fleet.Rollup) { r.Shards[0].Index = 1 },
		"no shards":                func(r *fleet.Rollup) { r.Shards = nil },
	} {
		for _, f := range append(formats, report.JUnit) {
			r := sampleFleet()
			spoil(r)
			var b bytes.Buffer
			if err := report.Fleet(&b, r, f, report.Options{}); err == nil || b.Len() > 0 {
				t.Errorf("%s as %s: error %v and %d bytes, want an error and nothing", name, f, err, b.Len())
			}
		}
	}
}
