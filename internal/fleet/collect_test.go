package fleet_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/internal/fleet"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

var tool = plan.Tool{Name: "bulksync", Version: "2.0.0"}

func collect(t *testing.T, out string, dirs ...string) *fleet.Rollup {
	t.Helper()
	r, err := fleet.Collect(tool, out, dirs)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// states are how far the shards have come.
func states(r *fleet.Rollup) string {
	var all []string
	for i, s := range r.Shards {
		if s.Index != i {
			all = append(all, "?")
		}
		all = append(all, string(s.State))
	}
	return strings.Join(all, " ")
}

// ignored are the reasons for which records have no part.
func ignored(r *fleet.Rollup) string {
	var all []string
	for _, i := range r.Ignored {
		all = append(all, filepath.Base(i.File)+": "+i.Why)
	}
	return strings.Join(all, "\n")
}

// checkEachOnce requires that each tenant of a manifest has one row, and that the
// totals add up to them.
func checkEachOnce(t *testing.T, r *fleet.Rollup, m *fleet.Manifest) {
	t.Helper()
	ids := map[string]string{}
	for _, tenant := range m.Tenants {
		ids[tenant.TenantID] = tenant.Name
	}
	counts := map[fleet.Status]int{}
	for _, row := range r.Rows {
		if ids[row.TenantID] != row.Name || row.Shard != fleet.ShardOf(row.TenantID, len(r.Shards)) {
			t.Errorf("a row of %s, %s, in shard %d", row.Name, row.TenantID, row.Shard)
		}
		delete(ids, row.TenantID)
		counts[row.Status]++
	}
	if len(ids) > 0 || r.Manifest != (fleet.Source{Name: m.Name, SHA256: m.SHA256, Tenants: len(m.Tenants)}) {
		t.Errorf("no row for %v of %v", ids, r.Manifest)
	}
	owned := 0
	for _, s := range r.Shards {
		owned += s.Tenants
	}
	if owned != len(m.Tenants) {
		t.Errorf("the shards have %d tenants", owned)
	}
	for _, s := range fleet.Statuses() {
		if got := *r.Totals.Of(s); got != counts[s] {
			t.Errorf("%d are %s, and the totals say %d", counts[s], s, got)
		}
	}
	if r.ExitCode != fleet.ExitCode(r.Rows) {
		t.Errorf("exit code %d", r.ExitCode)
	}
}

func TestCollect(t *testing.T) {
	dir, m := t.TempDir(), manifestOf(30)
	for i := range 3 {
		write(t, dir, finished(m, i, 3, night.Add(time.Duration(i)*time.Hour)))
	}
	r := collect(t, dir, dir)
	checkEachOnce(t, r, m)
	if r.FormatVersion != 1 || r.Tool != tool || r.Verb != "audit" || r.Run != "" || len(r.Ignored) > 0 || r.ExitCode != 0 || r.Totals.AsWanted != 30 ||
		!r.StartedAt.Equal(night) || !r.FinishedAt.Equal(night.Add(3*time.Hour)) || states(r) != "finished finished finished" || len(r.MissingShards()) != 0 {
		t.Errorf("got %+v", r)
	}
	for i, s := range r.Shards {
		if at := night.Add(time.Duration(i) * time.Hour); !s.StartedAt.Equal(at) || !s.FinishedAt.Equal(at.Add(time.Hour)) {
			t.Errorf("shard %d: %+v", i, s)
		}
	}
	if r.Rows[0].Name != "t0" || r.Rows[0].Page != "tenants/t0/evidence/index.html" || r.Rows[0].Audit.Totals.OK != 7 {
		t.Errorf("got %+v", r.Rows[0])
	}
}

// A shard without a result is named, and its tenants are unknown.
func TestCollectWithoutSomeShards(t *testing.T) {
	dir, m := t.TempDir(), manifestOf(30)
	write(t, dir, finished(m, 0, 3, night), began(m, 2, 3, night.Add(-time.Hour)))
	r := collect(t, dir, dir)
	checkEachOnce(t, r, m)
	if states(r) != "finished missing unfinished" || r.ExitCode != 5 || !r.StartedAt.Equal(night.Add(-time.Hour)) || !r.FinishedAt.Equal(night.Add(time.Hour)) || !r.Shards[1].StartedAt.IsZero() {
		t.Errorf("got %s, %+v", states(r), r)
	}
	if missing := r.MissingShards(); len(missing) != 2 || missing[0].Index != 1 || missing[1].Index != 2 {
		t.Errorf("missing are %+v", missing)
	}
	want := map[int][3]string{
		0: {"as-wanted"},
		1: {"unknown", "shard 1/3 has left no result", "run it with --shard 1/3, or name its folder as well"},
		2: {"unknown", "shard 2/3 began and has not ended", "wait for shard 2/3, or start it again: it goes on where it stopped"},
	}
	for _, row := range r.Rows {
		if got := [3]string{string(row.Status), row.Problem, row.Next}; got != want[row.Shard] || (row.ExitCode == 5) != (row.Shard > 0) {
			t.Errorf("%s of shard %d: %v", row.Name, row.Shard, got)
		}
	}

	alone := t.TempDir()
	write(t, alone, began(m, 0, 1, night))
	r = collect(t, alone, alone)
	checkEachOnce(t, r, m)
	if row := r.Rows[0]; row.Problem != "the run began and has not ended" || row.Next != "wait for it, or start it again: it goes on where it stopped" || r.Totals.Unknown != 30 {
		t.Errorf("got %+v", row)
	}
}

// Records of another run, manifest or number of shards have no part, which is told if
// something is missing.
func TestCollectIgnores(t *testing.T) {
	m, other := manifestOf(12), manifestOf(12)
	other.SHA256 = strings.Repeat("b2", 32)
	renamed := manifestOf(12)
	renamed.Tenants[3].Name = "renamed"
	late := night.Add(24 * time.Hour)
	change := func(r *fleet.Record, do func(*fleet.Record)) *fleet.Record { do(r); return r }
	for _, c := range []struct {
		name   string
		newest *fleet.Record
		old    *fleet.Record
		why    string
		states string
	}{
		{"last night", finished(m, 0, 2, late), finished(m, 1, 2, night), "1-of-2.json: it is of an earlier run, of 2030-01-02 03:00 UTC", "finished missing"},
		{"just too early", finished(m, 0, 2, late), finished(m, 1, 2, late.Add(-12*time.Hour-time.Second)), "1-of-2.json: it is of an earlier run, of 2030-01-02 14:59 UTC", "finished missing"},
		{"just early enough", finished(m, 0, 2, late), finished(m, 1, 2, late.Add(-12*time.Hour)), "", "finished finished"},
		{"a run with a name may be long", change(finished(m, 0, 2, late), func(r *fleet.Record) { r.Run = "a" }), change(finished(m, 1, 2, night), func(r *fleet.Record) { r.Run = "a" }), "", "finished finished"},
		{"another run", change(finished(m, 0, 2, late), func(r *fleet.Record) { r.Run = "a" }), change(finished(m, 1, 2, late), func(r *fleet.Record) { r.Run = "b\n" }), `1-of-2.json: it is of another run, "b\n"`, "finished missing"},
		{"a run without a name", change(finished(m, 0, 2, late), func(r *fleet.Record) { r.Run = "a" }), finished(m, 1, 2, night), "1-of-2.json: it is of a run without a name", "finished missing"},
		{"another manifest", finished(m, 0, 2, late), finished(other, 1, 2, night), "1-of-2.json: it is of another manifest, or of another version of this one", "finished missing"},
		{"other tenants", finished(m, 0, 2, late), finished(renamed, 1, 2, night), "1-of-2.json: it is of another manifest, or of another version of this one", "finished missing"},
		{"another number of shards", finished(m, 0, 2, late), finished(m, 1, 3, night), "1-of-3.json: it is one of 3 shards, not of 2", "finished missing"},
		{"another verb", finished(m, 0, 2, late), change(began(m, 1, 2, night), func(r *fleet.Record) { r.Verb = "plan" }), "1-of-2.json: it is of a fleet plan", "finished missing"},
	} {
		dir := t.TempDir()
		write(t, dir, c.newest, c.old)
		r := collect(t, dir, dir)
		checkEachOnce(t, r, m)
		if got := ignored(r); got != c.why || states(r) != c.states || r.Run != c.newest.Run {
			t.Errorf("%s: got %q, %s", c.name, got, states(r))
		}
	}
}

// A shard that goes on with a run under a corrected manifest keeps the begin of the
// run, and its result is not set aside for that of a shard that began later.
func TestCollectAfterACorrection(t *testing.T) {
	dir, wrong, m := t.TempDir(), manifestOf(20), manifestOf(20)
	wrong.SHA256 = "b2"
	for i, record := range []*fleet.Record{finished(wrong, 1, 2, night.Add(time.Minute)), finished(m, 0, 2, night)} {
		record.Run = "monday"
		record.FinishedAt = night.Add(time.Duration(i+2) * time.Hour)
		write(t, dir, record)
	}
	r := collect(t, dir, dir)
	checkEachOnce(t, r, m)
	if got, want := states(r), "finished missing"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := ignored(r), "1-of-2.json: it is of another manifest, or of another version of this one"; got != want {
		t.Errorf("got %s", got)
	}
}

// If nothing is missing, what earlier runs have left is not worth a word; what cannot
// be read is, and so is another run that began at the same time.
func TestCollectForgetsEarlierRuns(t *testing.T) {
	dir, m := t.TempDir(), manifestOf(9)
	write(t, dir, finished(m, 0, 1, night.Add(time.Hour)), finished(m, 1, 2, night))
	put(t, dir, "7-of-9.json", "broken")
	put(t, dir, "notes.txt", "no record")
	put(t, dir, "0-of-1.lock", "")
	same := finished(m, 0, 3, night.Add(time.Hour))
	write(t, dir, same)
	r := collect(t, dir, dir)
	checkEachOnce(t, r, m)
	want := "7-of-9.json: it is no record of a fleet: "
	if got := ignored(r); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "\n0-of-3.json: it is one of 3 shards, not of 1") || len(r.Ignored) != 2 {
		t.Errorf("got %q", got)
	}
}

// A folder that was named, and of which nothing counts, is told: its tenants would seem
// to be in the roll-up.
func TestCollectForgetsNoFolder(t *testing.T) {
	root, m := t.TempDir(), manifestOf(9)
	other := &fleet.Manifest{Name: "other.yaml", SHA256: strings.Repeat("1", 64), Tenants: []fleet.Tenant{{Name: "x", TenantID: contoso}}}
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	write(t, a, finished(m, 0, 1, night.Add(time.Hour)), finished(m, 1, 2, night))
	write(t, b, finished(other, 0, 1, night))
	r := collect(t, root, a, b)
	checkEachOnce(t, r, m)
	if got := ignored(r); got != "0-of-1.json: it is of another manifest, or of another version of this one" || !strings.HasPrefix(r.Ignored[0].File, b) {
		t.Errorf("got %q", got)
	}
}

// Of two records of a shard, in two folders, the one that finished counts, and then
// the later one.
func TestTwoRecordsOfAShard(t *testing.T) {
	m := manifestOf(9)
	later := night.Add(2 * time.Hour)
	for name, c := range map[string]struct {
		first, second *fleet.Record
		isSecond      bool
	}{
		"both finished":           {finished(m, 0, 2, night), finished(m, 0, 2, later), true},
		"both finished, reversed": {finished(m, 0, 2, later), finished(m, 0, 2, night), false},
		"both alike":              {finished(m, 0, 2, night), finished(m, 0, 2, night), false},
		"one at work":             {finished(m, 0, 2, night), began(m, 0, 2, later), false},
		"one at work, first":      {began(m, 0, 2, later), finished(m, 0, 2, night), true},
		"one at work, before":     {began(m, 0, 2, night), finished(m, 0, 2, later), true},
		"both at work":            {began(m, 0, 2, night), began(m, 0, 2, later), true},
	} {
		root := t.TempDir()
		a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
		write(t, a, c.first)
		write(t, b, c.second, finished(m, 1, 2, night))
		r := collect(t, root, a, b)
		checkEachOnce(t, r, m)
		best, from, worse := c.first, a, b
		if c.isSecond {
			best, from, worse = c.second, b, a
		}
		file := func(dir string) string { return filepath.Join(dir, "shards", "0-of-2.json") }
		want := []fleet.Ignored{{File: file(worse), Why: "there is a newer record of the same shard: " + file(from)}}
		if diff := cmp.Diff(want, r.Ignored); diff != "" || !r.Shards[0].StartedAt.Equal(best.StartedAt) || (r.Shards[0].State == fleet.Finished) == best.FinishedAt.IsZero() {
			t.Errorf("%s: %+v, (-want +got):\n%s", name, r.Shards[0], diff)
		}
	}
}

// The folders of several shards become one page, whose links lead into them. Their
// names mean nothing but themselves.
func TestCollectFromSeveralFolders(t *testing.T) {
	root, m := t.TempDir(), manifestOf(20)
	m.Tenants = m.Tenants[5:]
	names := []string{"[a-z]", "x y%20", "sub/..dir"}
	if runtime.GOOS != "windows" {
		names[1] = "*?"
	}
	var dirs []string
	for i, name := range names {
		dirs = append(dirs, filepath.Join(root, filepath.FromSlash(name)))
		record := finished(m, i, 3, night)
		for j := range record.Rows {
			if j == 0 {
				record.Rows[j].Page = ""
			}
		}
		write(t, dirs[i], record)
	}
	dirs = append(dirs, dirs[0], filepath.Join(dirs[0], ".", "shards", "..")) // named twice
	t.Chdir(root)
	for out, prefix := range map[string]string{root: "", filepath.Join(root, "out"): "../", ".": ""} {
		r := collect(t, out, dirs...)
		checkEachOnce(t, r, m)
		if len(r.Ignored) > 0 || states(r) != "finished finished finished" {
			t.Errorf("got %v, %s", r.Ignored, states(r))
		}
		without := 0
		for _, row := range r.Rows {
			if want := prefix + names[row.Shard] + "/tenants/" + row.Name + "/evidence/index.html"; row.Page == "" {
				without++
			} else if row.Page != want {
				t.Errorf("the page is %q, not %q", row.Page, want)
			}
		}
		if without != 3 {
			t.Errorf("%d rows have no page", without)
		}
	}
}

// The path of a plan is relative to the page too, and the record keeps its own.
func TestCollectPlans(t *testing.T) {
	root, m := t.TempDir(), manifestOf(2)
	record := finished(m, 0, 1, night)
	record.Verb = "plan"
	for i := range record.Rows {
		row := &record.Rows[i]
		row.Status, row.ExitCode = fleet.Differs, 2
		row.Audit, row.Page, row.Plan = nil, "", &fleet.PlanRow{File: "tenants/" + row.Name + "/plan.json", Fingerprint: sum64, Summary: plan.Summary{Create: 1}}
	}
	write(t, filepath.Join(root, "d"), record)
	r := collect(t, root, filepath.Join(root, "d"))
	checkEachOnce(t, r, m)
	if r.Verb != "plan" || r.Rows[0].Plan.File != "d/tenants/t0/plan.json" || r.Rows[0].Plan.Summary.Create != 1 || r.Rows[0].Page != "" {
		t.Errorf("got %+v", r.Rows[0])
	}
}

func TestNothingToCollect(t *testing.T) {
	empty := t.TempDir()
	if _, err := fleet.Collect(tool, empty, []string{empty}); err != fleet.ErrNoRecord && (err == nil || err.Error() != fleet.ErrNoRecord.Error()) {
		t.Errorf("an empty folder: %v", err)
	}
	put(t, empty, "0-of-1.json", "{")
	_, err := fleet.Collect(tool, empty, []string{empty})
	if !errors.Is(err, fleet.ErrNoRecord) || !strings.Contains(err.Error(), filepath.Join(empty, "shards", "0-of-1.json")+": it is no record of a fleet") {
		t.Errorf("a broken record: %v", err)
	}
	good := t.TempDir()
	write(t, good, finished(manifestOf(1), 0, 1, night))
	if _, err := fleet.Collect(tool, good, []string{good, filepath.Join(good, "nowhere")}); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "stat ") {
		t.Errorf("a folder that is not there: %v", err)
	}
	if _, err := fleet.Collect(tool, good, []string{good, file(t)}); err == nil {
		t.Error("a file is no folder")
	}
	odd := t.TempDir()
	if err := os.WriteFile(filepath.Join(odd, "shards"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fleet.Collect(tool, good, []string{good, odd}); err == nil || !strings.HasPrefix(err.Error(), filepath.Join(odd, "shards")+": ") {
		t.Errorf("a file in place of the records: %v", err)
	}
	if os.Geteuid() != 0 && runtime.GOOS != "windows" {
		os.Chmod(filepath.Join(good, "shards"), 0)
		if _, err := fleet.Collect(tool, good, []string{good}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("a folder that may not be read: %v", err)
		}
		os.Chmod(filepath.Join(good, "shards"), 0o700)
	}
}

// The worst comes first: by status, then by what is new, by what is open, by name.
func TestOrderOfRows(t *testing.T) {
	m := &fleet.Manifest{Name: "fleet.yaml", SHA256: sum64}
	r := began(m, 0, 1, night)
	r.FinishedAt = night.Add(time.Hour)
	add := func(name string, status fleet.Status, fresh evidence.News, totals audit.Totals) {
		tenant := fleet.Tenant{Name: name, TenantID: tenantID(len(m.Tenants))}
		m.Tenants = append(m.Tenants, tenant)
		row := auditedRow(tenant, 0)
		row.Status, row.Audit.News, row.Audit.Totals = status, fresh, totals
		switch status {
		case fleet.AsWanted:
		case fleet.Passed:
			row.Audit.Result = audit.Drift
		case fleet.Differs:
			row.Audit.Result, row.ExitCode = audit.Drift, 2
		default:
			row.Audit.Result, row.ExitCode = audit.Incomplete, 5
		}
		if status == fleet.Failed || status == fleet.Unknown {
			row.Audit = nil
		}
		r.Rows = append(r.Rows, row)
	}
	add("n", fleet.AsWanted, evidence.News{}, audit.Totals{OK: 3})
	add("l", fleet.Passed, evidence.News{}, audit.Totals{Extra: 2})
	add("m", fleet.Passed, evidence.News{}, audit.Totals{Extra: 1})
	add("k", fleet.Differs, evidence.News{Continuing: 9, Fixed: 9, Waived: 9}, audit.Totals{OK: 99, Waived: 99, Missing: 1})
	add("j", fleet.Differs, evidence.News{}, audit.Totals{Missing: 2})
	add("i", fleet.Differs, evidence.News{}, audit.Totals{Missing: 2})
	add("h", fleet.Differs, evidence.News{}, audit.Totals{Missing: 1, Changed: 1, Extra: 1, Unreadable: 1, SyncWithoutConsent: 1, ConsentWithoutSync: 1})
	add("g", fleet.Differs, evidence.News{New: 1}, audit.Totals{Missing: 1})
	add("f", fleet.Differs, evidence.News{New: 1, Reopened: 2}, audit.Totals{Missing: 1})
	add("e", fleet.Differs, evidence.News{New: 3}, audit.Totals{Missing: 2})
	add("d", fleet.Incomplete, evidence.News{}, audit.Totals{})
	add("c", fleet.Failed, evidence.News{}, audit.Totals{})
	add("b", fleet.Failed, evidence.News{}, audit.Totals{})
	add("a", fleet.Unknown, evidence.News{}, audit.Totals{})
	r.Manifest = m.Listing()
	dir := t.TempDir()
	write(t, dir, r)
	got := collect(t, dir, dir)
	checkEachOnce(t, got, m)
	var names string
	for _, row := range got.Rows {
		names += row.Name
	}
	if names != "abcdefghijklmn" {
		t.Errorf("got %s", names)
	}
	if want := (fleet.Totals{Unknown: 1, Failed: 2, Incomplete: 1, Differs: 7, Passed: 2, AsWanted: 1}); got.Totals != want || got.ExitCode != 5 {
		t.Errorf("got %+v, exit code %d", got.Totals, got.ExitCode)
	}
}

// Plans are in the order of how much they would do.
func TestOrderOfPlans(t *testing.T) {
	m := manifestOf(4)
	r := finished(m, 0, 1, night)
	r.Verb = "plan"
	for i, summary := range []plan.Summary{{NoOp: 99}, {Blocked: 2}, {Create: 1}, {Update: 2, Delete: 1}} {
		row := &r.Rows[i]
		row.Audit, row.Plan = nil, &fleet.PlanRow{Summary: summary}
		if summary.Differs() {
			row.Status, row.ExitCode = fleet.Differs, 2
		}
	}
	dir := t.TempDir()
	write(t, dir, r)
	var names []string
	for _, row := range collect(t, dir, dir).Rows {
		names = append(names, row.Name)
	}
	if got := strings.Join(names, " "); got != "t3 t1 t2 t0" {
		t.Errorf("got %s", got)
	}
}

func TestExitCode(t *testing.T) {
	for statuses, want := range map[string]int{
		"": 0, "as-wanted passed": 0, "as-wanted differs passed": 2, "differs unknown": 5, "failed": 5, "incomplete differs": 5, "as-wanted failed as-wanted": 5,
	} {
		var rows []fleet.Row
		for status := range strings.FieldsSeq(statuses) {
			rows = append(rows, fleet.Row{Status: fleet.Status(status)})
		}
		if got := fleet.ExitCode(rows); got != want {
			t.Errorf("%s: %d, want %d", statuses, got, want)
		}
	}
}

// The time of a roll-up does not grow with the shards times themselves: each record
// lists all tenants, and which of them are its shard's is not worked out each time.
func TestCollectManyShards(t *testing.T) {
	const shards = 100
	dir, m := t.TempDir(), manifestOf(1000)
	for i := range shards {
		put(t, dir, fmt.Sprintf("%d-of-%d.json", i, shards), edited(t, finished(m, i, shards, night), "", ""))
	}
	at := time.Now()
	r := collect(t, dir, dir)
	took := time.Since(at) // 0.1 s, and far more under the race detector
	checkEachOnce(t, r, m)
	if r.Totals.AsWanted != 1000 || len(r.Ignored) > 0 {
		t.Errorf("got %+v, %v", r.Totals, r.Ignored)
	}
	if took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}
