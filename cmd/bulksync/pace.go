package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
	"bulksync/ratelimit"
)

// paceOptions say how fast a run goes and when it ends, as typed. A resumed run
// keeps its settings, except for those given again.
type paceOptions struct {
	concurrency                        int
	maxRate, capacity, waves, deadline string
	// given holds the names of the flags that were typed.
	given map[string]bool
}

// newPaceOptions are the defaults of apply.
func newPaceOptions() paceOptions {
	return paceOptions{concurrency: journal.DefaultConcurrency, capacity: "100%"}
}

// givenOf names the flags that were typed.
func givenOf(fl *pflag.FlagSet) map[string]bool {
	given := map[string]bool{}
	fl.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	return given
}

func (o *paceOptions) register(fl *pflag.FlagSet) {
	fl.IntVar(&o.concurrency, "concurrency", o.concurrency, "`N`: most writes in flight, each for a different partner")
	fl.StringVar(&o.maxRate, "max-rate", o.maxRate, "`RATE`: highest rate of writes: 5 means five a second, 100/10s a quota with its burst; by default the limit is found during the run")
	fl.StringVar(&o.capacity, "capacity", o.capacity, "`SHARE`: share of the quota to use, such as 50%; the rest is left to other apps")
	fl.StringVar(&o.waves, "waves", o.waves, "`10,100,rest`: numbers of partners; each wave is read back before the next begins")
	fl.StringVar(&o.deadline, "deadline", o.deadline, "`TIME`: time after which no write begins, such as 02:00 or 2026-11-22T02:00:00Z")
}

// over applies what was typed to the settings of a run. Its errors name the
// flag.
func (o *paceOptions) over(s *journal.Settings, now time.Time) error {
	var err error
	set := func(name string, parse func() error) {
		if o.given[name] && err == nil {
			if err = parse(); err != nil {
				err = fmt.Errorf("--%s: %w", name, err)
			}
		}
	}
	set("concurrency", func() error {
		s.Concurrency = o.concurrency
		return ratelimit.CheckConcurrency(o.concurrency)
	})
	set("max-rate", func() (err error) {
		s.MaxRate, s.MaxBurst, err = parseRate(o.maxRate)
		return err
	})
	set("capacity", func() (err error) {
		if s.Capacity, err = parsePercent(o.capacity); err == nil && ratelimit.CheckCapacity(s.Capacity) != nil {
			err = fmt.Errorf("%q is not a share: write it as 50%%, above 0%% and at most 100%%", o.capacity)
		}
		return err
	})
	set("waves", func() (err error) {
		s.Waves, err = parseWaves(o.waves)
		return err
	})
	set("deadline", func() (err error) {
		s.Deadline, err = parseDeadline(o.deadline, now)
		return err
	})
	return err
}

// paceOf is the pace that settings ask for.
func paceOf(s journal.Settings) ratelimit.Options {
	return ratelimit.Options{Concurrency: s.Concurrency, MaxRate: s.MaxRate, MaxBurst: s.MaxBurst, Capacity: s.Capacity}
}

// parseRate reads writes per second, or a quota such as 100/10s.
func parseRate(s string) (perSecond float64, burst int, err error) {
	if strings.Contains(s, "/") {
		q, err := graphsim.ParseQuota(s)
		if err != nil {
			return 0, 0, fmt.Errorf("%q is not a quota: write it as 100/10s", s)
		}
		perSecond, burst = float64(q.Units)/q.Per.Seconds(), q.Units
	} else if perSecond, err = strconv.ParseFloat(s, 64); err != nil {
		return 0, 0, fmt.Errorf("%q is not a rate: write it as 5 (writes a second) or as 100/10s", s)
	}
	return perSecond, burst, ratelimit.CheckMaxRate(perSecond)
}

func parsePercent(s string) (float64, error) {
	number, found := strings.CutSuffix(strings.TrimSpace(s), "%")
	percent, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if !found || err != nil {
		return 0, fmt.Errorf("%q is not a share: write it as 50%%", s)
	}
	return percent / 100, nil
}

// parseWaves reads the sizes of waves. "rest" may be omitted: the last wave
// takes the rest anyway.
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
			return nil, fmt.Errorf("%q is not a number of partners: write it as 10,100,rest", word)
		}
		waves = append(waves, n)
	}
	return waves, nil
}

// parseDeadline reads a point in time, or a time of day, which means the next
// such time on this machine's clock. Empty means no deadline.
func parseDeadline(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		if !t.After(now) {
			return t, fmt.Errorf("%s is in the past", s)
		}
		return t, nil
	}
	clock, err := time.ParseInLocation("15:04", s, now.Location())
	if err != nil {
		return time.Time{}, errors.New(strconv.Quote(s) + " is not a time: write it as 02:00 or 2026-11-22T02:00:00Z")
	}
	t := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if !t.After(now) {
		t = t.AddDate(0, 0, 1)
	}
	return t, nil
}

// zonedTime is the layout of a time for people, with its zone.
const zonedTime = "2006-01-02 15:04:05 -07:00 (MST)"

// noteDeadline says after what time no write begins, with the time zone: a time
// of day is taken as this machine's.
func (e *env) noteDeadline(s journal.Settings) {
	if !s.Deadline.IsZero() {
		e.note("no write begins after %s", s.Deadline.Format(zonedTime))
	}
}

// hasPassed reports whether a deadline is over; a zero one never is.
func hasPassed(deadline, now time.Time) bool { return !deadline.IsZero() && !deadline.After(now) }
