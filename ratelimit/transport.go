package ratelimit

import "net/http"

// Transport is an http.RoundTripper that lets requests through at the pace
// the service allows. Use one for each home tenant, and place it below the
// retry layer, so that every attempt is paced.
//
// GET and HEAD pass one gate, all other methods another: Graph counts reads and
// writes separately, and reads may pass while writes are refused.
//
// RoundTrip waits as long as the request's context allows, and then returns the
// context's error. The body of a request that never left is closed, as the
// http.RoundTripper contract requires. Do not set http.Client.Timeout above it:
// it would include the wait.
//
// Transport has no CloseIdleConnections method on purpose: a retry layer that
// calls it after each lost request would close the connections of all others.
type Transport struct {
	base   http.RoundTripper
	read   func(*http.Response) Signal
	writes *gate
	reads  *gate
}

var _ http.RoundTripper = (*Transport)(nil)

// New returns a Transport over base, or says what is wrong with o.
func New(base http.RoundTripper, o Options) (*Transport, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	reads := o
	reads.MaxRate, reads.MaxBurst = 0, 0
	return &Transport{base: base, read: o.Read, writes: newGate(o, documentedWrites), reads: newGate(reads, documentedReads)}, nil
}

// RoundTrip waits for its turn, sends the request and learns from the answer. The
// response is returned unchanged, even if it is a refusal.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	g := t.gate(req.Method)
	p, err := g.acquire(req.Context())
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	res, err := t.base.RoundTrip(req)
	if err != nil {
		g.failed(p)
		return res, err
	}
	g.answered(p, t.read(res))
	return res, nil
}

func (t *Transport) gate(method string) *gate {
	if method == http.MethodGet || method == http.MethodHead || method == "" {
		return t.reads
	}
	return t.writes
}
