package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// promise is one line of the table: a case and the figures required of it.
type promise struct {
	what, bench string
	figures     []figure
}

// figure is one metric of a benchmark, as a ratio if over names another benchmark
// as its yardstick.
type figure struct {
	unit, words string
	bound       bound
	limit       float64
	over        string
}

type bound string

const (
	atMost  bound = "at most"
	atLeast bound = "at least"
	shown   bound = "" // for comparison alone
)

// must says what is required, in the order of what is measured. All figures of a
// promise have the same kind of bound.
func (p promise) must() string {
	var all []string
	for _, f := range p.figures {
		if f.bound == shown {
			continue
		}
		if len(all) == 0 {
			all = append(all, fmt.Sprintf("%s %.4g", f.bound, f.limit))
		} else {
			all = append(all, fmt.Sprintf("%.4g", f.limit))
		}
	}
	return strings.Join(all, ", ")
}

// judge returns what was measured, and yes, no, or nothing if nothing was
// promised or measured.
func (p promise) judge(r results) (measured, verdict string) {
	var all []string
	for _, f := range p.figures {
		v, ok := f.of(r, p.bench)
		switch {
		case !ok && f.bound == shown: // such as a program that is not installed
			continue
		case !ok:
			return "not run", ""
		}
		all = append(all, strings.TrimSpace(fmt.Sprintf("%.4g %s", v, f.words)))
		switch {
		case f.bound == shown:
		case f.bound == atMost && v > f.limit, f.bound == atLeast && v < f.limit:
			verdict = "NO"
		case verdict == "":
			verdict = "yes"
		}
	}
	return cmp.Or(strings.Join(all, ", "), "not run"), verdict
}

func (f figure) of(r results, bench string) (float64, bool) {
	v, ok := r[bench][f.unit]
	if ok && f.over != "" {
		var base float64
		base, ok = r[f.over][f.unit]
		v /= base
	}
	return v, ok
}

// paced is what a run against a quota must reach: its time in minima, nothing
// left, and its refusals if they are bounded (0 or more).
func paced(ratio, refused float64) []figure {
	all := []figure{
		{"of-minimum", "of the minimum", atMost, ratio, ""},
		{"left", "left", atMost, 0, ""},
		{"refused", "refused", atMost, refused, ""},
	}
	if refused < 0 {
		all[2].bound = shown
	}
	return all
}

// compared is the same for a client of which nothing is required.
func compared() []figure {
	all := paced(0, -1)
	all[0].bound, all[1].bound = shown, shown
	return all
}

// virtually is the same for a run in virtual time, whose test checks that nothing
// is left.
func virtually(ratio, refused float64) []figure {
	all := paced(ratio, refused)
	return []figure{all[0], all[2]}
}

// limited is what a run must reach on a service that limits in another way than
// Graph, beside go-retryablehttp alone.
func limited(ratio float64) []figure {
	return []figure{
		{"of-least", "of the least time", atMost, ratio, ""},
		{"refused", "refused", shown, 0, ""},
		{"retryablehttp-of-least", "by go-retryablehttp alone", shown, 0, ""},
		{"retryablehttp-left", "left by it", shown, 0, ""},
		{"best-width-of-least", "by a bare loop of the best width", shown, 0, ""},
	}
}

// commandRuns is the benchmark of the commands; partners and command follow.
const commandRuns = "bench.Commands/"

// peak is the most memory that a command may take.
func peak(limit float64) []figure { return []figure{{"peak-MB", "MB", atMost, limit, ""}} }

// kept is what evidence may add to an audit, and proven what its proof may take: an
// audit without latency is little more than reading what is there and comparing it.
var (
	kept   = []figure{{"of-alone", "of the audit alone", atMost, 1.3, ""}, {"more-MB", "MB more", atMost, 60, ""}}
	proven = []figure{{"verify-of-alone-cpu", "of the CPU of the audit alone", atMost, 2, ""}, {"s-verify", "s", shown, 0, ""}}
)

// shownOnly are figures of which nothing is required.
func shownOnly(all []figure) []figure {
	out := slices.Clone(all)
	for i := range out {
		out[i].bound = shown
	}
	return out
}

const virtualRuns = "TestARunIsNearTheMinimumWithFewRefusals/"

// promises are in the order in which they were made.
var promises = []promise{
	{"100 writes per 10 s, 600 partners, Retry-After in seconds", "bench.Pace/seconds", paced(1.05, 20)},
	{"  with decimals", "bench.Pace/decimal", paced(1.05, 20)},
	{"  as a date", "bench.Pace/dated", paced(1.05, 20)},
	{"  absent", "bench.Pace/absent", paced(1.05, 20)},
	{"  go-retryablehttp alone, for comparison", "bench.Pace/retryablehttp", compared()},
	{"  refusals cost quota too", "bench.Pace/refusals-cost", paced(1.10, 24)},
	{"  go-retryablehttp alone, for comparison", "bench.Pace/retryablehttp-refusals-cost", compared()},
	{"  told the rate", "bench.Pace/told", paced(1.02, 1)},
	{"  a steady client takes half", "bench.Pace/half-to-a-steady-client", append(paced(1.15, -1),
		figure{"of-other's-half", "of its half to the other", shown, 0, ""})},
	{"  another bulksync takes half, the slower of the two", "bench.Pace/half-to-another-bulksync", paced(1.15, -1)},
	{"  quota halved, then doubled", "bench.Pace/halved-then-doubled", paced(1.15, -1)},
	{"3,000 per 150 s, 2,000 partners, 100 ms, virtual time", virtualRuns + "the_documented_limit", virtually(1.10, -1)},
	{"1 write per second, 60 partners, virtual time", virtualRuns + "one_write_a_second", virtually(1.10, 10)},
	{"1 write per second, bucket of 1, refusals cost, 100 partners", "bench.Pace/one-a-second", paced(1.15, -1)},
	{"three processes on a quota of 100 per 10 s, the slowest", "bench.Pace/three-processes", paced(1.10, 30)},
	{"429 above 4 writes in flight", "bench.Limits/inflight", limited(1.3)},
	{"40 writes in each window of 4 s", "bench.Limits/window", limited(1.3)},
	{"40 writes in any 4 s", "bench.Limits/sliding-window", limited(1.3)},
	{"a queue of 5 ms, 10 % slower for each that waits", "bench.Limits/queue", limited(1.4)},
	{"no quota, 50 ms, 1,000 partners: writes per second", "bench.WriteRate/16", []figure{
		{"of-bare", "of a bare loop", atLeast, 0.90, ""},
		{"of-bare-after-ramp", "after the ramp", atLeast, 0.97, ""},
	}},
	{"  32 in flight", "bench.WriteRate/32", []figure{{"of-bare", "of a bare loop", atLeast, 0.90, ""}}},
	{"10 changes among 5,000 partners, 100 ms a page of 100", "bench.Few", []figure{
		{"s", "s", atMost, 2, ""}, {"reads", "reads", atMost, 45, ""},
	}},
	{"apply of 10,000 changes, no latency: CPU", "bench.CPU", []figure{
		{"apply-of-bare-cpu", "of a bare loop", atMost, 2.6, ""},
		{"retryablehttp-of-bare-cpu", "by go-retryablehttp alone", shown, 0, ""},
		{"curl-of-bare-cpu", "by curl --parallel", shown, 0, ""},
	}},
	{"  CPU of a change among 100,000", commandRuns + "100000/apply", []figure{
		{"cpu-s/1000", "of one among 1,000", atMost, 1.1, commandRuns + "1000/apply"},
	}},
	{"peak memory: apply of 5,000 changes", commandRuns + "5000/apply", peak(40)},
	{"  apply of 50,000", commandRuns + "50000/apply", peak(160)},
	{"  report of 50,000", commandRuns + "50000/report", peak(180)},
	{"  undo of 50,000", commandRuns + "50000/undo", peak(180)},
	{"  resume of 50,000, half of them left", commandRuns + "50000/resume-half", peak(180)},
	{"  plan of 100,000 rows", commandRuns + "100000/plan", peak(200)},
	{"  audit of 100,000 rows", commandRuns + "100000/audit", peak(200)},
	{"  show of 100,000 rows", commandRuns + "100000/show", peak(200)},
	{"resume of 100,000 changes, nothing left", commandRuns + "100000/resume-nothing", []figure{
		{"cpu-s", "s of CPU", atMost, 3, ""}, {"peak-MB", "MB", atMost, 250, ""},
	}},
	{"  half of them left", commandRuns + "100000/resume-half", []figure{{"s-to-first-write", "s to its first write", atMost, 2, ""}}},
	{"a reset on 5 % of the writes", "bench.Resets", []figure{
		{"of-calm", "of the calm run", atMost, 2, ""}, {"written-twice", "written twice", atMost, 0, ""}, {"left", "left", atMost, 0, ""},
	}},
	{"the journal's cost at 20 ms: writes per second", "execute.Run/disk", []figure{{"of-speed-without", "of those without", atLeast, 0.9, ""}}},
	{"planning 20,000 partners", "plan.PlanVsList/20000/no-latency", []figure{{"plan/list", "of reading the bare list", atMost, 3, ""}}},
	{"planning 100,000 rows against 100,000 partners", "plan.Plan100k", []figure{
		{"kept-B/row", "bytes kept a row", atMost, 3 << 10, ""}, {"ns/op", "ns", shown, 0, ""},
	}},
	{"reading, checking and de-duplicating 100,000 rows", "desired.ReadRows", []figure{{"ns/op", "of gocsv alone", atMost, 2, "desired.GocsvAlone"}}},
	{"the page of 10,000 objects, 2,000 of them changes, in a Chromium", "bench.Page", []figure{
		{"B/object", "bytes an object", atMost, 300, ""}, {"ms-to-open", "ms to open", atMost, 1500, ""},
		{"ms-a-key", "ms for a key of the search", atMost, 150, ""}, {"ms-the-slowest-key", "for the slowest", atMost, 300, ""},
	}},
	{"evidence of a clean audit of 10,000 partners, 20 ms a page", "bench.Evidence/clean", kept},
	{"  every partner is a finding", "bench.Evidence/drift", kept},
	{"  clean, no latency, for comparison", "bench.Evidence/clean-no-latency", shownOnly(kept)},
	{"  every partner is a finding, no latency, for comparison", "bench.Evidence/drift-no-latency", shownOnly(kept)},
	{"verify of an audit of 10,000 partners that is clean", "bench.Evidence/clean-no-latency", proven},
	{"  every partner is a finding", "bench.Evidence/drift-no-latency", proven},
	{"the next audit in a store of 500", "bench.Store", []figure{{"s-more", "s more", atMost, 0.2, ""}, {"more-MB", "MB more", atMost, 20, ""}}},
	{"fleet audit: 200 tenants of 200 partners, 50 ms, 16 at a time, over the longest chain", "bench.Fleet", []figure{{"of-chain", "of it", atMost, 1.15, ""}, {"peak-MB", "MB", atMost, 150, ""}}},
	{"fleet collect of 1,000 tenants", "bench.Collect", []figure{{"s", "s", atMost, 5, ""}}},
	{"bulksync version, in the middle of 20 runs", "bench.Start", []figure{{"ms", "ms", atMost, 20, ""}}},
}
