package rundir_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/graph"
	"bulksync/internal/atomicfile"
	"bulksync/plan"
)

const home = "11111111-1111-4111-8111-111111111111"

// emptyPlan is a plan without a change, and its bytes.
func emptyPlan(t *testing.T) (*plan.Plan, []byte) {
	t.Helper()
	at := time.Date(2026, 11, 21, 20, 12, 0, 0, time.UTC)
	p, err := plan.Build(plan.Head{
		Tool: plan.Tool{Name: "bulksync", Version: "1"}, CreatedAt: at,
		HomeTenant: graph.HomeTenant{ID: home, Cloud: graph.Global, GraphURL: graph.Global.RootURL()},
	}, plan.Desired{}, &plan.Current{Read: plan.Read{Pages: 1, Complete: true}})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return p, b.Bytes()
}

// begun is the folder of a run that has begun: its journal has one entry. Its
// lock is free.
func begun(t *testing.T) (*rundir.Dir, *plan.Plan) {
	t.Helper()
	p, raw := emptyPlan(t)
	d, file, err := rundir.Create(filepath.Join(t.TempDir(), "runs", "run"), bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Release()
	defer file.Close()
	begin(t, journal.New(file, ""), p)
	return d, p
}

// begin writes the entry with which a run begins.
func begin(t *testing.T, w *journal.Writer, p *plan.Plan) {
	t.Helper()
	err := w.Add(journal.Entry{Run: &journal.Run{
		RunID: "r", FormatVersion: journal.FormatVersion, PlanFingerprint: p.Fingerprint, HomeTenant: p.HomeTenant,
	}}).Wait(func() {})
	if err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDefault(t *testing.T) {
	p := &plan.Plan{Fingerprint: "sha256:0123456789abcdef"}
	got := rundir.Default(p, time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)))
	if want := filepath.Join("bulksync-runs", "20260102T020405Z-0123456789ab"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A new run has its plan unchanged and an empty journal, both readable by their
// owner alone, and no other process may continue it until it is released.
func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs", "run")
	d, file, err := rundir.Create(path, strings.NewReader("a plan"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got := names(t, path); !slices.Equal(got, []string{rundir.LockName, rundir.JournalName, rundir.PlanName}) {
		t.Errorf("the folder holds %q", got)
	}
	for name, want := range map[string]string{rundir.PlanName: "a plan", rundir.JournalName: ""} {
		text, err := os.ReadFile(d.File(name))
		info, errStat := os.Stat(d.File(name))
		if err != nil || errStat != nil || string(text) != want || runtime.GOOS != "windows" && info.Mode() != 0o600 {
			t.Errorf("%s holds %q with mode %v: %v", name, text, info.Mode(), err)
		}
	}
	if rundir.Begun(path) {
		t.Error("a run without an entry has begun")
	}
	if d.Path() != path {
		t.Errorf("its path is %s", d.Path())
	}
	other, err := rundir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Lock(); !errors.Is(err, rundir.ErrBusy) || err.Error() != "another process is working on the run in "+path {
		t.Errorf("locked twice: %v", err)
	}
	d.Release()
	if err := other.Lock(); err != nil {
		t.Error(err)
	}
	other.Release()
}

// A folder in use is refused before and under the lock, and its content stays.
func TestAFolderInUse(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, rundir.PlanName), "theirs")
	write(t, filepath.Join(dir, rundir.JournalName), "theirs")
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := rundir.Check(dir); !errors.Is(err, rundir.ErrNotEmpty) || err.Error() != "the run folder "+dir+" is not empty" {
		t.Errorf("got %v", err)
	}
	if _, _, err := rundir.Create(dir, strings.NewReader("ours")); !errors.Is(err, rundir.ErrNotEmpty) {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{rundir.PlanName, rundir.JournalName} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(text) != "theirs" {
			t.Errorf("%s is %q: %v", name, text, err)
		}
	}
	if got := names(t, dir); len(got) != 2 {
		t.Errorf("the folder holds %q", got)
	}
	if !rundir.Begun(dir) {
		t.Error("a journal with text has not begun")
	}
	if err := rundir.Check(filepath.Join(dir, rundir.PlanName)); err == nil || errors.Is(err, rundir.ErrNotEmpty) {
		t.Errorf("a file: %v", err)
	}
	if err := rundir.Check(filepath.Join(dir, "new")); err != nil {
		t.Errorf("a new folder: %v", err)
	}
}

// What a process left when it died before its run began does not get in the
// way, and the next one removes it.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, rundir.LockName), "")
	write(t, filepath.Join(dir, ".bulksync-1"), "half a pl")
	if err := os.Mkdir(filepath.Join(dir, ".bulksync-2"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := rundir.Check(dir); err != nil {
		t.Fatal(err)
	}
	d, file, err := rundir.Create(dir, strings.NewReader("a plan"))
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	d.Release()
	if got := names(t, dir); !slices.Equal(got, []string{".bulksync-2", rundir.LockName, rundir.JournalName, rundir.PlanName}) {
		t.Errorf("the folder holds %q", got)
	}
}

// A run that cannot begin leaves neither files nor folders behind.
func TestCreateOrNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run")
	if err := os.MkdirAll(filepath.Join(path, rundir.LockName), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := rundir.Create(path, strings.NewReader("a plan")); !errors.As(err, new(*atomicfile.KindError)) {
		t.Errorf("a folder for the lock: %v", err)
	}
	if got := names(t, path); !slices.Equal(got, []string{rundir.LockName}) {
		t.Errorf("the folder holds %q", got)
	}
	write(t, filepath.Join(dir, "file"), "")
	if _, _, err := rundir.Create(filepath.Join(dir, "file", "run"), strings.NewReader("")); err == nil {
		t.Error("a run was made below a file")
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	if _, err := rundir.Open(dir); !errors.Is(err, rundir.ErrNotARun) || err.Error() != dir+" is not a run folder: it has no journal.jsonl" {
		t.Errorf("got %v", err)
	}
	if rundir.Begun(dir) {
		t.Error("a run without a journal has begun")
	}
}

// Several processes may read a run, and none continues it meanwhile; a process
// that continues it has it alone.
func TestManyMayLook(t *testing.T) {
	first, _ := begun(t)
	second, err := rundir.Open(first.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(first.Share(), second.Share()); err != nil {
		t.Fatal(err)
	}
	first.Release()
	if err := first.Lock(); !errors.Is(err, rundir.ErrBusy) {
		t.Errorf("continued a run that is being read: %v", err)
	}
	second.Release()
	if err := first.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := second.Share(); !errors.Is(err, rundir.ErrBusy) {
		t.Errorf("read a run that is being continued: %v", err)
	}
	first.Release()
	first.Release() // once too often does no harm
}

// Who looks has the run alone for a moment, and is not taken for who goes on
// with it.
func TestALookIsNotARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, _ := begun(t)
		second, err := rundir.Open(first.Path())
		if err == nil {
			err = first.Lock()
		}
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(30 * time.Millisecond)
			first.Release()
		}()
		if err := second.Share(); err != nil {
			t.Error(err)
		}
		second.Release()
	})
}

// What is read is proved, and an error names the file.
func TestReading(t *testing.T) {
	d, p := begun(t)
	got, err := d.Plan(t.Context())
	if err != nil || got.Fingerprint != p.Fingerprint {
		t.Fatalf("plan %v: %v", got, err)
	}
	last, err := d.LastSession(t.Context())
	if err != nil || last.RunID != "r" {
		t.Errorf("last session %+v: %v", last, err)
	}
	log, err := d.Journal(t.Context(), p)
	if err != nil || log.Session().RunID != "r" {
		t.Errorf("journal %+v: %v", log, err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	stop(enough)
	if _, err := d.Journal(ctx, p); err != enough {
		t.Errorf("after its end: %v", err)
	}
	text, err := os.ReadFile(d.File(rundir.PlanName))
	if err != nil {
		t.Fatal(err)
	}
	write(t, d.File(rundir.PlanName), strings.Replace(string(text), home, "2"+home[1:], 1))
	if _, err := d.Plan(t.Context()); !errors.Is(err, plan.ErrAltered) || !strings.HasPrefix(err.Error(), d.File(rundir.PlanName)+": ") {
		t.Errorf("an altered plan: %v", err)
	}
	os.Remove(d.File(rundir.PlanName))
	if _, err := d.Plan(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no plan: %v", err)
	}
}

// A run continues after its last whole line.
func TestReopen(t *testing.T) {
	d, p := begun(t)
	whole, err := os.ReadFile(d.File(rundir.JournalName))
	if err != nil {
		t.Fatal(err)
	}
	write(t, d.File(rundir.JournalName), string(whole)+`{"torn":`)
	log, err := d.Journal(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	file, err := d.Reopen(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if text, err := os.ReadFile(d.File(rundir.JournalName)); err != nil || !bytes.Equal(text, whole) {
		t.Errorf("the journal is %q: %v", text, err)
	}
	err = journal.New(file, log.LastSum()).Add(journal.Entry{End: &journal.End{}}).Wait(func() {})
	if err != nil {
		t.Fatal(err)
	}
	if log, err := d.Journal(t.Context(), p); err != nil || !log.Ended() {
		t.Errorf("what was added does not follow: %v", err)
	}
	if err := errors.Join(file.Close(), os.Remove(d.File(rundir.JournalName))); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Reopen(log); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a journal that is gone: %v", err)
	}
}

func TestIdentity(t *testing.T) {
	d, _ := begun(t)
	text, err := os.ReadFile(d.File(rundir.JournalName))
	if err != nil {
		t.Fatal(err)
	}
	want := sha256.Sum256(text)
	t.Chdir(d.Path())
	here, err := rundir.Open(".")
	if err != nil {
		t.Fatal(err)
	}
	name, sum, err := here.Identity()
	if err != nil || name != "run" || sum != hex.EncodeToString(want[:]) {
		t.Errorf("%s, %s: %v", name, sum, err)
	}
}

// If one report cannot be written, the others are written all the same, and
// none is written through a link.
func TestWriteReports(t *testing.T) {
	d, _ := begun(t)
	outside := filepath.Join(t.TempDir(), "outside")
	write(t, outside, "theirs")
	if err := errors.Join(os.Mkdir(d.File("folder"), 0o700), os.Symlink(outside, d.File("link"))); err != nil {
		t.Skip(err)
	}
	says := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	fault := errors.New("no words")
	err := d.WriteReports([]rundir.Report{
		{"broken", func(io.Writer) error { return fault }}, {"folder", says("x")}, {"link", says("ours")}, {"plain", says("whole")},
	})
	want := "writing " + d.File("broken") + ": no words\nwriting " + d.File("folder") + ": it is a folder"
	if err == nil || err.Error() != want || !errors.Is(err, fault) {
		t.Errorf("got %v, want %s", err, want)
	}
	for path, want := range map[string]string{outside: "theirs", d.File("link"): "ours", d.File("plain"): "whole"} {
		if text, err := os.ReadFile(path); err != nil || string(text) != want {
			t.Errorf("%s holds %q: %v", path, text, err)
		}
	}
	if err := d.WriteReports(nil); err != nil {
		t.Error(err)
	}
}

// All that a run leaves is for its owner alone, by modes or by access lists.
func TestARunIsPrivate(t *testing.T) {
	d, _ := begun(t)
	text := func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }
	err := errors.Join(
		d.Keep([]rundir.Decision{{Name: "ada.json", Text: []byte("{}"), Signature: []byte("by ada")}}),
		d.WriteReports([]rundir.Report{{Name: "report.html", Render: text}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = filepath.WalkDir(filepath.Dir(d.Path()), func(path string, _ fs.DirEntry, err error) error {
		if seen++; err == nil && !atomicfile.IsPrivate(path) {
			t.Errorf("others can read %s", path)
		}
		return err
	})
	if err != nil || seen != 9 {
		t.Errorf("looked at %d files and folders: %v", seen, err)
	}
}
