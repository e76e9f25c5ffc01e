package graphsim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// play decides the answer to a request that a fault strikes. What took effect
// did so whatever the client is told.
func (s *Sim) play(c *call) answer {
	p := c.strike.play
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

// cutting leaves the answer as it is and spoils its delivery.
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

// otherShape makes a list of an object, and of a list its first element.
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

// swell makes the answer larger than anybody should read. It stays valid JSON.
func swell(_ *Sim, _ *call, a answer) answer {
	if a.refusal == nil {
		a.padding = 32 << 20
	}
	return a
}

// content is the whole body. Its padding is spaces before the last brace, made
// while they are read.
func (a answer) content() io.Reader {
	if a.padding == 0 {
		return bytes.NewReader(a.body)
	}
	end := len(a.body) - 1
	return io.MultiReader(bytes.NewReader(a.body[:end]), io.LimitReader(spaces{}, a.padding), bytes.NewReader(a.body[end:]))
}

// spaces is a reader of spaces without end.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) { return copy(p, blank), nil }

var blank = strings.Repeat(" ", 32<<10)

// signIn is the page that an expired session or a proxy puts in the place of
// every answer. Content types of such pages are not to be relied on.
func signIn(_ *Sim, c *call, _ answer) answer {
	types := []string{"text/html; charset=utf-8", "TEXT/HTML", "application/xhtml+xml", "application/json", ""}
	a := answer{status: http.StatusOK, body: []byte(signInPage), foreign: true}
	a.setType(types[(c.strike.number-1)%len(types)])
	return a
}

const signInPage = "<!DOCTYPE html>\r\n<html><head><title>Sign in to your account</title></head>\r\n" +
	"<body><form method=\"post\" action=\"/login\"><input name=\"loginfmt\"></form></body></html>\r\n"

func portal(*Sim, *call, answer) answer { return answer{status: http.StatusOK, foreign: true} }

// bareNotFound is what a proxy answers that knows no such path.
func bareNotFound(_ *Sim, c *call, _ answer) answer {
	a := answer{status: http.StatusNotFound, foreign: true}
	if c.strike.number%2 == 1 {
		a.body = statusPage(http.StatusNotFound)
		a.setType("text/html")
	}
	return a
}

// shownID is the tenant that an object claims to be of.
func (c *call) shownID(id string) string {
	if !c.suffers(FaultOtherTenant) {
		return id
	}
	if kept, ok := strings.CutSuffix(id, "0"); ok {
		return kept + "1"
	}
	return id[:len(id)-1] + "0"
}

// errorInside is an error object under a status that says success.
func errorInside() *odataError {
	e := statusError(http.StatusServiceUnavailable)
	e.status = http.StatusOK
	return e
}

// statusError is what Graph says along with a status.
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
