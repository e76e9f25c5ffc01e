package graphsim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph/graphsim"
)

// Each form of an error body, in process and over a connection.
func TestAnErrorBodyComesInManyForms(t *testing.T) {
	const code, message = "ServiceUnavailable", "The service is temporarily unavailable. Please retry."
	text := fmt.Sprintf(`"code":%q,"message":{"lang":"en","value":%q}`, code, message)
	for form, want := range map[graphsim.BodyForm]struct{ media, begins, has string }{
		"":                         {"application/json", `{"error":{"code":"ServiceUnavailable","message":"` + message, `"innerError"`},
		graphsim.BodyBOM:           {"application/json", "\ufeff" + `{"error":{"code":"ServiceUnavailable",`, message},
		graphsim.BodyOData:         {"application/json", `{"odata.error":{` + text, `"requestId":"`},
		graphsim.BodyObjectMessage: {"application/json", `{"error":{` + text, ""},
		graphsim.BodyOAuth:         {"application/json", `{"correlation_id":"`, `"error":"ServiceUnavailable","error_description":"` + message + `"`},
		graphsim.BodyText:          {"text/plain", message, ""},
		graphsim.BodyHTML:          {"text/html", "<html><head><title>503 Service Unavailable</title>", ""},
		graphsim.BodyNone:          {"", "", ""},
	} {
		for _, kind := range []graphsim.FaultKind{"503", "503-after", "error-200"} {
			twoWays(t, graphsim.Config{}, func(t *testing.T, r *rig) {
				r.Inject(graphsim.Fault{Kind: kind, Body: form})
				got := r.do("PATCH", sync, `{"userSyncInbound":null}`)
				page := strings.ReplaceAll(got.body, "200 OK", "503 Service Unavailable")
				if media := got.header.Get("Content-Type"); !strings.HasPrefix(page, want.begins) || !strings.Contains(got.body, want.has) ||
					!strings.HasPrefix(media, want.media) || (got.body == "") != (form == graphsim.BodyNone) {
					t.Errorf("%s,body=%s: got %s %s", kind, form, media, got.body)
				}
				if last := r.Requests()[0]; last.Code != code || last.Committed != (kind == "503-after") {
					t.Errorf("%s,body=%s: journal %+v", kind, form, last)
				}
			})
		}
	}
}

// A proxy in debug mode repeats credentials, in the body and in a header.
func TestAnEchoTellsTheCredentials(t *testing.T) {
	twoWays(t, graphsim.Config{}, func(t *testing.T, r *rig) {
		r.inject("400,body=echo")
		r.header.Set("Proxy-Authorization", "Basic c2VjcmV0")
		got := r.want(400, "Request_BadRequest", "PATCH", sync, `{}`)
		for _, told := range []string{"Authorization: Bearer " + r.token, "Proxy-Authorization: Basic c2VjcmV0"} {
			if !strings.Contains(got.body, told) || !strings.Contains(got.header.Get("Request-Id"), told) {
				t.Errorf("%q is not in %s or in %s", told, got.body, got.header)
			}
		}
		r.header.Del("Proxy-Authorization")
		if got := r.do("PATCH", sync, `{}`).body; strings.Contains(got, "Proxy") {
			t.Errorf("not sent: %s", got)
		}
	})
}

// A hostile answer holds sequences that would move the cursor of a terminal.
func TestAHostileErrorMovesTheTerminal(t *testing.T) {
	twoWays(t, graphsim.Config{}, func(t *testing.T, r *rig) {
		r.inject("400,body=escapes")
		got := r.do("PATCH", sync, `{}`)
		var e struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal([]byte(got.body), &e); err != nil {
			t.Fatal(err)
		}
		id := got.header.Get("Request-Id")
		for _, text := range []string{e.Error.Code, e.Error.Message} {
			if !strings.Contains(text, "\x1b[2J") || !strings.Contains(text, "\nbulksync:") {
				t.Errorf("got %q", text)
			}
		}
		if !strings.Contains(id, "\u009b2J") || len(id) < 200 {
			t.Errorf("request-id %q", id)
		}
	})
}

// A page with 200 comes with varying content types, always in the same order, and
// without Graph's headers.
func TestAPageComesUnderManyContentTypes(t *testing.T) {
	twoWays(t, graphsim.Config{}, func(t *testing.T, r *rig) {
		r.inject("html,method=GET", "html-after,method=PATCH", "portal,method=PUT")
		types := []string{"text/html; charset=utf-8", "TEXT/HTML", "application/xhtml+xml", "application/json", "", "text/html; charset=utf-8"}
		for _, want := range types {
			for _, method := range []string{"GET", "PATCH"} {
				got := r.must(method, sync, `{}`)
				media, named := got.header["Content-Type"]
				if strings.Join(media, "") != want || named && want == "" && media != nil || !strings.Contains(got.body, "<title>Sign in") {
					t.Errorf("%s: got %q, want %q, %s", method, media, want, got.body)
				}
				if got.header.Get("Request-Id") != "" || got.header.Get("Odata-Version") != "" || got.header.Get("Date") == "" {
					t.Errorf("%s: %s", method, got.header)
				}
			}
		}
		if got := r.must("PUT", sync, `{}`); got.body != "" || got.header.Get("Request-Id") != "" {
			t.Errorf("portal: %s %s", got.header, got.body)
		}
	})
}

func TestAStatusAfterTellsRetryAfter(t *testing.T) {
	twoWays(t, graphsim.Config{}, func(t *testing.T, r *rig) {
		r.inject("503-after,retry-after=7s", "error-200,retry-after=9s,method=GET")
		if got := r.want(503, "ServiceUnavailable", "DELETE", sync, ""); got.header.Get("Retry-After") != "7" {
			t.Errorf("got %s", got.header)
		}
		r.want(503, "ServiceUnavailable", "GET", sync, "") // the first of two strikes
	})
}

func TestASlowBodyComesWholeAndLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Partners: 5})
		want := r.must("GET", partners+"/"+r.Partners()[0].TenantID, "").body
		r.Inject(graphsim.Fault{Kind: graphsim.FaultSlow})
		began := time.Now()
		got := r.must("GET", partners+"/"+r.Partners()[0].TenantID, "").body
		if got != want || time.Since(began) != 5*time.Second || !json.Valid([]byte(got)) {
			t.Errorf("after %v: %s", time.Since(began), got)
		}
	})
}

// A slow answer keeps its status and its headers, with or without a body.
func TestASlowAnswerComesWhole(t *testing.T) {
	twoWays(t, graphsim.Config{}, func(t *testing.T, r *rig) {
		r.inject("slow,delay=1ms")
		if got := r.must("PATCH", sync, `{}`); got.status != 204 || got.body != "" || got.header.Get("Request-Id") == "" {
			t.Errorf("got %d %q %s", got.status, got.body, got.header)
		}
		got := r.want(404, "Request_ResourceNotFound", "GET", partners+"/"+fabrikam, "")
		if got.header.Get("Request-Id") == "" {
			t.Errorf("got %q %s", got.body, got.header)
		}
	})
}

func TestALateAnswerIsGivenUpWithTheContext(t *testing.T) {
	for latency, committed := range map[time.Duration]bool{10 * time.Second: false, 4 * time.Second: true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{Latency: latency}).with(contoso)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			if got := r.send(ctx, "PATCH", partners+"/"+contoso, `{}`); !errors.Is(got.err, context.DeadlineExceeded) {
				t.Errorf("got %d %v", got.status, got.err)
			}
			if last := r.Requests()[0]; last.Committed != committed {
				t.Errorf("latency %v: committed %v, want %v", latency, last.Committed, committed)
			}
		})
	}
}
