package report

import (
	"fmt"
	"slices"
	"strings"

	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
)

// runPage says what became of p in r. For a run that is still going it says
// what is done so far and claims no end.
func runPage(p *plan.Plan, r *journal.Result, running bool) *page {
	g := &page{
		Kind: "run", Noun: "change", Fingerprint: OneLine(p.Fingerprint), Detail: "Outcome",
		Facts: runFacts(p, r, running), Counts: runTiles(r, running), Alerts: runAlerts(p, r, running),
		NRows: len(p.Changes), Lined: isLined(p), NListed: r.Totals.Unfinished(),
		Row: func(i int) row { return outcomeRow(&p.Changes[i], &r.Outcomes[i], running) }, Joined: sameTenant(p),
		Rank: func(i int) rank { return outcomeRank(&r.Outcomes[i], running) },
		All:  words.Count(len(p.Changes), rowNoun(p.Summary)), Objects: hasObjects(p.Summary),
		Lead: runLead(p, r, running),
	}
	if g.NListed > 0 {
		g.Unlisted = unlisted(r.Totals)
	}
	g.Verdict, g.Tone = runVerdict(p, r)
	if running {
		runningPage(g, r)
	}
	g.Closing = runClosing(p, r, g.Counts, running)
	g.Sections = runForm(p, r, running)
	return g
}

// unlisted counts the rows that are not listed because they need no attention;
// empty if there are none.
func unlisted(t journal.Totals) string {
	done, same := t.Where(isMade), t.Where(isKept)
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

// outcomeRank puts first what failed, then what else needs another run or a
// decision.
func outcomeRank(o *journal.Outcome, running bool) rank {
	switch {
	case running && isPending(o):
		return rankNext
	case o.Status.Info().Severity == journal.Bad:
		return rankFirst
	case !o.Status.Done():
		return rankOpen
	case o.Status == journal.Unchanged && o.Message == "":
		return rankSame
	default:
		return rankNext
	}
}

// runLead says what changed for people, and which of it is not confirmed.
func runLead(p *plan.Plan, r *journal.Result, running bool) []string {
	out := partLead(p, "run covers")
	if p.Reverts() && !isEmptyUndo(p) {
		out = append(out, "This run reverts another one.")
	}
	if r.Stopped != "" {
		out = append(out, "Stopped: "+strings.TrimSuffix(OneLine(r.Stopped), ".")+".")
	}
	e := effects{}
	unseen := 0
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if isMade(o.Status.Info()) {
			e.add(&p.Changes[i], o.Status == journal.Verified)
		}
		if o.Unseen {
			unseen++
		}
	}
	out = append(out, e.sentences(true)...)
	if n := countOverwritten(r); n > 0 {
		out = append(out, words.Count(n, "change")+" of this run "+agree(n, "was", "were")+" overwritten afterwards.")
	}
	notVisible, notRead := "not visible when the run ended", "not read back"
	if running {
		notVisible, notRead = "not visible yet", "not read back yet"
	}
	if unseen > 0 {
		out = append(out, wasWere(unseen, "change")+" accepted by Graph, but "+notVisible+".")
	}
	if n := r.Totals.Of(journal.Succeeded) - unseen; n > 0 {
		out = append(out, wasWere(n, "change")+" accepted by Graph and "+notRead+".")
	}
	return out
}

// isMade reports whether a status says that the run changed the object as
// wanted, and isKept whether the object was already as wanted.
func isMade(s journal.StatusInfo) bool { return s.Done && s.MayHaveLanded }

func isKept(s journal.StatusInfo) bool { return s.Done && !s.MayHaveLanded }

// countOverwritten counts what this run made and somebody changed since.
func countOverwritten(r *journal.Result) int {
	n := 0
	for i := range r.Outcomes {
		if r.Outcomes[i].Overwritten {
			n++
		}
	}
	return n
}

// isNothingSeen reports whether reading back was asked for, and showed nothing
// of what Graph accepted.
func isNothingSeen(r *journal.Result) bool {
	unseen := r.Unconfirmed()
	return r.Totals.Of(journal.Verified) == 0 && unseen > 0 && unseen == r.Totals.Of(journal.Succeeded) && countOverwritten(r) == 0
}

// runClosing has the totals of changes, rows and requests, and the pace.
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
		return out // whether a limit was met is not known yet
	}
	return append(out, paceLine(r))
}

// totalsLine names every status that occurs, so that the numbers add up.
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
// Rows that no change names are duplicates that were merged.
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
	rest := r.Rows - len(all)
	if s := p.Selection; s != nil && s.LeftOut.Rows > 0 {
		line += fmt.Sprintf(" + %s left out by the selection", words.Thousands(s.LeftOut.Rows))
		rest -= s.LeftOut.Rows
	}
	if rest > 0 {
		line += fmt.Sprintf(" + %s merged into another", words.Thousands(rest))
	}
	return line + "."
}

// paceLine says how fast the run could write, in the words of the progress
// line. It says that no limit was met only if nothing was refused.
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

// runTiles counts the changes by status. In a run that is still going, changes
// in progress and changes to come have no status yet.
func runTiles(r *journal.Result, running bool) []tile {
	begun := 0
	if running {
		begun = countBegun(r)
	}
	var tiles []tile
	for _, s := range journal.Statuses() {
		t := tile{strings.ReplaceAll(string(s.Status), "-", " "), r.Totals.Of(s.Status), statusTone(s)}
		switch {
		case s.Status == journal.Indeterminate:
			t.N -= begun
		case s.Status == journal.NotAttempted && running:
			t.Label, t.Tone = "to come", plain
		}
		tiles = append(tiles, t)
	}
	if running {
		tiles = append(tiles, tile{"in progress", begun, plain})
	}
	return tiles
}

// outcomeRow is the row of a change with its outcome.
func outcomeRow(c *plan.Change, o *journal.Outcome, running bool) row {
	w := changeRow(c)
	addFound(w.Fields, c, o)
	w.Status, w.Tone, w.Outcome = string(o.Status), outcomeTone(o), outcomeOf(o)
	if running && isPending(o) {
		w.Status, w.Tone = pendingStatus(o), plain
	}
	if o.Status.Done() {
		w.Method, w.Path, w.Body = "", "", "" // what was sent is of interest where it did not work
	}
	if w.Reason == w.Outcome.Message {
		w.Reason = "" // a blocked change has one reason, not two
	}
	return w
}

// The statuses of changes without an outcome yet in a run that is still going.
const (
	statusToCome     = "to-come"
	statusInProgress = "in-progress"
)

// soFar is r as it stands while its run is still going: a replayed journal
// without an end looks like that of a process that died.
func soFar(r *journal.Result) *journal.Result {
	now := *r
	now.Stopped, now.Interrupted = "", false
	now.Outcomes = slices.Clone(r.Outcomes)
	for i := range now.Outcomes {
		if o := &now.Outcomes[i]; isBegun(o) {
			o.Message = "in progress: no outcome yet"
		}
	}
	return &now
}

// isBegun reports whether the intent of a change is on disk and its outcome is
// not. In a run that is still going, it waits for its turn or for its answer.
func isBegun(o *journal.Outcome) bool {
	return o.Status == journal.Indeterminate && o.Reason == journal.ReasonProcessEnded
}

func countBegun(r *journal.Result) (n int) {
	for i := range r.Outcomes {
		if isBegun(&r.Outcomes[i]) {
			n++
		}
	}
	return n
}

// isPending reports whether nothing is known of a change yet in a run that is
// still going.
func isPending(o *journal.Outcome) bool {
	return o.Status == journal.NotAttempted || isBegun(o)
}

// pendingStatus is the label of a change without an outcome in a run that is
// still going.
func pendingStatus(o *journal.Outcome) string {
	if o.Status == journal.NotAttempted {
		return statusToCome
	}
	return statusInProgress
}

// runningPage turns the page of a run into that of one that is still going.
func runningPage(g *page, r *journal.Result) {
	done := r.Totals.Sum() - r.Totals.Unfinished()
	pending := r.Totals.Of(journal.NotAttempted) + countBegun(r)
	g.Tone, g.Verdict = plain, fmt.Sprintf("Running: %s of %s are done so far.", words.Thousands(done), g.Number())
	g.NListed = r.Totals.Unfinished() - pending
	g.Unlisted = ""
	if done+pending > 0 {
		g.Unlisted = fmt.Sprintf("%s done and %s still to come, not listed.", isAre(done, g.noun()), words.Thousands(pending))
	}
}
