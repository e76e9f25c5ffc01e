package fleet_test

import (
	"encoding/json"
	"fmt"
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

// night is when most runs begin.
var night = time.Date(2030, 1, 2, 3, 0, 0, 0, time.UTC)

// sum64 is a SHA-256 of nothing in particular.
var sum64 = strings.Repeat("a1", 32)

// manifestOf is a manifest of n tenants.
func manifestOf(n int) *fleet.Manifest {
	return &fleet.Manifest{Name: "fleet.yaml", SHA256: sum64, Tenants: some(n)}
}

// began is the record of a shard of a fleet audit that has begun.
func began(m *fleet.Manifest, index, count int, at time.Time) *fleet.Record {
	return &fleet.Record{
		FormatVersion: 1, Tool: plan.Tool{Name: "bulksync", Version: "1.2.3"}, Verb: "audit", Manifest: m.Listing(),
		Shard: fleet.Shard{Index: index, Count: count}, StartedAt: at, Rows: []fleet.Row{},
	}
}

// finished is the record of a shard that took an hour and found all of its tenants to
// be as wanted.
func finished(m *fleet.Manifest, index, count int, at time.Time) *fleet.Record {
	r := began(m, index, count, at)
	r.FinishedAt = at.Add(time.Hour)
	for _, t := range r.Shard.Of(m.Tenants) {
		r.Rows = append(r.Rows, auditedRow(t, index))
	}
	return r
}

func auditedRow(t fleet.Tenant, shard int) fleet.Row {
	return fleet.Row{
		Name: t.Name, TenantID: t.TenantID, Status: fleet.AsWanted, Shard: shard, StartedAt: night, DurationMs: 1500, Partners: 7,
		Page:  "tenants/" + t.Name + "/evidence/index.html",
		Audit: &fleet.AuditRow{Result: audit.Clean, Totals: audit.Totals{OK: 7}, News: evidence.News{Fixed: 1}, Bundle: "20300102T030000Z-clean", SHA256: sum64},
	}
}

func write(t *testing.T, dir string, records ...*fleet.Record) {
	t.Helper()
	for _, r := range records {
		if err := r.Write(dir); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARecordIsReadAsItWasWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	for i, want := range []*fleet.Record{finished(manifestOf(9), 1, 2, night), began(manifestOf(9), 0, 2, night)} {
		want.Run = []string{"nightly", ""}[i]
		write(t, dir, want)
		got, err := fleet.ReadRecord(dir, want.Shard)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v, (-want +got):\n%s", err, diff)
		}
		if text, _ := os.ReadFile(filepath.Join(dir, "shards", fmt.Sprintf("%d-of-2.json", 1-i))); !strings.HasPrefix(string(text), "{\n  \"formatVersion\": 1,\n") {
			t.Errorf("it is not one member a line: %.60s", text)
		}
	}
	if r, err := fleet.ReadRecord(dir, fleet.WholeFleet); r != nil || err != nil {
		t.Errorf("a record that is not there: %v, %v", r, err)
	}
	if r, err := fleet.ReadRecord(filepath.Join(dir, "nowhere"), fleet.WholeFleet); r != nil || err != nil {
		t.Errorf("a folder that is not there: %v, %v", r, err)
	}
	for path, want := range map[string]os.FileMode{"": os.ModeDir | 0o700, "shards": os.ModeDir | 0o700, "shards/1-of-2.json": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, path)); err != nil || runtime.GOOS != "windows" && info.Mode() != want {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
}

// A folder of records that is a link is not written through.
func TestARecordIsNotWrittenElsewhere(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	_ = os.Symlink(other, filepath.Join(dir, "shards"))
	if _, err := os.Readlink(filepath.Join(dir, "shards")); err != nil {
		t.Skip(err) // Windows asks for a privilege, and Wine makes none although it says so
	}
	err := began(manifestOf(1), 0, 1, night).Write(dir)
	if err == nil || !strings.Contains(err.Error(), "shards is not a folder") {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(other); len(entries) > 0 {
		t.Errorf("%v were written", entries)
	}
	if err := began(manifestOf(1), 0, 1, night).Write(filepath.Join(file(t), "x")); err == nil {
		t.Error("it was written below a file")
	}
}

// file is a file that is no folder.
func file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// edited is a record with one part of its JSON replaced.
func edited(t *testing.T, r *fleet.Record, old, with string) string {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s is not in %s", old, text)
	}
	return strings.Replace(string(text), old, with, 1)
}

// put writes a text in place of a record.
func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "shards"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "shards", name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Records that no shard has written are not read, and the reason is told.
func TestRecordsThatAreNotBelieved(t *testing.T) {
	m := manifestOf(3)
	whole := finished(m, 0, 1, night)
	planned := finished(m, 0, 1, night)
	planned.Verb = "plan"
	for i := range planned.Rows {
		planned.Rows[i].Audit = nil
		planned.Rows[i].Plan = &fleet.PlanRow{File: fmt.Sprintf("tenants/t%d/plan.json", i), Fingerprint: sum64}
	}
	failed := finished(m, 0, 1, night)
	failed.Rows[0] = fleet.Row{Name: "t0", TenantID: tenantID(0), Status: fleet.Failed, Problem: "no", ExitCode: 5}
	const fine = `"as-wanted","shard":0,"startedAt":"2030-01-02T03:00:00Z","durationMs":1500,"partners":7,"exitCode":0,"page":"tenants/t0/evidence/index.html","audit":{"result":`
	for _, c := range []struct {
		name      string
		r         *fleet.Record
		old, with string
		want      string // empty: it is read
	}{
		{"as it is", whole, "", "", ""},
		{"a plan", planned, "", "", ""},
		{"a failure", failed, "", "", ""},
		{"a member of tomorrow", whole, `{"formatVersion":1`, `{"tomorrow":{"x":[]},"formatVersion":1`, ""},
		{"future", whole, `"formatVersion":1`, `"formatVersion":2`, "its format is version 2, and this program reads version 1"},
		{"future of another shape", whole, `"formatVersion":1,"tool":{`, `"formatVersion":2,"tool":[{`, "it is no record of a fleet"},
		{"future with other types", whole, `"formatVersion":1,"tool":{"name":"bulksync","version":"1.2.3"}`, `"formatVersion":2,"tool":7`, "its format is version 2"},
		{"no version", whole, `"formatVersion":1,`, ``, "its format is version 0"},
		{"empty", whole, `{"formatVersion"`, `[{"formatVersion"`, "it is no record of a fleet"},
		{"twice", whole, `{"formatVersion":1`, `{"formatVersion":1,"formatVersion":1`, "it is no record of a fleet"},
		{"twice below", whole, `"status":"as-wanted"`, `"status":"failed","status":"as-wanted"`, "it is no record of a fleet"},
		{"a number for a text", whole, `"verb":"audit"`, `"verb":7`, "it is no record of a fleet"},
		{"no verb", whole, `"verb":"audit"`, `"verb":"apply"`, `it is of a fleet "apply", which this program does not know`},
		{"no start", whole, `"startedAt":"2030-01-02T03:00:00Z","finishedAt"`, `"startedAt":"0001-01-01T00:00:00Z","finishedAt"`, "it does not say of which shard it is, or when it began"},
		{"no shard", whole, `"count":1`, `"count":0`, "it does not say of which shard it is"},
		{"before the first", whole, `"shard":{"index":0`, `"shard":{"index":-1`, "it does not say of which shard it is"},
		{"after the last", whole, `"shard":{"index":0`, `"shard":{"index":1`, "it does not say of which shard it is"},
		{"too many shards", whole, `"count":1`, `"count":10001`, "it does not say of which shard it is"},
		{"another shard", whole, `"count":1`, `"count":10000`, "it is the record of shard 0/10000"},
		{"no tenants", began(manifestOf(0), 0, 1, night), "", "", "it lists no tenant"},
		{"a tenant twice", whole, `{"name":"t1","tenantId":"` + tenantID(1), `{"name":"t1","tenantId":"` + tenantID(0), "it lists tenant t1, 00000000-71ad-49c7-9ce8-db3f41ea06f1, twice"},
		{"a name twice", whole, `{"name":"t1"`, `{"name":"t0"`, "it lists tenant t0, 00000001-71ad-49c7-9ce8-db3f41ea06f1, twice"},
		{"a name that leads outside", whole, `{"name":"t1"`, `{"name":"../t1"`, `it lists a tenant "../t1" with the ID`},
		{"an ID that is none", whole, tenantID(1), "x\\u001b", `it lists a tenant "t1" with the ID "x\x1b", which no manifest can have`},
		{"an ID in upper case", whole, tenantID(1), strings.ToUpper(tenantID(1)), "which no manifest can have"},
		{"results of a shard at work", whole, `"finishedAt":"2030-01-02T04:00:00Z",`, ``, "it has results, and did not finish"},
		{"a result less", func() *fleet.Record { r := finished(m, 0, 1, night); r.Rows = r.Rows[:2]; return r }(), "", "", "its results are not those of the tenants that are its"},
		{"a result twice", func() *fleet.Record { r := finished(m, 0, 1, night); r.Rows[2] = r.Rows[1]; return r }(), "", "", "its results are not those"},
		{"results of a stranger", whole, `"tenants":[{"name":"t0","tenantId":"` + tenantID(0) + `","status"`, `"tenants":[{"name":"t0","tenantId":"` + contoso + `","status"`, "its results are not those"},
		{"results under another name", whole, `"tenants":[{"name":"t0","tenantId":"` + tenantID(0) + `","status"`, `"tenants":[{"name":"tx","tenantId":"` + tenantID(0) + `","status"`, "its results are not those"},
		{"a status that is none", whole, `"as-wanted"`, `"fine"`, "its result for t0 is none that a shard can have"},
		{"the number of another shard", whole, `"status":"as-wanted","shard":0`, `"status":"as-wanted","shard":1`, "its result for t0 is none"},
		{"time that runs backwards", whole, `"durationMs":1500`, `"durationMs":-1`, "its result for t0 is none"},
		{"fewer than no partners", whole, `"partners":7`, `"partners":-7`, "its result for t0 is none"},
		{"fine, and nothing was seen", whole, `"audit":{`, `"x":{`, "its result for t0 is none"},
		{"fine, and it drifted", whole, `"result":"clean"`, `"result":"drift"`, "its result for t0 is none"},
		{"it passes, and it drifted", whole, fine + `"clean","totals":{"ok":7,"missing":0`, `"passed","shard":0,"exitCode":0,"audit":{"result":"drift","totals":{"ok":7,"missing":1`, ""},
		{"it passes, and nothing is missing", whole, fine + `"clean"`, `"passed","shard":0,"exitCode":0,"audit":{"result":"drift"`, "its result for t0 is none"},
		{"it passes, and it was not read", whole, fine + `"clean"`, `"passed","shard":0,"exitCode":0,"audit":{"result":"incomplete"`, "its result for t0 is none"},
		{"it differs", whole, fine + `"clean","totals":{"ok":7,"missing":0`, `"differs","shard":0,"exitCode":2,"audit":{"result":"drift","totals":{"ok":7,"missing":1`, ""},
		{"it differs, and was not read", whole, fine + `"clean","totals":{"ok":7,"missing":0`, `"differs","shard":0,"exitCode":2,"audit":{"result":"incomplete","totals":{"ok":7,"missing":1`, "its result for t0 is none"},
		{"it differs, and is clean", whole, fine + `"clean"`, `"differs","shard":0,"exitCode":2,"audit":{"result":"clean"`, "its result for t0 is none"},
		{"it differs, and exits with 0", whole, fine + `"clean","totals":{"ok":7,"missing":0`, `"differs","shard":0,"exitCode":0,"audit":{"result":"drift","totals":{"ok":7,"missing":1`, "its result for t0 is none"},
		{"it failed, and exits with 0", failed, `"exitCode":5`, `"exitCode":0`, "its result for t0 is none"},
		{"it failed, and was audited", whole, fine, `"failed","shard":0,"exitCode":5,"audit":{"result":`, "its result for t0 is none"},
		{"it was refused", failed, `"exitCode":5`, `"exitCode":4`, ""},
		{"fine, and exits with 5", whole, `"exitCode":0`, `"exitCode":5`, "its result for t0 is none"},
		{"fine, and something is missing", whole, `"missing":0`, `"missing":1`, "its result for t0 is none"},
		{"fine, and of no account", whole, `"consentWithoutSync":0`, `"consentWithoutSync":1`, ""},
		{"fewer than none as wanted", whole, `"ok":7`, `"ok":-7`, "its result for t0 is none"},
		{"fewer than none new", whole, `"new":0`, `"new":-1`, "its result for t0 is none"},
		{"a plan that writes", planned, `"create":0`, `"create":1`, "its result for t0 is none"},
		{"a plan that is blocked", planned, `"blocked":0`, `"blocked":1`, "its result for t0 is none"},
		{"a plan that undoes more than all", planned, `"create":0,"update":0`, `"create":1,"update":-1`, "its result for t0 is none"},
		{"a plan that changes nothing", planned, `"as-wanted","shard":0`, `"differs","shard":0`, "its result for t0 is none"},
		{"an end before the beginning", whole, `"finishedAt":"2030-01-02T04`, `"finishedAt":"2030-01-02T02`, "it ended before it began"},
		{"a result that is none", whole, `"result":"clean"`, `"result":"perfect"`, "its result for t0 is none"},
		{"a bundle elsewhere", whole, `"bundle":"`, `"bundle":"../`, "its result for t0 is none"},
		{"a bundle that is the store", whole, `"bundle":"20300102T030000Z-clean"`, `"bundle":".."`, "its result for t0 is none"},
		{"no bundle", whole, `"bundle":"20300102T030000Z-clean"`, `"bundle":""`, ""},
		{"an audit of a plan", planned, `"verb":"plan"`, `"verb":"audit"`, "its result for t0 is none"},
		{"a plan of an audit", whole, `"verb":"audit"`, `"verb":"plan"`, "its result for t0 is none"},
		{"a plan elsewhere", planned, `"file":"tenants/t0/`, `"file":"tenants/t1/`, "its result for t0 is none"},
		{"a page outside", whole, `"page":"tenants/t0/evidence`, `"page":"tenants/t0/../../..`, "its result for t0 is none"},
		{"a page of another tenant", whole, `"page":"tenants/t0`, `"page":"tenants/t1`, "its result for t0 is none"},
		{"a page that is a script", whole, `"page":"tenants/t0`, `"page":"javascript:alert(1)//`, "its result for t0 is none"},
		{"a page anywhere", whole, `"page":"tenants/t0`, `"page":"/etc`, "its result for t0 is none"},
		{"a page that is the folder", whole, `"page":"tenants/t0/evidence/index.html"`, `"page":"tenants/t0"`, "its result for t0 is none"},
		{"no page", whole, `"page":"tenants/t0/evidence/index.html",`, ``, ""},
	} {
		dir := t.TempDir()
		put(t, dir, "0-of-1.json", edited(t, c.r, c.old, c.with))
		r, err := fleet.ReadRecord(dir, fleet.WholeFleet)
		if c.want == "" && (err != nil || r == nil) || c.want != "" && (r != nil || err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// Files that are no text of a record, or no files, are told as such.
func TestFilesThatAreNoRecords(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "shards", "0-of-1.json")
	for text, want := range map[string]string{"": "it is no record of a fleet", "{": "it is no record", "{}{}": "it is no record", "\xff": "it is no record", "null": "its format is version 0"} {
		put(t, dir, "0-of-1.json", text)
		if _, err := fleet.ReadRecord(dir, fleet.WholeFleet); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := os.Truncate(path, 64<<20+1); err != nil {
		t.Fatal(err)
	}
	if _, err := fleet.ReadRecord(dir, fleet.WholeFleet); err == nil || !strings.Contains(err.Error(), "it is too large for a record of a fleet") {
		t.Errorf("huge: %v", err)
	}
	os.Remove(path)
	os.Mkdir(path, 0o700)
	if _, err := fleet.ReadRecord(dir, fleet.WholeFleet); err == nil || !strings.Contains(err.Error(), "is a folder, not a file") {
		t.Errorf("a folder: %v", err)
	}
	os.Remove(path)
	other := t.TempDir()
	write(t, other, finished(manifestOf(1), 0, 1, night))
	_ = os.Symlink(filepath.Join(other, "shards", "0-of-1.json"), path)
	if _, err := os.Readlink(path); err != nil {
		t.Skip(err) // Windows asks for a privilege, and Wine makes none although it says so
	}
	if _, err := fleet.ReadRecord(dir, fleet.WholeFleet); err == nil || !strings.Contains(err.Error(), "is a link, not a file") {
		t.Errorf("a link: %v", err)
	}
}

// The names in a folder are part of the format.
func TestNamesInAFolder(t *testing.T) {
	if got := [...]string{fleet.RollupName, fleet.IndexName, fleet.JUnitName, fleet.LockName}; got != [...]string{"fleet.json", "index.html", "junit.xml", ".lock"} {
		t.Errorf("got %v", got)
	}
	if got, want := fleet.TenantDir("d", "contoso"), filepath.Join("d", "tenants", "contoso"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
