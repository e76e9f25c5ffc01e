package report

import (
	"fmt"
	"iter"

	"bulksync/internal/words"
	"bulksync/plan/audit"
)

// list is a table after the rows of a page.
type list struct {
	ID, Title string
	// Words say what its rows have in common; Detail is the heading of the last
	// column of the bounded tables.
	Words, Detail string
	// Noun is what a row is.
	Noun   string
	NRows  int
	Row    func(i int) row
	Joined func(i int) bool
}

// Number counts the rows in words.
func (l *list) Number() string { return words.Count(l.NRows, l.Noun) }

// rows are all rows of the list.
func (l *list) rows() iter.Seq[row] {
	return func(yield func(row) bool) {
		for i := range l.NRows {
			if !yield(l.Row(i)) {
				return
			}
		}
	}
}

// IsLarge reports whether the browser should lay out only what is in sight.
func (l *list) IsLarge() bool { return l.NRows > htmlLarge }

// auditLists are what an audit tells beside its findings.
func auditLists(a *audit.Audit, notices []int) []list {
	all := []list{
		findingList(a, a.Waived, list{
			ID: "waived", Title: "Waived", Detail: "Present and wanted",
			Words: "These findings are accepted until their waivers expire, and do not count for the result.",
		}),
		findingList(a, a.Fixed, list{
			ID: "fixed", Title: "Fixed", Detail: "What was found",
			Words: "Earlier audits found these. They are gone.",
		}),
		findingList(a, a.Unjudged, list{
			ID: "unjudged", Title: "Not judged", Detail: "What was found",
			Words: "Earlier audits found these, and this one cannot say what became of them: the files do not ask for them any more, their partners are out of scope or could not be read, or something else is wrong in the same place.",
		}),
		findingsAt(a, a.Findings, notices, list{
			ID: "notices", Title: "Notices", Detail: "What is there", Noun: "notice",
			Words: "These are worth knowing, and do not count for the result.",
		}),
		waiverList(a),
	}
	var out []list
	for _, l := range all {
		if l.NRows > 0 {
			out = append(out, l)
		}
	}
	return out
}

// findingList is a list of findings that are not in a.Findings.
func findingList(a *audit.Audit, fs []audit.Finding, l list) list {
	places := make([]int, len(fs))
	for i := range fs {
		places[i] = i
	}
	l.Noun = "finding"
	return findingsAt(a, fs, places, l)
}

// findingsAt completes l to a list of the findings at some places.
func findingsAt(a *audit.Audit, fs []audit.Finding, places []int, l list) list {
	order := findingOrder(fs, places)
	l.NRows = len(order)
	l.Row = func(i int) row { return findingRow(&fs[order[i]], a.CreatedAt) }
	l.Joined = func(i int) bool { return i > 0 && fs[order[i]].TenantID == fs[order[i-1]].TenantID }
	return l
}

// waiverList is the list of waivers that match nothing.
func waiverList(a *audit.Audit) list {
	ws := a.UnusedWaivers
	return list{
		ID: "unused", Title: "Waivers that match nothing", Detail: "Waiver", Noun: "waiver",
		Words: "No finding needs these. Remove their rows" + inFile(a.Waivers) + ".",
		NRows: len(ws), Row: func(i int) row { return waiverRow(&ws[i], a) },
		Joined: func(i int) bool { return i > 0 && ws[i].TenantID == ws[i-1].TenantID },
	}
}

func inFile(f *audit.File) string {
	if f == nil {
		return ""
	}
	return " from " + OneLine(f.Name)
}

func waiverRow(w *audit.Waiver, a *audit.Audit) row {
	r := row{
		Symbol: "o", Action: "unused", Tone: plain, Partner: partner{TenantID: OneLine(w.TenantID)},
		About: "waiver of " + OneLine(w.Finding), Waived: waiverWords(w, a.CreatedAt), Reason: fmt.Sprintf("line %d of the waivers", w.Row),
	}
	if isExpired(w, a.CreatedAt) {
		r.Action, r.Tone = "expired", warn
	}
	if w.TenantID == audit.TemplateTenant {
		r.Partner = partner{}
	}
	if w.Finding == audit.AnyFinding {
		r.About += " finding"
	}
	if w.Property != "" {
		r.About += ", " + OneLine(w.Property)
	}
	return r
}
