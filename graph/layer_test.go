package graph_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"bulksync/graph"
)

// A failing layer in between is tried again as often as a failing host.
func TestALayerThatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c, err := graph.New(graph.Options{RootURL: root, Base: played(done), Outage: 10 * sec, Layers: []func(http.RoundTripper) http.RoundTripper{
			func(next http.RoundTripper) http.RoundTripper {
				return roundTrip(func(r *http.Request) (*http.Response, error) {
					if n++; n%6 == 0 {
						return next.RoundTrip(r)
					}
					return nil, errors.New("no socket")
				})
			},
		}})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := c.Do(t.Context(), read); err != nil {
				t.Error(err)
			}
		}
		if n != 12 {
			t.Errorf("tried %d times", n)
		}
	})
}

// A layer that answers by itself, without the host, is an attempt as well.
func TestALayerThatAnswersIsTriedAgain(t *testing.T) {
	for _, status := range []int{429, 503} {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			c, err := graph.New(graph.Options{RootURL: root, Base: played(done), Layers: []func(http.RoundTripper) http.RoundTripper{
				func(next http.RoundTripper) http.RoundTripper {
					return roundTrip(func(r *http.Request) (*http.Response, error) {
						if n++; n < 3 {
							return refusal(status, "c")(r)
						}
						return next.RoundTrip(r)
					})
				},
			}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Do(t.Context(), read); err != nil || n != 3 {
				t.Errorf("%d: tried %d times, got %v", status, n, err)
			}
		})
	}
}
