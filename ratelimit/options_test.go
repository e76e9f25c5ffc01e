package ratelimit_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"bulksync/ratelimit"
)

func TestInvalidOptionsAreRefusedInWords(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		want string // empty: accepted
	}{
		{"rate 0", ratelimit.CheckMaxRate(0), "max rate 0"},
		{"rate below 0", ratelimit.CheckMaxRate(-1), "max rate -1"},
		{"rate not a number", ratelimit.CheckMaxRate(math.NaN()), "max rate NaN"},
		{"rate infinite", ratelimit.CheckMaxRate(math.Inf(1)), "more than Graph grants"},
		{"rate far too high", ratelimit.CheckMaxRate(1e6), "more than Graph grants"},
		{"the highest rate", ratelimit.CheckMaxRate(13_000), ""},
		{"a slow rate", ratelimit.CheckMaxRate(0.1), ""},
		{"no worker", ratelimit.CheckConcurrency(0), "concurrency 0"},
		{"fewer than none", ratelimit.CheckConcurrency(-4), "concurrency -4"},
		{"too many workers", ratelimit.CheckConcurrency(100_000), "from 1 to"},
		{"the most workers", ratelimit.CheckConcurrency(1000), ""},
		{"one worker", ratelimit.CheckConcurrency(1), ""},
		{"no capacity", ratelimit.CheckCapacity(0), "capacity 0"},
		{"more than all", ratelimit.CheckCapacity(1.5), "capacity 1.5"},
		{"capacity not a number", ratelimit.CheckCapacity(math.NaN()), "capacity NaN"},
		{"half", ratelimit.CheckCapacity(0.5), ""},
		{"options left at zero", ratelimit.Options{Read: read}.Validate(), ""},
		{"no Read", ratelimit.Options{}.Validate(), "Options.Read"},
		{"a rate that is hardly one", ratelimit.CheckMaxRate(math.SmallestNonzeroFloat64), ""},
		{"a burst of nothing", ratelimit.Options{Read: read, MaxBurst: 5}.Validate(), "burst 5"},
		{"a burst below 0", ratelimit.Options{Read: read, MaxRate: 1, MaxBurst: -1}.Validate(), "burst -1"},
		{"a pause below 0", ratelimit.Options{Read: read, MaxPause: -time.Second}.Validate(), "longest pause -1s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			switch {
			case tc.want == "" && tc.err != nil:
				t.Errorf("refused: %v", tc.err)
			case tc.want != "" && (tc.err == nil || !strings.Contains(tc.err.Error(), tc.want)):
				t.Errorf("got %v, want an error with %q", tc.err, tc.want)
			}
		})
	}
}

func TestAllInvalidOptionsAreNamedAtOnce(t *testing.T) {
	_, err := ratelimit.New(nil, ratelimit.Options{MaxRate: -1, Concurrency: -1, Capacity: 2})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"Options.Read", "max rate -1", "concurrency -1", "capacity 2"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %q", err, want)
		}
	}
}
