package graph

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The error codes that the client branches on.
const (
	codeConcurrency     = "Directory_ConcurrencyViolation"
	codeExpiredPage     = "Directory_ExpiredPageToken"
	codeThrottledLegacy = "Request_ThrottledTemporarily"
)

// Error is a request that did not succeed, with everything that Microsoft's
// support asks for. Status is 0 if no answer came.
type Error struct {
	Kind            Kind
	Method, Path    string
	Status          int
	Code, Message   string
	Details         []Detail
	RequestID       string
	ClientRequestID string
	Attempts        int
	// Answered means that the answer that leaves a write Indeterminate came from
	// Graph itself, so it is no sign of an outage.
	Answered bool
	// RetryAfter is the wait that the last answer asked for; 0 if it asked for none.
	RetryAfter time.Duration
	// Err is the cause if there was no answer, and otherwise what is wrong with an answer that is
	// not Graph's.
	Err error
}

// Detail is one entry of a Graph error's details.
type Detail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target"`
}

// NoAnswer reports whether no answer came at all: the connection could not be made,
// or it broke before the first byte.
func (e *Error) NoAnswer() bool { return e.Status == 0 }

// Error names the request, the status, Graph's own code and message, and both request
// IDs. It is one printable line, whatever came over the network.
func (e *Error) Error() string {
	var b strings.Builder
	said := e.said()
	if e.Attempts > 1 {
		said = fmt.Sprintf("%s, after %d attempts", strings.TrimSuffix(said, "."), e.Attempts)
	}
	fmt.Fprintf(&b, "%s %s: %s", e.Method, e.Path, said)
	fmt.Fprintf(&b, " (%s)", e.ids())
	return b.String()
}

// said is the result of the request, without the request's name.
func (e *Error) said() string {
	switch {
	case e.Kind == Outage:
		return e.outage()
	case e.Status == 0 || e.Status/100 == 2: // not a real success: its status means nothing
		return string(e.Kind) + e.cause(": ") + e.aside()
	default:
		return fmt.Sprintf("%d %s%s", e.Status, e.reason(), e.cause(": "))
	}
}

// outage names the duration, and the last answer.
func (e *Error) outage() string {
	s := "no good answer from Graph"
	over := (*overdue)(nil)
	if errors.As(e.Err, &over) {
		s = over.Error()
	}
	switch {
	case e.Status != 0:
		return fmt.Sprintf("%s; the last was %d %s", s, e.Status, e.reason())
	case over != nil && over.last != nil:
		return s + "; the last attempt: " + printable(over.last.Error())
	default:
		return s
	}
}

func (e *Error) cause(before string) string {
	if e.Err == nil {
		return ""
	}
	return before + printable(e.Err.Error())
}

// aside is the code and message of an error that came with a success status.
func (e *Error) aside() string {
	if e.Code == "" {
		return ""
	}
	return " (" + e.reason() + ")"
}

func (e *Error) reason() string {
	var said []string
	for _, s := range []string{e.Code, e.Message} {
		if s != "" {
			said = append(said, s)
		}
	}
	if e.Code == "" {
		said = append([]string{http.StatusText(e.Status)}, said...)
	}
	return strings.Join(said, ": ")
}

func (e *Error) ids() string {
	if e.RequestID == "" {
		return "client-request-id " + e.ClientRequestID
	}
	return "request-id " + e.RequestID + ", client-request-id " + e.ClientRequestID
}

// Reason is what went wrong in the fewest words, for tables that have columns for the request, the
// status and the IDs.
func (e *Error) Reason() string {
	switch {
	case e.Kind == Outage:
		return e.outage()
	case e.Message != "":
		return e.Message
	case e.Err != nil:
		return printable(e.Err.Error())
	case e.Status != 0:
		return http.StatusText(e.Status)
	default:
		return string(e.Kind)
	}
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the kind of e.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == e.Kind
}

// kindOf classifies an answer. Only 409 needs the code: Graph documents
// Directory_ConcurrencyViolation as "wait briefly and retry", while other
// conflicts remain.
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
