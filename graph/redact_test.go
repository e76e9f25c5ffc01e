package graph_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph"
)

const canary = "canary/3f1b2c9d8e70+x"

// Some gateways answer with what they received. None of it may reach the caller or the layers that
// log.
func TestNoErrorHoldsAToken(t *testing.T) {
	for name, base := range map[string]func(*http.Request) (*http.Response, error){
		"a refusal":                 refusal(400, "Request_BadRequest"),
		"a message":                 answer(403, `{"error":{"code":"c","message":"no `+canary+`"}}`),
		"a message, escaped":        answer(403, `{"error":{"code":"c","message":"no canary\/3f1b2c9d8e70+x"}}`),
		"escaped as .NET does":      answer(403, `{"error":{"code":"c","message":"no canary/3f1b2c9d8e70\u002Bx"}}`),
		"a code":                    answer(403, `{"error":{"code":"`+canary+`","message":"m"}}`),
		"details":                   answer(403, `{"error":{"code":"c","details":[{"target":"`+canary+`"}]}}`),
		"an inner error":            answer(403, `{"error":{"code":"c","innerError":{"request-id":"`+canary+`"}}}`),
		"a header":                  answer(403, `{}`, "Request-Id: x"+canary, "Www-Authenticate: Bearer "+canary),
		"plain text":                answer(403, "Authorization: Bearer "+canary),
		"a web page":                answer(200, "<html><title>"+canary, "Content-Type: text/html"),
		"a title":                   answer(403, "<title>"+canary+"</title>"),
		"an error in a success":     answer(200, `{"error":{"code":"c","message":"no `+canary+`"}}`),
		"a name that appears twice": answer(200, `{"`+canary+`":1,"`+canary+`":2}`),
		"no answer":                 failure(errors.New("broken pipe after Bearer " + canary)),
		"a redirect":                answer(307, "", "Location: https://login.example.com/?token="+canary),
		"a redirect to nowhere":     answer(302, "", "Location: %zz"+canary),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen []string
				c, err := graph.New(graph.Options{RootURL: root, Base: played(base), Layers: []func(http.RoundTripper) http.RoundTripper{
					func(next http.RoundTripper) http.RoundTripper {
						return roundTrip(func(r *http.Request) (*http.Response, error) {
							resp, err := next.RoundTrip(r)
							seen = append(seen, fmt.Sprint(err))
							if resp != nil {
								seen = append(seen, fmt.Sprint(resp.Header))
								body, _ := io.ReadAll(resp.Body)
								if resp.StatusCode >= 300 {
									seen = append(seen, strings.ReplaceAll(string(body), `\u002b`, "+"))
								}
								resp.Body = io.NopCloser(bytes.NewReader(body))
							}
							return resp, err
						})
					}, bearer(canary),
				}})
				if err != nil {
					t.Fatal(err)
				}
				_, err = c.Do(t.Context(), write)
				_, partnerErr := c.Partner(t.Context(), fabrikam)
				_, _, listErr := list(t.Context(), c)
				for _, err := range []error{err, partnerErr, listErr} {
					whole, _ := json.Marshal(err)
					if said := fmt.Sprint(err, string(whole), seen); err == nil || strings.Contains(said, "3f1b2c9d8e70") {
						t.Errorf("got %s", said)
					}
				}
			})
		})
	}
}

// A link and the name of a member come from the server too.
func TestNoProblemHoldsAToken(t *testing.T) {
	// A page may be below a path that holds one.
	wire := played(answer(200, `{"value":[],"@odata.nextLink":"partners/`+canary+`?a"}`), refusal(400, "c"))
	if _, _, err := list(t.Context(), newClient(t, wire, canary)); err == nil || strings.Contains(err.Error(), "3f1b2c9d8e70") {
		t.Errorf("a path: got %v", err)
	}
	long := canary + strings.Repeat("x", 2500) // longer than any message is kept
	for name, body := range map[string]string{
		"a link":                         `{"value":[],"@odata.nextLink":"https://evil.example.com/` + long + `"}`,
		"a member of a page":             `{"value":[],"` + long + `nextLink":1}`,
		"a member of a page, twice":      `{"value":[],"` + long + `":1,"` + long + `":2}`,
		"a member of a partner, twice":   `{"value":[` + seen(fabrikam, `"`+long+`":1`, `"`+long+`":2`) + `]}`,
		"the tenant of another's policy": `{"value":[` + seen(fabrikam, `identitySynchronization={"tenantId":"`+long+`"}`) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				partners, _, err := list(t.Context(), newClient(t, played(answer(200, body)), long))
				for _, p := range partners {
					err = errors.Join(err, errors.New(p.Problem))
				}
				if err == nil || strings.Contains(err.Error(), "3f1b2c9d8e70") || !strings.Contains(err.Error(), "[removed]") {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// A token that Graph repeats within a success is data.
func TestASuccessIsNotAltered(t *testing.T) {
	body := `{"templateApplicationLevel":"` + canary + `"}`
	resp, err := newClient(t, played(answer(200, body)), canary).Do(t.Context(), read)
	if err != nil || string(resp.Body) != body {
		t.Errorf("got %v, %s", err, resp.Body)
	}
}

func TestARefusedRootURLHidesItsPassword(t *testing.T) {
	for raw, shown := range map[string]string{
		"https://ada:s3cret@graph.microsoft.com":  "https://ada:xxxxx@graph.microsoft.com",
		"https://ada:s3cret%zz@graph.example.com": "https://[removed]@graph.example.com",
		"ada:s3cret@ graph":                       "[removed]@ graph",
		"https://graph.example.com/\x7f":          `graph.example.com`,
	} {
		_, err := graph.CheckRoot(raw)
		if err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), shown) {
			t.Errorf("%q: got %v", raw, err)
		}
	}
}

// The environment's proxy is read once per process, so each case is a process.
func TestAProxyThatRefusesIsReported(t *testing.T) {
	if os.Getenv("BULKSYNC_TEST_PROXY") != "" {
		c, err := graph.New(graph.Options{RootURL: "https://graph.example.com", Outage: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Do(t.Context(), write)
		echo, _ := graph.New(graph.Options{RootURL: "https://graph.example.com", Base: played(answer(403, os.Getenv("BULKSYNC_TEST_PROXY")))})
		_, echoed := echo.Do(t.Context(), write)
		fmt.Println("echoed:", echoed)
		kind := graph.Kind("")
		if e := (*graph.Error)(nil); errors.As(err, &e) {
			kind = e.Kind
		}
		fmt.Println("error:", err, "kind:", kind, "writes:", c.Requests().Writes)
		return
	}
	basic := base64.StdEncoding.EncodeToString([]byte("ada:s3cret-word"))
	for _, c := range []struct{ name, status, says, ends string }{
		{"asks for credentials", "407 " + basic, "the proxy asks for credentials", "kind: unreachable writes: 1\n"},
		{"has no line itself", "502 " + basic, " answered 502 Bad Gateway", "kind: outage writes: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxy := listen(t, "HTTP/1.1 "+c.status+"\r\nX-Echo: "+basic+"\r\nContent-Length: 0\r\n\r\n")
			child := exec.Command(os.Args[0], "-test.run", "^TestAProxyThatRefusesIsReported$")
			child.Env = append(os.Environ(), "BULKSYNC_TEST_PROXY=sent: s3cret-word, Basic "+basic, "NO_PROXY=", "HTTPS_PROXY=http://ada:s3cret-word@"+proxy)
			out, err := child.CombinedOutput()
			if said := string(out); err != nil || !strings.Contains(said, c.says) || !strings.Contains(said, c.ends) || !strings.Contains(said, "sent: [removed], Basic [removed]") ||
				strings.Contains(said, "s3cret-word") || strings.Contains(said, basic) {
				t.Errorf("%v: %s", err, said)
			}
		})
	}
}
