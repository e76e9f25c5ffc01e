package graph

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// Kind is the one classification of everything that can go wrong with a
// request. It is an error itself, so errors.Is(err, graph.Throttled) works.
type Kind string

// The kinds. Retries, outcomes and hints all decide by them; nobody else looks
// at status codes.
const (
	// Throttled: 429; more was sent than the tenant's quota allows.
	Throttled Kind = "throttled"
	// Transient: the service had a fault of its own that passes.
	Transient Kind = "transient"
	// Unauthorized: 401; the token is missing, expired or of another tenant.
	Unauthorized Kind = "unauthorized"
	// Forbidden: 403; the token is good and may not do this.
	Forbidden Kind = "forbidden"
	// NotFound: 404.
	NotFound Kind = "not found"
	// Conflict: 409 or 412; the object is there already, or has moved.
	Conflict Kind = "conflict"
	// Invalid: the request is wrong and stays wrong.
	Invalid Kind = "invalid"
	// Indeterminate: a write was sent and no answer came. It may have landed.
	Indeterminate Kind = "indeterminate"
	// Unreachable: no connection, or no answer to a read.
	Unreachable Kind = "unreachable"
	// Unreadable: an answer came that is not what Graph answers.
	Unreadable Kind = "unreadable"
)

// Error makes a Kind a target of errors.Is.
func (k Kind) Error() string { return string(k) }

// The error codes that the client or its callers branch on.
const (
	CodeSameKey         = "Request_MultipleObjectsWithSameKeyValue"
	codeConcurrency     = "Directory_ConcurrencyViolation"
	codeExpiredPage     = "Directory_ExpiredPageToken"
	codeThrottledLegacy = "Request_ThrottledTemporarily"
)

// Error is a request that did not succeed, with everything that Microsoft's
// support asks for. Status is 0 where no answer came.
type Error struct {
	Kind            Kind
	Method, Path    string
	Status          int
	Code, Message   string
	Details         []Detail
	RequestID       string
	ClientRequestID string
	Attempts        int
	// RetryAfter is what the last answer asked for; 0 where it did not.
	RetryAfter time.Duration
	// Err is the cause where there was no answer.
	Err error
}

// Detail is one entry of a Graph error's details.
type Detail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target"`
}

// Error names the request, the status, Graph's own code and message, and both
// request IDs.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", e.Method, e.Path)
	if e.Status != 0 {
		fmt.Fprintf(&b, "%d %s", e.Status, e.reason())
	} else {
		b.WriteString(string(e.Kind))
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " after %d attempts", e.Attempts)
	}
	fmt.Fprintf(&b, " (%s)", e.ids())
	return b.String()
}

func (e *Error) reason() string {
	switch {
	case e.Code == "":
		return http.StatusText(e.Status)
	case e.Message == "":
		return e.Code
	default:
		return e.Code + ": " + e.Message
	}
}

func (e *Error) ids() string {
	if e.RequestID == "" {
		return "client-request-id " + e.ClientRequestID
	}
	return "request-id " + e.RequestID + ", client-request-id " + e.ClientRequestID
}

// Reason is what went wrong in the fewest words, for where the request, the
// status and the IDs stand in columns of their own.
func (e *Error) Reason() string {
	switch {
	case e.Message != "":
		return e.Message
	case e.Status != 0:
		return http.StatusText(e.Status)
	case e.Err != nil:
		return e.Err.Error()
	default:
		return string(e.Kind)
	}
}

// Unwrap returns the cause where no answer came.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the kind of e.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == e.Kind
}

// decodeError reads a Graph error body. It is lenient, since gateways answer
// with HTML, older services spell innererror, and members come in any order:
// what cannot be read leaves the members empty.
func decodeError(status int, header http.Header, body []byte) *Error {
	var wire struct {
		Error struct {
			Code       string      `json:"code"`
			Message    string      `json:"message"`
			Details    []Detail    `json:"details"`
			InnerError *innerError `json:"innerError"` // also matches innererror
		} `json:"error"`
	}
	_ = json.Unmarshal(body, &wire) // what did not decode stays empty
	e := &Error{
		Status: status, Code: oneLine(wire.Error.Code), Message: oneLine(wire.Error.Message), Details: wire.Error.Details,
		RequestID: header.Get("Request-Id"), ClientRequestID: header.Get("Client-Request-Id"),
	}
	if in := wire.Error.InnerError; in != nil {
		e.RequestID = firstOf(e.RequestID, in.RequestID)
	}
	e.Kind = kindOf(status, e.Code)
	return e
}

type innerError struct {
	RequestID string `json:"request-id"`
}

// kindOf classifies an answer. Only 409 needs the code: Graph documents
// Directory_ConcurrencyViolation as "wait briefly and retry", while the other
// conflicts are there to stay.
func kindOf(status int, code string) Kind {
	switch {
	case status == http.StatusTooManyRequests, code == codeThrottledLegacy:
		return Throttled
	case code == codeConcurrency:
		return Transient
	case status == http.StatusUnauthorized:
		return Unauthorized
	case status == http.StatusForbidden:
		return Forbidden
	case status == http.StatusNotFound, status == http.StatusGone:
		return NotFound
	case status == http.StatusConflict, status == http.StatusPreconditionFailed:
		return Conflict
	case status == http.StatusRequestTimeout, status == http.StatusLocked, status >= 500:
		return Transient
	case status >= 400:
		return Invalid
	default:
		return Unreadable
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// maxMessage is how much of a message is kept, in bytes; Graph's are short.
const maxMessage = 2000

// oneLine keeps a message from breaking the line that it is printed in, and a
// terminal from obeying it.
func oneLine(s string) string {
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + " ..."
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
