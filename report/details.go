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
// severity, then what is news, then as a page does.
func mostSerious(fs []audit.Finding) []*audit.Finding {
	out := make([]*audit.Finding, len(fs))
	for i := range fs {
		out[i] = &fs[i]
	}
	slices.SortStableFunc(out, func(f, g *audit.Finding) int {
		return cmp.Or(cmp.Compare(severityRank(f), severityRank(g)), byNews(f, g), cmp.Compare(seriousness(f), seriousness(g)))
	})
	return out
}

func severityRank(f *audit.Finding) int {
	return slices.Index([]audit.Severity{audit.Error, audit.Warning, audit.Notice}, f.Severity())
}

// byNews puts news first.
func byNews(f, g *audit.Finding) int {
	switch {
	case isNews(f) == isNews(g):
		return 0
	case isNews(f):
		return -1
	default:
		return 1
	}
}

// countNew counts the open findings that are known to be new or open again.
func countNew(fs []audit.Finding) (n int) {
	for i := range fs {
		if isNewsState(stateOf(&fs[i])) {
			n++
		}
	}
	return n
}

// headline names a finding in a line: what is wrong, with which partner, in which
// object.
func headline(f *audit.Finding) string {
	who := partnerFound(f)
	who.Directory = "" // it is among the details
	return fmt.Sprintf("%s: %s, %s", f.Kind, who, OneLine(string(f.Object)))
}

// details are what is to be said of a finding in an audit that was made at a time,
// in lines without control characters.
type details func(f *audit.Finding, at time.Time) []string

// openDetails say since when an open finding is known, and that its waiver expired.
func openDetails(f *audit.Finding, at time.Time) []string {
	state := string(f.State)
	switch {
	case f.Reopened:
		state = "open again; " + sinceWords(f)
	case f.State == audit.StateContinuing:
		state = "continuing; " + sinceWords(f)
	}
	return findingDetails(f, state, waiverWords(f.Waiver, at))
}

// goneDetails are those of a finding of the earlier audit.
func goneDetails(f *audit.Finding, _ time.Time) []string { return findingDetails(f, sinceWords(f)) }

// waivedDetails say who accepts a finding, and why.
func waivedDetails(f *audit.Finding, at time.Time) []string {
	return findingDetails(f, waiverWords(f.Waiver, at))
}

// findingDetails are what differs, and then what else is to be said.
func findingDetails(f *audit.Finding, more ...string) (lines []string) {
	for _, d := range comparedOf(f) {
		lines = append(lines, d.String())
	}
	add := func(say bool, format string, args ...any) {
		if say {
			lines = append(lines, fmt.Sprintf(format, args...))
		}
	}
	add(f.Absent, "the file says that it must be removed")
	add(f.Problem != "", "%s", OneLine(f.Problem))
	add(f.DirectoryName+f.Domain != "", "%s", directoryWords("", OneLine(f.DirectoryName), OneLine(f.Domain)))
	add(f.Row > 0, "line %d of the input", f.Row)
	add(f.Note != "", "note: %s", OneLine(f.Note))
	for _, e := range editsOf(f) {
		add(true, "changed by %s at %s: %s (correlation id %s)", e.By, e.At, e.Activity, e.CorrelationID)
	}
	for _, s := range more {
		add(s != "", "%s", s)
	}
	return lines
}

func sinceWords(f *audit.Finding) string {
	if f.Since.IsZero() {
		return "found before"
	}
	return "found since " + f.Since.UTC().Format(time.DateOnly)
}
