package graph

import (
	"net/http"
	"time"
)

// Exchange is one attempt on the wire, and what came of it.
type Exchange struct {
	Method, URL                string
	ClientRequestID, RequestID string
	// Sent is when the attempt began, Elapsed how long it took.
	Sent    time.Time
	Elapsed time.Duration
	// Status is 0 if no answer came; Err says why.
	Status int
	Err    error
	// Date is Graph's Date header, as it was sent.
	Date string
	// Header is that of the answer, nil if none came. It must not be changed.
	Header http.Header
	// Body is the answer without its transfer encoding. A secret of the request that
	// the answer repeats was removed from it.
	Body []byte
}

// Record returns a layer that passes each attempt to keep, and waits for it. It
// must be the last layer of a client, right above the wire. Keep must be safe for
// concurrent use, and must not change the body.
func Record(keep func(Exchange)) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper { return &recorder{next, keep} }
}

type recorder struct {
	next http.RoundTripper
	keep func(Exchange)
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	c := callFrom(req.Context())
	before := c.attempts
	x := Exchange{Method: req.Method, URL: req.URL.String(), ClientRequestID: req.Header.Get("Client-Request-Id"), Sent: time.Now()}
	resp, err := r.next.RoundTrip(req)
	x.Elapsed, x.Err = time.Since(x.Sent), err
	if err == nil {
		x.Status, x.Date, x.RequestID = resp.StatusCode, resp.Header.Get("Date"), resp.Header.Get("Request-Id")
		x.Header = resp.Header
		x.Body = c.secrets.fromBody(bodyOf(resp))
		setBody(resp, x.Body) // the client must see what is kept
	}
	if c.attempts > before { // otherwise it was refused before it reached the wire
		r.keep(x)
	}
	return resp, err
}
