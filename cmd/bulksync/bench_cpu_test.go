package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"bulksync/execute"
	"bulksync/execute/journal"
)

// BenchmarkCPU holds the processor time of writing, the durable journal
// included, against a bare loop of the same writes. Nothing else limits them.
// Each of the two and Graph is a process of its own, so that one's work does
// not count as another's. The best of a few rounds counts for either: what else
// the machine does can only add to it.
func BenchmarkCPU(b *testing.B) {
	const partners, rounds = 10_000, 5
	program := build(b)
	for b.Loop() {
		bare, ours := math.Inf(1), math.Inf(1)
		for range rounds {
			s := stageApart(b, program, partners)
			bare = min(bare, alone(b, "bareloop", s.url, s.token, strconv.Itoa(partners)))

			s = stageApart(b, program, partners)
			plan, err := s.plan(b.Context(), s.partners)
			if err != nil {
				b.Fatal(err)
			}
			ours = min(ours, alone(b, "engine", s.url, s.token, plan))
		}
		b.ReportMetric(bare*1000/partners, "bare-cpu-s/1000")
		b.ReportMetric(ours*1000/partners, "cpu-s/1000")
		b.ReportMetric(ours/bare, "of-bare-cpu")
	}
}

// BenchmarkApply is bulksync apply as a whole, from reading the plan to the last
// report, with nothing to wait for.
func BenchmarkApply(b *testing.B) {
	const partners = 5000
	program := build(b)
	for b.Loop() {
		got := applyEvery(b, stageApart(b, program, partners))
		b.ReportMetric(got.wall.Seconds()*1000/partners, "s/1000")
		b.ReportMetric(got.cpu.Seconds()*1000/partners, "cpu-s/1000")
		b.ReportMetric(float64(got.peak)/1024, "peak-MB")
	}
}

// alone runs one of the programs below, which TestMain knows by name, and
// returns the seconds of processor time that it says it took.
func alone(b *testing.B, name string, args ...string) float64 {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), self)
	cmd.Args = append([]string{name}, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%s: %v\n%s", name, err, out)
	}
	took, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		b.Fatalf("%s: %v", name, err)
	}
	return took
}

// tell prints the processor time of work.
func tell(work func() error) {
	before := cpuTime()
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println((cpuTime() - before).Seconds())
}

// bareMain does the writes of so many partners in a bare loop: bareloop URL
// TOKEN N.
func bareMain() {
	n, _ := strconv.Atoi(os.Args[3])
	partners := ids(n)
	tell(func() error { return bareLoop(context.Background(), os.Args[1], os.Args[2], partners) })
}

// bareLoop is the yardstick: as many workers as bulksync has, net/http, nothing
// else.
func bareLoop(ctx context.Context, url, token string, partners []string) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	defer client.CloseIdleConnections()
	return fan(partners, func(id string) error {
		req, err := newPut(ctx, url, token, id)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		return finish(resp)
	})
}

// engineMain does the writes of a plan as bulksync apply does them, and nothing
// that comes before or after: engine URL TOKEN PLAN.
func engineMain() {
	ctx := context.Background()
	a := &app{err: os.Stderr, getenv: func(string) string { return os.Args[2] }}
	g := &a.global
	g.graphURL, g.auth, g.format, g.logLevel, g.logFormat = os.Args[1], "default", "text", "warn", "text"
	cfg, err := a.engine(ctx, os.Args[3])
	tell(func() error {
		if err != nil {
			return err
		}
		got, err := execute.Run(execute.Stops{Hard: ctx}, cfg)
		if err == nil && got.Totals.Of(journal.Succeeded) != got.Changes {
			err = fmt.Errorf("%+v", got.Totals)
		}
		return err
	})
}

func (a *app) engine(ctx context.Context, path string) (c execute.Config, err error) {
	if err := a.checkGlobals(); err != nil {
		return c, err
	}
	p, err := a.readProven(ctx, path)
	if err != nil {
		return c, err
	}
	t, err := a.connect(ctx, demand{})
	if err != nil {
		return c, err
	}
	c.Plan, c.Client, c.Pace = p.Plan, t.client, t.learned
	c.Header.Settings.NoReadBack = true
	_, file, err := a.createRunDir(path+".run", p.raw)
	if err != nil {
		return c, err
	}
	c.Journal = journal.New(file, "")
	c.Reading, err = execute.Prepare(ctx, t.client, c.Plan)
	return c, err
}

// cpuTime is what the threads of this process have used up to now; 0 where the
// system is not Linux. A thread that has ended is missing, but the runtime keeps
// nearly all of them.
func cpuTime() (d time.Duration) {
	threads, _ := filepath.Glob("/proc/self/task/*/schedstat")
	for _, t := range threads {
		stat, _ := os.ReadFile(t)
		first, _, _ := strings.Cut(string(stat), " ") // nanoseconds on a processor
		ns, _ := strconv.ParseInt(first, 10, 64)
		d += time.Duration(ns)
	}
	return d
}
