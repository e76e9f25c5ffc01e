package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"bulksync/execute"
	"bulksync/plan"
	"bulksync/ratelimit"
)

// applyFlags are the choices of an apply, as they are typed.
type applyFlags struct {
	yes          bool
	approve, dir string

	concurrency        int
	maxRate            float64
	capacity, priority string

	maxAge, verifyWait                 time.Duration
	onDrift, failures, waves, deadline string
}

func (f *applyFlags) register(fl *pflag.FlagSet) {
	fl.BoolVar(&f.yes, "yes", false, "do not ask")
	fl.StringVar(&f.approve, "approve", "", "`FINGERPRINT` of the plan that was approved; any other plan is refused")
	fl.StringVar(&f.dir, "run-dir", "", "`DIR` of the run (default bulksync-runs/<time>-<fingerprint>)")
	fl.IntVar(&f.concurrency, "concurrency", execute.DefaultConcurrency, "`N` writes in flight at most, each of another partner")
	fl.Float64Var(&f.maxRate, "max-rate", 0, "`WRITES_PER_S` at most; without it the pace is found")
	fl.StringVar(&f.capacity, "capacity", "100%", "`SHARE` of the quota to use, as 50%; the rest is left to other apps")
	fl.StringVar(&f.priority, "throttle-priority", "low", "`low|normal|high`: who is refused first when the tenant is short of quota")
	fl.DurationVar(&f.maxAge, "max-age", execute.DefaultMaxAge, "`AGE` at most of the reading that a write leans on")
	fl.DurationVar(&f.verifyWait, "verify-wait", execute.DefaultVerifyWait, "`TIME` at most to wait until changes can be read back; 0 does not read back")
	fl.StringVar(&f.onDrift, "on-drift", "hold", "`hold|stop`: hold what moved since the plan and go on, or stop the run over it")
	fl.StringVar(&f.failures, "stop-after-failures", "", "`N|P%` changes that may fail before the run stops; P% is of the plan's writes")
	fl.StringVar(&f.waves, "waves", "", "`10,100,rest`: numbers of partners; each wave is read back before the next is begun")
	fl.StringVar(&f.deadline, "deadline", "", "`TIME` at which no further write is begun, as 02:00 or 2026-11-22T02:00:00Z")
}

// pace turns the flags into options, with errors in the words of the flags.
func (f *applyFlags) pace(fl *pflag.FlagSet) (ratelimit.Options, error) {
	o := ratelimit.Options{Concurrency: f.concurrency, MaxRate: f.maxRate}
	if err := ratelimit.CheckConcurrency(f.concurrency); err != nil {
		return o, fmt.Errorf("--concurrency: %w", err)
	}
	if fl.Changed("max-rate") {
		if err := ratelimit.CheckMaxRate(f.maxRate); err != nil {
			return o, fmt.Errorf("--max-rate: %w", err)
		}
	}
	var err error
	if o.Capacity, err = parsePercent(f.capacity); err == nil {
		err = ratelimit.CheckCapacity(o.Capacity)
	}
	if err != nil {
		return o, fmt.Errorf("--capacity: %w", err)
	}
	return o, nil
}

// settings turns the flags into what a run is made with, and remembers.
func (f *applyFlags) settings(pace ratelimit.Options, p *plan.Plan, now time.Time) (execute.Settings, error) {
	s := execute.Settings{
		Concurrency: pace.Concurrency, MaxRate: pace.MaxRate, Capacity: pace.Capacity, Priority: f.priority,
		MaxAge: f.maxAge, VerifyWait: f.verifyWait, OnDrift: execute.Drift(f.onDrift),
	}
	if s.VerifyWait == 0 {
		s.VerifyWait = -1 // the zero value stands for the default
	}
	switch {
	case !slices.Contains([]string{"low", "normal", "high"}, f.priority):
		return s, fmt.Errorf("--throttle-priority: %q is none of low, normal, high", f.priority)
	case f.maxAge < time.Second:
		return s, fmt.Errorf("--max-age: %s is too short for a reading to be of use: give a second or more", f.maxAge)
	case f.verifyWait < 0:
		return s, fmt.Errorf("--verify-wait: %s is negative", f.verifyWait)
	case s.OnDrift != execute.HoldDrift && s.OnDrift != execute.StopOnDrift:
		return s, fmt.Errorf("--on-drift: %q is neither hold nor stop", f.onDrift)
	}
	var err error
	if s.StopAfterFailures, err = parseFailures(f.failures, p.Summary.Writes()); err != nil {
		return s, fmt.Errorf("--stop-after-failures: %w", err)
	}
	if s.Waves, err = parseWaves(f.waves); err != nil {
		return s, fmt.Errorf("--waves: %w", err)
	}
	if s.Deadline, err = parseDeadline(f.deadline, now); err != nil {
		return s, fmt.Errorf("--deadline: %w", err)
	}
	return s, nil
}

func parsePercent(s string) (float64, error) {
	number, found := strings.CutSuffix(strings.TrimSpace(s), "%")
	percent, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if !found || err != nil {
		return 0, fmt.Errorf("%q is no share: write it as 50%%", s)
	}
	return percent / 100, nil
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

// parseWaves reads the sizes of waves. The last wave takes the rest whether or
// not that is said.
func parseWaves(s string) ([]int, error) {
	if s == "" {
		return nil, nil
	}
	var waves []int
	words := strings.Split(s, ",")
	for i, word := range words {
		word = strings.TrimSpace(word)
		if word == "rest" && i == len(words)-1 {
			break
		}
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number of partners: write it as 10,100,rest", word)
		}
		waves = append(waves, n)
	}
	return waves, nil
}

// parseDeadline reads a moment, or a time of day, which is the next such time
// on this machine's clock.
func parseDeadline(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		if !t.After(now) {
			return t, fmt.Errorf("%s is over", s)
		}
		return t, nil
	}
	clock, err := time.ParseInLocation("15:04", s, now.Location())
	if err != nil {
		return time.Time{}, errors.New(strconv.Quote(s) + " is no time: write it as 02:00 or 2026-11-22T02:00:00Z")
	}
	t := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if !t.After(now) {
		t = t.AddDate(0, 0, 1)
	}
	return t, nil
}
