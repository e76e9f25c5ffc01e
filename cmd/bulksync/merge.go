package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"bulksync/execute"
	"bulksync/graph"
	"bulksync/report"
)

// MERGE: each function of this file stands for a name that another package is
// about to have. Put that name in its place, then delete the file.

// The kinds that the client is about to tell apart: graph.Outage, graph.NotVisible.
const (
	kindOutage     = graph.Kind("outage")
	kindNotVisible = graph.Kind("not visible")
)

// setOutage: o.Outage = d.
func setOutage(*graph.Options, time.Duration) {}

// keepOutage: if a.global.outageGiven || s.Outage == 0 { s.Outage = a.outage(outageOfRun) }.
func (a *app) keepOutage(*execute.Settings) {}

// outageOf: s.Outage.
func (a *app) outageOf(execute.Settings) time.Duration { return a.outage(outageOfRun) }

// hasEnded: what tells that the last session of a run wrote its end, as
// (*execute.Log).Ended().
func hasEnded(r *execute.Result) bool { return r.Stopped != "the process ended before the run did" }

// silentSince: c.Down().
func silentSince(c *graph.Client) (time.Time, bool) {
	if d, ok := any(c).(interface{ Down() (time.Time, bool) }); ok {
		return d.Down()
	}
	return time.Time{}, false
}

// setRunning: o.Running = true.
func setRunning(*report.Options) {}

// oneLine: report.OneLine.
func oneLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			b.WriteByte(' ')
		case r != '\u200c' && r != '\u200d' && unicode.In(r, unicode.Cc, unicode.Cf):
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isLookup: errors.As to a *plan.LookupError.
func isLookup(err error) bool {
	var e *graph.Error
	return errors.As(err, &e) && strings.HasPrefix(e.Path, "/tenantRelationships/")
}
