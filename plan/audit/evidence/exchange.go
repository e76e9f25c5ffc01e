package evidence

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"bulksync/graph"
	"bulksync/internal/seal"
)

// Request is one line of requests.jsonl: one attempt, and what came of it.
type Request struct {
	// Seq counts the attempts from 1, in the order in which they ended.
	Seq int `json:"seq"`
	// Reading is 2 for the second reading of an audit that reads twice, and 1
	// otherwise.
	Reading int    `json:"reading"`
	Method  string `json:"method"`
	URL     string `json:"url"`
	// Status is 0 if no answer came. Error says why.
	Status int `json:"status"`
	// Date is Graph's Date header, as it was sent.
	Date            string    `json:"date,omitempty"`
	RequestID       string    `json:"requestId,omitempty"`
	ClientRequestID string    `json:"clientRequestId,omitempty"`
	SentAt          time.Time `json:"sentAt"`
	ElapsedMs       int64     `json:"elapsedMs"`
	// Bytes, SHA256 and File are about the body. One without a byte has no file.
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256,omitempty"`
	File   string `json:"file,omitempty"`
	Error  string `json:"error,omitempty"`
}

// exchanges counts what was recorded.
type exchanges struct {
	seq, reading   int
	pages, answers int
	sent           []Request
	offsets        []int64 // of this machine's clock, in milliseconds
}

// Reading says which reading the attempts that follow belong to. The first is 1,
// which need not be said.
func (b *Bundle) Reading(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reading = n
}

// Record keeps an attempt and its answer. It is safe for concurrent use. What
// comes after Seal or Discard is no part of the audit.
func (b *Bundle) Record(x graph.Exchange) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended || b.err != nil {
		return
	}
	b.seq++
	r := Request{
		Seq: b.seq, Reading: b.reading, Method: x.Method, URL: x.URL, Status: x.Status, Date: x.Date,
		RequestID: x.RequestID, ClientRequestID: x.ClientRequestID,
		SentAt: x.Sent.UTC().Truncate(time.Millisecond), ElapsedMs: x.Elapsed.Milliseconds(), Bytes: int64(len(x.Body)),
	}
	if x.Err != nil {
		r.Error = x.Err.Error()
	}
	if len(x.Body) > 0 {
		r.File = b.answerName(&x)
		if b.keep(r.File, x.Body) != nil {
			return
		}
		r.SHA256 = b.files[len(b.files)-1].SHA256
	}
	if ms, ok := r.clockOffset(); ok {
		b.offsets = append(b.offsets, ms)
	}
	b.addLine(&r)
	b.sent = append(b.sent, r)
}

// Requests are the attempts so far.
func (b *Bundle) Requests() []Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.sent)
}

// answerName names the file of an answer.
func (b *Bundle) answerName(x *graph.Exchange) string {
	if x.Method == http.MethodGet && x.Status == http.StatusOK && isOfList(x.URL) {
		b.pages++
		return fmt.Sprintf("%s/page-%04d.json", GraphDir, b.pages)
	}
	b.answers++
	return fmt.Sprintf("%s/answer-%04d.json", GraphDir, b.answers)
}

// keep adds a file with these bytes.
func (b *Bundle) keep(name string, text []byte) error {
	out, err := b.create(name, 0) // what is longer than its buffer passes it by
	if err != nil {
		return err
	}
	if err := b.add(out, text); err != nil {
		return err
	}
	return b.finish(out)
}

// add writes to a file.
func (b *Bundle) add(out *output, text []byte) error {
	if _, err := out.Write(text); err != nil {
		return b.fail(out.name, err)
	}
	return nil
}

func (b *Bundle) addLine(r *Request) {
	line, err := lineOf(r)
	if err != nil {
		b.fail(RequestsName, err)
		return
	}
	b.add(b.requests, line) // it keeps the error
}

// lineOf is the line of a request.
func lineOf(r *Request) ([]byte, error) {
	text, err := seal.Marshal(r)
	return append(text, '\n'), err
}

// clockOffset is how far the clock of this machine was ahead of Graph's, in
// milliseconds. The Date header has whole seconds, so it stands for the middle of
// one, and is taken to be written halfway through the attempt.
func (r *Request) clockOffset() (ms int64, ok bool) {
	date, err := http.ParseTime(r.Date)
	if err != nil {
		return 0, false
	}
	here := r.SentAt.Add(time.Duration(r.ElapsedMs) * time.Millisecond / 2)
	return here.Sub(date.Add(time.Second / 2)).Milliseconds(), true
}

// median is the middle one, or nil of none. An answer from a cache, or one that
// was late, does not move it.
func median(ms []int64) *int64 {
	if len(ms) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(ms))
	return &sorted[len(sorted)/2]
}
