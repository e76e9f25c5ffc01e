package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/audit"
)

// series is a store's audits, each a day after the one before.
type series struct {
	t      testing.TB
	now    time.Time
	newest *audit.Audit
}

func newSeries(t testing.TB) *series { return &series{t: t, now: head.CreatedAt} }

// next adds an audit.
func (s *series) next(d plan.Desired, cur *plan.Current, o audit.Options) *audit.Audit {
	h := head
	h.CreatedAt = s.now
	s.now = s.now.AddDate(0, 0, 1)
	o.News = true
	if o.Earlier = s.newest; o.Earlier != nil {
		o.EarlierLink = &audit.Link{Folder: "earlier"}
	}
	s.newest = audit.Compare(h, audit.Input{}, d, cur, o)
	return s.newest
}

// told are the lists of an audit as news, in one line for each finding.
func told(a *audit.Audit) (lines []string) {
	add := func(what string, list []audit.Finding) {
		for _, f := range list {
			line := fmt.Sprintf("%s%s %s since %s", what, found(f), f.State, f.Since.Format("Jan 2"))
			if f.Reopened {
				line += " reopened"
			}
			lines = append(lines, line)
		}
	}
	add("", a.Findings)
	add("waived: ", a.Waived)
	add("fixed: ", a.Fixed)
	add("unjudged: ", a.Unjudged)
	return lines
}

func (s *series) expect(a *audit.Audit, want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, told(a)); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", a.CreatedAt.Format("Jan 2"), diff)
	}
}

// A finding is new once, continues since its first audit, and is fixed once.
func TestNews(t *testing.T) {
	s := newSeries(t)
	d := wanted(t, fabrikam+",Fabrikam,true,true,,,")
	there := currently(partner(t, fabrikam, syncOn))
	drifted := currently(partner(t, fabrikam, off+","+consents), partner(t, contoso, off))
	s.expect(s.next(d, there, audit.Options{}))
	if s.newest.Earlier != nil {
		t.Error("the first audit has one before it")
	}
	s.expect(s.next(d, drifted, audit.Options{}),
		"changed identitySynchronization false>true new since Nov 22", `extra identitySynchronization "Fabrikam">null false>null new since Nov 22`)
	if s.newest.Earlier == nil || s.newest.Earlier.Folder != "earlier" {
		t.Errorf("the earlier audit is %v", s.newest.Earlier)
	}
	drifted = currently(partner(t, fabrikam, off))
	s.expect(s.next(d, drifted, audit.Options{}),
		"changed identitySynchronization false>true continuing since Nov 22", "changed consent null>true new since Nov 23",
		`fixed: extra identitySynchronization "Fabrikam">null false>null  since Nov 22`)
	s.expect(s.next(d, drifted, audit.Options{}),
		"changed identitySynchronization false>true continuing since Nov 22", "changed consent null>true continuing since Nov 23")
	s.expect(s.next(d, there, audit.Options{}),
		"fixed: changed identitySynchronization false>true  since Nov 22", "fixed: changed consent null>true  since Nov 23")
	s.expect(s.next(d, there, audit.Options{}))
}

// Without a store nothing is known of earlier audits.
func TestNoNewsWithoutAStore(t *testing.T) {
	d := wanted(t, fabrikam+",,true,,,,")
	a := audit.Compare(head, input(d), d, currently(), audit.Options{Earlier: &audit.Audit{Findings: []audit.Finding{{Kind: audit.Extra}}}, EarlierLink: &audit.Link{}})
	if f := a.Findings[0]; f.State != "" || !f.Since.IsZero() || a.Earlier != nil || a.Fixed != nil || a.Unjudged != nil {
		t.Errorf("got %+v", a)
	}
}

// A finding whose waiver has expired is told as reopened once, also if an audit in
// between could not speak of it.
func TestReopenedOnceWhenUnreadable(t *testing.T) {
	s := newSeries(t)
	d, cur := wanted(t, fabrikam+",,true,,,,"), currently(partner(t, fabrikam, off))
	unreadable := partner(t, fabrikam, off)
	unreadable.Problem = "displayName is a number"
	o := audit.Options{Waivers: waivers(t, fabrikam+",changed,,on hold,ada,,2026-11-21")}
	const line = "changed identitySynchronization false>true"
	s.expect(s.next(d, cur, o), "waived: "+line+" new since Nov 21")
	s.expect(s.next(d, cur, o), line+" continuing since Nov 21 reopened")
	s.next(d, currently(unreadable), o)
	s.expect(s.next(d, cur, o), line+" continuing since Nov 21", "fixed: unreadable partner  since Nov 23")
}

// A finding that was waived and is open again is told as reopened, once.
func TestReopenedFindings(t *testing.T) {
	s := newSeries(t)
	d, cur := wanted(t, fabrikam+",,true,,,,"), currently(partner(t, fabrikam, off))
	o := audit.Options{Waivers: waivers(t, fabrikam+",changed,,on hold,ada,,2026-11-22")}
	const line = "changed identitySynchronization false>true"
	s.expect(s.next(d, cur, o), "waived: "+line+" new since Nov 21")
	s.expect(s.next(d, cur, o), "waived: "+line+" continuing since Nov 21")
	s.expect(s.next(d, cur, o), line+" continuing since Nov 21 reopened")
	if !s.newest.Fails(audit.FailOnNew) || s.newest.Findings[0].Waiver == nil {
		t.Error("a finding whose waiver expired is no news")
	}
	s.expect(s.next(d, cur, o), line+" continuing since Nov 21")
	if s.newest.Fails(audit.FailOnNew) {
		t.Error("it is news twice")
	}
	o.Waivers = nil
	s.next(d, cur, audit.Options{Waivers: waivers(t, fabrikam+",any,,on hold,ada,,2027-01-01")})
	s.expect(s.next(d, cur, o), line+" continuing since Nov 21 reopened")
	s.next(d, cur, audit.Options{Waivers: waivers(t, fabrikam+",any,,on hold,ada,,2027-01-01")})
	s.expect(s.next(d, currently(partner(t, fabrikam, syncOn)), o), "fixed: "+line+"  since Nov 21")
}

// What was waived stays so while nothing is known of its partner.
func TestReopenedAfterNothingWasKnown(t *testing.T) {
	s := newSeries(t)
	d, cur := wanted(t, fabrikam+",,true,,,,"), currently(partner(t, fabrikam, off))
	s.next(d, cur, audit.Options{Waivers: waivers(t, fabrikam+",any,,on hold,ada,,2026-11-21")})
	s.next(d, unreadable(t, fabrikam), audit.Options{})
	s.expect(s.next(d, cur, audit.Options{}),
		"changed identitySynchronization false>true continuing since Nov 21 reopened", "fixed: unreadable partner  since Nov 22")
}

// unreadable is a tenant whose only partner could not be read.
func unreadable(t testing.TB, id string) *plan.Current {
	p := partner(t, id, "")
	p.Problem = "displayName is a number"
	return currently(p)
}

// An audit that cannot speak of a finding does not say that it is fixed, and one
// that finds it again does not say that it is new.
func TestWhatCannotBeSaidOfAFinding(t *testing.T) {
	const (
		name    = `changed identitySynchronization "Fabrikam">"Other"`
		first   = ",Other,true,,,,"
		since   = "  since Nov 21"
		missing = "missing identitySynchronization"
		extra   = `extra identitySynchronization "Fabrikam">null false>null`
	)
	file := audit.Options{Scope: audit.ScopeFile}
	template := plan.Desired{Template: wantedTemplate(t, `{"userSyncInbound":{"isSyncAllowed":true}}`)}
	withTemplate := currently(partner(t, fabrikam, syncs))
	withTemplate.Template = &graph.Template{}
	for _, c := range []struct {
		name            string
		row, then       string // the rows of Fabrikam before and now; empty for none
		before, now     string // what is there
		o               audit.Options
		finding, become string
	}{
		{"as wanted now", first, first, syncOn, strings.ReplaceAll(syncOn, `"Fabrikam"`, `"Other"`), audit.Options{}, name, "fixed"},
		{"the file wants what is there", first, ",Fabrikam,true,,,,", syncOn, syncOn, audit.Options{}, name, "fixed"},
		{"the row lets go of the property", first, ",,true,,,,", syncOn, syncOn, audit.Options{}, name, "unjudged"},
		{"the row wants the policy removed", first, ",Other,true,,,absent,", syncOn, "", audit.Options{}, name, "unjudged"},
		{"the row is gone", first, "", syncOn, syncOn, audit.Options{}, name, "unjudged"},
		{"the policy is gone", first, first, syncOn, consents, audit.Options{}, name, "unjudged"},
		{"the partner is gone", first, first, syncOn, "-", audit.Options{}, name, "unjudged"},
		{"trust, and the partner is gone", ",,,true,,,", ",,,true,,,", "", "-", audit.Options{}, "changed consent null>true", "unjudged"},
		{"consent, and the policy is gone", ",,true,true,,,", ",,true,true,,,", syncs, consents, audit.Options{}, "changed consent null>true", "fixed"},
		{"it is there now", ",,true,,,,", ",,true,,,,", consents, syncOn, audit.Options{}, missing + " null>true", "fixed"},
		{"it is there, but differs", ",,true,,,,", ",,true,,,,", "", off, audit.Options{}, missing + " null>true", "fixed"},
		{"the row does not ask for it", ",,true,,,,", ",,,true,,,", "", consents, audit.Options{}, missing + " null>true", "unjudged"},
		{"the row wants it removed", ",,true,,,,", ",,,,,absent,", "", "", audit.Options{}, missing + " null>true", "fixed"},
		{"the row of a missing object is gone", ",,true,,,,", "", "", "", audit.Options{}, missing + " null>true", "unjudged"},
		{"the partner is there now", ",,,,,,", ",,true,,,,", "-", syncOn, audit.Options{}, "missing partner", "fixed"},
		{"the row asks for more than the partner", ",,,,,,", ",,true,,,,", "-", "-", audit.Options{}, "missing partner", "unjudged"},
		{"the row of a missing partner is gone", ",,,,,,", "", "-", "", audit.Options{}, "missing partner", "unjudged"},
		{"an extra policy is removed", "", "", off, "", audit.Options{}, extra, "fixed"},
		{"an extra partner is removed", "", "", off, "-", audit.Options{}, extra, "fixed"},
		{"an extra policy is asked for", "", ",,false,,,,", off, off, audit.Options{}, extra, "fixed"},
		{"an extra policy is out of scope", "", "", off, "", file, extra, "unjudged"},
		{"an extra policy is in scope", "", ",,false,,,,", off, off, file, extra, "fixed"},
		{"sync has consent", ",,true,,,,", ",,true,,,,", syncs, syncOn, audit.Options{}, withoutConsent, "fixed"},
		{"consent is asked for", ",,true,,,,", ",,true,true,,,", syncs, syncs, audit.Options{}, withoutConsent, "unjudged"},
		{"consent is asked for and there", ",,true,,,,", ",,true,true,,,", syncs, syncOn, audit.Options{}, withoutConsent, "fixed"},
		{"sync is asked for", ",,false,,,,", ",,true,,,,", off + "," + consents, off + "," + consents, audit.Options{}, withoutSync, "unjudged"},
		{"consent is off", "", "", consents, "", audit.Options{}, withoutSync, "fixed"},
		{"consent is out of scope", "", "", consents, "", file, withoutSync, "unjudged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSeries(t)
			state := func(row, there string) (plan.Desired, *plan.Current) {
				lines, ps := []string{contoso + ",,,,,,"}, []graph.Partner{partner(t, contoso, "")}
				if row != "" {
					lines = append(lines, fabrikam+row)
				}
				if there != "-" {
					ps = append(ps, partner(t, fabrikam, there))
				}
				return wanted(t, lines...), currently(ps...)
			}
			d, cur := state(c.row, c.before)
			if a := s.next(d, cur, audit.Options{}); !slices.Contains(told(a), c.finding+" new since Nov 21") {
				t.Fatalf("it does not begin with the finding: %v", told(a))
			}
			d, cur = state(c.then, c.now)
			a := s.next(d, cur, c.o)
			var got []string
			for _, line := range told(a) {
				if strings.Contains(line, c.finding) {
					got = append(got, line)
				}
			}
			if diff := cmp.Diff([]string{c.become + ": " + c.finding + since}, got); diff != "" {
				t.Errorf("of %q (-want +got):\n%s", told(a), diff)
			}
		})
	}
	s := newSeries(t)
	s.expect(s.next(template, withTemplate, audit.Options{}), "changed template null>true new since Nov 21")
	s.expect(s.next(wanted(t, fabrikam+",,true,true,,,"), currently(partner(t, fabrikam, syncOn)), audit.Options{}), "unjudged: changed template null>true  since Nov 21")
	template.Template = wantedTemplate(t, `{"templateApplicationLevel":"none"}`)
	withTemplate.Template = &graph.Template{TemplateApplicationLevel: "none"}
	s.expect(s.next(template, withTemplate, audit.Options{})) // told once: the template no longer says it
	template.Template = wantedTemplate(t, `{"userSyncInbound":{"isSyncAllowed":true}}`)
	s.next(template, withTemplate, audit.Options{})
	allowed := true
	withTemplate.Template = &graph.Template{IsSyncAllowed: &allowed}
	s.expect(s.next(template, withTemplate, audit.Options{}), "fixed: changed template null>true  since Nov 24")
}

// What an audit could not speak of is told again as long as that is so, and then
// continues or is fixed. What the file has let go of is told once.
func TestUnjudgedFindings(t *testing.T) {
	const line = "changed identitySynchronization false>true"
	d, cur := wanted(t, fabrikam+",,true,,,,"), currently(partner(t, fabrikam, off))
	s := newSeries(t)
	s.next(d, cur, audit.Options{})
	s.expect(s.next(d, unreadable(t, fabrikam), audit.Options{}), "unreadable partner new since Nov 22", "unjudged: "+line+"  since Nov 21")
	s.expect(s.next(d, unreadable(t, fabrikam), audit.Options{}), "unreadable partner continuing since Nov 22", "unjudged: "+line+"  since Nov 21")
	s.expect(s.next(d, cur, audit.Options{}), line+" continuing since Nov 21", "fixed: unreadable partner  since Nov 22")
	s.next(d, unreadable(t, fabrikam), audit.Options{})
	s.expect(s.next(d, currently(partner(t, fabrikam, syncOn)), audit.Options{}), "fixed: unreadable partner  since Nov 25", "fixed: "+line+"  since Nov 21")

	s = newSeries(t)
	s.next(d, cur, audit.Options{})
	bare := wanted(t, fabrikam+",,,,,,")
	s.expect(s.next(bare, cur, audit.Options{}), "unjudged: "+line+"  since Nov 21")
	s.expect(s.next(bare, cur, audit.Options{}))
	s.expect(s.next(d, cur, audit.Options{}), line+" new since Nov 24")
	s.next(bare, cur, audit.Options{})
	s.expect(s.next(d, cur, audit.Options{}), line+" continuing since Nov 24")
}

// Who changed an object is not carried from an earlier audit, and a time that is
// not known is that of the audit.
func TestWhatIsKeptOfAnEarlierFinding(t *testing.T) {
	d, cur := wanted(t, fabrikam+",,true,,,,", contoso+",,true,,,,"), currently(partner(t, fabrikam, off), partner(t, contoso, off))
	earlier := compared(d, cur) // made without a store
	for i := range earlier.Findings {
		earlier.Findings[i].ChangedBy = []audit.Edit{{By: "ada"}}
		earlier.Findings[i].Reopened = true
	}
	s := newSeries(t)
	s.now, s.newest = s.now.AddDate(0, 0, 7), earlier
	s.expect(s.next(d, currently(partner(t, fabrikam, syncOn), partner(t, contoso, off)), audit.Options{}),
		"changed identitySynchronization false>true continuing since Nov 21", "fixed: changed identitySynchronization false>true  since Nov 21")
	if s.newest.Fixed[0].ChangedBy != nil || s.newest.Fixed[0].TenantID != fabrikam || s.newest.Findings[0].ChangedBy != nil {
		t.Errorf("got %+v", s.newest)
	}
	if earlier.Findings[0].ChangedBy == nil || !earlier.Findings[0].Since.IsZero() {
		t.Error("the earlier audit was altered")
	}
}

// An extra policy that was idle, and that now lets users in, is news again.
func TestAnExtraPolicyThatBeginsToSynchronize(t *testing.T) {
	s := newSeries(t)
	d := wanted(t, fabrikam+",,true,,,,")
	idle := currently(partner(t, fabrikam, syncOn), partner(t, contoso, off))
	busy := currently(partner(t, fabrikam, syncOn), partner(t, contoso, syncOn))
	const before, after = `extra identitySynchronization "Fabrikam">null false>null`, `extra identitySynchronization "Fabrikam">null true>null`
	s.expect(s.next(d, idle, audit.Options{}), before+" new since Nov 21")
	s.expect(s.next(d, idle, audit.Options{}), before+" continuing since Nov 21")
	s.expect(s.next(d, busy, audit.Options{}), after+" new since Nov 23")
	s.expect(s.next(d, busy, audit.Options{}), after+" continuing since Nov 23")
	s.expect(s.next(d, idle, audit.Options{}), before+" continuing since Nov 23")
}

// What could not be read may hide anything, so it never passes for old news.
func TestAnUnreadablePartnerFailsOnNews(t *testing.T) {
	s := newSeries(t)
	d, p := wanted(t, fabrikam+",,true,,,,"), partner(t, fabrikam, off)
	p.Problem = "displayName is a number"
	s.next(d, currently(p), audit.Options{})
	s.expect(s.next(d, currently(p), audit.Options{}), "unreadable partner continuing since Nov 21")
	if !s.newest.Fails(audit.FailOnNew) || s.newest.Fails(audit.FailOnNone) {
		t.Error("nothing is known of a partner, and the audit does not fail")
	}
}
