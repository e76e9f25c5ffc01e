package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bulksync/graph/graphsim"
)

// audited is how the tenants of these benchmarks look to an audit.
type audited struct {
	name    string
	latency time.Duration
	// clean means that everything is as the file says; otherwise every partner is a
	// finding.
	clean bool
}

// BenchmarkEvidence measures what keeping the evidence adds to an audit of 10,000
// partners, and its proof, beside an audit that keeps nothing.
func BenchmarkEvidence(b *testing.B) {
	program := build(b)
	for _, a := range []audited{
		{"clean", 20 * time.Millisecond, true}, {"drift", 20 * time.Millisecond, false}, {"clean-no-latency", 0, true}, {"drift-no-latency", 0, false},
	} {
		b.Run(a.name, func(b *testing.B) {
			s, sim := stageHere(b, program, graphsim.Config{NoHistory: true, Latency: a.latency, PageSize: 100}, 10_000)
			if a.clean {
				for i, id := range s.partners {
					sim.SetPartner(partnerInSync(id, fmt.Sprintf("Partner %d", i)))
				}
			}
			csv, err := s.csv(s.partners)
			if err != nil {
				b.Fatal(err)
			}
			t := &tour{B: b, best: map[string]*spent{}, stage: s}
			store := csv + ".store"
			for range 5 {
				t.command("audit", "audit", csv, "--names", "off")
				t.command("audit-evidence", "audit", csv, "--evidence", store, "--names", "off")
				t.command("verify", "verify", newest(b, store))
			}
			alone, kept, proof := t.best["audit"], t.best["audit-evidence"], t.best["verify"]
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(alone.wall.Seconds(), "s-alone")
			b.ReportMetric(kept.wall.Seconds()/alone.wall.Seconds(), "of-alone")
			b.ReportMetric(float64(kept.peak-alone.peak)/1024, "more-MB")
			b.ReportMetric(proof.wall.Seconds(), "s-verify")
			b.ReportMetric(proof.cpu.Seconds()/alone.cpu.Seconds(), "verify-of-alone-cpu")
		})
	}
}

// BenchmarkStore measures what 500 audits in a store add to the next one.
func BenchmarkStore(b *testing.B) {
	program := build(b)
	s, _ := stageHere(b, program, graphsim.Config{NoHistory: true, PageSize: 100}, 1000)
	csv, err := s.csv(s.partners[:10])
	if err != nil {
		b.Fatal(err)
	}
	t := &tour{B: b, best: map[string]*spent{}, stage: s}
	store := csv + ".store"
	for range 500 {
		t.command("audit", "audit", csv, "--evidence", store, "--scope", "file", "--names", "off")
	}
	for range 5 {
		t.command("first", "audit", csv, "--evidence", csv+".new", "--scope", "file", "--names", "off")
		t.command("next", "audit", csv, "--evidence", store, "--scope", "file", "--names", "off")
		if err := os.RemoveAll(csv + ".new"); err != nil {
			b.Fatal(err)
		}
	}
	first, next := t.best["first"], t.best["next"]
	b.ReportMetric(0, "ns/op")
	b.ReportMetric((next.wall - first.wall).Seconds(), "s-more")
	b.ReportMetric(float64(next.peak-first.peak)/1024, "more-MB")
}

// partnerInSync is a partner that is as the files of these benchmarks say, and
// breaks no rule.
func partnerInSync(id, name string) graphsim.Partner {
	yes := true
	return graphsim.Partner{
		TenantID: id, IdentitySynchronization: graphsim.SyncAllowed(name, true), AutomaticUserConsentSettings: graphsim.Consent{InboundAllowed: &yes},
	}
}

// newest is the folder of the newest audit in a store.
func newest(b *testing.B, store string) string {
	b.Helper()
	all, err := filepath.Glob(filepath.Join(store, "2*"))
	if err != nil || len(all) == 0 {
		b.Fatal("no audit in the store", err)
	}
	return all[len(all)-1]
}
