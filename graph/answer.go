package graph

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// verdict is the result of one attempt.
type verdict struct {
	err *Error // nil if it succeeded
	// again means that another attempt may succeed.
	again  bool
	health health
}

// health is what an attempt says about the service.
type health int

const (
	// unknown: it was not sent, or its answer was not waited for.
	unknown health = iota
	// healthy: Graph answered, if only to refuse.
	healthy
	// unhealthy: no answer, one that is not Graph's, or one that says that Graph cannot serve.
	unhealthy
	// unconnected: a connection could not be made.
	unconnected
)

// judge decides what an attempt means, as far as its answer proves it.
func (c *call) judge(ctx context.Context, resp *http.Response, err error) verdict {
	switch {
	case err != nil:
		return c.judgeError(ctx, err)
	case isWrite(c.req.Method):
		return c.judgeWrite(resp, bodyOf(resp))
	default:
		return c.judgeRead(resp, bodyOf(resp))
	}
}

// judgeError handles an attempt without an answer.
func (c *call) judgeError(ctx context.Context, err error) verdict {
	e := c.newError()
	e.Kind, e.Err = Unreachable, c.secrets.fromError(err)
	if errors.Is(err, errServiceDown) {
		return verdict{cmp.Or(c.verdict.err, e), true, unknown}
	}
	if isFinal(e, err) {
		return verdict{e, false, unknown}
	}
	v := verdict{e, true, unhealthy}
	if neverSent(err) {
		v.health = unconnected
	}
	if isWrite(c.req.Method) && c.open {
		e.Kind, v.again = Indeterminate, false
	}
	if c.inFlightContext(ctx).Err() != nil || c.unsent && ctx.Err() != nil {
		v.again, v.health = false, unknown // its answer was no longer waited for
	}
	return v
}

// isFinal reports whether no further attempt can help after err, and sets the kind of e
// accordingly. None of these errors leaves a write open.
func isFinal(e *Error, err error) bool {
	var final nonRetriable
	var pause longPause
	switch {
	case errors.As(err, &pause):
		e.Kind, e.RetryAfter = Throttled, pause.RetryAfter()
	case errors.As(err, &final):
		e.Kind = Unauthorized
	case errors.Is(err, errTooLarge): // of a read: for a write the status counts
		e.Kind = Unreadable
	case isUntrusted(err):
		e.Err = fmt.Errorf("the certificate is not trusted (does a proxy inspect TLS here?): %w", e.Err)
	case !errors.Is(err, ErrPrecondition) && !errors.Is(err, errProxyAuth):
		return false
	}
	return true
}

// judgeWrite decides what an answer to a write proves: done, not done, or
// neither. Writes have taken effect despite 500, 503 and 408, and a portal
// answers 200 to anything. An open write is not sent again: the object is read
// first.
func (c *call) judgeWrite(resp *http.Response, body []byte) verdict {
	if c.isDone(resp, body) {
		return verdict{health: healthy}
	}
	e, coded := c.refusal(resp, body)
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests, status == http.StatusBadRequest && e.Kind == Throttled,
		coded && status == http.StatusConflict && e.Kind == Transient:
		return verdict{e, true, healthy}
	case status == http.StatusUnauthorized:
		return verdict{e, c.mayReauth(), healthy}
	case status == http.StatusProxyAuthRequired:
		return verdict{c.needsProxyAuth(e), false, unknown}
	case status == http.StatusBadRequest, status == http.StatusForbidden,
		coded && (status == http.StatusNotFound || status == http.StatusConflict):
		return verdict{e, false, healthy}
	}
	v := verdict{e, false, unhealthy}
	if coded && e.Status < 500 && e.Status >= 400 && e.Status != http.StatusRequestTimeout {
		v.health, e.Answered = healthy, true
	}
	e.Kind = Indeterminate
	if e.Status < 400 || !coded && e.Status < 500 {
		e.Err = c.notFromGraph(resp, body)
	}
	return v
}

// isDone reports whether an answer has the form in which Graph confirms a write:
// 204 without a body, or 201 or 200 with the object.
func (c *call) isDone(resp *http.Response, body []byte) bool {
	switch {
	case c.cutShort != nil:
		return false
	case resp.StatusCode == http.StatusNoContent:
		return len(body) == 0
	case resp.StatusCode == http.StatusOK, resp.StatusCode == http.StatusCreated:
		return namesAnObject(body)
	default:
		return false
	}
}

// namesAnObject reports whether body is an object of Graph: it says which one, and is not an error.
func namesAnObject(body []byte) bool {
	var wire struct {
		Error    jsontext.Value `json:"error"`
		TenantID string         `json:"tenantId"`
		ID       string         `json:"id"`
		Context  string         `json:"@odata.context"`
	}
	return decode(body, &wire) == nil && wire.Error == nil && wire.TenantID+wire.ID+wire.Context != ""
}

// judgeRead handles an answer to a read. A read whose answer is not Graph's is
// tried again.
func (c *call) judgeRead(resp *http.Response, body []byte) verdict {
	if resp.StatusCode/100 == 2 {
		return c.judgeContent(resp, body)
	}
	e, coded := c.refusal(resp, body)
	switch status := resp.StatusCode; {
	case e.Kind == Throttled, coded && e.Code == codeConcurrency, coded && status == http.StatusLocked:
		return verdict{e, true, healthy}
	case status >= 500, status == http.StatusRequestTimeout:
		return verdict{e, true, unhealthy}
	case status == http.StatusUnauthorized:
		return verdict{e, c.mayReauth(), healthy}
	case status == http.StatusProxyAuthRequired:
		return verdict{c.needsProxyAuth(e), false, unknown}
	case coded, status == http.StatusForbidden:
		return verdict{e, false, healthy}
	}
	e.Kind, e.Err = Unreadable, c.notFromGraph(resp, body)
	return verdict{e, true, unhealthy}
}

// judgeContent checks the content of a successful read.
func (c *call) judgeContent(resp *http.Response, body []byte) verdict {
	err := c.read(resp, body)
	if err == nil {
		return verdict{health: healthy}
	}
	e, _ := c.refusal(resp, body)
	e.Kind, e.Err = Unreadable, c.secrets.fromError(err)
	if found := (*MissingMember)(nil); errors.As(err, &found) {
		e.Kind = NotVisible
		return verdict{e, false, healthy}
	}
	if found := (*broken)(nil); errors.As(err, &found) {
		return verdict{e, true, healthy}
	}
	return verdict{e, true, unhealthy}
}

// read parses a body, if it is one of Graph's.
func (c *call) read(resp *http.Response, body []byte) error {
	switch {
	case resp.StatusCode != http.StatusOK || looksLikeHTML(resp.Header, body):
		return c.notFromGraph(resp, body)
	case len(body) == 0:
		return errors.New("an answer without a body")
	case c.req.check != nil:
		return c.req.check(body)
	}
	_, err := membersOf(body)
	return err
}

var errInSuccess = errors.New("the status says success, but the body holds an error")

func notJSON(err error) error {
	return fmt.Errorf("not the JSON that Graph answers (is a proxy or a sign-in page in between?): %w", err)
}

// notFromGraph says why an answer is not believed to be Graph's.
func (c *call) notFromGraph(resp *http.Response, body []byte) error {
	switch {
	case c.cutShort != nil:
		return fmt.Errorf("reading the answer: %w", c.secrets.fromError(c.cutShort))
	case looksLikeHTML(resp.Header, body):
		return errors.New("a web page instead of Graph's answer (is a proxy or a sign-in page in between?)")
	case resp.StatusCode/100 == 2:
		return fmt.Errorf("%d without what Graph answers (is a proxy or a sign-in page in between?)", resp.StatusCode)
	case resp.StatusCode/100 == 3:
		return errors.New("a redirect, which Graph does not answer (is a proxy or a sign-in page in between?)")
	default:
		return errors.New("without an error code of Graph (is a proxy in between?)")
	}
}

// mayReauth reports whether a 401 is the first one of its request: the token
// layer then fetches a fresh token for one more attempt.
func (c *call) mayReauth() bool {
	first := !c.reauthed
	c.reauthed = true
	return first
}

var errProxyAuth = errors.New("the proxy asks for credentials: put them into the proxy's URL (HTTPS_PROXY)")

func (c *call) needsProxyAuth(e *Error) *Error {
	e.Kind, e.Err = Unreachable, errProxyAuth
	return e
}

// isUntrusted reports whether a connection failed because of the certificate,
// which no further attempt changes. The TLS library wraps every such failure in
// one type.
func isUntrusted(err error) bool { return errors.As(err, new(*tls.CertificateVerificationError)) }

// path is the path of the request as an error may show it. The path of a page
// comes from the previous page, so it may hold anything.
func (c *call) path() string { return printable(c.secrets.cut(shortPath(c.req.Path))) }

// newError returns an Error of the request.
func (c *call) newError() *Error {
	return &Error{
		Method: c.req.Method, Path: c.path(), Attempts: c.attempts, ClientRequestID: c.req.ClientRequestID,
	}
}

// refusal turns an unsuccessful answer into an *Error, and reports whether it has
// one of Graph's error codes.
func (c *call) refusal(resp *http.Response, body []byte) (*Error, bool) {
	e, coded := decodeError(resp.StatusCode, resp.Header, body, c.secrets)
	e.Method, e.Path, e.Attempts = c.req.Method, c.path(), c.attempts
	e.ClientRequestID = c.req.ClientRequestID
	e.RetryAfter, _ = RetryAfter(resp.Header, time.Now())
	return e, coded
}
