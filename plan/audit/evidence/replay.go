package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"bulksync/graph"
	"bulksync/plan"
)

// maxAnswer is more than the longest answer that a client reads.
const maxAnswer = 64 << 20

// replayer answers a client with what was recorded in one reading: to each URL,
// the last answer that it got. What came before that was not believed or not
// used: a refusal that was retried, a page that was asked for once more, a list
// that began again. So a complete reading asks for each URL once, and a client
// that asks twice would ask for ever. It never waits.
type replayer struct {
	body func(*Request) ([]byte, error)
	stop context.CancelCauseFunc

	mu      sync.Mutex
	answers map[string]*Request
	asked   map[string]bool
	used    int
}

// newReplayer returns a replayer of the requests of one reading, in their order,
// and the context that it ends when there is no answer. body reads the body of an
// answer.
func newReplayer(ctx context.Context, requests []Request, body func(*Request) ([]byte, error)) (*replayer, context.Context) {
	r := &replayer{body: body, answers: map[string]*Request{}, asked: map[string]bool{}}
	ctx, r.stop = context.WithCancelCause(ctx)
	first := ""
	for i := range requests {
		x := &requests[i]
		if x.Method != http.MethodGet {
			continue
		}
		if isOfList(x.URL) {
			if first == "" {
				first = x.URL
			}
			if x.URL == first {
				r.forgetList()
			}
		}
		if x.Status != 0 {
			r.answers[x.URL] = x
		}
	}
	return r, ctx
}

// forgetList forgets the pages of the list: it begins again.
func (r *replayer) forgetList() {
	for u := range r.answers {
		if isOfList(u) {
			delete(r.answers, u)
		}
	}
}

// isOfList reports whether a URL is that of a page of the list of partners.
func isOfList(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && strings.HasSuffix(u.Path, graph.PartnersPath())
}

// ReplayError is a request of the reading that the recording does not answer as it
// answered a complete reading.
type ReplayError struct{ URL, Why string }

// Error names the request.
func (e *ReplayError) Error() string { return fmt.Sprintf("%s: %s", e.URL, e.Why) }

// RoundTrip answers from the recording, or ends the context of the reading.
func (r *replayer) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		req.Body.Close()
	}
	x, err := r.answerTo(req)
	var body []byte
	if err == nil {
		body, err = r.body(x)
	}
	if err != nil {
		r.stop(err)
		return nil, err
	}
	return &http.Response{
		StatusCode: x.Status, Status: fmt.Sprintf("%d %s", x.Status, http.StatusText(x.Status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header:        http.Header{"Content-Type": {"application/json"}, "Request-Id": {x.RequestID}},
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}

// answerTo finds the answer to a request.
func (r *replayer) answerTo(req *http.Request) (*Request, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := req.URL.String()
	x := r.answers[u]
	switch {
	case req.Method != http.MethodGet:
		return nil, &ReplayError{u, "an audit sends no " + req.Method}
	case x == nil:
		return nil, &ReplayError{u, "no answer was recorded"}
	case r.asked[u]:
		return nil, &ReplayError{u, "its last answer is not one that a reading can end with"}
	case !isFinal(x.Status):
		return nil, &ReplayError{u, fmt.Sprintf("its last answer is %d, with which no reading ends", x.Status)}
	}
	r.asked[u] = true
	r.used++
	return x, nil
}

// isFinal reports whether an answer with this status can be the last one to a
// request of a complete reading.
func isFinal(status int) bool {
	switch status {
	case http.StatusOK, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound:
		return true
	default:
		return false
	}
}

// readAgain reads the tenant from a recording, with the client that read it.
func readAgain(ctx context.Context, root string, r *replayer, needs plan.Needs) (*plan.Current, error) {
	client, err := graph.New(graph.Options{RootURL: root, Base: r})
	if err != nil {
		return nil, err
	}
	cur, err := plan.ReadCurrent(ctx, client, needs)
	if cause := (*ReplayError)(nil); errors.As(context.Cause(ctx), &cause) {
		return nil, cause
	}
	return cur, err
}
