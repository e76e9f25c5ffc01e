package report

import (
	"fmt"
	"iter"
	"slices"
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
	done, same := t.Verified+t.Succeeded, t.Unchanged
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
	e := effects{}
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
	out = append(out, e.sentences(true)...)
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
	if n := r.Totals.Succeeded - unseen; n > 0 {
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
	unseen := r.Unseen()
	return r.Totals.Verified == 0 && unseen > 0 && unseen == r.Totals.Succeeded && countUndone(r) == 0
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

// The statuses of changes without an outcome yet, while the run is going on.
const (
	statusToCome = "to-come"
	statusBegun  = "begun"
)

// begun is the message of a change whose intent is on the disk and whose outcome
// is not, in a run that is still going: it waits for its turn, or for its answer.
const begun = "begun, and not ended yet"

// soFar is r as what it is while its run is going on: a replayed journal
// without an end reads as that of a process that died.
func soFar(r *journal.Result) *journal.Result {
	now := *r
	now.Stopped, now.Interrupted = "", false
	now.Outcomes = slices.Clone(r.Outcomes)
	for i := range now.Outcomes {
		if o := &now.Outcomes[i]; o.Status == journal.Indeterminate && strings.HasPrefix(o.Message, "the process ended before") {
			o.Message = begun
		}
	}
	return &now
}

// isPending reports whether nothing is known of the change yet, while the run
// is going on.
func isPending(o *journal.Outcome) bool {
	return o.Status == journal.NotAttempted || o.Status == journal.Indeterminate && o.Message == begun
}

// pendingStatus is how a change without an outcome is called while the run is
// going on.
func pendingStatus(o *journal.Outcome) string {
	if o.Status == journal.NotAttempted {
		return statusToCome
	}
	return statusBegun
}

// runningPage turns the page of a run into that of one that is going on.
func runningPage(g *page, r *journal.Result) {
	flying := 0
	for i := range r.Outcomes {
		if o := &r.Outcomes[i]; o.Status == journal.Indeterminate && isPending(o) {
			flying++
		}
	}
	done := r.Totals.Sum() - r.Totals.Unfinished()
	pending := r.Totals.NotAttempted + flying
	g.Tone, g.Verdict = plain, fmt.Sprintf("Running: %s of %s are done so far.", words.Thousands(done), g.Number())
	g.Counts = runningTiles(r.Totals, flying)
	g.NListed = r.Totals.Unfinished() - pending
	g.Unlisted = ""
	if done+pending > 0 {
		g.Unlisted = fmt.Sprintf("%s done and %s still to come, not listed.", isAre(done, g.noun()), words.Thousands(pending))
	}
}

// runningTiles counts what is begun and to come apart from what ended.
func runningTiles(t journal.Totals, flying int) []tile {
	tiles := runTiles(t)
	for i := range tiles {
		switch tiles[i].Label {
		case "indeterminate":
			tiles[i].N -= flying
		case "not attempted":
			tiles[i] = tile{"to come", t.NotAttempted, "…", plain}
		}
	}
	return append(tiles, tile{"begun", flying, "", plain})
}
