package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/internal/atomicfile"
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
//	.lock                          held by the process that writes here
//
// The first two are the truth; the others are made from them.
type runDir struct {
	path string
	lock *flock.Flock
	// files and folders were made by this process.
	files, folders atomicfile.Created
}

// The files that a run is proved by, and its lock.
const (
	planName    = "plan.json"
	journalName = "journal.jsonl"
	lockName    = ".lock"
)

// undoName is the plan that takes a run back.
const undoName = "undo.json"

func (d *runDir) file(name string) string { return filepath.Join(d.path, name) }

// defaultRunDir names a run by its time and plan.
func defaultRunDir(p *plan.Plan, now time.Time) string {
	short := strings.TrimPrefix(p.Fingerprint, "sha256:")[:12]
	return filepath.Join("bulksync-runs", now.UTC().Format("20060102T150405Z")+"-"+short)
}

// openRunDir returns a folder that a run was made in.
func openRunDir(path string) (*runDir, error) {
	d := &runDir{path: path}
	switch _, err := os.Lstat(d.file(journalName)); {
	case errors.Is(err, fs.ErrPermission):
		return nil, atomicfile.PathError(err)
	case err != nil:
		return nil, hinted(fmt.Errorf("%s is no run folder: it has no %s", path, journalName),
			"name the folder that bulksync apply made, below bulksync-runs")
	}
	return d, nil
}

// load reads the plan and the journal of a run.
func (a *app) load(ctx context.Context, d *runDir) (*plan.Plan, *journal.Log, error) {
	p, err := a.planOf(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	l, err := d.replay(ctx, p)
	return p, l, err
}

// replay reads what came of the plan of a run.
func (d *runDir) replay(ctx context.Context, p *plan.Plan) (*journal.Log, error) {
	return readJournal(ctx, d, func(r io.Reader) (*journal.Log, error) { return journal.Replay(p, r) })
}

// planOf reads the plan of a run.
func (a *app) planOf(ctx context.Context, d *runDir) (*plan.Plan, error) {
	f, err := atomicfile.Open(d.file(planName), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	f.Close()
	p, err := a.readPlan(ctx, d.file(planName))
	if errors.Is(err, plan.ErrAltered) {
		return nil, refused(hintPutBack, "%w", err)
	}
	return p, err
}

// readJournal hands the journal to read, and names it in the error.
func readJournal[T any](ctx context.Context, d *runDir, read func(io.Reader) (*T, error)) (*T, error) {
	f, err := atomicfile.Open(d.file(journalName), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	v, err := read(atomicfile.NewReader(ctx, f))
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return v, nil
}

// reopen opens the journal of a run to go on with it, without the line that was
// torn when the process before died.
func (d *runDir) reopen(l *journal.Log) (*os.File, error) {
	f, err := atomicfile.Open(d.file(journalName), os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(l.Size); err != nil {
		f.Close()
		return nil, atomicfile.PathError(err)
	}
	return f, nil
}

// journalHash identifies a run by its journal.
func (d *runDir) journalHash() (string, error) {
	f, err := atomicfile.Open(d.file(journalName), os.O_RDONLY)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// writeReports writes everything that follows from the plan and the journal.
func (d *runDir) writeReports(p *plan.Plan, r *journal.Result, code int) error {
	o := report.Options{Width: 80, ExitCode: code}
	run := func(f report.Format) func(io.Writer) error {
		return func(w io.Writer) error { return report.Run(w, p, r, f, o) }
	}
	undo := func(w io.Writer) error {
		u, err := d.undoPlan(p, r)
		if err != nil {
			return err
		}
		return u.Encode(w)
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
		{undoName, undo},
	} {
		errs = append(errs, d.write(f.name, f.render))
	}
	return errors.Join(errs...)
}

// write gives one of the run's own files new content. Whatever stands in its
// place is replaced itself: a pipe would keep the writer waiting, a link would
// lead away.
func (d *runDir) write(name string, render func(io.Writer) error) error {
	path := d.file(name)
	err := errors.New("it is a folder")
	if info, _ := os.Lstat(path); info == nil || !info.IsDir() {
		err = atomicfile.Replace(path, render)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, atomicfile.WithoutPath(err))
	}
	return nil
}

// undoPlan is the plan that takes the run back.
func (d *runDir) undoPlan(p *plan.Plan, r *journal.Result) (*plan.Plan, error) {
	hash, err := d.journalHash()
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(d.path) // "." has no name of its own
	if err != nil {
		return nil, err
	}
	return execute.Undo(p, r, filepath.Base(abs), hash)
}
