package rundir

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

	"bulksync/execute/journal"
	"bulksync/internal/atomicfile"
	"bulksync/plan"
)

// The files that prove a run, and its lock.
const (
	PlanName    = "plan.json"
	JournalName = "journal.jsonl"
	LockName    = ".lock"
)

// RunsName is the folder in which runs are created unless another place is named.
const RunsName = "bulksync-runs"

// Proofs are the names of the files that no output may replace.
func Proofs() []string { return []string{PlanName, JournalName, LockName} }

// The errors of this package, besides those of the system, of atomicfile (a
// KindError if one of the files is something else, an UnsafeError if other users
// could replace them) and of plan and journal.
var (
	// ErrNotARun: no run was made in the folder.
	ErrNotARun = errors.New("is not a run folder")
	// ErrNotEmpty: the folder for a new run holds files already.
	ErrNotEmpty = errors.New("is not empty")
	// ErrBusy: another process is continuing the run, or reading it while this
	// one wants to continue it.
	ErrBusy = errors.New("another process is working on the run")
)

// Dir is the folder of one run. It is for one goroutine, except for Journal.
type Dir struct {
	path string
	lock *flock.Flock
	// files and folders were created by this process.
	files, folders atomicfile.Created
}

// Path is the folder as the caller named it.
func (d *Dir) Path() string { return d.path }

// File is the path of one of the run's files.
func (d *Dir) File(name string) string { return filepath.Join(d.path, name) }

// Default names the folder of a new run by its time and plan.
func Default(p *plan.Plan, now time.Time) string {
	short := strings.TrimPrefix(p.Fingerprint, "sha256:")[:12]
	return filepath.Join(RunsName, now.UTC().Format("20060102T150405Z")+"-"+short)
}

// Open returns the folder of an existing run, or ErrNotARun. It takes no lock.
func Open(path string) (*Dir, error) {
	d := &Dir{path: path}
	switch _, err := os.Lstat(d.File(JournalName)); {
	case errors.Is(err, fs.ErrPermission):
		return nil, atomicfile.PathError(err)
	case err != nil:
		return nil, fmt.Errorf("%s %w: it has no %s", path, ErrNotARun, JournalName)
	}
	return d, nil
}

// Begun reports whether the folder holds a run that can be resumed.
func Begun(path string) bool {
	info, err := os.Stat(filepath.Join(path, JournalName))
	return err == nil && info.Size() > 0
}

// Plan reads and proves the plan of the run.
func (d *Dir) Plan(ctx context.Context) (*plan.Plan, error) {
	return read(ctx, d.File(PlanName), plan.Decode)
}

// Undo reads and proves the plan that reverts the run, in the file of this name.
func (d *Dir) Undo(ctx context.Context, name string) (*plan.Plan, error) {
	return read(ctx, d.File(name), plan.Decode)
}

// Journal replays the journal of the run.
func (d *Dir) Journal(ctx context.Context, p *plan.Plan) (*journal.Log, error) {
	return read(ctx, d.File(JournalName), func(r io.Reader) (*journal.Log, error) { return journal.Replay(p, r) })
}

// LastSession reads how the last session of the run began and ended.
func (d *Dir) LastSession(ctx context.Context) (*journal.Session, error) {
	return read(ctx, d.File(JournalName), journal.LastSession)
}

// read parses a file until ctx ends, and names the file in the error.
func read[T any](ctx context.Context, path string, parse func(io.Reader) (*T, error)) (*T, error) {
	f, err := atomicfile.Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	v, err := parse(atomicfile.NewReader(ctx, f))
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// Reopen opens the journal to continue the run, without the line that was torn
// when the previous process died.
func (d *Dir) Reopen(l *journal.Log) (*os.File, error) {
	f, err := atomicfile.Open(d.File(JournalName), os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(l.Size); err != nil {
		f.Close()
		return nil, atomicfile.PathError(err)
	}
	return f, nil
}

// Identity names the run for a plan that reverts it: the name of the folder,
// and the SHA-256 of the journal in hexadecimal digits.
func (d *Dir) Identity() (name, journalHash string, err error) {
	f, err := atomicfile.Open(d.File(JournalName), os.O_RDONLY)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", "", err
	}
	abs, err := filepath.Abs(d.path) // "." has no name of its own
	return filepath.Base(abs), hex.EncodeToString(h.Sum(nil)), err
}

// Report is a file that follows from the plan and the journal.
type Report struct {
	Name   string
	Render func(io.Writer) error
}

// WriteReports writes files that follow from the plan and the journal. If one
// cannot be written, the others are written all the same.
func (d *Dir) WriteReports(reports []Report) error {
	var errs []error
	for _, r := range reports {
		errs = append(errs, d.Write(r.Name, r.Render))
	}
	return errors.Join(errs...)
}

// Write gives one of the run's own files new content. Whatever has that name is
// itself replaced: writing to a pipe would block, and a link would lead
// elsewhere.
func (d *Dir) Write(name string, render func(io.Writer) error) error {
	path := d.File(name)
	err := errors.New("it is a folder")
	if info, _ := os.Lstat(path); info == nil || !info.IsDir() {
		err = atomicfile.Replace(path, render)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, atomicfile.WithoutPath(err))
	}
	return nil
}
