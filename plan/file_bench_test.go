package plan_test

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// inProcess is a client of a simulator without a connection between them.
func inProcess(tb testing.TB, sim *graphsim.Sim) *graph.Client {
	tb.Helper()
	c, err := graph.New(graph.Options{RootURL: graph.Global.RootURL(), Base: sim.Transport(), Layers: authorized(sim)})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// benchCSVOf wants two things of each partner: that it synchronizes, and that the
// partners of every second row allow automatic redemption.
func benchCSVOf(sim *graphsim.Sim) []byte {
	var b bytes.Buffer
	b.WriteString("tenantId,displayName,userSyncInbound.isSyncAllowed,automaticUserConsentSettings.inboundAllowed,note\n")
	for i, p := range sim.Partners() {
		b.WriteString(p.TenantID + ",\"Partner " + p.TenantID[:4] + ", Inc.\",true," + []string{"true", "false"}[i%2] + ",CHG0001\n")
	}
	return b.Bytes()
}

func readBench(tb testing.TB, csv []byte) plan.Desired {
	tb.Helper()
	r, err := desired.ReadRows(tb.Context(), bytes.NewReader(csv), "bench.csv")
	if err != nil {
		tb.Fatal(err)
	}
	return resolved(tb, r, nil)
}

func benchPlan(tb testing.TB, rows int) *plan.Plan {
	tb.Helper()
	sim := graphsim.New(graphsim.Config{Partners: rows, PageSize: 1000, NoHistory: true})
	cur, err := plan.ReadCurrent(tb.Context(), inProcess(tb, sim), plan.Needs{})
	if err != nil {
		tb.Fatal(err)
	}
	p, err := plan.Build(head, readBench(tb, benchCSVOf(sim)), cur)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// BenchmarkPlan100k is a dry run without the network: 100,000 rows of CSV against
// 100,000 partners, from bytes to a sealed plan. It reports how much memory is
// kept for each row while the plan is written.
func BenchmarkPlan100k(b *testing.B) {
	const rows = 100_000
	sim := graphsim.New(graphsim.Config{Partners: rows, PageSize: 1000, NoHistory: true})
	client, csv := inProcess(b, sim), benchCSVOf(sim)
	for b.Loop() {
		before := heap()
		d := readBench(b, csv)
		cur, err := plan.ReadCurrent(b.Context(), client, plan.Needs{})
		if err != nil {
			b.Fatal(err)
		}
		p, err := plan.Build(head, d, cur)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(heap()-before)/rows, "kept-B/row")
		if err := p.Encode(io.Discard); err != nil {
			b.Fatal(err)
		}
		runtime.KeepAlive(cur)
		runtime.KeepAlive(d)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func BenchmarkReadCurrent(b *testing.B) {
	sim := graphsim.New(graphsim.Config{Partners: 100_000, PageSize: 1000, NoHistory: true})
	client := inProcess(b, sim)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plan.ReadCurrent(b.Context(), client, plan.Needs{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	const rows = 100_000
	sim := graphsim.New(graphsim.Config{Partners: rows, PageSize: 1000, NoHistory: true})
	cur, err := plan.ReadCurrent(b.Context(), inProcess(b, sim), plan.Needs{})
	if err != nil {
		b.Fatal(err)
	}
	d := readBench(b, benchCSVOf(sim))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plan.Build(head, d, cur); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	p := benchPlan(b, 50_000) // 100,000 changes
	b.ReportMetric(float64(len(p.Changes)), "changes")
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Encode(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	p := benchPlan(b, 50_000) // 100,000 changes
	var file bytes.Buffer
	if err := p.Encode(&file); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(file.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := plan.Decode(bytes.NewReader(file.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
