package evidence_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph/graphsim"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// history makes a store in which everything that an audit can say is said: news,
// waivers, the template, domains, who changed what, an incomplete audit between.
func history(t testing.TB) *auditor {
	t.Helper()
	a := newAuditor(t, 23)
	a.sim.AddTenant(graphsim.Tenant{TenantID: "90e29127-71ad-49c7-9ce8-db3f41ea06f1", DefaultDomainName: "fabrikam.example"})
	a.csv += "fabrikam.example,Fabrikam,true,,\n"
	a.template = `{"templateApplicationLevel":"newPartners","userSyncInbound":{"isSyncAllowed":true}}`
	a.audit()
	all := a.sim.Partners()
	a.sim.Edit(all[0].TenantID, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("other", false) })
	a.waivers = "tenantId,finding,property,reason,approver,ticket,expires\n" +
		all[3].TenantID + ",any,,known,ada,CHG1,2099-01-01\n" + all[1].TenantID + ",missing,,not there,bob,,2020-01-01\n"
	a.who, a.twice = true, true
	a.audit()
	a.incomplete = true
	a.audit()
	a.incomplete = false
	a.sim.Break(all[5].TenantID, `{"tenantId":"`+all[5].TenantID+`","inboundTrust":7}`)
	a.sim.SetPartner(graphsim.Partner{TenantID: all[6].TenantID, IdentitySynchronization: graphsim.SyncAllowed("Partner 6", true)})
	a.logs = true
	a.audit()
	return a
}

// A store that nobody touched is proved, and so is each audit in it.
func TestAnUntouchedStoreIsProved(t *testing.T) {
	a := history(t)
	s := provenStore(t.Context(), t, a.path, options())
	if verdictOf(s) != evidence.Proved || len(s.Audits) != 4 {
		t.Fatalf("%s", told(s))
	}
	says := told(s)
	for _, want := range []string{
		"the chain holds: each of 4 audits", "it is the same when drawn again", "the audit is incomplete and claims nothing",
		"4 reports: the same when made again", "none is signed", "only the SHA-256 of the newest manifest shows that",
	} {
		if !strings.Contains(says, want) {
			t.Errorf("it does not say %q:\n%s", want, says)
		}
	}
	if last := read(t, a.path, s.Audits[3].Folder, evidence.AuditName); !strings.Contains(last, `"changedBy"`) || !strings.Contains(last, `"unreadable"`) || !strings.Contains(last, `"fixed"`) {
		t.Errorf("the history lacks what it should prove:\n%s", last)
	}
	for _, one := range s.Audits {
		p, err := evidence.ProveAudit(t.Context(), a.path+"/"+one.Folder, options())
		if err != nil || p.Checks.Verdict() != evidence.Proved || p.SHA256 != one.SHA256 {
			t.Errorf("%v %+v", err, p)
		}
	}
}

// What another version rendered in another way was not altered: the findings are
// proved all the same, and the reports are told as what cannot be shown.
func TestAnAuditOfAnotherVersion(t *testing.T) {
	a := newAuditor(t, 5)
	a.tool.Version = "1.0.0"
	a.audit()
	o := options()
	if s := provenStore(t.Context(), t, a.path, o); verdictOf(s) != evidence.Proved {
		t.Errorf("%s", told(s))
	}
	o.Reports = func(f *audit.Audit, m *evidence.Manifest, r []evidence.Request) []evidence.Report {
		return reportsOf(f, m, r)[:2]
	}
	if s := provenStore(t.Context(), t, a.path, o); verdictOf(s) != evidence.Proved || !has(s.Audits[0].Checks, evidence.Outside, "bulksync 1.0.0 made the audit") {
		t.Errorf("%s", told(s))
	}
}

// A store from which all audits were taken is still one.
func TestAStoreWithoutAudits(t *testing.T) {
	a := newAuditor(t, 5)
	l := a.audit()
	if err := os.RemoveAll(filepath.Join(a.path, l.Folder)); err != nil {
		t.Fatal(err)
	}
	if !evidence.IsStore(a.path) {
		t.Error("it is no store any more")
	}
	if s := provenStore(t.Context(), t, a.path, options()); verdictOf(s) != evidence.Altered || !has(s.Checks, evidence.Altered, "it holds no audit") {
		t.Errorf("%s", told(s))
	}
}

// A process that is killed before it draws the page of the store leaves that of the
// audits before. It was not altered, and the next audit draws it again.
func TestThePageOfTheAuditsBefore(t *testing.T) {
	a := newAuditor(t, 5)
	a.audit()
	first := a.audit()
	page := read(t, a.path, evidence.IndexName)
	for range 2 {
		a.audit()
		write(t, page, a.path, evidence.IndexName)
		s := provenStore(t.Context(), t, a.path, options())
		if verdictOf(s) != evidence.NotProved || !has(s.Checks, evidence.NotProved, "it shows the store only up to "+first.Folder) {
			t.Errorf("%s", told(s))
		}
	}
	a.audit()
	if s := provenStore(t.Context(), t, a.path, options()); verdictOf(s) != evidence.Proved {
		t.Errorf("%s", told(s))
	}
}

// The clock may go backwards: the order is that of the chain.
func TestAClockThatGoesBackwardsIsProved(t *testing.T) {
	a := newAuditor(t, 5)
	a.audit()
	a.at = a.at.Add(-24 * time.Hour)
	a.audit()
	if s := provenStore(t.Context(), t, a.path, options()); verdictOf(s) != evidence.Proved {
		t.Errorf("%s", told(s))
	}
}

// has reports whether a check of this status says something.
func has(checks evidence.Checks, status evidence.Status, says string) bool {
	return slices.ContainsFunc(checks, func(c evidence.Check) bool { return c.Status == status && strings.Contains(c.Says, says) })
}

// An audit by itself is proved but for its news, which rests on the audit before.
func TestAnAuditWithoutTheOneBefore(t *testing.T) {
	a := newAuditor(t, 9)
	a.audit()
	l := a.audit()
	alone := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(alone, os.DirFS(filepath.Join(a.path, l.Folder))); err != nil {
		t.Fatal(err)
	}
	p, err := evidence.ProveAudit(t.Context(), alone, options())
	if err != nil {
		t.Fatal(err)
	}
	if p.Checks.Verdict() != evidence.NotProved || !has(p.Checks, evidence.NotProved, "what is new, continuing and fixed: that takes") ||
		!has(p.Checks, evidence.Proved, "computed again") || !has(p.Checks, evidence.Proved, "4 reports") || !has(p.Checks, evidence.Outside, "it was written as "+l.Folder) {
		t.Errorf("%+v", p.Checks)
	}
}

// News since an older audit than the newest is no news, even if it adds up.
func TestNewsBesideAnOlderAudit(t *testing.T) {
	a := newAuditor(t, 9)
	a.audit()
	middle := a.audit()
	manifest := filepath.Join(a.path, middle.Folder, evidence.AuditName)
	text := read(t, manifest)
	write(t, text+" ", manifest) // so that the next audit passes it over
	a.audit()
	write(t, text, manifest)
	s := provenStore(t.Context(), t, a.path, options())
	if verdictOf(s) != evidence.NotProved || !has(s.Audits[2].Checks, evidence.NotProved, "it was not compared with the newest complete audit before it") {
		t.Errorf("%s", told(s))
	}
}

// Where the readings of an audit that reads twice disagree, its claims are not
// proved.
func TestReadingsThatDisagree(t *testing.T) {
	a := newAuditor(t, 9)
	a.twice = true
	a.between = func() { a.sim.RemovePartner(a.sim.Partners()[0].TenantID) }
	a.audit()
	s := provenStore(t.Context(), t, a.path, options())
	if verdictOf(s) != evidence.Altered || !has(s.Audits[0].Checks, evidence.Altered, "nothing should be claimed: the tenant was read twice, and the readings disagree") {
		t.Errorf("%s", told(s))
	}
}

// A store that begins anew after a damaged audit says so, and so does one whose
// oldest audits were taken out.
func TestAChainThatBeginsAnew(t *testing.T) {
	a := newAuditor(t, 5)
	first := a.audit()
	broken := filepath.Join(a.path, first.Folder, evidence.ManifestName)
	text := read(t, broken)
	write(t, "{", broken)
	a.audit()
	write(t, text, broken)
	s := provenStore(t.Context(), t, a.path, options())
	if verdictOf(s) == evidence.Proved || !has(s.Audits[1].Checks, evidence.NotProved, "a new chain begins here") {
		t.Errorf("%s", told(s))
	}
	b := newAuditor(t, 5)
	oldest := b.audit()
	b.audit()
	if err := os.RemoveAll(filepath.Join(b.path, oldest.Folder)); err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Index = nil // it still shows them
	s = provenStore(t.Context(), t, b.path, o)
	if verdictOf(s) != evidence.NotProved || !has(s.Audits[0].Checks, evidence.NotProved, "the audits before it were taken out") {
		t.Errorf("%s", told(s))
	}
}

// A store is proved beside an audit that is being written.
func TestAStoreInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the proof waits a while for the lock
		a := newAuditor(t, 5)
		a.audit()
		b := begun(t, opened(t, a.path))
		p := provenStore(t.Context(), t, a.path, options())
		if verdictOf(p) != evidence.Proved || !has(p.Checks, evidence.Outside, "an audit is being written") || !has(p.Checks, evidence.Outside, "it is being written, or a killed process left it behind") {
			t.Errorf("%s", told(p))
		}
		b.Discard()
	})
}

// A store of a newer version is neither proved nor altered.
func TestAStoreOfANewerVersion(t *testing.T) {
	a := newAuditor(t, 5)
	l := a.audit()
	name := filepath.Join(a.path, l.Folder, evidence.ManifestName)
	write(t, strings.Replace(read(t, name), `"formatVersion": 1`, `"formatVersion": 2`, 1), name)
	if _, err := evidence.ProveStore(t.Context(), a.path, options()); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("got %v", err)
	}
	p, err := evidence.ProveAudit(t.Context(), filepath.Join(a.path, l.Folder), options())
	if err != nil || p.Checks.Verdict() != evidence.NotProved {
		t.Errorf("%v %+v", err, p)
	}
}

// Proving a store changes nothing in it, and ends when it is told to.
func TestProvingAStoreWritesNothing(t *testing.T) {
	a := history(t)
	os.Remove(filepath.Join(a.path, evidence.LockName))
	before := snapshotOf(t, a.path)
	provenStore(t.Context(), t, a.path, options())
	if after := snapshotOf(t, a.path); !reflect.DeepEqual(before, after) {
		t.Error("the store is another one")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := evidence.ProveStore(ctx, a.path, options()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A report that was altered does not keep the findings from being proved, but an
// answer that was altered does.
func TestWhatAnAlteredFileLeavesProved(t *testing.T) {
	a := newAuditor(t, 9)
	l := a.audit()
	for name, computed := range map[string]bool{"audit.md": true, evidence.CSVName: false, "graph/page-0001.json": false, evidence.AuditName: false} {
		file := filepath.Join(a.path, l.Folder, filepath.FromSlash(name))
		text := read(t, file)
		write(t, text+"\n", file)
		checks := provenStore(t.Context(), t, a.path, options()).Audits[0].Checks
		if !has(checks, evidence.Altered, "its size or its sum is another") || has(checks, evidence.Proved, "computed again") != computed || has(checks, evidence.NotProved, "not computed again") == computed {
			t.Errorf("%s: %+v", name, checks)
		}
		write(t, text, file)
	}
}

// A build of the same version may render in another way: a working copy has no
// other name.
func TestAnAuditOfAnotherBuild(t *testing.T) {
	a := newAuditor(t, 5)
	a.audit()
	o := options()
	o.Build = "another"
	o.Reports = func(f *audit.Audit, m *evidence.Manifest, r []evidence.Request) []evidence.Report {
		return reportsOf(f, m, r)[:2]
	}
	o.Index = func(string, []evidence.Entry) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, "another page"); return err }
	}
	if s := provenStore(t.Context(), t, a.path, o); verdictOf(s) != evidence.Proved || !has(s.Checks, evidence.Outside, "drew it") {
		t.Errorf("%s", told(s))
	}
}

// What a system leaves in the folders that it shows is told, and no more: such a
// store was carried about. Anything else by that name is a stranger.
func TestLitterIsNoEvidence(t *testing.T) {
	a := newAuditor(t, 5)
	l := a.audit()
	for _, name := range []string{".DS_Store", filepath.Join(l.Folder, "Thumbs.db"), filepath.Join(l.Folder, "graph", "desktop.ini")} {
		if err := os.WriteFile(filepath.Join(a.path, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := provenStore(t.Context(), t, a.path, options())
	if verdictOf(s) != evidence.Proved || !has(s.Checks, evidence.Outside, "no part of the evidence") || !has(s.Audits[0].Checks, evidence.Outside, "no part of the evidence") {
		t.Errorf("%s", told(s))
	}
	if err := os.Mkdir(filepath.Join(a.path, l.Folder, "graph", ".DS_Store"), 0o700); err != nil {
		t.Fatal(err)
	}
	if s := provenStore(t.Context(), t, a.path, options()); verdictOf(s) != evidence.Altered {
		t.Errorf("%s", told(s))
	}
}
