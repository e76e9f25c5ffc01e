package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// unreadableWords is the text for a partner that could not be read.
const unreadableWords = "this partner could not be read, so nothing is known about it"

// The states of a finding that are news, as a page names them. Reopened is a state
// of its own there.
const (
	stateNew      = string(audit.StateNew)
	stateReopened = "reopened"
)

// isNewsState reports whether rows of the state are news.
func isNewsState(s string) bool { return s == stateNew || s == stateReopened }

func stateOf(f *audit.Finding) string {
	if f.Reopened {
		return stateReopened
	}
	return string(f.State)
}

// isNews reports whether a reader has not seen the finding before. Without
// earlier audits, that is every finding.
func isNews(f *audit.Finding) bool { return f.State != audit.StateContinuing || f.Reopened }

func isNotice(f *audit.Finding) bool { return f.Severity() == audit.Notice }

// isSyncing reports whether the partner may currently synchronize.
func isSyncing(f *audit.Finding) bool {
	for _, v := range f.Fields {
		if v.Path == desired.PathSyncAllowed && v.Before == true {
			return true
		}
	}
	return false
}

// urgency orders findings: news first, then the most serious, then as they come.
type urgency [3]int

func (u urgency) compare(v urgency) int { return slices.Compare(u[:], v[:]) }

func urgencyOf(f *audit.Finding, i int) urgency {
	known := 1
	if isNews(f) {
		known = 0
	}
	return urgency{known, seriousness(f), i}
}

// seriousness orders findings: partners that synchronize and should not, those
// that could not be read, differences, extra policies that are idle, and what is
// no error.
func seriousness(f *audit.Finding) int {
	switch {
	case f.Kind == audit.Extra && isSyncing(f):
		return 0
	case f.Kind == audit.Unreadable:
		return 1
	case f.Kind == audit.Extra:
		return 3
	case f.Severity() == audit.Error:
		return 2
	default:
		return 4
	}
}

// findingOrder is the order in which pages list the findings at the places of.
// All findings of a partner stand together, and in it those of an object; the
// most urgent of them says where.
func findingOrder(fs []audit.Finding, of []int) []int {
	type object struct {
		tenant string
		object plan.Object
	}
	objectOf := func(f *audit.Finding) object { return object{f.TenantID, f.Object} }
	partners, objects := map[string]urgency{}, map[object]urgency{}
	for _, i := range of {
		f, u := &fs[i], urgencyOf(&fs[i], i)
		if was, ok := partners[f.TenantID]; !ok || u.compare(was) < 0 {
			partners[f.TenantID] = u
		}
		if was, ok := objects[objectOf(f)]; !ok || u.compare(was) < 0 {
			objects[objectOf(f)] = u
		}
	}
	slices.SortFunc(of, func(i, j int) int {
		f, g := &fs[i], &fs[j]
		return cmp.Or(partners[f.TenantID].compare(partners[g.TenantID]),
			objects[objectOf(f)].compare(objects[objectOf(g)]), urgencyOf(f, i).compare(urgencyOf(g, j)))
	})
	return of
}

func partnerFound(f *audit.Finding) partner {
	return partnerOf(plan.Partner{TenantID: f.TenantID, DisplayName: f.DisplayName, DirectoryName: f.DirectoryName, Domain: f.Domain})
}

// findingRow is the row of a finding in an audit that was made at a time.
func findingRow(f *audit.Finding, at time.Time) row {
	r := row{
		Symbol: "~", Action: string(f.Kind), Tone: bad, Line: f.Row,
		Partner: partnerFound(f), Object: OneLine(string(f.Object)), About: aboutOf(f.Object), Fields: comparedOf(f), Note: Clean(f.Note),
		State: OneLine(stateOf(f)), Waived: waiverWords(f.Waiver, at), Edits: editsOf(f),
	}
	if !f.Since.IsZero() {
		r.Since = f.Since.UTC().Format(time.DateOnly)
	}
	switch f.Kind {
	case audit.Missing:
		if r.Symbol = "-"; len(r.Fields) == 0 {
			r.Reason = "it is not there"
		}
	case audit.Extra:
		r.Symbol, r.Tone, r.Reason = "+", warn, "the file does not ask for it"
		if f.Absent {
			r.Reason = "the file says that it must be removed"
		}
	case audit.Unreadable:
		r.Symbol, r.Reason = "?", unreadableWords
		if f.Problem != "" {
			r.Reason += ": " + OneLine(f.Problem)
		}
	case audit.SyncWithoutConsent:
		r.Symbol, r.Tone, r.Reason = "!", warn, "synchronization is allowed, and it cannot work without automatic redemption"
	case audit.ConsentWithoutSync:
		r.Symbol, r.Tone, r.Reason = "i", plain, "invitations are redeemed automatically, and no synchronization is allowed"
	}
	return r
}

// comparedOf formats the properties of a finding: what is there and what the
// file or a rule wants. The file says nothing about what is extra.
func comparedOf(f *audit.Finding) []field {
	wanted := "the file says"
	if f.Kind == audit.SyncWithoutConsent || f.Kind == audit.ConsentWithoutSync {
		wanted = "it has to be"
	}
	out := make([]field, 0, len(f.Fields))
	for _, d := range f.Fields {
		if d.Path == "tenantId" {
			continue
		}
		v := field{Path: OneLine(d.Path), Before: inWords(d.Path, d.Before), Wanted: wanted}
		if d.Before == nil && f.Kind == audit.Missing {
			v.Before = "nothing there"
		}
		if d.After != nil {
			v.After = inWords(d.Path, d.After)
		}
		out = append(out, v)
	}
	return out
}

// inWords says what the value of a switch means: allowed or not.
func inWords(path string, v any) string {
	s, known := switchAt(path)
	switch {
	case known && v == true:
		return s.yes
	case known && v == false:
		return "not " + s.yes
	default:
		return value(v)
	}
}

// waiverWords say who accepts a finding until when, and why.
func waiverWords(w *audit.Waiver, at time.Time) string {
	if w == nil {
		return ""
	}
	said := OneLine(w.Reason)
	if w.Ticket != "" {
		said += " (" + OneLine(w.Ticket) + ")"
	}
	if isExpired(w, at) {
		return fmt.Sprintf("the waiver by %s expired after %s: %s", OneLine(w.Approver), OneLine(w.Expires), said)
	}
	return fmt.Sprintf("waived until %s by %s: %s", OneLine(w.Expires), OneLine(w.Approver), said)
}

// isExpired reports whether a waiver ended before a time.
func isExpired(w *audit.Waiver, at time.Time) bool { return !at.Before(w.Ends()) }

func editsOf(f *audit.Finding) []edit {
	out := make([]edit, 0, len(f.ChangedBy))
	for _, e := range f.ChangedBy {
		by := OneLine(cmp.Or(strings.TrimSpace(e.By), e.ByID, "unknown"))
		if e.App {
			by = "the application " + by
		}
		out = append(out, edit{By: by, At: stamp(e.At), Activity: OneLine(e.Activity), CorrelationID: OneLine(e.CorrelationID)})
	}
	return out
}
