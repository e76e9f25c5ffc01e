package graph_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
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
			want: graph.Error{Kind: graph.Conflict, Code: graph.CodeSameKey, Message: "A conflicting object", RequestID: "rid",
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
			want: graph.Error{Kind: graph.NotFound},
			says: "PUT " + path + ": 404 Not Found (client-request-id " + clientID + ")",
		},
		{
			name: "a gateway's page", status: 502, body: "<html>Bad Gateway</html>",
			want: graph.Error{Kind: graph.Indeterminate},
			says: "PUT " + path + ": 502 Bad Gateway (client-request-id " + clientID + ")",
		},
		{
			name: "cut off in the middle", status: 409, body: `{"error":{"code":"Directory_Conc`,
			want: graph.Error{Kind: graph.Conflict},
			says: "PUT " + path + ": 409 Conflict (client-request-id " + clientID + ")",
		},
		{
			name: "a code without a message", status: 400, body: `{"error":{"code":"BadRequest"}}`,
			want: graph.Error{Kind: graph.Invalid, Code: "BadRequest"},
			says: "PUT " + path + ": 400 BadRequest (client-request-id " + clientID + ")",
		},
		{
			name: "types that no error has", status: 400, body: `{"error":{"code":7,"message":"kept","details":"none"}}`,
			want: graph.Error{Kind: graph.Invalid, Message: "kept"},
			says: "PUT " + path + ": 400 Bad Request (client-request-id " + clientID + ")",
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
			says: "PUT " + path + ": 400 Bad Request (client-request-id " + clientID + ")",
		},
		{
			name: "a redirect, which is not followed", status: 302, headers: []string{"Location: https://login.example.com/"},
			want: graph.Error{Kind: graph.Unreadable},
			says: "PUT " + path + ": 302 Found (client-request-id " + clientID + ")",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := refused(t, c.status, c.body, c.headers...)
			c.want.Method, c.want.Path, c.want.Status, c.want.Attempts = "PUT", path, c.status, 1
			c.want.ClientRequestID = clientID
			if diff := cmp.Diff(c.want, *got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.Error() != c.says {
				t.Errorf("says %s\nwant %s", got, c.says)
			}
		})
	}
}

func TestEachAnswerHasOneKind(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		want   graph.Kind
	}{
		{400, "Request_BadRequest", graph.Invalid},
		{400, "Directory_ExpiredPageToken", graph.Invalid},
		{400, "Request_ThrottledTemporarily", graph.Throttled},
		{401, "InvalidAuthenticationToken", graph.Unauthorized},
		{403, "Authorization_RequestDenied", graph.Forbidden},
		{404, "Request_ResourceNotFound", graph.NotFound},
		{405, "Request_BadRequest", graph.Invalid},
		{408, "", graph.Transient},
		{409, "Request_MultipleObjectsWithSameKeyValue", graph.Conflict},
		{409, "Directory_ConcurrencyViolation", graph.Transient},
		{409, "", graph.Conflict},
		{410, "", graph.NotFound},
		{412, "", graph.Conflict},
		{418, "", graph.Invalid},
		{423, "", graph.Transient},
		{429, "TooManyRequests", graph.Throttled},
		{500, "InternalServerError", graph.Transient},
		{501, "", graph.Transient},
		{502, "", graph.Indeterminate},
		{503, "ServiceUnavailable", graph.Transient},
		{504, "", graph.Indeterminate},
	} {
		// A 401 is tried once more, whatever the number of attempts.
		synctest.Test(t, func(t *testing.T) {
			e := refused(t, c.status, `{"error":{"code":"`+c.code+`","message":"m"}}`)
			if e.Kind != c.want || !errors.Is(e, c.want) {
				t.Errorf("%d %s: got %s, want %s", c.status, c.code, e.Kind, c.want)
			}
		})
	}
}

func TestNoTokenStandsInAnyError(t *testing.T) {
	const canary = "canary-3f1b2c9d8e70"
	echo := func(r *http.Request) (*http.Response, error) {
		return nil, errors.New("broken pipe")
	}
	for name, base := range map[string]http.RoundTripper{
		"a refusal":  played(refusal(400, "Request_BadRequest")),
		"a web page": played(answer(200, "<html>", "Content-Type: text/html")),
		"no answer":  roundTrip(echo),
		"a redirect": played(answer(307, "", "Location: https://login.example.com/?token="+canary)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, base, canary)
				_, err := c.Do(t.Context(), write)
				_, _, listErr := list(t.Context(), c)
				for _, err := range []error{err, listErr} {
					whole, _ := json.Marshal(err)
					if err == nil || strings.Contains(err.Error()+string(whole), canary) {
						t.Errorf("got %v %s", err, whole)
					}
				}
			})
		})
	}
}

// FuzzGraphError holds that any body at all makes an error of one printable
// line that names the status and the request.
func FuzzGraphError(f *testing.F) {
	f.Add(400, []byte(`{"error":{"code":"Request_BadRequest","message":"m","details":[{"code":"c","target":null}],"innerError":{"request-id":"r"}}}`))
	f.Add(409, []byte(`{"error":{"code":"Directory_ConcurrencyViolation"}}`))
	f.Add(500, []byte(`<html>`))
	f.Add(404, []byte(`{"error":"text"}`))
	f.Add(503, []byte(`[[[[`))
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
