package graph

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Priority says which requests are refused first when a tenant is short of quota.
// It is sent as x-ms-throttle-priority; the empty one sends nothing, which means
// normal to Graph.
type Priority string

// The priorities.
const (
	LowPriority    Priority = "low"
	NormalPriority Priority = "normal"
	HighPriority   Priority = "high"
)

// Priorities lists the priorities, the lowest first.
func Priorities() []Priority { return []Priority{LowPriority, NormalPriority, HighPriority} }

// ParsePriority returns the priority that s names, or an error that lists the
// names.
func ParsePriority(s string) (Priority, error) {
	for _, p := range Priorities() {
		if strings.EqualFold(s, string(p)) {
			return p, nil
		}
	}
	return "", fmt.Errorf("unknown priority %q: use low, normal or high", s)
}

// MaxRetryAfter is the longest wait that the client accepts when an answer names
// one. An answer that asks for more ends the request at once, as throttled.
const MaxRetryAfter = 5 * time.Minute

// RetryAfter returns how long an answer asks to wait, and whether it does. Graph's pages show whole
// and decimal seconds, RFC 9110 allows a date, and some Graph services join two values by a comma:
// the longest one counts. A date counts from the answer's own Date, so that a wrong clock here does
// no harm. A date in the past is a wait of 0; an unreadable value counts as absent.
func RetryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	if len(h["Retry-After"]) == 0 {
		return 0, false // nearly every answer; do not parse its date in vain
	}
	if t, err := http.ParseTime(h.Get("Date")); err == nil {
		now = t
	}
	for _, value := range h.Values("Retry-After") {
		if t, err := http.ParseTime(value); err == nil {
			wait, ok = max(wait, t.Sub(now)), true
			continue
		}
		for part := range strings.SplitSeq(value, ",") {
			if d, good := seconds(part); good {
				wait, ok = max(wait, d), true
			}
		}
	}
	return wait, ok
}

// seconds reads a number of seconds, rounded up to the millisecond. Numbers
// beyond a year count as a year, so that nothing overflows.
func seconds(s string) (time.Duration, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil && !math.IsInf(f, 1) || math.IsNaN(f) || f < 0 {
		return 0, false
	}
	const year = 365 * 24 * 3600
	return time.Duration(math.Ceil(min(f, year)*1000)) * time.Millisecond, true
}

// IsThrottled reports whether an answer refuses the request for lack of quota:
// 429, or 503 that asks for a wait, as in the page "Throttling guidance".
func IsThrottled(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusServiceUnavailable:
		_, named := RetryAfter(resp.Header, time.Now())
		return named
	default:
		return false
	}
}

// QuotaUsed returns how much of the quota is used, 1 being all of it, from
// x-ms-throttle-limit-percentage (a ratio despite its name, and sent only above
// 0.8); 0 if the answer does not say.
func QuotaUsed(h http.Header) float64 {
	said := h.Get("X-Ms-Throttle-Limit-Percentage")
	if said == "" {
		return 0 // nearly every answer
	}
	f, err := strconv.ParseFloat(said, 64)
	if err != nil || math.IsNaN(f) || f < 0 {
		return 0
	}
	return f
}

// IsConcurrencyConflict reports whether an answer says that too many writes ran at once in the
// tenant. It leaves the body readable.
func IsConcurrencyConflict(resp *http.Response) bool {
	if resp.StatusCode != http.StatusConflict {
		return false
	}
	e, _ := decodeError(resp.StatusCode, resp.Header, bodyOf(resp), nil)
	return e.Code == codeConcurrency
}
