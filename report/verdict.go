package report

import (
	"fmt"
	"strings"

	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/audit"
)

// runVerdict says how the run ended. Objects that the plan found as wanted are
// not counted as changes, and blocked ones are counted separately, as in the
// plan.
func runVerdict(p *plan.Plan, r *journal.Result) (string, tone) {
	w := countRun(p, r)
	switch {
	case p.Summary.Writes() == 0 && w.blocked > 0 && w.open == 0:
		return fmt.Sprintf("Nothing was done: %s %s blocked.", allOf(w.blocked, "change"), agree(w.blocked, "is", "are")), warn
	case r.Interrupted && w.open > 0:
		return "Interrupted: " + w.undone() + w.rest(), bad
	case r.Stopped != "" && w.open > 0:
		return "Stopped early: " + w.undone() + w.rest(), bad
	case isNothingSeen(r):
		return "Finished, but nothing that Graph accepted could be confirmed" + w.rest(), bad
	case w.open > 0 && w.open == countOverwritten(r):
		return "Finished, but " + w.overwritten() + w.rest(), warn
	case w.open > 0:
		t := warn
		if r.Totals.Where(func(s journal.StatusInfo) bool { return s.Severity == journal.Bad }) > 0 {
			t = bad
		}
		return "Finished, but " + w.unsuccessful() + w.rest(), t
	case r.Unconfirmed() > 0:
		return "Finished, but " + w.of(r.Unconfirmed()) + agree(r.Unconfirmed(), " is", " are") + " not confirmed yet" + w.rest(), warn
	case w.blocked+w.excepted > 0:
		return fmt.Sprintf("Finished, but %s; %s.", w.leftOut("change"), others(r)), warn
	case isEmptyUndo(p):
		return "Nothing had to be reverted: the other run changed nothing.", good
	}
	return doneVerdict(r), good
}

// doneVerdict is the verdict on a run that left nothing to look at.
func doneVerdict(r *journal.Result) string {
	switch done, same := r.Totals.Where(isMade), r.Totals.Where(isKept); {
	case done == 0:
		return "Nothing had to be changed. Everything is as wanted."
	case same > 0:
		return fmt.Sprintf("Done: %s succeeded, %s already as wanted.", words.Count(done, "change"), wasWere(same, "object"))
	default:
		return fmt.Sprintf("Done: %s succeeded.", allOf(done, "change"))
	}
}

// runCounts is how many changes a run was to make, how many are open, how many of
// these may have landed all the same, how many the plan blocked, and how many a
// decision leaves out.
type runCounts struct {
	noun                                  string
	all, open, unknown, blocked, excepted int
}

// countRun counts changes, or objects if one that was to stay unchanged is open.
func countRun(p *plan.Plan, r *journal.Result) runCounts {
	w := runCounts{noun: "change", all: p.Summary.Writes(), unknown: r.Totals.Of(journal.Indeterminate)}
	for i := range p.Changes {
		switch c := &p.Changes[i]; {
		case r.Outcomes[i].Status.Done():
		case c.Action == plan.Blocked:
			w.blocked++
		case r.Outcomes[i].Reason == journal.ReasonExcepted:
			w.excepted++
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
func (w runCounts) of(n int) string { return words.Thousands(n) + " of " + words.Count(w.all, w.noun) }

// openAre says "2 of 9 changes are not done". Of all changes it says that none is.
func (w runCounts) openAre(what string) string {
	switch {
	case w.open < w.all:
		return w.of(w.open) + agree(w.open, " is not ", " are not ") + what
	case w.open == 1:
		return "the " + w.noun + " is not " + what
	default:
		return noneOf(w.all, w.noun) + " is " + what
	}
}

// undone says how many changes are not done. Where some may have landed, it does not
// say that none did.
func (w runCounts) undone() string {
	if w.unknown > 0 && w.open == w.all {
		return w.openAre("known to be done")
	}
	return w.openAre("done")
}

// unsuccessful says how many changes did not succeed. An object that was to stay as
// it is has nothing to succeed in.
func (w runCounts) unsuccessful() string {
	switch {
	case w.noun == "object" && w.open < w.all:
		return w.of(w.open) + agree(w.open, " needs", " need") + " a look"
	case w.noun == "object":
		return allOf(w.open, w.noun) + agree(w.open, " needs", " need") + " a look"
	case w.open < w.all:
		return w.of(w.open) + " did not succeed"
	case w.unknown > 0:
		return w.openAre("known to have succeeded")
	case w.open == 1:
		return "the change did not succeed"
	default:
		return noneOf(w.all, w.noun) + " succeeded"
	}
}

func (w runCounts) overwritten() string {
	if w.open < w.all {
		return w.of(w.open) + agree(w.open, " was", " were") + " overwritten"
	}
	return allOf(w.open, w.noun) + agree(w.open, " was", " were") + " overwritten"
}

// rest ends the verdict with what was left out.
func (w runCounts) rest() string {
	if w.blocked+w.excepted == 0 {
		return "."
	}
	return "; " + w.leftOut("other change") + "."
}

// leftOut says what was blocked and what was excepted: "1 change is blocked and
// 2 changes are excepted".
func (w runCounts) leftOut(noun string) string {
	var parts []string
	if w.blocked > 0 {
		parts = append(parts, isAre(w.blocked, noun)+" blocked")
	}
	if w.excepted > 0 {
		parts = append(parts, isAre(w.excepted, noun)+" excepted")
	}
	return strings.Join(parts, " and ")
}

// others says what became of everything that was not blocked.
func others(r *journal.Result) string {
	switch done, same := r.Totals.Where(isMade), r.Totals.Where(isKept); {
	case done == 0:
		return "everything else is as wanted"
	case same == 0:
		return allOf(done, "other change") + " succeeded"
	default:
		return fmt.Sprintf("%s succeeded, %s already as wanted", words.Count(done, "other change"), wasWere(same, "object"))
	}
}

// planVerdict says what a plan would do, and how many changes are blocked.
func planVerdict(p *plan.Plan) (string, tone) {
	s := p.Summary
	switch {
	case isEmptyUndo(p):
		return "Nothing to revert: the run changed nothing.", good
	case !s.Differs():
		return "Nothing to change. Everything is as wanted.", good
	case s.Writes() == 0:
		return fmt.Sprintf("Nothing can be changed: %s blocked.", isAre(s.Blocked, "change")), plain
	}
	verdict := words.Count(s.Writes(), "change") + touched(p)
	if s.Blocked > 0 {
		verdict += "; " + isAre(s.Blocked, "other change") + " blocked"
	}
	return verdict + ".", plain
}

// auditVerdict never says clean if a partner could not be read, and does not
// count such a partner as different.
func auditVerdict(a *audit.Audit) (string, tone) {
	d, unread := driftOf(a), countUnreadable(a)
	switch news := d.news(a); {
	case d.objects > 0 && unread > 0 && news != "":
		return fmt.Sprintf("Drift: %s not as wanted (%s), and %s could not be read.", d, d.ofThem(a), words.Count(unread, "partner")), bad
	case d.objects > 0 && unread > 0:
		return fmt.Sprintf("Drift: %s not as wanted, and %s could not be read.", d, words.Count(unread, "partner")), bad
	case d.objects > 0 && news != "":
		return fmt.Sprintf("Drift: %s not as wanted; %s.", d, news), bad
	case d.objects > 0:
		return fmt.Sprintf("Drift: %s not as wanted.", d), bad
	case unread > 0 && len(a.Waived) > 0:
		return fmt.Sprintf("Unknown: %s could not be read. Everything else is as wanted or waived.", words.Count(unread, "partner")), bad
	case unread > 0:
		return fmt.Sprintf("Unknown: %s could not be read. Everything else is as wanted.", words.Count(unread, "partner")), bad
	case len(a.Waived) > 0:
		return fmt.Sprintf("Clean: %s as wanted; %s waived.", isAre(a.Totals.OK, "object"), isAre(len(a.Waived), "finding")), good
	default:
		return fmt.Sprintf("Clean: %s as wanted.", isAre(a.Totals.OK, "object")), good
	}
}

// drift counts the objects that are not as wanted, those of them that have news,
// and their partners. The home tenant has its own template.
type drift struct {
	objects, fresh, partners int
	home, isNew, reopened    bool
}

func driftOf(a *audit.Audit) drift {
	var d drift
	type object struct {
		tenant string
		object plan.Object
	}
	objects, partners := map[object]bool{}, map[string]bool{}
	for i := range a.Findings {
		f := &a.Findings[i]
		if f.Kind == audit.Unreadable || isNotice(f) {
			continue
		}
		at := object{strings.ToLower(f.TenantID), f.Object}
		objects[at] = objects[at] || isNews(f)
		d.reopened = d.reopened || f.Reopened
		d.isNew = d.isNew || isNews(f) && !f.Reopened
		if at.tenant == "" {
			d.home = true
		} else {
			partners[at.tenant] = true
		}
	}
	for _, fresh := range objects {
		if d.objects++; fresh {
			d.fresh++
		}
	}
	d.partners = len(partners)
	return d
}

// String is "3 objects of 2 partners are".
func (d drift) String() string {
	var of []string
	if d.partners > 0 {
		of = append(of, words.Count(d.partners, "partner"))
	}
	if d.home {
		of = append(of, "the home tenant")
	}
	return words.Count(d.objects, "object") + " of " + strings.Join(of, " and ") + agree(d.objects, " is", " are")
}

// news says how many of the objects have news: "1 is new". It is empty if no
// earlier audit is known.
func (d drift) news(a *audit.Audit) string {
	switch {
	case !hasNews(a):
		return ""
	case d.fresh == 0:
		return "nothing is new"
	case d.fresh == d.objects:
		return agree(d.fresh, "it is ", "all are ") + d.newWord()
	default:
		return words.Thousands(d.fresh) + agree(d.fresh, " is ", " are ") + d.newWord()
	}
}

// ofThem is news beside partners that could not be read, which may be new as well.
func (d drift) ofThem(a *audit.Audit) string {
	switch {
	case d.fresh > 0:
		return d.news(a)
	case d.objects == 1:
		return "it is not new"
	default:
		return "none of them is new"
	}
}

func (d drift) newWord() string {
	switch {
	case !d.reopened:
		return "new"
	case d.isNew:
		return "new or reopened"
	default:
		return "reopened"
	}
}

// countUnreadable counts the partners that could not be read, each once.
func countUnreadable(a *audit.Audit) int {
	ids := map[string]bool{}
	for i := range a.Findings {
		if f := &a.Findings[i]; f.Kind == audit.Unreadable {
			ids[strings.ToLower(f.TenantID)] = true
		}
	}
	return len(ids)
}

// touched says what the writes of p affect.
func touched(p *plan.Plan) string {
	tenants, template := map[string]bool{}, false
	for i := range p.Changes {
		switch c := &p.Changes[i]; {
		case !c.Writes():
		case c.Object == plan.SyncTemplate:
			template = true
		default:
			tenants[c.Partner.TenantID] = true
		}
	}
	var to []string
	if len(tenants) > 0 {
		to = append(to, words.Count(len(tenants), "partner"))
	}
	if template {
		to = append(to, "the template of the home tenant")
	}
	if len(to) == 0 {
		return ""
	}
	return " to " + strings.Join(to, " and ")
}
