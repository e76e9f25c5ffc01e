package bench

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"bulksync/graph/graphsim"
)

// plainClient is go-retryablehttp alone.
func plainClient(ctx context.Context, r *paceRun) error {
	began := time.Now()
	_, err := retryLoop(ctx, r.url, r.token, r.partners[:r.writes], workers)
	r.took = time.Since(began)
	return err
}

const anotherApp = "0d9e2b71-4c1f-4a55-9a3e-6d2b8f1c7a90"

func (r *paceRun) otherToken() string { return r.sim.Token(graphsim.TokenOptions{AppID: anotherApp}) }

// takeHalf is another client that writes half of what the quota allows, evenly,
// and backs off when it is refused. It does not catch up.
func takeHalf(ctx context.Context, r *paceRun) {
	const every = 200 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	token := r.otherToken()
	began := time.Now()
	got := 0
	for _, id := range r.partners[paceWrites:] {
		select {
		case <-ctx.Done():
			r.share, r.hasShare = float64(got)/(time.Since(began).Seconds()/every.Seconds()), true
			return
		case <-tick.C:
		}
		req, err := newPut(ctx, r.url, token, id)
		if err != nil {
			return
		}
		if resp, err := http.DefaultClient.Do(req); err == nil && finish(resp) == nil {
			got++
		}
	}
}

// twoApps is bulksync twice at the same time, as two apps.
func twoApps(ctx context.Context, r *paceRun) error { return r.together(ctx, r.token, r.otherToken()) }

// threeProcesses is bulksync three times at the same time, as one app.
func threeProcesses(ctx context.Context, r *paceRun) error {
	return r.together(ctx, r.token, r.token, r.token)
}

// together is bulksync at the same time with each of these tokens, which share
// the partners. The slowest counts.
func (r *paceRun) together(ctx context.Context, tokens ...string) error {
	share := len(r.partners) / len(tokens)
	plans, took, errs := make([]string, len(tokens)), make([]time.Duration, len(tokens)), make([]error, len(tokens))
	for i := range tokens {
		var err error
		if plans[i], err = r.plan(ctx, r.partners[i*share:(i+1)*share]); err != nil {
			return err
		}
	}
	var wg sync.WaitGroup
	for i, token := range tokens {
		wg.Go(func() {
			var got *spent
			got, errs[i] = r.apply(ctx, token, plans[i])
			took[i] = got.wall
		})
	}
	wg.Wait()
	r.took = slices.Max(took)
	return errors.Join(errs...)
}

// halveThenDouble changes the quota during a run: half of it from 15 s on, all
// of it again from 30 s on.
func halveThenDouble(ctx context.Context, r *paceRun) {
	whole := tenPerSecond().WriteQuota
	for _, q := range []graphsim.Quota{{Units: whole.Units / 2, Per: whole.Per}, whole} {
		if !pause(ctx, 15*time.Second) {
			return
		}
		r.sim.SetWriteQuota(q)
	}
}
