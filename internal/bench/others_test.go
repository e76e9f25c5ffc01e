package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"bulksync/graph/graphsim"
)

// workers is how many requests the other clients have in flight: bulksync's own
// default.
const workers = 16

// newPut is the request that bulksync sends for a partner, written without it.
func newPut(ctx context.Context, url, token, id string) (*http.Request, error) {
	body := strings.NewReader(`{"displayName":"Partner","userSyncInbound":{"isSyncAllowed":true}}`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPut,
		url+"/v1.0/policies/crossTenantAccessPolicy/partners/"+id+"/identitySynchronization", body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

// fan hands partners out to the workers and returns the first error.
func fan(partners []string, put func(id string) error) error {
	var (
		next  atomic.Int64
		first error
		once  sync.Once
		wg    sync.WaitGroup
	)
	for range workers {
		wg.Go(func() {
			for {
				i := next.Add(1) - 1
				if i >= int64(len(partners)) {
					return
				}
				if err := put(partners[i]); err != nil {
					once.Do(func() { first = err })
				}
			}
		})
	}
	wg.Wait()
	return first
}

// plainClient is what many people would write: 16 workers around
// go-retryablehttp with its defaults. A partner that it gives up on is left
// out.
func plainClient(ctx context.Context, r *paceRun) error {
	c := retryablehttp.NewClient()
	c.Logger = nil
	began := time.Now()
	err := fan(r.partners[:paceWrites], func(id string) error {
		req, err := newPut(ctx, r.url, r.token, id)
		if err != nil {
			return err
		}
		again, err := retryablehttp.FromRequest(req)
		if err != nil {
			return err
		}
		resp, err := c.Do(again)
		if err != nil {
			return err
		}
		return finish(resp)
	})
	r.took = time.Since(began)
	return err
}

// finish reads an answer to its end, so that its connection can be used again.
func finish(resp *http.Response) error {
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("answered %s", resp.Status)
	}
	return nil
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

// twoClients is bulksync twice at the same time, as two apps with separate
// partners. The slower one counts.
func twoClients(ctx context.Context, r *paceRun) error {
	other, err := r.plan(ctx, r.partners[paceWrites:])
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	var took time.Duration
	var failed error
	wg.Go(func() {
		var got *spent
		if got, failed = r.apply(ctx, r.otherToken(), other); got != nil {
			took = got.wall
		}
	})
	err = applyAll(ctx, r)
	wg.Wait()
	r.took = max(r.took, took)
	if err == nil {
		err = failed
	}
	return err
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
