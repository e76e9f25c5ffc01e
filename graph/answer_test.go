package graph_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"bulksync/graph"
)

// Only an answer from Graph proves that a write is done.
func TestOnlyGraphsSuccessEndsAWrite(t *testing.T) {
	const object = `{"@odata.context":"c","tenantId":"x"}`
	for _, c := range []struct {
		name    string
		status  int
		body    string
		headers []string
		says    string // "" is done
	}{
		{"204", 204, "", nil, ""},
		{"201 with the object", 201, object, nil, ""},
		{"200 with the object", 200, object, nil, ""},
		{"200 with an ID", 200, `{"id":"x"}`, nil, ""},
		{"200 with a tenant", 200, `{"tenantId":"x"}`, nil, ""},
		{"200 with a context", 200, `{"@odata.context":"x"}`, nil, ""},
		{"200 with nothing", 200, "", nil, "200 without what Graph answers"},
		{"200 with an empty object", 200, "{}", nil, "200 without what Graph answers"},
		{"200 with another object", 200, `{"ok":true}`, nil, "200 without what Graph answers"},
		{"200 with a list", 200, "[" + object + "]", nil, "200 without what Graph answers"},
		{"200 with text", 200, "OK", nil, "200 without what Graph answers"},
		{"200 with an error", 200, `{"tenantId":"x","error":{"code":"c","message":"m"}}`, nil, "200 without what Graph answers"},
		{"200 with an error of null", 200, `{"tenantId":"x","error":null}`, nil, "200 without what Graph answers"},
		{"200 with a web page", 200, " \r\n<html>", nil, "a web page instead of Graph's answer"},
		{"200 with a web page after a byte order mark", 200, "\xef\xbb\xbf<html>", nil, "a web page instead of Graph's answer"},
		{"200 with HTML of another name", 200, "x", []string{"Content-Type: TEXT/HTML"}, "a web page instead of Graph's answer"},
		{"200 with XHTML", 200, "x", []string{"Content-Type: application/XHTML+xml; a=b"}, "a web page instead of Graph's answer"},
		{"201 with nothing", 201, "", nil, "201 without what Graph answers"},
		{"201 with a web page", 201, "<html>", nil, "a web page instead of Graph's answer"},
		{"201 with half an object", 201, object[:12], nil, "201 without what Graph answers"},
		{"204 with a body", 204, "x", nil, "204 without what Graph answers"},
		{"204 with a web page", 204, "<html>", nil, "a web page instead of Graph's answer"},
		{"202", 202, "", nil, "202 without what Graph answers"},
		{"206", 206, object, nil, "206 without what Graph answers"},
	} {
		for _, method := range []string{"PUT", "PATCH", "POST", "DELETE"} {
			wire := played(answer(c.status, c.body, append(c.headers, "Request-Id: rid")...))
			resp, err := newClient(t, wire, "").Do(t.Context(), graph.Request{Method: method, Path: graph.SyncPath(fabrikam)})
			var e *graph.Error
			switch {
			case c.says == "" && (err != nil || resp.Status != c.status):
				t.Errorf("%s %s: got %v", method, c.name, err)
			case c.says != "" && (!errors.As(err, &e) || e.Kind != graph.Indeterminate || e.Status != c.status || e.RequestID != "rid" || !strings.Contains(err.Error(), ": indeterminate: "+c.says)):
				t.Errorf("%s %s: got %v", method, c.name, err)
			}
			if len(wire.sent) != 1 {
				t.Errorf("%s %s: sent %d times", method, c.name, len(wire.sent))
			}
		}
	}
}

// An error leaves a write open if and only if it may have been sent.
func TestAWriteWithoutAnAnswerIsOpenIfItWasSent(t *testing.T) {
	cut := func(status int, body string) func() *script {
		return func() *script { return played(cutOff(status, body)) }
	}
	for name, c := range map[string]struct {
		wire func() *script
		want graph.Kind // "" is done
	}{
		"a reset":            {func() *script { return played(reset) }, graph.Indeterminate},
		"no answer":          {func() *script { return played(silent) }, graph.Indeterminate},
		"an error of EOF":    {func() *script { return played(failure(errors.New("EOF"))) }, graph.Indeterminate},
		"no line, then done": {func() *script { return played(noDial, answer(204, "")) }, ""},
		"no name, then done": {func() *script { return played(noName, answer(204, "")) }, ""},
		"no line, then open": {func() *script { return played(noDial, reset, answer(204, "")) }, graph.Indeterminate},
		"429, then open":     {func() *script { return played(throttled(), reset, answer(204, "")) }, graph.Indeterminate},
		"open, then done":    {func() *script { return played(reset, answer(204, "")) }, graph.Indeterminate},
		"half of 200":        {cut(200, `{"id":"x"}`), graph.Indeterminate},
		"half of 201":        {cut(201, `{"id":"x"}`), graph.Indeterminate},
		"half of 204":        {cut(204, ""), graph.Indeterminate},
		"half of 404":        {cut(404, `{"error":{"co`), graph.Indeterminate},
		"half of 403":        {cut(403, `{"error":{"co`), graph.Forbidden},
		"half of 400":        {cut(400, ``), graph.Invalid},
		"half of 503":        {cut(503, ``), graph.Indeterminate},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := newClient(t, c.wire(), "").Do(t.Context(), write)
				if c.want == "" && err != nil || c.want != "" && !errors.Is(err, c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
			})
		})
	}
}
