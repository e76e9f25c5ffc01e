package report

import (
	"fmt"

	"bulksync/plan/audit"
)

// checkAudit refuses totals that do not match the findings, lists that contradict
// each other, and a verdict that does not follow from them.
func checkAudit(a *audit.Audit) error {
	if want := verdictOf(a); a.Result != want {
		return fmt.Errorf("the audit does not add up: it says %q with %d findings", a.Result, len(a.Findings))
	}
	if a.Result == audit.Incomplete {
		return checkNothing(a)
	}
	if err := checkTotals(a); err != nil {
		return err
	}
	if err := checkOnce(a); err != nil {
		return err
	}
	if a.Earlier == nil && len(a.Fixed)+len(a.Unjudged) > 0 {
		return fmt.Errorf("the audit does not add up: it has %d fixed findings and %d that were not judged, and no earlier audit", len(a.Fixed), len(a.Unjudged))
	}
	return checkWaivers(a)
}

// checkNothing refuses an incomplete audit that claims something.
func checkNothing(a *audit.Audit) error {
	if n := len(a.Findings) + len(a.Waived) + len(a.Fixed) + len(a.Unjudged) + len(a.UnusedWaivers); n > 0 || a.Totals != (audit.Totals{}) {
		return fmt.Errorf("the audit does not add up: it is incomplete and claims %d things and totals of %+v", n, a.Totals)
	}
	return nil
}

// checkTotals counts the open and the waived findings again.
func checkTotals(a *audit.Audit) error {
	got := audit.Totals{OK: a.Totals.OK, Waived: len(a.Waived)}
	for i := range a.Findings {
		if n := got.Of(a.Findings[i].Kind); n != nil {
			*n++
		}
	}
	if got != a.Totals {
		return fmt.Errorf("the audit does not add up: its totals say %+v and its findings say %+v", a.Totals, got)
	}
	return nil
}

// checkOnce refuses kinds and states that are unknown, and a finding that is in
// the lists twice.
func checkOnce(a *audit.Audit) error {
	seen := map[string]bool{}
	for _, fs := range [][]audit.Finding{a.Findings, a.Waived, a.Fixed, a.Unjudged} {
		for i := range fs {
			f := &fs[i]
			switch {
			case new(audit.Totals).Of(f.Kind) == nil:
				return fmt.Errorf("the audit does not add up: partner %s has the unknown finding %q", f.TenantID, f.Kind)
			case f.State != "" && f.State != audit.StateNew && f.State != audit.StateContinuing:
				return fmt.Errorf("the audit does not add up: a finding on partner %s has the unknown state %q", f.TenantID, f.State)
			case f.ID != "" && seen[f.ID]:
				return fmt.Errorf("the audit does not add up: it has finding %s twice", f.ID)
			}
			seen[f.ID] = true
		}
	}
	return nil
}

// checkWaivers refuses a waived finding without a waiver that holds, and an open
// one with such a waiver.
func checkWaivers(a *audit.Audit) error {
	for i := range a.Waived {
		if f := &a.Waived[i]; f.Waiver == nil || isExpired(f.Waiver, a.CreatedAt) {
			return fmt.Errorf("the audit does not add up: the %s finding on partner %s is waived, and no waiver holds", f.Kind, f.TenantID)
		}
	}
	for i := range a.Findings {
		if f := &a.Findings[i]; f.Waiver != nil && !isExpired(f.Waiver, a.CreatedAt) {
			return fmt.Errorf("the audit does not add up: the %s finding on partner %s is open, and its waiver holds", f.Kind, f.TenantID)
		}
	}
	return nil
}

// verdictOf is the verdict that an audit's own evidence supports. An audit that
// calls itself incomplete is believed; any other must have read everything. A
// notice counts for nothing.
func verdictOf(a *audit.Audit) audit.Result {
	switch {
	case a.Result == audit.Incomplete || !a.Read.Complete:
		return audit.Incomplete
	case a.Fails(audit.FailOnAny):
		return audit.Drift
	default:
		return audit.Clean
	}
}
