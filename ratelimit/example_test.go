package ratelimit_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"bulksync/ratelimit"
)

// quotaOfTwo stands for a service that accepts two writes and then asks for a
// pause of ten minutes.
type quotaOfTwo struct{ writes int }

func (q *quotaOfTwo) RoundTrip(*http.Request) (*http.Response, error) {
	res := &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody}
	if q.writes++; q.writes > 2 {
		res.StatusCode = http.StatusTooManyRequests
		res.Header.Set("Retry-After", "600")
	}
	return res, nil
}

// A Transport goes below the retry layer and above the connections. It is given a
// function that reads what an answer says about pace, and is then used like any
// other http.RoundTripper. Here the service asks for a pause that is too long to
// wait, so the fourth write fails at once, without being sent.
func ExampleNew() {
	service := &quotaOfTwo{}
	pace, err := ratelimit.New(service, ratelimit.Options{
		Concurrency: 4,
		MaxPause:    time.Minute,
		Read: func(res *http.Response) ratelimit.Signal {
			wait, _ := strconv.Atoi(res.Header.Get("Retry-After"))
			return ratelimit.Signal{
				Refused:    res.StatusCode == http.StatusTooManyRequests,
				RetryAfter: time.Duration(wait) * time.Second,
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: pace}
	for range 4 {
		req, _ := http.NewRequest(http.MethodPatch, "https://graph.example/v1.0/object", nil)
		res, err := client.Do(req)
		if tooLong := (*ratelimit.PauseError)(nil); errors.As(err, &tooLong) {
			fmt.Println("not sent: the service asks for a pause of", tooLong.Asked)
			continue
		}
		fmt.Println(res.StatusCode)
		res.Body.Close()
	}
	s := pace.Stats()
	fmt.Printf("%d sent, %d accepted, %d refused\n", service.writes, s.Writes.Accepted, s.Writes.Refused)
	fmt.Printf("writes %s, reads %s\n", s.Writes.State, s.Reads.State)
	// Output:
	// 204
	// 204
	// 429
	// not sent: the service asks for a pause of 10m0s
	// 3 sent, 2 accepted, 1 refused
	// writes closed, reads open
}
