package graph_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulksync/graph"
)

const clientID = "11111111-2222-4333-8444-555555555555"

// refused sends one write, tried once, and returns its error.
func refused(t testing.TB, status int, body string, headers ...string) *graph.Error {
	t.Helper()
	c, err := graph.New(graph.Options{RootURL: root, Base: played(answer(status, body, headers...))})
	if err != nil {
		t.Fatal(err)
	}
	r := write
	r.ClientRequestID, r.MaxAttempts = clientID, 1
	_, err = c.Do(t.Context(), r)
	var e *graph.Error
	if !errors.As(err, &e) {
		t.Fatalf("%d %q: got %v, want a graph.Error", status, body, err)
	}
	return e
}

func TestAnErrorBodyIsReadHoweverItIsSpelled(t *testing.T) {
	path := graph.SyncPath(fabrikam)
	for _, c := range []struct {
		name, body string
		status     int
		headers    []string
		want       graph.Error
		says       string
	}{
		{
			name: "as the conflict of the Entra tutorial", status: 409,
			body: `{"error":{"code":"Request_MultipleObjectsWithSameKeyValue","message":"A conflicting object","details":[{"code":"ConflictingObjects","message":"m","target":null}],"innerError":{"date":"2026-03-29T13:23:55","request-id":"rid","client-request-id":"other"}}}`,
			want: graph.Error{Kind: graph.Conflict, Code: sameKey, Message: "A conflicting object", RequestID: "rid",
				Details: []graph.Detail{{Code: "ConflictingObjects", Message: "m"}}},
			says: "PUT " + path + ": 409 Request_MultipleObjectsWithSameKeyValue: A conflicting object (request-id rid, client-request-id " + clientID + ")",
		},
		{
			name: "innererror in lower case, members in another order", status: 403,
			body: `{"error":{"innererror":{"request-id":"rid"},"message":"Insufficient privileges","code":"Authorization_RequestDenied"}}`,
			want: graph.Error{Kind: graph.Forbidden, Code: "Authorization_RequestDenied", Message: "Insufficient privileges", RequestID: "rid"},
			says: "PUT " + path + ": 403 Authorization_RequestDenied: Insufficient privileges (request-id rid, client-request-id " + clientID + ")",
		},
		{
			name: "the request-id of the header wins", status: 400, headers: []string{"request-id: head"},
			body: `{"error":{"code":"Request_BadRequest","message":"Invalid property 'x'.","innerError":{"request-id":"body"}}}`,
			want: graph.Error{Kind: graph.Invalid, Code: "Request_BadRequest", Message: "Invalid property 'x'.", RequestID: "head"},
			says: "PUT " + path + ": 400 Request_BadRequest: Invalid property 'x'. (request-id head, client-request-id " + clientID + ")",
		},
		{
			name: "no body", status: 404,
			want: graph.Error{Kind: graph.Indeterminate},
			says: "PUT " + path + ": 404 Not Found: without an error code of Graph (is a proxy in between?) (client-request-id " + clientID + ")",
		},
		{
			name: "a gateway's page", status: 502, body: "<html>Bad Gateway</html>",
			want: graph.Error{Kind: graph.Indeterminate},
			says: "PUT " + path + ": 502 Bad Gateway (client-request-id " + clientID + ")",
		},
		{
			name: "cut off in the middle", status: 409, body: `{"error":{"code":"Directory_Conc`,
			want: graph.Error{Kind: graph.Indeterminate},
			says: "PUT " + path + ": 409 Conflict: without an error code of Graph (is a proxy in between?) (client-request-id " + clientID + ")",
		},
		{
			name: "a code without a message", status: 400, body: `{"error":{"code":"BadRequest"}}`,
			want: graph.Error{Kind: graph.Invalid, Code: "BadRequest"},
			says: "PUT " + path + ": 400 BadRequest (client-request-id " + clientID + ")",
		},
		{
			name: "types that no error has", status: 400, body: `{"error":{"code":7,"message":"kept","details":"none"}}`,
			want: graph.Error{Kind: graph.Invalid, Message: "kept"},
			says: "PUT " + path + ": 400 Bad Request: kept (client-request-id " + clientID + ")",
		},
		{
			name: "a message that would steer a terminal", status: 400,
			body: `{"error":{"code":"A\nB","message":"one\r\n\ttwo \u001b[2Jthree\u202e"}}`,
			want: graph.Error{Kind: graph.Invalid, Code: "A B", Message: "one two [2Jthree"},
			says: "PUT " + path + ": 400 A B: one two [2Jthree (client-request-id " + clientID + ")",
		},
		{
			name: "a message without an end", status: 400,
			body: `{"error":{"message":"` + strings.Repeat("é", 5000) + `"}}`,
			want: graph.Error{Kind: graph.Invalid, Message: strings.Repeat("é", 1000) + " ..."},
			says: "PUT " + path + ": 400 Bad Request: " + strings.Repeat("é", 1000) + " ... (client-request-id " + clientID + ")",
		},
		{
			name: "a redirect, which is not followed", status: 302, headers: []string{"Location: https://login.example.com/"},
			want: graph.Error{Kind: graph.Indeterminate},
			says: "PUT " + path + ": 302 Found: a redirect, which Graph does not answer (is a proxy or a sign-in page in between?) (client-request-id " + clientID + ")",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := refused(t, c.status, c.body, c.headers...)
			c.want.Method, c.want.Path, c.want.Status, c.want.Attempts = "PUT", path, c.status, 1
			c.want.ClientRequestID = clientID
			if diff := cmp.Diff(c.want, *got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(graph.Error{}, "Err")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.Error() != c.says {
				t.Errorf("says %s\nwant %s", got, c.says)
			}
		})
	}
}

// A read that is tried again until Options.Outage is over ends as Outage, or as
// Unreadable if the answers were not Graph's.
func TestEachAnswerHasOneKind(t *testing.T) {
	const open = graph.Indeterminate
	for _, c := range []struct {
		status      int
		code        string
		write, read graph.Kind
	}{
		{302, "", open, graph.Unreadable},
		{400, "Request_BadRequest", graph.Invalid, graph.Invalid},
		{400, "", graph.Invalid, graph.Unreadable},
		{400, "Directory_ExpiredPageToken", graph.Invalid, graph.Invalid},
		{400, "Request_ThrottledTemporarily", graph.Throttled, graph.Throttled},
		{401, "InvalidAuthenticationToken", graph.Unauthorized, graph.Unauthorized},
		{401, "", graph.Unauthorized, graph.Unauthorized},
		{403, "Authorization_RequestDenied", graph.Forbidden, graph.Forbidden},
		{403, "", graph.Forbidden, graph.Forbidden},
		{404, "Request_ResourceNotFound", graph.NotFound, graph.NotFound},
		{404, "", open, graph.Unreadable},
		{405, "Request_BadRequest", open, graph.Invalid},
		{407, "", graph.Unreachable, graph.Unreachable},
		{408, "RequestTimeout", open, graph.Outage},
		{409, "Request_MultipleObjectsWithSameKeyValue", graph.Conflict, graph.Conflict},
		{409, "Directory_ConcurrencyViolation", graph.Transient, graph.Transient},
		{409, "", open, graph.Unreadable},
		{410, "Gone", open, graph.NotFound},
		{412, "PreconditionFailed", open, graph.Conflict},
		{418, "", open, graph.Unreadable},
		{423, "Locked", open, graph.Transient},
		{429, "TooManyRequests", graph.Throttled, graph.Throttled},
		{429, "", graph.Throttled, graph.Throttled},
		{500, "InternalServerError", open, graph.Outage},
		{501, "", open, graph.Outage},
		{502, "", open, graph.Outage},
		{503, "ServiceUnavailable", open, graph.Outage},
		{503, "Directory_ConcurrencyViolation", open, graph.Transient},
		{504, "", open, graph.Outage},
	} {
		synctest.Test(t, func(t *testing.T) {
			for _, r := range []graph.Request{write, {Method: "PATCH"}, {Method: "POST"}, {Method: "DELETE"}, read} {
				wire := played(answer(c.status, `{"error":{"code":"`+c.code+`","message":"m"}}`, "Request-Id: rid", "Retry-After: 2"))
				_, err := newClient(t, wire, "").Do(t.Context(), graph.Request{Method: r.Method, Path: r.Path, Body: r.Body})
				want := c.write
				if r.Method == "GET" {
					want = c.read
				}
				var e *graph.Error
				if !errors.As(err, &e) || !errors.Is(err, want) {
					t.Fatalf("%s %d %s: got %v, want %s", r.Method, c.status, c.code, err, want)
				}
				if e.Status != c.status || e.Code != c.code || e.RequestID != "rid" || e.RetryAfter != 2*time.Second || e.Attempts != len(wire.sent) {
					t.Errorf("%s %d %s: not all is kept: %+v", r.Method, c.status, c.code, e)
				}
				if want == open && len(wire.sent) != 1 {
					t.Errorf("%s %d %s: sent %d times", r.Method, c.status, c.code, len(wire.sent))
				}
			}
		})
	}
}

// Whatever form an error has, its code and message are kept.
func TestAnErrorInAnotherFormIsReadToo(t *testing.T) {
	for _, c := range []struct{ name, body, code, message, id string }{
		{"a BOM", "\xef\xbb\xbf" + `{"error":{"code":"c","message":"m"}}`, "c", "m", ""},
		{"odata.error", `{"odata.error":{"code":"c","message":{"lang":"en","value":"m"}}}`, "c", "m", ""},
		{"a message as object", `{"error":{"code":"c","message":{"value":"m"}}}`, "c", "m", ""},
		{"OAuth", `{"error":"invalid_client","error_description":"AADSTS7000222: m"}`, "invalid_client", "AADSTS7000222: m", ""},
		{"at the top", `{"code":"c","message":"m"}`, "c", "m", ""},
		{"at the top, capital letters", `{"Message":"m"}`, "", "m", ""},
		{"nested inner errors", `{"error":{"code":"c","innererror":{"innererror":{"request-id":"rid"}}}}`, "c", "", "rid"},
		{"plain text", "upstream connect error\nreset", "", "upstream connect error reset", ""},
		{"a web page with a title", "\r\n <HTML><head><TITLE>Access &amp; Denied</TITLE>", "", "Access & Denied", ""},
		{"a web page with a long title", "<html><title>" + strings.Repeat("x", 201) + "</title>", "", "", ""},
		{"a web page without one", "<html>", "", "", ""},
		{"a code that is no line", `{"error":{"code":"a\u0007b` + strings.Repeat("c", 200) + `"}}`, "a b" + strings.Repeat("c", 125), "", ""},
		{"a request-id that is no line", `{"error":{"innerError":{"request-id":"a\u001bé\u202eb"}}}`, "", "", "a b"},
		{"an array", `[1]`, "", "", ""},
		{"a number", `7`, "", "", ""},
		{"details", `{"error":{"code":"c","details":[{"code":"\u001b","message":"\u001b[m","target":"x"}]}}`, "c", "", ""},
	} {
		e := refused(t, 403, c.body)
		if e.Code != c.code || e.Message != c.message || e.RequestID != c.id || e.Kind != graph.Forbidden {
			t.Errorf("%s: got %q %q %q", c.name, e.Code, e.Message, e.RequestID)
		}
		for _, d := range e.Details {
			if d != (graph.Detail{Message: "[m", Target: "x"}) {
				t.Errorf("%s: details %q", c.name, d)
			}
		}
	}
}

// The header too is cleaned where it is read, for a success as for an error.
func TestARequestIDIsPrintable(t *testing.T) {
	for sent, want := range map[string]string{
		"0a1b-2c": "0a1b-2c", "a\x1b[2Jb": "a [2Jb", strings.Repeat("x", 129): strings.Repeat("x", 128), "é": "", strings.Repeat("x", 128): strings.Repeat("x", 128),
	} {
		resp, err := newClient(t, played(answer(204, "", "Request-Id: "+sent)), "").Do(t.Context(), write)
		if err != nil || resp.RequestID != want {
			t.Errorf("%q: got %q, %v", sent, resp.RequestID, err)
		}
		if e := refused(t, 403, `{}`, "Request-Id: "+sent); e.RequestID != want {
			t.Errorf("%q: got %q in an error", sent, e.RequestID)
		}
	}
}

// FuzzGraphError checks that any body results in an error of one printable line
// that names the status and the request.
func FuzzGraphError(f *testing.F) {
	f.Add(400, []byte(`{"error":{"code":"Request_BadRequest","message":"m","details":[{"code":"c","target":null}],"innerError":{"request-id":"r"}}}`))
	f.Add(409, []byte(`{"error":{"code":"Directory_ConcurrencyViolation"}}`))
	f.Add(500, []byte(`<html>`))
	f.Add(404, []byte(`{"error":"text"}`))
	f.Add(503, []byte(`[[[[`))
	f.Add(403, []byte("\xef\xbb\xbf<title>\x00</title>"))
	f.Add(403, []byte(`{"odata.error":{"message":{"value":"\u001b"}},"error_description":7}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 402 || status > 599 {
			t.Skip() // 401 waits before it is tried again
		}
		e := refused(t, status, string(bytes.Clone(body)))
		said := e.Error()
		if e.Status != status || e.Kind == "" || !strings.HasPrefix(said, "PUT "+graph.SyncPath(fabrikam)+": ") || !strings.Contains(said, clientID) {
			t.Errorf("%d %q: %q", status, body, said)
		}
		if strings.ContainsFunc(said, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%d %q: does not print: %q", status, body, said)
		}
	})
}
