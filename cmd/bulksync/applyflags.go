package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
)

// applyFlags are the choices of an apply, as they are typed.
type applyFlags struct {
	paceFlags
	yes                bool
	approve, dir       string
	priority           string
	maxAge, verifyWait time.Duration
	onDrift, failures  string
}

func (f *applyFlags) register(fl *pflag.FlagSet) {
	f.paceFlags.register(fl)
	fl.BoolVar(&f.yes, "yes", false, "do not ask")
	fl.StringVar(&f.approve, "approve", "", "`FINGERPRINT` of the plan that was approved; any other plan is refused")
	fl.StringVar(&f.dir, "run-dir", "", "`DIR` of the run (default bulksync-runs/<time>-<fingerprint>)")
	fl.StringVar(&f.priority, "throttle-priority", "low", "`low|normal|high`: who is refused first when the tenant is short of quota")
	fl.DurationVar(&f.maxAge, "max-age", journal.DefaultMaxAge, "maximum `AGE` of the data a write relies on")
	fl.DurationVar(&f.verifyWait, "verify-wait", journal.DefaultVerifyWait, "`TIME` at most to wait until changes can be read back; 0 does not read back")
	fl.StringVar(&f.onDrift, "on-drift", "hold", "`hold|stop`: hold what moved since the plan and go on, or stop the run over it")
	fl.StringVar(&f.failures, "stop-after-failures", "", "`N|P%` changes that may fail before the run stops; P% is of the plan's writes")
}

// settings turns the flags into what a run is made with, and remembers.
func (f *applyFlags) settings(fl *pflag.FlagSet, p *plan.Plan, now time.Time) (journal.Settings, error) {
	s := journal.Settings{
		Concurrency: f.concurrency, Capacity: 1,
		MaxAge: f.maxAge, VerifyWait: f.verifyWait, NoReadBack: f.verifyWait == 0, OnDrift: journal.DriftPolicy(f.onDrift),
	}
	var err error
	if s.Priority, err = graph.ParsePriority(f.priority); err != nil {
		return s, fmt.Errorf("--throttle-priority: %w", err)
	}
	switch {
	case f.maxAge < time.Second:
		return s, fmt.Errorf("--max-age: %s is too short for a reading to be of use: give a second or more", f.maxAge)
	case f.verifyWait < 0:
		return s, fmt.Errorf("--verify-wait: %s is negative", f.verifyWait)
	case s.OnDrift != journal.HoldDrift && s.OnDrift != journal.StopOnDrift:
		return s, fmt.Errorf("--on-drift: %q is neither hold nor stop", f.onDrift)
	}
	if s.StopAfterFailures, err = parseFailures(f.failures, p.Summary.Writes()); err != nil {
		return s, fmt.Errorf("--stop-after-failures: %w", err)
	}
	return s, f.lay(fl, &s, now)
}

// parseFailures reads a number, or a share of the plan's writes, which allows
// at least one. Nothing given is no limit.
func parseFailures(s string, writes int) (int, error) {
	if s == "" {
		return 0, nil
	}
	if share, err := parsePercent(s); err == nil && share > 0 && share <= 1 {
		return max(1, int(share*float64(writes))), nil
	}
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return n, nil
	}
	return 0, fmt.Errorf("%q is neither a number above 0 nor a share up to 100%%", s)
}
