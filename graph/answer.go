package graph

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// verdict is what came of one attempt.
type verdict struct {
	err *Error // nil where it succeeded
	// again means that another attempt can cure it.
	again bool
	heard heard
}

// heard is what an attempt says about the service.
type heard int

const (
	// nothing: it was not sent, or nobody waited for its answer.
	nothing heard = iota
	// aWord: Graph answered, if only to refuse.
	aWord
	// noWord: no answer, or one that is not Graph's, or that it cannot serve.
	noWord
	// noLine: a connection could not be made.
	noLine
)

// judge says what an attempt means, as far as its answer proves it.
func (c *call) judge(ctx context.Context, resp *http.Response, err error) verdict {
	switch {
	case err != nil:
		return c.judgeFault(ctx, err)
	case isWrite(c.req.Method):
		return c.judgeWrite(resp, kept(resp))
	default:
		return c.judgeRead(resp, kept(resp))
	}
}

// judgeFault is for an attempt that was not answered.
func (c *call) judgeFault(ctx context.Context, err error) verdict {
	e := c.newError()
	e.Kind, e.Err = Unreachable, c.hide.fromError(err)
	if errors.Is(err, errSentBack) {
		return verdict{cmp.Or(c.verdict.err, e), true, nothing}
	}
	if isFinal(e, err) {
		return verdict{e, false, nothing}
	}
	v := verdict{e, true, noWord}
	if neverSent(err) {
		v.heard = noLine
	}
	if isWrite(c.req.Method) && c.open {
		e.Kind, v.again = Indeterminate, false
	}
	if c.wireContext(ctx).Err() != nil || c.unsent && ctx.Err() != nil {
		v.again, v.heard = false, nothing // nobody waited for it any more
	}
	return v
}

// isFinal reports whether err is one that no attempt cures, and says in e what
// it is. None of them leaves a write open.
func isFinal(e *Error, err error) bool {
	var final nonRetriable
	var pause longPause
	switch {
	case errors.As(err, &pause):
		e.Kind, e.RetryAfter = Throttled, pause.RetryAfter()
	case errors.As(err, &final):
		e.Kind = Unauthorized
	case errors.Is(err, errTooLarge): // of a read: a write is told by its status
		e.Kind = Unreadable
	case isUntrusted(err):
		e.Err = fmt.Errorf("the certificate is not trusted (does a proxy look into TLS here?): %w", e.Err)
	case !errors.Is(err, ErrPrecondition) && !errors.Is(err, errProxyAsks):
		return false
	}
	return true
}

// judgeWrite holds what an answer to a write proves: done, not done, or neither.
// Writes have taken effect behind 500, 503 and 408, and a portal answers 200 to
// anything. What is open is not sent again: the object is read first.
func (c *call) judgeWrite(resp *http.Response, body []byte) verdict {
	if c.isDone(resp, body) {
		return verdict{heard: aWord}
	}
	e, coded := c.refusal(resp, body)
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests, status == http.StatusBadRequest && e.Kind == Throttled,
		coded && status == http.StatusConflict && e.Kind == Transient:
		return verdict{e, true, aWord}
	case status == http.StatusUnauthorized:
		return verdict{e, c.firstRefusal(), aWord}
	case status == http.StatusProxyAuthRequired:
		return verdict{c.proxyAsks(e), false, nothing}
	case status == http.StatusBadRequest, status == http.StatusForbidden,
		coded && (status == http.StatusNotFound || status == http.StatusConflict):
		return verdict{e, false, aWord}
	}
	v := verdict{e, false, noWord}
	if coded && e.Status < 500 && e.Status >= 400 && e.Status != http.StatusRequestTimeout {
		v.heard, e.Answered = aWord, true
	}
	e.Kind = Indeterminate
	if e.Status < 400 || !coded && e.Status < 500 {
		e.Err = c.notGraphs(resp, body)
	}
	return v
}

// isDone reports whether an answer is the success that Graph gives a write: 204
// without a body, or 201 or 200 with the object.
func (c *call) isDone(resp *http.Response, body []byte) bool {
	switch {
	case c.cut != nil:
		return false
	case resp.StatusCode == http.StatusNoContent:
		return len(body) == 0
	case resp.StatusCode == http.StatusOK, resp.StatusCode == http.StatusCreated:
		return namesAnObject(body)
	default:
		return false
	}
}

// namesAnObject reports whether body is an object of Graph: it says which, and
// is no error.
func namesAnObject(body []byte) bool {
	var wire struct {
		Error    jsontext.Value `json:"error"`
		TenantID string         `json:"tenantId"`
		ID       string         `json:"id"`
		Context  string         `json:"@odata.context"`
	}
	return decode(body, &wire) == nil && wire.Error == nil && wire.TenantID+wire.ID+wire.Context != ""
}

// judgeRead is for an answer to a read. What Graph did not say is asked again.
func (c *call) judgeRead(resp *http.Response, body []byte) verdict {
	if resp.StatusCode/100 == 2 {
		return c.judgeContent(resp, body)
	}
	e, coded := c.refusal(resp, body)
	switch status := resp.StatusCode; {
	case e.Kind == Throttled, coded && e.Code == codeConcurrency, coded && status == http.StatusLocked:
		return verdict{e, true, aWord}
	case status >= 500, status == http.StatusRequestTimeout:
		return verdict{e, true, noWord}
	case status == http.StatusUnauthorized:
		return verdict{e, c.firstRefusal(), aWord}
	case status == http.StatusProxyAuthRequired:
		return verdict{c.proxyAsks(e), false, nothing}
	case coded, status == http.StatusForbidden:
		return verdict{e, false, aWord}
	}
	e.Kind, e.Err = Unreadable, c.notGraphs(resp, body)
	return verdict{e, true, noWord}
}

// judgeContent looks at what a successful read brought.
func (c *call) judgeContent(resp *http.Response, body []byte) verdict {
	err := c.read(resp, body)
	if err == nil {
		return verdict{heard: aWord}
	}
	e, _ := c.refusal(resp, body)
	e.Kind, e.Err = Unreadable, c.hide.fromError(err)
	if found := (*MissingMember)(nil); errors.As(err, &found) {
		e.Kind = NotVisible
		return verdict{e, false, aWord}
	}
	if found := (*broken)(nil); errors.As(err, &found) {
		return verdict{e, true, aWord}
	}
	return verdict{e, true, noWord}
}

// read takes a body apart, if it is one of Graph's.
func (c *call) read(resp *http.Response, body []byte) error {
	switch {
	case resp.StatusCode != http.StatusOK || looksLikeHTML(resp.Header, body):
		return c.notGraphs(resp, body)
	case len(body) == 0:
		return errors.New("an answer without a body")
	case c.req.check != nil:
		return c.req.check(body)
	}
	_, err := membersOf(body)
	return err
}

var errInSuccess = errors.New("the status says success, and the body holds an error")

func notJSON(err error) error {
	return fmt.Errorf("not the JSON that Graph answers (is a proxy or a sign-in page in between?): %w", err)
}

// notGraphs says why an answer is not believed to be Graph's.
func (c *call) notGraphs(resp *http.Response, body []byte) error {
	switch {
	case c.cut != nil:
		return fmt.Errorf("reading the answer: %w", c.hide.fromError(c.cut))
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

// firstRefusal reports whether a 401 is the first of its request: the token
// layer fetches a fresh token for one more attempt.
func (c *call) firstRefusal() bool {
	first := !c.reauthed
	c.reauthed = true
	return first
}

var errProxyAsks = errors.New("the proxy asks for credentials: put them into the proxy's URL (HTTPS_PROXY)")

func (c *call) proxyAsks(e *Error) *Error {
	e.Kind, e.Err = Unreachable, errProxyAsks
	return e
}

// isUntrusted reports whether a connection failed because of the certificate.
// No attempt changes that.
func isUntrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}

// path is the path of the request as an error may show it: that of a page is as
// the page before it spelled it.
func (c *call) path() string { return oneLine(c.hide.cut(shortPath(c.req.Path))) }

// newError is an Error of the request.
func (c *call) newError() *Error {
	return &Error{
		Method: c.req.Method, Path: c.path(), Attempts: c.attempts, ClientRequestID: c.req.ClientRequestID,
	}
}

// refusal turns an answer that is no success into an *Error, and reports whether
// it has an error code of Graph's.
func (c *call) refusal(resp *http.Response, body []byte) (*Error, bool) {
	e, coded := decodeError(resp.StatusCode, resp.Header, body, c.hide)
	e.Method, e.Path, e.Attempts = c.req.Method, c.path(), c.attempts
	e.ClientRequestID = c.req.ClientRequestID
	e.RetryAfter, _ = RetryAfter(resp.Header, time.Now())
	return e, coded
}
