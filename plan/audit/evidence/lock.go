package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"bulksync/internal/atomicfile"
)

// lockPoll is how often a process that waits for the lock tries to take it.
const lockPoll = 100 * time.Millisecond

// maxClaims is how often a folder that disappears is made again.
const maxClaims = 10

// errGone means that the store was removed before it could be locked: it was
// empty, and the process that had made it gave up.
var errGone = errors.New("the store was removed in the meantime")

// claim makes the folder and locks it. The system releases the lock when the
// process ends, however it ends.
func (s *Store) claim(ctx context.Context, wait func()) error {
	err := errGone
	for n := 0; n < maxClaims && errors.Is(err, errGone); n++ {
		var made atomicfile.Created
		if made, err = atomicfile.MakeFolders(s.path); err != nil {
			return err
		}
		s.folders = append(s.folders, made...)
		if err = atomicfile.CheckFolder("the store", s.path); err != nil {
			return err
		}
		if err = s.take(ctx, &wait); err != nil {
			err = fmt.Errorf("locking %s: %w", s.path, atomicfile.WithoutPath(err))
		}
	}
	return err
}

// take locks the folder, and calls wait the first time that it has to wait.
func (s *Store) take(ctx context.Context, wait *func()) error {
	made, err := atomicfile.MakeLock(s.file(LockName))
	if errors.Is(err, fs.ErrNotExist) {
		return errGone
	}
	if err != nil {
		return err
	}
	s.madeLock = s.madeLock || made
	lock := flock.New(s.file(LockName), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err == nil && !ok {
		if *wait != nil {
			(*wait)()
			*wait = nil
		}
		ok, err = lock.TryLockContext(ctx, lockPoll)
	}
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case err == nil && ok && s.isLockFile(lock):
		s.lock = lock
		return nil
	case err == nil, errors.Is(err, fs.ErrNotExist):
		err = errGone
	}
	lock.Close()
	return err
}

// isLockFile reports whether the locked file still has its name. A process that
// writes no audit removes the file.
func (s *Store) isLockFile(lock *flock.Flock) bool {
	held, errHeld := lock.Stat()
	named, errNamed := os.Lstat(s.file(LockName))
	return errHeld == nil && errNamed == nil && os.SameFile(held, named)
}

// sweep removes what processes of this user left behind when they died while they
// wrote here. What cannot be removed is in nobody's way.
func (s *Store) sweep() {
	entries, _ := os.ReadDir(s.path)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || atomicfile.WritableByOthers(s.file(e.Name()), info) {
			continue
		}
		partial, _ := filepath.Match(partialPattern, e.Name())
		switch {
		case partial && info.IsDir():
			os.RemoveAll(s.file(e.Name()))
		case atomicfile.IsTemp(e.Name()) && atomicfile.IsRegular(info):
			os.Remove(s.file(e.Name()))
		}
	}
}
