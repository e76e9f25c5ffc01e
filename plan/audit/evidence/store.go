package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/gofrs/flock"

	"bulksync/graph"
	"bulksync/internal/atomicfile"
	"bulksync/plan/audit"
)

// The names of what a store holds beside its audits.
const (
	LockName  = ".lock"
	IndexName = "index.html"
	// partialPattern names the folder of an audit that is being written.
	partialPattern = ".partial-*"
)

// ErrFormat means that an audit of the store was written by a newer version of
// this program.
var ErrFormat = errors.New("the store was written by a newer version of bulksync")

// MixedError is a store that is of another home tenant than an audit.
type MixedError struct {
	Path string
	// Store is the home tenant of the store, Audit that of the audit.
	Store, Audit graph.HomeTenant
}

// Error names both home tenants.
func (e *MixedError) Error() string {
	return fmt.Sprintf("the store %s is of %s, and this audit is of %s: use another folder", e.Path, tell(e.Store), tell(e.Audit))
}

func tell(h graph.HomeTenant) string {
	return fmt.Sprintf("the home tenant %s (%s, %s)", h.ID, h.Cloud, h.GraphURL)
}

// Store is a folder of audits that is locked for this process. It is for one
// goroutine, except where its bundles say otherwise.
type Store struct {
	path string
	lock *flock.Flock
	// folders were made by this process, and madeLock says that its lock was.
	folders  atomicfile.Created
	madeLock bool

	entries []Entry
	// gaps says where the chain did not hold when the store was opened.
	gaps []string
	// skipped says which audits Earlier passed over, and why.
	skipped []string
}

// Open makes the folder, unless it exists, and locks it. If another process has
// it locked, Open calls wait once and waits until ctx ends. It removes what a
// process left behind that died while it wrote an audit, and reads the manifests
// of all audits. A manifest of a newer version is an error that wraps ErrFormat; a
// folder that others may write to is an *atomicfile.UnsafeError. Close ends
// the work on the store.
func Open(ctx context.Context, path string, wait func()) (*Store, error) {
	s := &Store{path: path}
	err := s.claim(ctx, wait)
	if err == nil {
		s.sweep()
		s.entries, err = ReadHistory(ctx, path)
		s.gaps = gapsOf(s.entries)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close unlocks the store. A store in which no audit was written is removed again
// if Open made it.
func (s *Store) Close() {
	if s.lock == nil {
		s.folders.Remove()
		return
	}
	if runtime.GOOS == "windows" { // an open file cannot be removed there
		s.lock.Unlock()
	}
	if s.madeLock && len(s.entries) == 0 {
		os.Remove(s.file(LockName))
	}
	s.lock.Unlock()
	s.lock = nil
	s.folders.Remove()
}

// Path is the folder as the caller named it.
func (s *Store) Path() string { return s.path }

func (s *Store) file(name string) string { return filepath.Join(s.path, name) }

// Check refuses, with a *MixedError, an audit of another home tenant or cloud than
// those that the store holds. One that cannot be relied on has no say in it. As for a session, rehearsals may move between
// loopback addresses, but never join the audits of a real tenant.
func (s *Store) Check(home graph.HomeTenant) error {
	for _, e := range slices.Backward(s.entries) {
		if e.Manifest == nil || e.Problem != "" {
			continue
		}
		if have := e.Manifest.HomeTenant; !sameHome(have, home) {
			return &MixedError{s.path, have, home}
		}
		return nil
	}
	return nil
}

func sameHome(a, b graph.HomeTenant) bool {
	return a.ID == b.ID && a.Cloud == b.Cloud &&
		(a.GraphURL == b.GraphURL || a.OnLoopback() && b.OnLoopback())
}

// History returns all audits, the oldest first.
func (s *Store) History() []Entry { return slices.Clone(s.entries) }

// Problems says, one sentence each, which audits Earlier passed over, and where the
// chain did not hold when the store was opened.
func (s *Store) Problems() []string { return slices.Concat(s.skipped, s.gaps) }

func gapsOf(entries []Entry) (all []string) {
	for i, e := range entries {
		last := i == len(entries)-1
		switch {
		case last && e.Problem != "":
			all = append(all, fmt.Sprintf("the newest audit, %s, cannot be continued, so a new chain begins: %s", e.Folder, e.Problem))
		case e.Manifest == nil || e.Linked || e.Manifest.Broken != nil: // told when it happened, or by the audit after it
		case i == 0 && e.Manifest.Previous != nil: // those before it were moved away, as into an archive
		default:
			all = append(all, fmt.Sprintf("the chain of audits does not hold at %s: %s", e.Folder, e.Gap))
		}
	}
	return all
}

// head is the audit that the next one follows. If the newest one cannot be
// continued, it is what broke the chain.
func (s *Store) head() (*audit.Link, *Break) {
	if len(s.entries) == 0 {
		return nil, nil
	}
	e := s.entries[len(s.entries)-1]
	if e.Problem != "" {
		return nil, &Break{Folder: e.Folder, Problem: e.Problem}
	}
	return &audit.Link{Folder: e.Folder, SHA256: e.SHA256}, nil
}

// WriteIndex draws the page of the store. Whatever has its name is replaced.
func (s *Store) WriteIndex(render func(io.Writer) error) error {
	if err := atomicfile.Replace(s.file(IndexName), render); err != nil {
		return fmt.Errorf("writing %s: %w", s.file(IndexName), atomicfile.WithoutPath(err))
	}
	return nil
}
