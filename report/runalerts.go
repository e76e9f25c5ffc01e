package report

import (
	"slices"
	"strings"

	"bulksync/execute/journal"
	"bulksync/plan"
)

// runAlerts groups the changes that did not succeed by how and with what code
// they ended, so that a cause with a thousand rows is read once; and those that
// are done with something to tell, by what it is. Each kind is bounded for
// itself, so that a thousand notices never crowd out a failure.
func runAlerts(p *plan.Plan, r *journal.Result, running bool) []*alert {
	kinds := map[tone]*groups{bad: {}, warn: {}, plain: {}}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if o.Status.Done() && o.Message == "" || running && isPending(o) {
			continue
		}
		n := alert{Tone: alertTone(o), Title: alertTitle(o), Words: alertWords(&p.Changes[i], o, r.Stopped)}
		if !running {
			n.Hint = hint(&p.Changes[i], o, r)
		}
		a := kinds[n.Tone].at(alertKey(o, &n), func() alert { return n })
		a.add(partnerOf(p.Changes[i].Partner))
		a.mixed = a.mixed || a.Words != n.Words
	}
	return slices.Concat(kinds[bad].list(), kinds[warn].list(), kinds[plain].list())
}

// alertTone is the tone of an alert: what is done is no worse than a notice,
// unless somebody looked for it in vain.
func alertTone(o *journal.Outcome) tone {
	if o.Status.Done() && !isUnseen(o) {
		return plain
	}
	return outcomeTone(o)
}

func alertTitle(o *journal.Outcome) string {
	switch o.Status {
	case journal.Failed, journal.Indeterminate:
		return strings.TrimSuffix(string(o.Status)+": "+graphCode(o), ": ")
	default:
		return string(o.Status) // a code says nothing about why it was left alone
	}
}

// alertKey is what outcomes of one alert share: for refusals the code, whose
// messages can name the single row; else the words.
func alertKey(o *journal.Outcome, a *alert) string {
	switch o.Status {
	case journal.Failed, journal.Indeterminate:
		return a.Title
	default:
		return a.Title + ": " + a.Words
	}
}

// alertWords is what is common to the outcomes of an alert: Graph's message, or
// what the status means.
func alertWords(c *plan.Change, o *journal.Outcome, stopped string) string {
	switch {
	case o.Status == journal.Held:
		return heldWords(o)
	case o.Reason == journal.ReasonPredecessor:
		return "a change of the same partner before it did not succeed"
	case o.Status == journal.NotAttempted:
		return strings.TrimSuffix("the run stopped before it got there: "+OneLine(stopped), ": ")
	case o.Message != "":
		return OneLine(o.Message)
	case o.Status == journal.Indeterminate:
		return "sent, and nothing settled what became of it"
	case o.Status == journal.Skipped:
		return "blocked in the plan"
	default:
		return "refused"
	}
}

// heldWords is what the engine says of all that was held for one reason; what
// it says of the single object stands behind the colon.
func heldWords(o *journal.Outcome) string {
	kind, _, _ := strings.Cut(OneLine(o.Message), ": ")
	switch {
	case kind == "" && isUndone(o):
		return madeThen
	case kind == "" || kind == sincePlan:
		return sincePlan + ", and left alone"
	default:
		return kind
	}
}

// How the engine begins what it says of changes that were held.
const (
	sincePlan = "changed since the plan"
	madeThen  = "made by this run, different now"
)

// isUndone reports whether o was made by this run, or may have been, and is
// different now.
func isUndone(o *journal.Outcome) bool { return o.Status == journal.Held && o.Overwritten }

// isUnseen reports whether somebody looked for what Graph accepted, and it was
// not there. Where nobody looked, that is not known.
func isUnseen(o *journal.Outcome) bool {
	return o.Status == journal.Succeeded && o.Unseen
}

func outcomeTone(o *journal.Outcome) tone {
	switch o.Status {
	case journal.Succeeded:
		if isUnseen(o) {
			return warn
		}
		return good
	case journal.Verified:
		return good
	case journal.Unchanged:
		return plain
	case journal.Failed, journal.Indeterminate:
		return bad
	default:
		return warn
	}
}
