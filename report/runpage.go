package report

import (
	"fmt"
	"iter"
	"strings"

	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
)

// runPage says what became of p in r. The page of a run that is still going
// says what is done so far and claims no end.
func runPage(p *plan.Plan, r *journal.Result, running bool) *page {
	g := &page{
		Kind: "run", Noun: "change", Fingerprint: OneLine(p.Fingerprint), Detail: "Outcome",
		Facts: runFacts(p, r, running), Counts: runTiles(r.Totals), Alerts: runAlerts(p, r, running),
		NRows: len(p.Changes), Rows: runRows(p, r, running), Lined: isLined(p),
		All: words.Count(len(p.Changes), rowNoun(p.Summary)), Objects: hasObjects(p.Summary),
		Listed: isListed, NListed: r.Totals.Unfinished(), Lead: runLead(p, r, running),
	}
	if g.NListed > 0 {
		g.Unlisted = unlisted(r.Totals)
	}
	g.Verdict, g.Tone = runVerdict(p, r)
	if running {
		runningPage(g, r)
	}
	g.Closing = runClosing(p, r, g.Counts, running)
	return g
}

// unlisted counts what needs nobody's eyes, or nothing where there is none.
func unlisted(t journal.Totals) string {
	done, same := t.Of(journal.Verified, journal.Succeeded), t.Of(journal.Unchanged)
	switch {
	case done > 0 && same > 0:
		return fmt.Sprintf("%s succeeded and %s already as wanted, not listed.", words.Count(done, "change"), wasWere(same, "object"))
	case done > 0:
		return words.Count(done, "change") + " succeeded, not listed."
	case same > 0:
		return wasWere(same, "object") + " already as wanted, not listed."
	default:
		return ""
	}
}

// isListed reports whether the bounded formats list a row: if it needs another
// run or a decision.
func isListed(r *row) bool {
	return !journal.Status(r.Status).Done() && r.Status != statusToCome && r.Status != statusBegun
}

// runLead says in sentences what was done for people, and what is not sure
// of it.
func runLead(p *plan.Plan, r *journal.Result, running bool) []string {
	var out []string
	if isUndo(p) && !isEmptyUndo(p) {
		out = append(out, "It takes back what another run did.")
	}
	if r.Stopped != "" {
		out = append(out, "Stopped: "+strings.TrimSuffix(OneLine(r.Stopped), ".")+".")
	}
	var e effects
	unseen := 0
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if o.Status == journal.Verified || o.Status == journal.Succeeded {
			e.add(&p.Changes[i], o.Status == journal.Verified)
		}
		if isUnseen(o) {
			unseen++
		}
	}
	out = append(out, e.sentences("was")...)
	if n := countUndone(r); n > 0 {
		out = append(out, wasWere(n, "change")+" made by this run, but something else is there now.")
	}
	notVisible, notRead := "not seen there when the run ended", "not read back"
	if running {
		notVisible, notRead = "not seen there yet", "not read back yet"
	}
	if unseen > 0 {
		out = append(out, wasWere(unseen, "change")+" accepted by Graph, but "+notVisible+".")
	}
	if n := r.Totals.Of(journal.Succeeded) - unseen; n > 0 {
		out = append(out, wasWere(n, "change")+" accepted by Graph and "+notRead+".")
	}
	return out
}

// countUndone counts what this run made and what is different now.
func countUndone(r *journal.Result) int {
	n := 0
	for i := range r.Outcomes {
		if isUndone(&r.Outcomes[i]) {
			n++
		}
	}
	return n
}

// isNothingSeen reports whether all that Graph accepted was to be read back and
// nothing of it was seen.
func isNothingSeen(r *journal.Result) bool {
	unseen := r.Unconfirmed()
	return r.Totals.Of(journal.Verified) == 0 && unseen > 0 && unseen == r.Totals.Of(journal.Succeeded) && countUndone(r) == 0
}

// runClosing has the totals: of changes, of rows, of requests, and the pace.
func runClosing(p *plan.Plan, r *journal.Result, tiles []tile, running bool) []string {
	out := []string{totalsLine(p.Summary, r.Totals, tiles)}
	if line := rowsLine(p, r); line != "" {
		out = append(out, line)
	}
	q := r.Requests
	line := fmt.Sprintf("%s, %s; %s throttled, %s retried",
		words.Count(q.Reads, "read"), words.Count(q.Writes, "write"), words.Thousands(q.Throttled), words.Thousands(q.Retried))
	switch {
	case running:
		line = "at least " + line + " so far"
	case q.Incomplete:
		line = "at least " + line + " (a process was killed before it had counted)"
	}
	out = append(out, "Requests: "+line+".")
	if (running || q.Incomplete) && r.Pace == (journal.Pace{}) {
		return out // whether a limit was met is not known
	}
	return append(out, paceLine(r))
}

// totalsLine names every status that occurs, so that the numbers can be added.
func totalsLine(s plan.Summary, t journal.Totals, tiles []tile) string {
	var parts []string
	for _, c := range tiles {
		if c.N > 0 {
			parts = append(parts, words.Thousands(c.N)+" "+c.Label)
		}
	}
	if len(parts) == 0 {
		return "Run: no changes."
	}
	return fmt.Sprintf("Run: %s = %s.", words.Count(t.Sum(), rowNoun(s)), strings.Join(parts, " + "))
}

// rowsLine says how many rows of the input are done, or "" without an input.
// Rows of which no change speaks are duplicates that were merged.
func rowsLine(p *plan.Plan, r *journal.Result) string {
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
		words.Thousands(r.Rows), words.Thousands(len(all)-len(open)), words.Thousands(len(open)))
	if rest := r.Rows - len(all); rest > 0 {
		line += fmt.Sprintf(" + %s merged into another", words.Thousands(rest))
	}
	return line + "."
}

// paceLine says how fast the run could write, in the words of the progress
// line. That no limit was met is only said where nothing was refused.
func paceLine(r *journal.Result) string {
	p := r.Pace
	line := "Pace: no write was refused for lack of quota"
	switch {
	case p.WritesPerSecond > 0:
		line = fmt.Sprintf("Pace: %.1f writes per second", p.WritesPerSecond)
	case r.Requests.Throttled > 0 || p.Refusals > 0 || p.Pauses > 0:
		line = "Pace: throttled, and no steady rate was found"
	}
	if p.Burst > 0 {
		line += fmt.Sprintf(", up to %s at once", words.Thousands(p.Burst))
	}
	if p.Pauses > 0 {
		line += fmt.Sprintf("; throttled for %.1f s in %s that Graph asked for", float64(p.PausedMs)/1000, words.Count(p.Pauses, "pause"))
	}
	return line + "."
}

func runTiles(t journal.Totals) []tile {
	return []tile{
		{"verified", t.Of(journal.Verified), "✓", good},
		{"succeeded", t.Of(journal.Succeeded), "✓", good},
		{"unchanged", t.Of(journal.Unchanged), "", plain},
		{"held", t.Of(journal.Held), "!", warn},
		{"skipped", t.Of(journal.Skipped), "!", warn},
		{"failed", t.Of(journal.Failed), "✗", bad},
		{"indeterminate", t.Of(journal.Indeterminate), "?", bad},
		{"not attempted", t.Of(journal.NotAttempted), "…", warn},
	}
}

func runRows(p *plan.Plan, r *journal.Result, running bool) iter.Seq[row] {
	return func(yield func(row) bool) {
		for i := range p.Changes {
			w := changeRow(&p.Changes[i])
			o := &r.Outcomes[i]
			found(w.Fields, &p.Changes[i], o)
			w.Status, w.Tone, w.Outcome = string(o.Status), outcomeTone(o), outcomeOf(o)
			if running && isPending(o) {
				w.Status, w.Tone = pendingStatus(o), plain
			}
			if w.Reason == w.Outcome.Message {
				w.Reason = "" // a blocked change has one reason, not two
			}
			if !yield(w) {
				return
			}
		}
	}
}

func outcomeOf(o *journal.Outcome) *outcome {
	v := &outcome{
		Code: graphCode(o), Message: Clean(o.Message),
		RequestID: OneLine(o.RequestID), ClientRequestID: OneLine(o.ClientRequestID),
	}
	if o.Attempts > 0 {
		v.Sent, v.SentAt = words.Count(o.Attempts, "attempt")+", "+elapsed(o.Elapsed()), stamp(o.StartedAt)
	}
	return v
}

// graphCode is the HTTP status and Graph's code: "403
// Authorization_RequestDenied". An answer as it should be is no news.
func graphCode(o *journal.Outcome) string {
	switch {
	case o.Status.Done() || o.HTTPStatus/100 == 2:
		return ""
	case o.HTTPStatus == 0:
		return OneLine(o.GraphCode)
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", o.HTTPStatus, OneLine(o.GraphCode)))
}
