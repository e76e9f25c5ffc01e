package graph_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bulksync/graph"
)

func TestRetryAfterIsReadInEveryForm(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, date string
		values     []string
		want       time.Duration
		ok         bool
	}{
		{name: "whole seconds", values: []string{"10"}, want: 10 * time.Second, ok: true},
		{name: "decimal seconds", values: []string{"2.128"}, want: 2128 * time.Millisecond, ok: true},
		{name: "less than a millisecond is rounded up", values: []string{"0.0001"}, want: time.Millisecond, ok: true},
		{name: "zero", values: []string{"0"}, ok: true},
		{name: "spaces", values: []string{" 7 "}, want: 7 * time.Second, ok: true},
		{name: "a date by our clock", values: []string{"Sat, 21 Nov 2026 12:00:30 GMT"}, want: 30 * time.Second, ok: true},
		{name: "a date by the answer's clock", date: "Sat, 21 Nov 2026 15:00:00 GMT",
			values: []string{"Sat, 21 Nov 2026 15:00:05 GMT"}, want: 5 * time.Second, ok: true},
		{name: "a date in the past", values: []string{"Sat, 21 Nov 2026 11:00:00 GMT"}, ok: true},
		{name: "a pair joined by a comma", values: []string{"3, 12"}, want: 12 * time.Second, ok: true},
		{name: "two headers", values: []string{"12", "3"}, want: 12 * time.Second, ok: true},
		{name: "ten minutes", values: []string{"600"}, want: 10 * time.Minute, ok: true},
		{name: "a year at most", values: []string{"99999999999999999999"}, want: 365 * 24 * time.Hour, ok: true},
		{name: "more than a number holds", values: []string{"1e999"}, want: 365 * 24 * time.Hour, ok: true},
		{name: "absent"},
		{name: "empty", values: []string{""}},
		{name: "negative", values: []string{"-5"}},
		{name: "a word", values: []string{"soon"}},
		{name: "not a number", values: []string{"NaN"}},
		{name: "one of two that is readable", values: []string{"soon, 4"}, want: 4 * time.Second, ok: true},
	} {
		h := http.Header{"Retry-After": c.values}
		if c.date != "" {
			h.Set("Date", c.date)
		}
		if got, ok := graph.RetryAfter(h, now); got != c.want || ok != c.ok {
			t.Errorf("%s: got %s, %t; want %s, %t", c.name, got, ok, c.want, c.ok)
		}
	}
}

func TestRetryAfterIsNeverNegativeNorBeyondReason(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := http.Header{"Retry-After": {rapid.OneOf(rapid.String(), rapid.StringMatching(`-?[0-9]{1,25}(\.[0-9]*)?(e[0-9]+)?`)).Draw(t, "value")}}
		wait, ok := graph.RetryAfter(h, time.Unix(0, 0))
		if wait < 0 || !ok && wait != 0 {
			t.Errorf("%q: got %s, %t", h, wait, ok)
		}
	})
}

func TestQuotaUsedIsReadFromTheHeader(t *testing.T) {
	for value, want := range map[string]float64{"": 0, "0.85": 0.85, "1.8": 1.8, "-1": 0, "NaN": 0, "high": 0} {
		if got := graph.QuotaUsed(http.Header{"X-Ms-Throttle-Limit-Percentage": {value}}); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}

// A priority is read in any letter case; any other word is refused with the names.
func TestIsThrottled(t *testing.T) {
	wait := http.Header{"Retry-After": {"3"}}
	for _, c := range []struct {
		status int
		header http.Header
		want   bool
	}{
		{429, nil, true}, {429, wait, true}, {503, wait, true}, {503, http.Header{"Retry-After": {"soon"}}, false},
		{503, nil, false}, {504, wait, false}, {200, wait, false},
	} {
		if got := graph.IsThrottled(&http.Response{StatusCode: c.status, Header: c.header}); got != c.want {
			t.Errorf("%d with %v: %v", c.status, c.header, got)
		}
	}
}

func TestAPriorityIsReadByName(t *testing.T) {
	for word, want := range map[string]graph.Priority{"low": graph.LowPriority, "Normal": graph.NormalPriority, "HIGH": graph.HighPriority} {
		if got, err := graph.ParsePriority(word); got != want || err != nil {
			t.Errorf("%s: got %q, %v", word, got, err)
		}
	}
	for _, word := range []string{"", "highest", " low"} {
		if got, err := graph.ParsePriority(word); got != "" || err == nil || !strings.Contains(err.Error(), "use low, normal or high") {
			t.Errorf("%q: got %q, %v", word, got, err)
		}
	}
}

// Sleep takes its time, and ends early with the error of its context.
func TestSleepEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*sec)
		defer cancel()
		for _, c := range []struct {
			d, took time.Duration
			want    error
		}{{0, 0, nil}, {-sec, 0, nil}, {7 * sec, 7 * sec, nil}, {7 * sec, 3 * sec, context.DeadlineExceeded}, {0, 0, context.DeadlineExceeded}} {
			began := time.Now()
			if err := graph.Sleep(ctx, c.d); err != c.want || time.Since(began) != c.took {
				t.Errorf("%s: got %v after %s", c.d, err, time.Since(began))
			}
		}
	})
}
