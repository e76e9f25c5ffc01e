package evidence

import (
	"slices"

	"bulksync/plan/audit"
)

// Summarize copies into the manifest what it says of the audit. A notice is counted
// among the findings, and is no news.
func (m *Manifest) Summarize(a *audit.Audit) {
	m.HomeTenant, m.Result, m.Totals = a.HomeTenant, a.Result, a.Totals
	m.News = News{Fixed: len(a.Fixed), Waived: len(a.Waived)}
	m.Findings = []Count{}
	for i := range a.Findings {
		f := &a.Findings[i]
		switch {
		case f.Severity() == audit.Notice: // no news
		case f.Reopened:
			m.News.Reopened++
		case f.State == audit.StateNew:
			m.News.New++
		default:
			m.News.Continuing++
		}
		m.count(f)
	}
}

// count counts a finding by kind and state.
func (m *Manifest) count(f *audit.Finding) {
	i := slices.IndexFunc(m.Findings, func(c Count) bool { return c.Kind == f.Kind && c.State == f.State })
	if i < 0 {
		i = len(m.Findings)
		m.Findings = append(m.Findings, Count{Kind: f.Kind, State: f.State})
	}
	m.Findings[i].N++
}
