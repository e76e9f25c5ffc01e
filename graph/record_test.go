package graph_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph"
)

// recorded is a client whose attempts are noted, in the order in which they ended.
func recorded(t *testing.T, base http.RoundTripper) (*graph.Client, *[]graph.Exchange) {
	t.Helper()
	all := &[]graph.Exchange{}
	c, err := graph.New(graph.Options{RootURL: root, Base: base, Layers: []func(http.RoundTripper) http.RoundTripper{
		bearer(canary), graph.Record(func(x graph.Exchange) { *all = append(*all, x) }),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c, all
}

// An answer is recorded byte for byte, and the client reads the same bytes.
func TestRecordKeepsTheBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := "\r\n{ \"@odata.context\": \"c\", \"templateApplicationLevel\" : \"none\", \"odd\": \"\\u00e9\u2028<\" }\t"
		base := played(func(r *http.Request) (*http.Response, error) {
			time.Sleep(70 * time.Millisecond)
			return answer(200, body, "Date: Sat, 21 Nov 2026 12:00:00 GMT", "Request-Id: r-1")(r)
		})
		c, all := recorded(t, base)
		began := time.Now()
		resp, err := c.Do(t.Context(), graph.Request{Method: "GET", Path: graph.TemplatePath, ClientRequestID: "c-1"})
		if err != nil || string(resp.Body) != body || len(*all) != 1 {
			t.Fatal(resp, err, *all)
		}
		x := (*all)[0]
		if string(x.Body) != body || x.Method != "GET" || x.URL != root+"/v1.0"+graph.TemplatePath || x.ClientRequestID != "c-1" ||
			x.RequestID != "r-1" || x.Status != 200 || x.Err != nil || x.Date != "Sat, 21 Nov 2026 12:00:00 GMT" ||
			x.Header.Get("Request-Id") != "r-1" || !x.Sent.Equal(began) || x.Elapsed != 70*time.Millisecond {
			t.Errorf("got %+v", x)
		}
	})
}

// A secret of the request that an answer repeats is removed from what is recorded.
// The client gets the same bytes, so that what it makes of them can be made again.
func TestRecordKeepsNoSecret(t *testing.T) {
	for name, tc := range map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		fails  bool
	}{
		"a success":          {answer(200, `{"@odata.context":"c","templateApplicationLevel":"`+canary+`"}`), false},
		"a success, escaped": {answer(200, `{"@odata.context":"c","templateApplicationLevel":"canary\/3f1b2c9d8e70+x"}`), false},
		"a refusal":          {answer(403, `{"error":{"code":"c","message":"no `+canary+`"}}`), true},
		"a header":           {answer(403, `{"error":{"code":"c"}}`, "Request-Id: x"+canary, "Date: "+canary), true},
		"no answer":          {failure(errors.New("broken pipe after Bearer " + canary)), true},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, all := recorded(t, played(tc.answer))
			resp, err := c.Do(t.Context(), read)
			if (err != nil) != tc.fails || len(*all) == 0 {
				t.Fatalf("%s: %v %d", name, err, len(*all))
			}
			x := (*all)[0]
			said := string(x.Body) + x.RequestID + x.Date + x.URL
			if x.Err != nil {
				said += x.Err.Error()
			}
			if strings.Contains(said, "3f1b2c9d8e70") || !strings.Contains(said, "[removed]") {
				t.Errorf("%s: recorded %s", name, said)
			}
			if err == nil && string(resp.Body) != string(x.Body) {
				t.Errorf("%s: the client read %s", name, resp.Body)
			}
		})
	}
}

// A link that a gateway put a token into is followed without it.
func TestRecordKeepsNoSecretOfALink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, all := recorded(t, played(
			answer(200, `{"value":[],"@odata.nextLink":"`+root+"/v1.0"+graph.PartnersPath()+`?$skiptoken=`+canary+`"}`),
			answer(200, `{"value":[]}`),
		))
		if _, _, err := list(t.Context(), c); err != nil || len(*all) != 2 {
			t.Fatal(err, *all)
		}
		for _, x := range *all {
			if strings.Contains(x.URL+string(x.Body), "3f1b2c9d8e70") {
				t.Errorf("recorded %s %s", x.URL, x.Body)
			}
		}
	})
}

// Each attempt is recorded, with the same client-request-id; one that got no
// answer says why.
func TestRecordKeepsEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("connection reset")
		c, all := recorded(t, played(refusal(429, "TooManyRequests", "Retry-After: 1"), failure(broken), answer(503, "<html>"), done))
		if _, err := c.Do(t.Context(), read); err != nil {
			t.Fatal(err)
		}
		var status []int
		for _, x := range *all {
			status = append(status, x.Status)
			if (x.Status == 0) != errors.Is(x.Err, broken) || x.ClientRequestID == "" || x.ClientRequestID != (*all)[0].ClientRequestID {
				t.Errorf("got %+v", x)
			}
		}
		if len(status) != 4 || status[0] != 429 || status[1] != 0 || status[2] != 503 || status[3] != 200 {
			t.Errorf("got %v", status)
		}
	})
}

// What was refused before it reached the wire is no attempt.
func TestRecordKeepsOnlyWhatWasSent(t *testing.T) {
	c, all := recorded(t, played(answer(204, "")))
	refused := write
	refused.Precondition = func() bool { return false }
	if _, err := c.Do(t.Context(), refused); !errors.Is(err, graph.ErrPrecondition) {
		t.Errorf("got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	c.Do(ended, read)
	if len(*all) != 0 {
		t.Errorf("recorded %+v", *all)
	}
	if _, err := c.Do(t.Context(), write); err != nil || len(*all) != 1 || (*all)[0].Status != 204 || (*all)[0].Body != nil {
		t.Errorf("got %v, recorded %+v", err, *all)
	}
}
