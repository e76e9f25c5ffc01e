package evidence

import (
	"cmp"
	"slices"

	"bulksync/plan/audit"
)

// Tell fills in what the manifest says of the audit's findings.
func (m *Manifest) Tell(a *audit.Audit) {
	m.Result, m.Totals = a.Result, a.Totals
	m.News = News{Fixed: len(a.Fixed), Waived: len(a.Waived)}
	counts := map[Count]int{}
	for i := range a.Findings {
		f := &a.Findings[i]
		counts[Count{Kind: f.Kind, State: f.State}]++
		switch {
		case f.State == audit.StateNew:
			m.News.New++
		case f.Reopened:
			m.News.Reopened++
		case f.State == audit.StateContinuing:
			m.News.Continuing++
		}
	}
	m.Findings = []Count{}
	for c, n := range counts {
		c.N = n
		m.Findings = append(m.Findings, c)
	}
	slices.SortFunc(m.Findings, func(x, y Count) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.State, y.State))
	})
}
