package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"bulksync/execute"
	"bulksync/plan"
	"bulksync/report"
)

// runDir is the folder of one run. Its files:
//
//	plan.json, journal.jsonl       what was to be done, and what came of it
//	outcomes.csv, failed.csv       one line a change; the input's rows that need another run
//	report.md, report.html         for people
//	summary.json                   for machines
//	undo.json                      the plan that takes it back
//
// The first two are the truth; all others are made from them.
type runDir struct {
	path string
	lock *flock.Flock
}

func (d *runDir) file(name string) string { return filepath.Join(d.path, name) }

// defaultRunDir names a run by its time and plan.
func defaultRunDir(p *plan.Plan, now time.Time) string {
	short := strings.TrimPrefix(p.Fingerprint, "sha256:")[:12]
	return filepath.Join("bulksync-runs", now.UTC().Format("20060102T150405Z")+"-"+short)
}

// checkRunDir refuses a folder that somebody uses already.
func checkRunDir(path string) error {
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return pathError(err)
	case len(entries) > 0:
		return refused("name a new folder; to go on with the run in this one: bulksync resume "+path,
			"the run folder %s is not empty", path)
	default:
		return nil
	}
}

// createRunDir makes the folder with the plan and an empty journal in it, or
// leaves nothing behind.
func createRunDir(path string, p *plan.Plan) (*runDir, *os.File, error) {
	_, missing := os.Stat(path)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, nil, pathError(err)
	}
	d := &runDir{path: path}
	if err := d.acquire(); err != nil {
		return nil, nil, err
	}
	journal, err := d.fill(p)
	if err != nil {
		d.release()
		if missing != nil {
			os.RemoveAll(path) // made by this process, which had the lock
		}
		return nil, nil, err
	}
	return d, journal, nil
}

// fill writes the plan, and makes the journal and both their names durable.
func (d *runDir) fill(p *plan.Plan) (*os.File, error) {
	if err := writeFile(d.file("plan.json"), p.Encode); err != nil {
		return nil, err
	}
	journal, err := os.OpenFile(d.file("journal.jsonl"), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, pathError(err)
	}
	if err := syncDir(d.path); err != nil {
		return nil, errors.Join(err, journal.Close())
	}
	return journal, nil
}

// acquire takes the run for this process. The system gives the lock back when
// a process ends, however it ends.
func (d *runDir) acquire() error {
	d.lock = flock.New(d.file(".lock"), flock.SetPermissions(0o600))
	switch ok, err := d.lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("locking %s: %w", d.path, err)
	case !ok:
		return refused("wait for it to end, or stop it", "another process is working on the run %s", d.path)
	default:
		return nil
	}
}

func (d *runDir) release() { d.lock.Unlock() }

// syncDir makes the names in a folder durable. Windows has no such call and
// needs none.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return pathError(err)
	}
	defer f.Close()
	return f.Sync()
}

// openRunDir returns a folder that a run was made in.
func openRunDir(path string) (*runDir, error) {
	d := &runDir{path: path}
	if _, err := os.Stat(d.file("journal.jsonl")); err != nil {
		return nil, hinted(fmt.Errorf("%s is no run folder: it has no journal.jsonl", path),
			"name the folder that bulksync apply made, below bulksync-runs")
	}
	return d, nil
}

// load reads the plan and the journal of a run.
func (a *app) load(path string) (*runDir, *plan.Plan, *execute.Log, error) {
	d, err := openRunDir(path)
	if err != nil {
		return nil, nil, nil, err
	}
	p, err := a.readPlan(d.file("plan.json"))
	if err != nil {
		return nil, nil, nil, err
	}
	l, err := readJournal(d, func(f *os.File) (*execute.Log, error) { return execute.Replay(p, f) })
	return d, p, l, err
}

// readJournal hands the journal to read, and names it in the error.
func readJournal[T any](d *runDir, read func(*os.File) (*T, error)) (*T, error) {
	f, err := os.Open(d.file("journal.jsonl"))
	if err != nil {
		return nil, pathError(err)
	}
	defer f.Close()
	v, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return v, nil
}

// reopen opens the journal of a run to go on with it, without the line that was
// torn when the process before died.
func (d *runDir) reopen(l *execute.Log) (*os.File, error) {
	f, err := os.OpenFile(d.file("journal.jsonl"), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, pathError(err)
	}
	if err := f.Truncate(l.Size); err != nil {
		f.Close()
		return nil, pathError(err)
	}
	return f, nil
}

// journalHash identifies a run by its journal.
func (d *runDir) journalHash() (string, error) {
	f, err := os.Open(d.file("journal.jsonl"))
	if err != nil {
		return "", pathError(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// writeReports writes everything that follows from the plan and the journal.
func (d *runDir) writeReports(p *plan.Plan, r *execute.Result) error {
	o := report.Options{Width: 80, ExitCode: codeOfRun(r)}
	run := func(f report.Format) func(io.Writer) error {
		return func(w io.Writer) error { return report.Run(w, p, r, f, o) }
	}
	undo, err := d.undoPlan(p, r)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range []struct {
		name   string
		render func(io.Writer) error
	}{
		{"outcomes.csv", func(w io.Writer) error { return report.Outcomes(w, p, r) }},
		{"failed.csv", func(w io.Writer) error { return report.FailedRows(w, p, r) }},
		{"report.md", run(report.Markdown)},
		{"report.html", run(report.HTML)},
		{"summary.json", run(report.JSON)},
		{"undo.json", undo.Encode},
	} {
		errs = append(errs, writeFile(d.file(f.name), f.render))
	}
	return errors.Join(errs...)
}

// undoPlan is the plan that takes the run back.
func (d *runDir) undoPlan(p *plan.Plan, r *execute.Result) (*plan.Plan, error) {
	hash, err := d.journalHash()
	if err != nil {
		return nil, err
	}
	return execute.Undo(p, r, filepath.Base(d.path), hash)
}
