package bench

import (
	"bytes"
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

	"github.com/rogpeppe/go-internal/testscript"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/internal/session"
	"bulksync/plan"
)

// TestMain lets the test binary act as each of the programs that BenchmarkCPU
// compares.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bareloop": bareMain, "engine": engineMain})
}

// BenchmarkCPU compares the processor time of writing, including the durable
// journal, with that of a bare loop of the same writes. Nothing else limits
// them. Both clients and Graph are separate processes, so that each is measured
// by itself. The best of a few rounds counts: other work on the machine can
// only add to it.
func BenchmarkCPU(b *testing.B) {
	const partners, rounds = 10_000, 5
	program := build(b)
	for b.Loop() {
		bare, ours := math.Inf(1), math.Inf(1)
		for range rounds {
			s := stageApart(b, program, partners)
			bare = min(bare, runProgram(b, "bareloop", s.url, s.token, strconv.Itoa(partners)))

			s = stageApart(b, program, partners)
			plan, err := s.plan(b.Context(), s.partners)
			if err != nil {
				b.Fatal(err)
			}
			ours = min(ours, runProgram(b, "engine", s.url, s.token, plan))
		}
		b.ReportMetric(bare*1000/partners, "bare-cpu-s/1000")
		b.ReportMetric(ours*1000/partners, "cpu-s/1000")
		b.ReportMetric(ours/bare, "of-bare-cpu")
	}
}

// BenchmarkApply is bulksync apply as a whole, from reading the plan to the
// last report, without any waits.
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

// runProgram runs one of the programs below, which TestMain knows by name, and
// returns the seconds of processor time that it reports.
func runProgram(b *testing.B, name string, args ...string) float64 {
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

// printCPU prints the processor time of work.
func printCPU(work func() error) {
	before := cpuTime()
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println((cpuTime() - before).Seconds())
}

// bareMain does the writes of N partners in a bare loop: bareloop URL TOKEN N.
func bareMain() {
	n, _ := strconv.Atoi(os.Args[3])
	partners := ids(n)
	printCPU(func() error { return bareLoop(context.Background(), os.Args[1], os.Args[2], partners) })
}

// bareLoop is the yardstick: net/http with as many workers as bulksync, and
// nothing else.
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

// engineMain does the writes of a plan as bulksync apply does, without what
// comes before and after: engine URL TOKEN PLAN.
func engineMain() {
	ctx := context.Background()
	cfg, err := engine(ctx, os.Args[1], os.Args[2], os.Args[3])
	printCPU(func() error {
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

func engine(ctx context.Context, url, token, path string) (c execute.Config, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	if c.Plan, err = plan.Decode(bytes.NewReader(raw)); err != nil {
		return c, err
	}
	s, err := session.Open(ctx, session.Options{GraphURL: url, Token: token})
	if err != nil {
		return c, err
	}
	c.Client, c.Header.Settings.NoReadBack = s.Client(), true
	_, file, err := rundir.Create(path+".run", bytes.NewReader(raw))
	if err != nil {
		return c, err
	}
	c.Journal = journal.New(file, "")
	c.Reading, err = execute.Prepare(ctx, c.Client, c.Plan)
	return c, err
}

// cpuTime is what the threads of this process have used so far; 0 if the system
// is not Linux. A thread that has ended is missing, but the runtime keeps
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
