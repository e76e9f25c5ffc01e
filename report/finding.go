package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"bulksync/plan/audit"
)

// What the formats for machines have in common: which finding comes first, and
// how one reads in plain text.

// mostSerious orders open findings for formats that show only some of them: by
// severity, then what is new, then as the page does.
func mostSerious(fs []audit.Finding) []*audit.Finding {
	out := make([]*audit.Finding, len(fs))
	for i := range fs {
		out[i] = &fs[i]
	}
	slices.SortStableFunc(out, func(a, b *audit.Finding) int {
		return cmp.Or(
			cmp.Compare(severityRank(a), severityRank(b)),
			cmp.Compare(newsRank(a), newsRank(b)),
			cmp.Compare(findingRank(a), findingRank(b)),
		)
	})
	return out
}

func severityRank(f *audit.Finding) int {
	return slices.Index([]audit.Severity{audit.Error, audit.Warning, audit.Notice}, f.Severity())
}

func newsRank(f *audit.Finding) int {
	if isNews(f) {
		return 0
	}
	return 1
}

// isNews reports whether the finding was not open in the earlier audit.
func isNews(f *audit.Finding) bool { return f.State == audit.StateNew || f.Reopened }

// countNews counts the open findings that are news.
func countNews(fs []audit.Finding) (n int) {
	for i := range fs {
		if isNews(&fs[i]) {
			n++
		}
	}
	return n
}

// isRule reports whether findings of the kind need no row: what is there is
// compared with a rule and not with the file.
func isRule(k audit.Kind) bool { return k == audit.SyncWithoutConsent || k == audit.ConsentWithoutSync }

// headline names a finding in a line: what is wrong, with which partner, in which
// object.
func headline(f *audit.Finding) string {
	return fmt.Sprintf("%s: %s, %s", f.Kind, partnerFound(f), OneLine(string(f.Object)))
}

// findingLines are the details of a finding, in lines without control characters,
// and then what else is to be said of it.
func findingLines(f *audit.Finding, more ...string) (lines []string) {
	for _, d := range comparedOf(f) {
		if isRule(f.Kind) {
			d.After = "" // the file says nothing about it
		}
		lines = append(lines, d.String())
	}
	add := func(say bool, format string, args ...any) {
		if say {
			lines = append(lines, fmt.Sprintf(format, args...))
		}
	}
	add(f.Absent, "the file says that it must be removed")
	add(f.Problem != "", "%s", OneLine(f.Problem))
	add(f.Row > 0, "line %d of the input", f.Row)
	add(f.Note != "", "note: %s", OneLine(f.Note))
	for _, e := range f.ChangedBy {
		add(true, "changed by %s at %s: %s (correlation id %s)", OneLine(e.By), stamp(e.At), OneLine(e.Activity), OneLine(e.CorrelationID))
	}
	for _, s := range more {
		add(s != "", "%s", s)
	}
	return lines
}

// openLines are the details of an open finding: since when it is known, and that
// its waiver expired.
func openLines(f *audit.Finding) []string { return findingLines(f, stateWords(f), expiredWords(f)) }

func expiredWords(f *audit.Finding) string {
	if f.Waiver == nil {
		return ""
	}
	return "its waiver has expired: " + waiverWords(f.Waiver)
}

// goneLines are the details of a finding of the earlier audit.
func goneLines(f *audit.Finding) []string { return findingLines(f, sinceWords(f)) }

// waivedLines are the details of a waived finding.
func waivedLines(f *audit.Finding) []string { return findingLines(f, waivedWords(f)) }

// waivedWords say why a finding is waived.
func waivedWords(f *audit.Finding) string {
	if f.Waiver == nil {
		return "waived"
	}
	return waiverWords(f.Waiver)
}

// stateWords says since when an open finding is known.
func stateWords(f *audit.Finding) string {
	switch {
	case f.Reopened:
		return "open again; " + sinceWords(f)
	case f.State == audit.StateContinuing && !f.Since.IsZero():
		return "continuing; " + sinceWords(f)
	default:
		return string(f.State)
	}
}

func sinceWords(f *audit.Finding) string {
	if f.Since.IsZero() {
		return ""
	}
	return "found since " + f.Since.UTC().Format(time.DateOnly)
}

// waiverWords says who accepted a finding, why, and until when.
func waiverWords(w *audit.Waiver) string {
	s := fmt.Sprintf("waived until %s by %s: %s", OneLine(w.Expires), OneLine(w.Approver), OneLine(w.Reason))
	if w.Ticket != "" {
		s += " (" + OneLine(w.Ticket) + ")"
	}
	return s
}
