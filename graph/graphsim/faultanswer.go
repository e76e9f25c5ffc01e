package graphsim

import (
	"net/http"
	"strconv"
)

// beforeCommit reports whether the request is never processed.
func (k FaultKind) beforeCommit() bool {
	_, isStatus := k.status()
	return isStatus || k == FaultConcurrency || k == FaultResetBefore || k == FaultSilent
}

func (k FaultKind) status() (int, bool) {
	n, err := strconv.Atoi(string(k))
	return n, err == nil && len(k) == 3 && n >= 400 && n <= 599
}

// spoil changes the answer of a request that was processed.
func (f *Fault) spoil(a answer) answer {
	a.delay = f.Delay
	switch f.Kind {
	case FaultTimeoutAfter:
		return answer{status: http.StatusGatewayTimeout, refusal: statusError(http.StatusGatewayTimeout), committed: a.committed}
	case FaultResetAfter:
		a.cut = cutReset
	case FaultTruncated:
		a.cut = cutTruncated
	case FaultSlow:
		a.cut = cutSlow
	case FaultSilentAfter:
		a.cut = cutSilent
	}
	return a
}

// faultAnswer is the answer to a request that is not processed at all.
func (s *Sim) faultAnswer(c *call, f *Fault) answer {
	switch f.Kind {
	case FaultResetBefore:
		return answer{cut: cutReset}
	case FaultSilent:
		return answer{cut: cutSilent}
	}
	e := concurrency()
	if status, ok := f.Kind.status(); ok {
		e = statusError(status)
	}
	a := refuse(e)
	a.header = http.Header{}
	if e.status == http.StatusBadGateway { // a gateway answers, not Graph
		a.body = []byte(gatewayPage)
		a.header.Set("Content-Type", "text/html")
	}
	if f.RetryAfter > 0 {
		s.cfg.RetryAfter.set(a.header, c.now, f.RetryAfter)
	}
	return a
}

const gatewayPage = "<html><head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body></html>\r\n"

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
