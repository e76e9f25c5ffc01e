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

// Others get through, so the request is at fault and is given up by number.
func TestARequestAtFaultIsGivenUpAfterSix(t *testing.T) {
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

// What a long outage cost a request is not held against it: after it there are
// six tries again.
func TestAnOutageCostsNoTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := downFor(30*sec, refusal(503, "ServiceUnavailable"))
		c := f.client(t)
		f.hit = func(r *http.Request) bool {
			return strings.Contains(r.URL.Path, fabrikam) || time.Now().Before(f.from.Add(30*sec))
		}
		f.until = f.from.Add(30*sec + 300*time.Millisecond) // it has two bad answers more
		defer meanwhile(func() { _, _ = c.Do(t.Context(), read) })()
		if _, err := c.Do(t.Context(), graph.Request{Method: "GET", Path: graph.PartnerPath(fabrikam)}); err != nil {
			t.Errorf("got %v", err)
		}
	})
}
