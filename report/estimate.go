package report

import (
	"fmt"
	"time"

	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
)

// What the two ends of an estimate rest on: what Graph documents for the writes
// of one app in one tenant (Microsoft Graph service-specific throttling limits,
// identity and access), and what users report for similar objects.
const (
	documentedQuota = "the documented quota of 3,000 writes in 150 s"
	reportedPace    = "1 write a second"
)

// estimateFact says how long the writes of a plan may take, and what that rests
// on; nothing if it is not known.
func estimateFact(p *plan.Plan) []fact {
	e := p.Estimate
	if e == nil {
		return nil
	}
	return []fact{{"Duration", fmt.Sprintf("about %s: %s, %s an answer, between %s and %s", spanOf(e), words.Count(p.Summary.Writes(), "write"), answerWords(e), documentedQuota, reportedPace), false}}
}

// answerWords is how long an answer took.
func answerWords(e *plan.Estimate) string {
	if e.LatencyMs == 0 {
		return "under 1 ms"
	}
	return words.Thousands(int(e.LatencyMs)) + " ms"
}

// tookFact compares the estimate with the time that a run took, once it has ended
// by itself.
func tookFact(p *plan.Plan, r *journal.Result, running bool) []fact {
	if p.Estimate == nil {
		return nil
	}
	value := "estimated at " + spanOf(p.Estimate)
	if !running && r.Stopped == "" && !r.Interrupted {
		value += ", took " + elapsed(r.Worked())
	}
	return []fact{{"Duration", value, false}}
}

func spanOf(e *plan.Estimate) string {
	return Span(time.Duration(e.LowMs)*time.Millisecond, time.Duration(e.HighMs)*time.Millisecond)
}

// Span is a range for people, the lower end rounded down and the upper one
// up: "2 to 5 min", "20 s to 5 min".
func Span(low, high time.Duration) string {
	if high > 365*24*time.Hour {
		return "a year or more"
	}
	unit, name := unitOf(high)
	most := int((high + unit - 1) / unit)
	small, smallName := unitOf(low)
	least := int(max(low, small) / small)
	switch {
	case smallName != name:
		return fmt.Sprintf("%d %s to %d %s", least, smallName, most, name)
	case least >= most:
		return fmt.Sprintf("%d %s", least, name)
	default:
		return fmt.Sprintf("%d to %d %s", least, most, name)
	}
}

// unitOf is the unit in which a duration is told.
func unitOf(d time.Duration) (unit time.Duration, name string) {
	switch {
	case d < 100*time.Second:
		return time.Second, "s"
	case d < 100*time.Minute:
		return time.Minute, "min"
	case d < 100*time.Hour:
		return time.Hour, "h"
	default:
		return 24 * time.Hour, "days"
	}
}
