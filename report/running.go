package report

import (
	"fmt"
	"slices"

	"bulksync/execute/journal"
	"bulksync/internal/words"
)

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
		if o := &now.Outcomes[i]; o.Reason == journal.ReasonProcessEnded {
			o.Message = begun
		}
	}
	return &now
}

// isPending reports whether nothing is known of the change yet, while the run
// is going on.
func isPending(o *journal.Outcome) bool {
	return o.Status == journal.NotAttempted || o.Reason == journal.ReasonProcessEnded
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
	pending := r.Totals.Of(journal.NotAttempted) + flying
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
			tiles[i] = tile{"to come", t.Of(journal.NotAttempted), "…", plain}
		}
	}
	return append(tiles, tile{"begun", flying, "", plain})
}
