package report

import (
	"fmt"
	"io"
	"slices"

	"bulksync/internal/fleet"
	"bulksync/internal/words"
)

// fleetJUnit writes one suite for each tenant, the worst first. It has a case that is
// an error if the tenant has no result and, if it has one, a case that fails if what
// differs counts. Their names stay the same whatever becomes of the tenant.
func fleetJUnit(w io.Writer, r *fleet.Rollup) error {
	var all, parts []any
	for i := range r.Rows {
		cases := tenantCases(r, &r.Rows[i])
		all = append(all, cases...)
		parts = append(parts, tenantSuite(&r.Rows[i], cases)...)
	}
	tests, _ := junitCounts(all)
	suites := junitStart("testsuites", append(tests, junitAttr("name", "bulksync fleet "+r.Verb))...)
	return writeJUnit(w, slices.Concat([]any{suites}, parts, []any{suites.End()}))
}

// tenantSuite is the suite of a tenant with its cases.
func tenantSuite(t *fleet.Row, cases []any) []any {
	tests, skipped := junitCounts(cases)
	attrs := append(tests, skipped, junitAttr("name", OneLine(t.Name)))
	if !t.StartedAt.IsZero() {
		attrs = append(attrs, junitAttr("timestamp", junitTime(t.StartedAt)), junitAttr("time", fmt.Sprintf("%.3f", tookOf(t).Seconds())))
	}
	suite, properties := junitStart("testsuite", attrs...), junitStart("properties")
	var about []any
	for _, p := range [][2]string{
		{"tenantId", t.TenantID}, {"directoryName", t.DirectoryName}, {"status", string(t.Status)}, {"shard", fmt.Sprint(t.Shard)}, {"page", t.Page},
	} {
		if p[1] != "" {
			about = append(about, junitProperty{Name: p[0], Value: OneLine(p[1])})
		}
	}
	return slices.Concat([]any{suite, properties}, about, []any{properties.End()}, cases, []any{suite.End()})
}

// tenantCases are those of a tenant.
func tenantCases(r *fleet.Rollup, t *fleet.Row) []any {
	class, row := "bulksync.fleet."+OneLine(t.Name), tenantRowOf(r, t)
	known := junitCase{Class: class, Name: "the tenant has a result"}
	if t.IsUnread() {
		known.Error = &junitText{string(t.Status), row.Problem, stack(row.Problem, row.Next)}
		return []any{known}
	}
	known.Out = words.Count(t.Partners, "partner") + ", " + elapsed(tookOf(t))
	wanted := junitCase{Class: class, Name: "the tenant is as wanted"}
	if t.Status == fleet.Differs {
		wanted.Failure = &junitText{string(t.Status), row.Found, stack(row.Found, row.News, row.Next)}
	} else {
		wanted.Out = stack(row.Problem, row.Found, row.News)
	}
	return []any{known, wanted}
}
