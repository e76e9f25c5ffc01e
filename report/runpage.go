package report

import (
	"fmt"
	"iter"
	"strings"

	"bulksync/execute"
	"bulksync/plan"
)

// runPage says what became of p in r.
func runPage(p *plan.Plan, r *execute.Result) *page {
	g := &page{
		Kind: "run", Noun: "change", Fingerprint: oneLine(p.Fingerprint), Detail: "Outcome",
		Facts: runFacts(p, r), Counts: runTiles(r.Totals), Alerts: runAlerts(p, r),
		NRows: len(p.Changes), Rows: runRows(p, r),
		Listed: func(r *row) bool { return !execute.Status(r.Status).Done() }, NListed: r.Totals.Unfinished(),
		Closing: runClosing(p, r),
	}
	if done := r.Totals.Sum() - r.Totals.Unfinished(); done > 0 && g.NListed > 0 {
		g.Unlisted = thousands(done) + " succeeded or unchanged, not listed."
	}
	g.Verdict, g.Tone = runVerdict(r)
	if r.Stopped != "" {
		g.Lead = append(g.Lead, "Stopped: "+strings.TrimSuffix(oneLine(r.Stopped), ".")+".")
	}
	if r.Totals.Succeeded > 0 {
		g.Lead = append(g.Lead, count(r.Totals.Succeeded, "change")+" accepted by Graph, but not visible there yet when the run ended.")
	}
	return g
}

func runVerdict(r *execute.Result) (string, tone) {
	open, all := r.Totals.Unfinished(), r.Changes
	switch {
	case r.Interrupted && open > 0:
		return fmt.Sprintf("Interrupted: %s of %s not done.", thousands(open), count(all, "change")), bad
	case r.Stopped != "" && open > 0:
		return fmt.Sprintf("Stopped early: %s of %s not done.", thousands(open), count(all, "change")), bad
	case r.Totals.Failed+r.Totals.Indeterminate > 0:
		return fmt.Sprintf("Finished, but %s of %s did not succeed.", thousands(open), count(all, "change")), bad
	case open > 0:
		return fmt.Sprintf("Finished, but %s of %s did not succeed.", thousands(open), count(all, "change")), warn
	case r.Totals.Verified+r.Totals.Succeeded == 0:
		return "Nothing had to be changed. Everything is as wanted.", good
	default:
		return fmt.Sprintf("Done: all of %s succeeded.", count(all, "change")), good
	}
}

// runClosing has the totals: of changes, of rows, of requests, and the pace.
func runClosing(p *plan.Plan, r *execute.Result) []string {
	out := []string{totalsLine(r.Totals)}
	if line := rowsLine(p, r); line != "" {
		out = append(out, line)
	}
	q := r.Requests
	line := fmt.Sprintf("%s, %s; %s throttled, %s retried",
		count(q.Reads, "read"), count(q.Writes, "write"), thousands(q.Throttled), thousands(q.Retried))
	if q.Incomplete {
		line = "at least " + line + " (a process was killed before it had counted)"
	}
	out = append(out, "Requests: "+line+".")
	if q.Incomplete && r.Pace == (execute.Pace{}) {
		return out // whether a limit was met is not known
	}
	return append(out, paceLine(r.Pace))
}

// totalsLine names every status that occurs, so that the numbers can be added.
func totalsLine(t execute.Totals) string {
	var parts []string
	for _, c := range runTiles(t) {
		if c.N > 0 {
			parts = append(parts, thousands(c.N)+" "+c.Label)
		}
	}
	if len(parts) == 0 {
		return "Run: no changes."
	}
	return fmt.Sprintf("Run: %s = %s.", count(t.Sum(), "change"), strings.Join(parts, " + "))
}

// rowsLine says how many rows of the input are done, or "" without an input.
// Rows of which no change speaks are duplicates that were merged.
func rowsLine(p *plan.Plan, r *execute.Result) string {
	if r.Rows == 0 {
		return ""
	}
	open, all := map[int]bool{}, map[int]bool{}
	for i := range p.Changes {
		if row := p.Changes[i].Row; row != 0 {
			all[row] = true
			if !r.Outcomes[i].Status.Done() {
				open[row] = true
			}
		}
	}
	line := fmt.Sprintf("Rows: %s in the input = %s done + %s not done",
		thousands(r.Rows), thousands(len(all)-len(open)), thousands(len(open)))
	if rest := r.Rows - len(all); rest > 0 {
		line += fmt.Sprintf(" + %s that ask for nothing of their own", thousands(rest))
	}
	return line + "."
}

func paceLine(p execute.Pace) string {
	line := "Pace: no write limit was met"
	if p.WritesPerSecond > 0 {
		line = fmt.Sprintf("Pace: %.1f writes per second", p.WritesPerSecond)
	}
	if p.Burst > 0 {
		line += fmt.Sprintf(", up to %s at once", thousands(p.Burst))
	}
	if p.Pauses > 0 {
		line += fmt.Sprintf("; Graph asked for %s, %.1f s together", count(p.Pauses, "pause"), float64(p.PausedMs)/1000)
	}
	return line + "."
}

func runTiles(t execute.Totals) []tile {
	return []tile{
		{"verified", t.Verified, "✓", good},
		{"succeeded", t.Succeeded, "✓", good},
		{"unchanged", t.Unchanged, "", plain},
		{"held", t.Held, "!", warn},
		{"skipped", t.Skipped, "!", warn},
		{"failed", t.Failed, "✗", bad},
		{"indeterminate", t.Indeterminate, "?", bad},
		{"not attempted", t.NotAttempted, "…", warn},
	}
}

func runRows(p *plan.Plan, r *execute.Result) iter.Seq[row] {
	return func(yield func(row) bool) {
		for i := range p.Changes {
			w := changeRow(&p.Changes[i])
			o := &r.Outcomes[i]
			found(w.Fields, &p.Changes[i], o)
			w.Status, w.Tone, w.Outcome = string(o.Status), statusTone(o.Status), outcomeOf(o)
			if w.Reason == w.Outcome.Message {
				w.Reason = "" // a blocked change has one reason, not two
			}
			if !yield(w) {
				return
			}
		}
	}
}

func outcomeOf(o *execute.Outcome) *outcome {
	v := &outcome{
		Code: graphCode(o), Message: clean(o.Message),
		RequestID: oneLine(o.RequestID), ClientRequestID: oneLine(o.ClientRequestID),
	}
	if o.Status.Done() {
		v.Code = "" // an answer as it should be is no news
	}
	if o.Attempts > 0 {
		v.Sent, v.SentAt = count(o.Attempts, "attempt")+", "+elapsed(o.Elapsed), stamp(o.StartedAt)
	}
	return v
}
