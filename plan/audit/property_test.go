package audit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

const partners = 3

func tenant(n int) string { return fmt.Sprintf("%08d-aaaa-4bbb-8ccc-000000000001", n) }

// moment is a file, a tenant and options, as an audit finds them.
type moment struct {
	lines   []string
	desired plan.Desired
	current *plan.Current
	options audit.Options
}

// anyMoment draws few states, so that two moments often agree in part.
func anyMoment(t testing.TB) *rapid.Generator[moment] {
	return rapid.Custom(func(rt *rapid.T) moment {
		m := moment{current: currently()}
		m.options.Scope = rapid.SampledFrom([]audit.Scope{audit.ScopeAll, audit.ScopeAll, audit.ScopeFile}).Draw(rt, "scope")
		for n := range partners {
			if row := rapid.SampledFrom([]string{"", "", ",,,,,,", ",A,true,,,,", ",B,true,true,,,", ",,false,,,,", ",,,false,true,,", ",,,,,absent,"}).Draw(rt, "row"); row != "" {
				m.lines = append(m.lines, tenant(n)+row)
			}
			there := rapid.SampledFrom([]string{"-", "?", "", "", "on", "on", "off", "owned"}).Draw(rt, "there")
			if there == "-" {
				continue
			}
			p := partner(t, tenant(n), anyMembers(rt, there))
			if there == "?" {
				p.Problem = "displayName is a number"
			}
			m.current.Partners[p.TenantID] = p
		}
		if m.lines == nil || rapid.IntRange(0, 3).Draw(rt, "template") == 0 {
			m.desired.Template = wantedTemplate(t, rapid.SampledFrom([]string{`{"templateApplicationLevel":"none"}`, `{"userSyncInbound":{"isSyncAllowed":true}}`}).Draw(rt, "template"))
			m.current.Template = &graph.Template{TemplateApplicationLevel: rapid.SampledFrom([]string{"none", "newPartners"}).Draw(rt, "level")}
		}
		if m.lines != nil {
			m.desired.Partners = wanted(t, m.lines...).Partners
		}
		m.options.Waivers = anyWaivers(t, rt)
		return m
	})
}

func anyMembers(rt *rapid.T, there string) string {
	consent := rapid.SampledFrom([]string{"null", "false", "true"}).Draw(rt, "consent")
	list := []string{`"automaticUserConsentSettings":{"inboundAllowed":` + consent + `}`}
	if there == "on" || there == "off" {
		name := rapid.SampledFrom([]string{"A", "B"}).Draw(rt, "name")
		list = append(list, fmt.Sprintf(`"identitySynchronization":{"tenantId":"x","displayName":"%s","userSyncInbound":{"isSyncAllowed":%v}}`, name, there == "on"))
	}
	if there == "owned" {
		list = append(list, `"isServiceProvider":true`)
	}
	return strings.Join(list, ",")
}

func anyWaivers(t testing.TB, rt *rapid.T) *audit.Waivers {
	var lines []string
	for n := range partners {
		w := rapid.SampledFrom([]string{"", "", "any,", "changed,", "changed,name", "unreadable,", "extra,"}).Draw(rt, "waiver")
		if w != "" {
			lines = append(lines, tenant(n)+","+w+",why,ada,,"+rapid.SampledFrom([]string{"2026-11-20", "2026-11-21", "2026-12-31"}).Draw(rt, "expires"))
		}
	}
	if lines == nil {
		return nil
	}
	return waivers(t, lines...)
}

// place says where a finding of an audit is.
func places(a *audit.Audit, id string) (all []string) {
	for name, list := range map[string][]audit.Finding{"open": a.Findings, "waived": a.Waived, "fixed": a.Fixed, "unjudged": a.Unjudged} {
		for _, f := range list {
			if f.ID == id {
				all = append(all, name)
			}
		}
	}
	return all
}

// Every finding of an audit is open or waived, and has an ID of its own that does
// not depend on the order of the rows; the totals count them.
func TestEveryFindingIsOpenOrWaived(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := anyMoment(t).Draw(rt, "moment")
		plain := audit.Compare(head, audit.Input{}, m.desired, m.current, audit.Options{Scope: m.options.Scope})
		a := audit.Compare(head, audit.Input{}, m.desired, m.current, m.options)
		seen := map[string]bool{}
		for _, f := range plain.Findings {
			if at := places(a, f.ID); len(at) != 1 || seen[f.ID] || len(f.ID) != 16 {
				rt.Errorf("%s is at %v", found(f), at)
			}
			seen[f.ID] = true
		}
		if len(a.Findings)+len(a.Waived) != len(plain.Findings) || a.Totals.Waived != len(a.Waived) || a.Totals.OK != plain.Totals.OK {
			rt.Errorf("of %d findings %d are open and %d waived: %+v", len(plain.Findings), len(a.Findings), len(a.Waived), a.Totals)
		}
		sum := a.Totals
		drift := false
		for _, f := range a.Findings {
			*sum.Of(f.Kind)--
			drift = drift || f.Kind != audit.ConsentWithoutSync
		}
		if sum != (audit.Totals{OK: a.Totals.OK, Waived: len(a.Waived)}) || (a.Result == audit.Drift) != drift || (a.Result == audit.Clean) == drift {
			rt.Errorf("%s: the totals %+v leave %+v", a.Result, a.Totals, sum)
		}
		if m.lines != nil {
			m.desired.Partners = wanted(t, rapid.Permutation(m.lines).Draw(rt, "order")...).Partners
			for _, f := range audit.Compare(head, audit.Input{}, m.desired, m.current, audit.Options{Scope: m.options.Scope}).Findings {
				if !seen[f.ID] {
					rt.Errorf("in another order there is %s", found(f))
				}
				delete(seen, f.ID)
			}
			if len(seen) > 0 {
				rt.Errorf("in another order %v are not there", seen)
			}
		}
	})
}

// Every finding of the earlier audit continues, is fixed, or cannot be judged, and
// what is fixed is right. An audit read back from its JSON says the same.
func TestEveryEarlierFindingEndsInOnePlace(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newSeries(t)
		moments := rapid.SliceOfN(anyMoment(t), 2, 4).Draw(rt, "moments")
		earlier := s.next(moments[0].desired, moments[0].current, moments[0].options)
		for _, m := range moments[1:] {
			s.newest = readBack(rt, earlier)
			a := s.next(m.desired, m.current, m.options)
			for _, f := range slices.Concat(earlier.Findings, earlier.Waived) {
				if at := places(a, f.ID); len(at) != 1 {
					rt.Errorf("%s is at %v", found(f), at)
				}
			}
			checkStates(rt, earlier, a)
			for i := range a.Fixed {
				checkFixed(rt, &a.Fixed[i], &m)
			}
			checkUnjudged(rt, earlier, a, &m)
			earlier = a
		}
	})
}

// A finding is reopened if it is open and was waived when it was last found, however
// many audits could not speak of it since.
func TestReopenedIsWhatWasLastWaived(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, last := newSeries(t), map[string]string{} // where each finding was found last
		for _, m := range rapid.SliceOfN(anyMoment(t), 2, 6).Draw(rt, "moments") {
			if s.newest != nil {
				s.newest = readBack(rt, s.newest)
			}
			a := s.next(m.desired, m.current, m.options)
			for _, f := range a.Findings {
				if want := f.State == audit.StateContinuing && last[f.ID] == "waived"; f.Reopened != want {
					rt.Errorf("%s was %q last: reopened %v", found(f), last[f.ID], f.Reopened)
				}
				last[f.ID] = "open"
			}
			for _, f := range a.Waived {
				last[f.ID] = "waived"
			}
		}
	})
}

// readBack is the audit as its JSON says.
func readBack(rt *rapid.T, a *audit.Audit) *audit.Audit {
	text, err := json.Marshal(a)
	if err != nil {
		rt.Fatal(err)
	}
	again, err := audit.Decode(bytes.NewReader(text))
	if err != nil {
		rt.Fatalf("%v in\n%s", err, text)
	}
	if diff := cmp.Diff(a, again); diff != "" {
		rt.Fatalf("read back (-want +got):\n%s", diff)
	}
	return again
}

// checkStates checks the state and the time of each finding.
func checkStates(rt *rapid.T, earlier, a *audit.Audit) {
	known := map[string]audit.Finding{}
	for _, f := range slices.Concat(earlier.Unjudged, earlier.Waived, earlier.Findings) {
		known[f.ID] = f
	}
	for _, f := range slices.Concat(a.Findings, a.Waived) {
		k, continues := known[f.ID]
		begins := f.Kind == audit.Extra && continues && letsIn(&f) && !letsIn(&k) // new, whatever somebody waived
		continues = continues && !begins
		switch {
		case continues && (f.State != audit.StateContinuing || !f.Since.Equal(k.Since)):
			rt.Errorf("%s continues: %s since %s, want %s", found(f), f.State, f.Since, k.Since)
		case !continues && (f.State != audit.StateNew || !f.Since.Equal(a.CreatedAt) || f.Reopened):
			rt.Errorf("%s is new: %s since %s", found(f), f.State, f.Since)
		case f.Reopened && (slices.Contains(places(earlier, f.ID), "open") || slices.Contains(places(a, f.ID), "waived")):
			rt.Errorf("%s is reopened", found(f))
		case slices.Contains(places(earlier, f.ID), "waived") && slices.Contains(places(a, f.ID), "open") && !f.Reopened && !begins:
			rt.Errorf("%s is not reopened", found(f))
		}
	}
	for _, f := range slices.Concat(a.Fixed, a.Unjudged) {
		if k, there := known[f.ID]; !there || !f.Since.Equal(k.Since) || f.State != "" {
			rt.Errorf("%s ends: %q since %s, want %s", found(f), f.State, f.Since, k.Since)
		}
	}
}

// letsIn reports whether the policy that a finding is about let users in.
func letsIn(f *audit.Finding) bool {
	return slices.ContainsFunc(f.Fields, func(d plan.Field) bool { return d.Path == desired.PathSyncAllowed && d.Before == true })
}

// checkFixed checks by what is there that a finding is gone.
func checkFixed(rt *rapid.T, f *audit.Finding, m *moment) {
	p, exists := m.current.Partners[f.TenantID]
	row := rowOf(m, f.TenantID)
	ok := p.Problem == ""
	switch f.Kind {
	case audit.Changed:
		prop := f.Object.Property(f.Fields[0].Path)
		if f.TenantID == "" {
			ok = m.desired.Template != nil && m.desired.Template.Value(prop) != nil && prop.Same(m.desired.Template.Value(prop), prop.Value(nil, m.current.Template))
			break
		}
		ok = ok && row != nil && row.Value(prop) == prop.Value(&p, nil) && row.Value(prop) != nil
	case audit.Missing:
		there := exists && (f.Object != plan.IdentitySynchronization || p.Sync != nil)
		ok = ok && row != nil && (there || row.Absent)
	case audit.Extra:
		ok = ok && (p.Sync == nil || row != nil && !row.Absent)
	case audit.SyncWithoutConsent:
		ok = ok && (p.Sync == nil || !*p.Sync.IsSyncAllowed || p.InboundAllowed != nil && *p.InboundAllowed)
	case audit.ConsentWithoutSync:
		ok = ok && (p.InboundAllowed == nil || !*p.InboundAllowed || p.Sync != nil && *p.Sync.IsSyncAllowed)
	}
	if !ok {
		rt.Errorf("%s is called fixed of %+v with the row %+v", found(*f), p, row)
	}
}

func rowOf(m *moment, id string) *desired.Row {
	if m.desired.Partners == nil {
		return nil
	}
	i := slices.IndexFunc(m.desired.Partners.Rows, func(r desired.Row) bool { return r.TenantID == id })
	if i < 0 {
		return nil
	}
	return &m.desired.Partners.Rows[i]
}

// checkUnjudged checks that an audit has a reason not to judge a finding, and that
// it does not forget one while nothing is known of its partner.
func checkUnjudged(rt *rapid.T, earlier, a *audit.Audit, m *moment) {
	for _, f := range earlier.Unjudged {
		unknown := m.current.Partners[f.TenantID].Problem != "" || f.TenantID != "" && (m.desired.Partners == nil || a.Scope == audit.ScopeFile && rowOf(m, f.TenantID) == nil)
		if at := places(a, f.ID); unknown && len(at) != 1 {
			rt.Errorf("%s is at %v", found(f), at)
		}
	}
	for _, f := range a.Unjudged {
		known := m.current.Partners[f.TenantID].Problem == "" && a.Scope == audit.ScopeAll && m.desired.Partners != nil
		if (f.Kind == audit.Extra || f.Kind == audit.Unreadable) && known {
			rt.Errorf("%s is not judged", found(f))
		}
	}
}
