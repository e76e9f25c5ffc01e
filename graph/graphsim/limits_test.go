package graphsim_test

import (
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph/graphsim"
)

// together sends n writes at the same time and counts the statuses of their answers.
func together(r *rig, n int) map[int]int {
	status := make(chan int, n)
	for range n {
		go func() { status <- r.do("PATCH", partners+"/"+contoso, `{}`).status }()
	}
	count := map[int]int{}
	for range n {
		count[<-status]++
	}
	return count
}

func TestTooManyInFlightMayBeRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second, InflightQuota: 4}).with(contoso)
		if got := together(r, 10); got[204] != 4 || got[429] != 6 {
			t.Errorf("got %v, want four 204 and six 429", got)
		}
		if got := together(r, 4); got[204] != 4 {
			t.Errorf("four of them: got %v", got)
		}
	})
}

// Each write waits for those before it, and those behind it slow it down. Reads wait for nothing.
func TestAQueueTakesLongerTheMoreWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Latency: time.Second, Queue: graphsim.Queue{Base: time.Second, Slow: 0.1}}).with(contoso)
		began := time.Now()
		first := make(chan time.Duration, 1)
		go func() { together(r, 1); first <- time.Since(began) }()
		time.Sleep(100 * time.Millisecond)
		together(r, 3)
		if alone, all := <-first, time.Since(began); alone != 2*time.Second || all != alone+3300*time.Millisecond {
			t.Errorf("the first took %v, all took %v", alone, all)
		}
		began = time.Now()
		if r.must("GET", partners, ""); time.Since(began) != time.Second {
			t.Errorf("a read took %v", time.Since(began))
		}
	})
}

// A fixed window takes twice its units around its end. A sliding one never does.
func TestWindowsRefuseWithoutRetryAfter(t *testing.T) {
	quota := graphsim.Quota{Units: 3, Per: 4 * time.Second}
	for name, c := range map[string]struct {
		cfg   graphsim.Config
		early int // accepted half a second after the first three
		late  int // accepted when those are a window ago
	}{
		"fixed":   {graphsim.Config{Window: quota}, 3, 3},
		"sliding": {graphsim.Config{SlidingWindow: quota}, 0, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, c.cfg).with(contoso)
			time.Sleep(time.Until(time.Now().Truncate(quota.Per).Add(quota.Per - 250*time.Millisecond)))
			if got := together(r, 5); got[204] != 3 || got[429] != 2 {
				t.Errorf("%s: at first %v", name, got)
			}
			if h := r.want(429, "TooManyRequests", "PATCH", sync, `{}`).header; h["Retry-After"] != nil {
				t.Errorf("%s: Retry-After %s", name, h["Retry-After"])
			}
			time.Sleep(500 * time.Millisecond)
			if got := together(r, 5); got[204] != c.early {
				t.Errorf("%s: soon %v", name, got)
			}
			time.Sleep(3750 * time.Millisecond)
			if got := together(r, 5); got[204] != c.late {
				t.Errorf("%s: later %v", name, got)
			}
		})
	}
}

func FuzzParseQueue(f *testing.F) {
	for _, s := range []string{"5ms,10%", "1s,0%", "5ms,10", "5ms", ",10%", "-1s,10%", "1s,-1%", "1s,NaN%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if q, err := graphsim.ParseQueue(s); err == nil && (q.Base <= 0 || !(q.Slow >= 0 && q.Slow <= 10)) {
			t.Errorf("%q: %v", s, q)
		}
	})
}
