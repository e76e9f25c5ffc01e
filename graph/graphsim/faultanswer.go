package graphsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// faulty decides the answer to a request that a fault strikes. Whether the request took effect does
// not depend on what the client is told.
func (s *Sim) faulty(c *call) answer {
	p := c.strike.effect
	if c.suffers(FaultStale) {
		c.lag = c.strike.Delay
	}
	var a answer
	if p.served {
		a = s.process(c)
	}
	took := a.committed && !c.suffers(FaultLost)
	if p.spoil != nil {
		a = p.spoil(s, c, a)
	}
	a.committed = took
	return a
}

// cutting leaves the answer unchanged and breaks its delivery.
func cutting(how cut) spoiler {
	return func(_ *Sim, c *call, a answer) answer {
		a.cut, a.delay = how, c.strike.Delay
		return a
	}
}

// refusing answers with an error in the form that the fault names.
func refusing(with func() *odataError) spoiler {
	return func(s *Sim, c *call, _ answer) answer {
		e := with()
		a := refuse(e)
		c.strike.Body.write(c, &a)
		if wait := c.strike.RetryAfter; wait > 0 {
			s.cfg.RetryAfter.set(a.header, c.date, wait)
		}
		return a
	}
}

// altering changes the body of a good answer.
func altering(change func([]byte) []byte) spoiler {
	return func(_ *Sim, _ *call, a answer) answer {
		if a.refusal == nil {
			a.body = change(a.body)
			a.set("Content-Length", strconv.Itoa(len(a.body)))
		}
		return a
	}
}

func nothing([]byte) []byte { return nil }

func firstHalf(body []byte) []byte { return body[:len(body)/2] }

// otherShape turns an object into a list, and a list into its first element.
func otherShape(body []byte) []byte {
	var list struct {
		Value []json.RawMessage `json:"value"`
	}
	if json.Unmarshal(body, &list) != nil || list.Value == nil {
		return append(append([]byte(`{"value":[`), body...), "]}"...)
	}
	if len(list.Value) == 0 {
		return []byte("{}")
	}
	return list.Value[0]
}

// swell makes the answer larger than a client should read. It stays valid JSON.
func swell(_ *Sim, _ *call, a answer) answer {
	if a.refusal == nil {
		a.padding = 32 << 20
	}
	return a
}

// content is the whole body. The padding is spaces before the last brace, generated while they are
// read.
func (a answer) content() io.Reader {
	if a.padding == 0 {
		return bytes.NewReader(a.body)
	}
	end := len(a.body) - 1
	return io.MultiReader(bytes.NewReader(a.body[:end]), io.LimitReader(spaces{}, a.padding), bytes.NewReader(a.body[end:]))
}

// spaces is an endless reader of spaces.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) { return copy(p, blank), nil }

var blank = strings.Repeat(" ", 32<<10)

// signIn is the page that an expired session or a proxy answers with. The content types of such
// pages vary.
func signIn(_ *Sim, c *call, _ answer) answer {
	types := []string{"text/html; charset=utf-8", "TEXT/HTML", "application/xhtml+xml", "application/json", ""}
	a := answer{status: http.StatusOK, body: []byte(signInPage), foreign: true}
	a.setType(types[(c.strike.number-1)%len(types)])
	return a
}

const signInPage = "<!DOCTYPE html>\r\n<html><head><title>Sign in to your account</title></head>\r\n" +
	"<body><form method=\"post\" action=\"/login\"><input name=\"loginfmt\"></form></body></html>\r\n"

func portal(*Sim, *call, answer) answer { return answer{status: http.StatusOK, foreign: true} }

// bareNotFound is the answer of a proxy that does not know the path.
func bareNotFound(_ *Sim, c *call, _ answer) answer {
	a := answer{status: http.StatusNotFound, foreign: true}
	if c.strike.number%2 == 1 {
		a.body = statusPage(http.StatusNotFound)
		a.setType("text/html")
	}
	return a
}

// shownID is the tenant that an object claims to belong to.
func (c *call) shownID(id string) string {
	if !c.suffers(FaultOtherTenant) {
		return id
	}
	if kept, ok := strings.CutSuffix(id, "0"); ok {
		return kept + "1"
	}
	return id[:len(id)-1] + "0"
}

// errorInside is an error object with a success status.
func errorInside() *odataError {
	e := statusError(http.StatusServiceUnavailable)
	e.status = http.StatusOK
	return e
}

// statusError is what Graph says with a status.
func statusError(status int) *odataError {
	e := &odataError{status: status, code: "UnknownError", message: http.StatusText(status)}
	switch status {
	case http.StatusBadRequest:
		return badRequest("Invalid request.")
	case http.StatusUnauthorized:
		return unauthorized("Lifetime validation failed, the token is expired.")
	case http.StatusForbidden:
		return forbidden()
	case http.StatusNotFound:
		return noObject()
	case http.StatusTooManyRequests:
		return throttled()
	case http.StatusInternalServerError:
		e.code, e.message = "InternalServerError", "An internal server error occurred."
	case http.StatusServiceUnavailable:
		e.code, e.message = "ServiceUnavailable", "The service is temporarily unavailable. Please retry."
	case http.StatusGatewayTimeout:
		e.message = ""
	}
	return e
}

// BodyForm is the form of the error body that a fault sends with a status. The zero form is Graph's
// own, or a gateway's page for 502. The others come from older services, sign-in hosts and proxies.
type BodyForm string

// The forms. All but none, html and text keep the code and the message.
const (
	BodyBOM           BodyForm = "bom"            // Graph's, after a byte order mark
	BodyOData         BodyForm = "odata"          // {"odata.error":{"code":…,"message":{"lang":…,"value":…}}}
	BodyObjectMessage BodyForm = "object-message" // {"error":{"code":…,"message":{"lang":…,"value":…}}}
	BodyOAuth         BodyForm = "oauth"          // {"error":code,"error_description":message}
	BodyText          BodyForm = "text"           // the message alone, as text/plain
	BodyHTML          BodyForm = "html"           // a page
	BodyNone          BodyForm = "none"           // nothing
	BodyEcho          BodyForm = "echo"           // Graph's, with the request's credentials in message and request-id
	BodyEscapes       BodyForm = "escapes"        // Graph's, with what moves a terminal in code, message and request-id
)

// bodyForms is in the order in which messages list them.
var bodyForms = []BodyForm{BodyBOM, BodyOData, BodyObjectMessage, BodyOAuth, BodyText, BodyHTML, BodyNone, BodyEcho, BodyEscapes}

// write gives a refusal its body. A refusal without one gets Graph's later.
func (f BodyForm) write(c *call, a *answer) {
	e := a.refusal
	lang := map[string]string{"lang": "en", "value": e.message}
	a.header = http.Header{}
	switch f {
	case BodyBOM:
		a.body = c.appendError([]byte("\ufeff"), e)
	case BodyOData:
		a.body = mustJSON(map[string]any{"odata.error": map[string]any{"code": e.code, "message": lang, "requestId": c.id}})
	case BodyObjectMessage:
		a.body = mustJSON(map[string]any{"error": map[string]any{"code": e.code, "message": lang}})
	case BodyOAuth:
		a.body = mustJSON(map[string]any{"error": e.code, "error_description": e.message, "correlation_id": c.clientID})
	case BodyText:
		a.body = []byte(e.message)
		a.setType("text/plain")
	case BodyNone:
		a.body = []byte{}
	case BodyEcho:
		told := credentials(c.header)
		a.tell(c, "", told, told)
	case BodyEscapes:
		a.tell(c, escapes, escapes, "\u009b2J"+strings.Repeat("x", 200))
	case BodyHTML:
		a.body = statusPage(e.status)
		a.setType("text/html")
	default:
		if e.status == http.StatusBadGateway { // a gateway answers, not Graph
			BodyHTML.write(c, a)
		}
	}
}

// tell adds to the code, the message and the request-id of a refusal.
func (a *answer) tell(c *call, code, message, id string) {
	e := *a.refusal
	e.code += code
	e.message += message
	a.refusal = &e
	a.set("Request-Id", c.id+id)
}

// credentials are what a proxy in debug mode repeats from a request.
func credentials(h http.Header) (told string) {
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		if v := h.Get(name); v != "" {
			told += " " + name + ": " + v
		}
	}
	return told
}

// escapes clear a terminal, name its window, reverse the text direction and begin a line that looks
// like one of ours.
const escapes = "\x1b[2J\x1b]0;title\a\u202e\u009b31m\r\nbulksync: all changes succeeded"

// statusPage is what a gateway shows for a status.
func statusPage(status int) []byte {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	return fmt.Appendf(nil, "<html><head><title>%s</title></head>\r\n<body><center><h1>%s</h1></center></body></html>\r\n", title, title)
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of strings always marshal
	}
	return b
}
