package graph_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph"
)

// Other requests succeed, so the fault is the request's own: it ends after a
// number of attempts.
func TestARequestThatFailsAloneEndsAfterSix(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		want   graph.Kind
	}{
		"503": {refusal(503, "ServiceUnavailable"), graph.Transient}, "a web page": {answer(200, "<html>"), graph.Unreadable}, "a reset": {reset, graph.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bad := 0
				base := roundTrip(func(r *http.Request) (*http.Response, error) {
					if strings.Contains(r.URL.Path, fabrikam) {
						bad++
						return c.answer(r)
					}
					return done(r)
				})
				client, err := graph.New(graph.Options{RootURL: root, Base: base})
				if err != nil {
					t.Fatal(err)
				}
				stop := meanwhile(func() { _, _ = client.Do(t.Context(), read) })
				_, err = client.Do(t.Context(), graph.Request{Method: "GET", Path: graph.PartnerPath(fabrikam)})
				stop()
				if !errors.Is(err, c.want) || bad != 6 {
					t.Errorf("got %v after %d attempts", err, bad)
				}
			})
		})
	}
}

// The attempts of a long outage do not count: after it there are six again.
func TestAnOutageCostsNoAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := downFor(100*sec, refusal(503, "ServiceUnavailable"))
		over, tries, late := f.until, 0, 0
		f.until = f.until.Add(time.Hour)
		f.hit = func(r *http.Request) bool {
			if !strings.Contains(r.URL.Path, fabrikam) {
				return time.Now().Before(over)
			}
			if tries++; time.Now().After(over) {
				late++
			}
			return late < 3 // it has two bad answers more
		}
		c := f.client(t)
		defer meanwhile(func() { _, _ = c.Do(t.Context(), read) })()
		_, err := c.Do(t.Context(), graph.Request{Method: "GET", Path: graph.PartnerPath(fabrikam)})
		if err != nil || tries <= 6 || late != 3 {
			t.Errorf("got %v after %d tries, %d of them when it was over", err, tries, late)
		}
	})
}

// If others are answered only now and then, a request that fails alone still ends.
func TestARequestThatFailsAloneEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := downFor(time.Hour, refusal(503, "ServiceUnavailable"))
		f.hit = func(r *http.Request) bool { return strings.Contains(r.URL.Path, fabrikam) }
		c := f.client(t)
		defer meanwhile(func() { time.Sleep(8 * sec); _, _ = c.Do(t.Context(), read) })()
		began := time.Now()
		_, err := c.Do(t.Context(), graph.Request{Method: "GET", Path: graph.PartnerPath(fabrikam)})
		if took := time.Since(began); !errors.Is(err, graph.Transient) || took < 20*sec || took > 5*time.Minute+20*sec {
			t.Errorf("got %v after %s", err, took)
		}
	})
}
