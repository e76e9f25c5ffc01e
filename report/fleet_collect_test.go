package report_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulksync/internal/fleet"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
	"bulksync/report"
)

// What Collect makes of real records is reported in every format, whichever of them
// are missing.
func TestACollectedFleetIsReported(t *testing.T) {
	out := t.TempDir()
	m := &fleet.Manifest{Name: "fleet.yaml", SHA256: strings.Repeat("a1", 32)}
	for i := range 30 {
		m.Tenants = append(m.Tenants, fleet.Tenant{Name: "t" + string(rune('a'+i%26)) + strings.Repeat("x", i/26), TenantID: tenant(i)})
	}
	shards := []string{filepath.Join(out, "a"), filepath.Join(out, "b")}
	for i, dir := range shards {
		r := &fleet.Record{
			FormatVersion: fleet.FormatVersion, Tool: plan.Tool{Name: "bulksync", Version: "1.0.0"}, Verb: "audit", Manifest: m.Listing(),
			Shard: fleet.Shard{Index: i, Count: 3}, StartedAt: night, FinishedAt: night.Add(time.Hour),
		}
		for j, own := range r.Shard.Of(m.Tenants) {
			status, found := fleet.Statuses()[3+j%3], audit.Totals{OK: 2, Extra: 1}
			if status == fleet.AsWanted {
				found.Extra = 0
			}
			row := auditedRow(0, own.Name, status, found, evidence.News{New: 1})
			if j%4 == 3 {
				row = failedRow(0, own.Name, fleet.Statuses()[j%3], "no", "look")
			}
			row.TenantID, row.Shard = own.TenantID, i
			r.Rows = append(r.Rows, row)
		}
		if err := r.Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, dirs := range [][]string{shards, shards[:1], shards[1:]} {
		r, err := fleet.Collect(plan.Tool{Name: "bulksync", Version: "1.0.0"}, filepath.Join(out, "all"), dirs)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range append(formats, report.JUnit) {
			text := fleetAs(t, r, f, report.Options{All: true})
			for _, own := range m.Tenants {
				if !strings.Contains(text, own.Name) {
					t.Errorf("%s of %v does not name %s", f, dirs, own.Name)
				}
			}
		}
		page := fleetAs(t, r, report.HTML, report.Options{})
		for _, dir := range dirs {
			if !strings.Contains(page, `<a href="../`+filepath.Base(dir)+"/tenants/t") {
				t.Errorf("no link of %v leads to %s", dirs, dir)
			}
		}
	}
}
