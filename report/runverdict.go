package report

import (
	"fmt"

	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
)

// runVerdict says how the run ended. Objects that were as wanted in the plan are
// not counted as changes, and what is blocked is counted apart, as the plan did.
func runVerdict(p *plan.Plan, r *journal.Result) (string, tone) {
	w := weigh(p, r)
	switch {
	case p.Summary.Writes() == 0 && w.blocked > 0 && w.open == 0:
		return fmt.Sprintf("Nothing was done: %s %s blocked.", allOf(w.blocked, "change"), agree(w.blocked, "is", "are")), warn
	case r.Interrupted && w.open > 0:
		return "Interrupted: " + w.of(w.open) + " not done" + w.rest(), bad
	case r.Stopped != "" && w.open > 0:
		return "Stopped early: " + w.of(w.open) + " not done" + w.rest(), bad
	case isNothingSeen(r):
		return "Finished, but nothing of what Graph accepted was seen there" + w.rest(), bad
	case w.open > 0 && w.open == countUndone(r):
		return "Finished, but something else is there now for " + w.of(w.open) + w.rest(), warn
	case w.open > 0:
		t := warn
		if r.Totals.Of(journal.Failed, journal.Indeterminate) > 0 {
			t = bad
		}
		return "Finished, but " + w.of(w.open) + " did not succeed" + w.rest(), t
	case r.Unconfirmed() > 0:
		return "Finished, but " + w.of(r.Unconfirmed()) + agree(r.Unconfirmed(), " was", " were") + " not seen there yet" + w.rest(), warn
	case w.blocked > 0:
		return fmt.Sprintf("Finished, but %s blocked; %s.", isAre(w.blocked, "change"), others(r)), warn
	case isEmptyUndo(p):
		return "Nothing had to be taken back: the other run changed nothing.", good
	}
	return doneVerdict(r), good
}

// doneVerdict is for a run that left nothing to look at.
func doneVerdict(r *journal.Result) string {
	done := r.Totals.Of(journal.Verified, journal.Succeeded)
	switch {
	case done == 0:
		return "Nothing had to be changed. Everything is as wanted."
	case r.Totals.Of(journal.Unchanged) > 0:
		return fmt.Sprintf("Done: %s succeeded, %s already as wanted.", words.Count(done, "change"), wasWere(r.Totals.Of(journal.Unchanged), "object"))
	default:
		return fmt.Sprintf("Done: %s succeeded.", allOf(done, "change"))
	}
}

// weight is how many changes a run was to make, how many of them are open, and
// how many were blocked from the beginning.
type weight struct {
	noun               string
	all, open, blocked int
}

// weigh counts changes; where an object is open that was to stay as it is, it
// counts objects.
func weigh(p *plan.Plan, r *journal.Result) weight {
	w := weight{noun: "change", all: p.Summary.Writes()}
	for i := range p.Changes {
		switch c := &p.Changes[i]; {
		case r.Outcomes[i].Status.Done():
		case c.Action == plan.Blocked:
			w.blocked++
		default:
			w.open++
			if c.Action == plan.NoOp {
				w.noun, w.all = "object", p.Summary.Writes()+p.Summary.NoOp
			}
		}
	}
	return w
}

// of says "2 of 9 changes".
func (w weight) of(n int) string { return words.Thousands(n) + " of " + words.Count(w.all, w.noun) }

// rest ends the verdict with what was blocked.
func (w weight) rest() string {
	if w.blocked == 0 {
		return "."
	}
	return "; " + isAre(w.blocked, "other change") + " blocked."
}

// others says what became of all that was not blocked.
func others(r *journal.Result) string {
	switch done, same := r.Totals.Of(journal.Verified, journal.Succeeded), r.Totals.Of(journal.Unchanged); {
	case done == 0:
		return "everything else is as wanted"
	case same == 0:
		return allOf(done, "other change") + " succeeded"
	default:
		return fmt.Sprintf("%s succeeded, %s already as wanted", words.Count(done, "other change"), wasWere(same, "object"))
	}
}
