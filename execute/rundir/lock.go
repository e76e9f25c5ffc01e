package rundir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gofrs/flock"

	"bulksync/internal/atomicfile"
)

// Lock claims the run for this process, to continue it. The system releases the
// lock when the process ends, however it ends.
func (d *Dir) Lock() error {
	if err := d.take((*flock.Flock).TryLock); err != nil {
		return err
	}
	d.sweep()
	return nil
}

// Share keeps the run from being continued while this process reads it; others
// may read it too. ErrBusy means here that another process is continuing it.
func (d *Dir) Share() error {
	if d.Lock() == nil { // exclusive for a moment, which is enough to sweep
		d.Release()
	}
	return d.take(tryShare)
}

// Watch is Share for a process that must change nothing in the folder: it neither
// makes the lock file nor sweeps. Without a lock file nobody continues the run.
func (d *Dir) Watch() error {
	f, err := atomicfile.Open(d.File(LockName), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	f.Close()
	d.lock = flock.New(d.File(LockName), flock.SetFlag(os.O_RDONLY))
	switch ok, err := tryShare(d.lock); {
	case err != nil:
		d.lock = nil
		return fmt.Errorf("locking %s: %w", d.path, atomicfile.WithoutPath(err))
	case !ok:
		d.Release()
		return fmt.Errorf("%w in %s", ErrBusy, d.path)
	}
	return nil
}

// tryShare takes the lock together with others. Another process that reads the
// run has it alone for a moment: the wait outlasts that, but not a process that
// continues the run.
func tryShare(lock *flock.Flock) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	ok, err := lock.TryRLockContext(ctx, 20*time.Millisecond)
	if errors.Is(err, context.DeadlineExceeded) {
		return false, nil
	}
	return ok, err
}

// Release releases the lock, if it is held.
func (d *Dir) Release() {
	if d.lock != nil {
		d.lock.Unlock()
		d.lock = nil
	}
}

func (d *Dir) take(try func(*flock.Flock) (bool, error)) error {
	if err := d.checkOwner(); err != nil {
		return err
	}
	if err := d.makeLock(); err != nil {
		return fmt.Errorf("locking %s: %w", d.path, atomicfile.WithoutPath(err))
	}
	d.lock = flock.New(d.File(LockName), flock.SetPermissions(0o600))
	switch ok, err := try(d.lock); {
	case err != nil:
		d.lock = nil
		return fmt.Errorf("locking %s: %w", d.path, atomicfile.WithoutPath(err))
	case !ok, !d.lockIsThere():
		d.Release()
		return fmt.Errorf("%w in %s", ErrBusy, d.path)
	}
	return nil
}

// makeLock creates the lock file, unless it exists.
func (d *Dir) makeLock() error {
	made, err := atomicfile.MakeLock(d.File(LockName))
	if made {
		d.files = append(d.files, d.File(LockName))
	}
	return err
}

// lockIsThere reports whether the locked file still has its name. A process
// that gives up before its run begins removes the file.
func (d *Dir) lockIsThere() bool {
	held, errHeld := d.lock.Stat()
	named, errNamed := os.Lstat(d.File(LockName))
	return errHeld == nil && errNamed == nil && os.SameFile(held, named)
}

// sweep removes what a process left behind when it died while writing a file
// here.
func (d *Dir) sweep() {
	entries, _ := os.ReadDir(d.path)
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && atomicfile.IsTemp(e.Name()) && atomicfile.IsRegular(info) && !atomicfile.WritableByOthers(d.File(e.Name()), info) {
			os.Remove(d.File(e.Name()))
		}
	}
}

// checkOwner refuses a folder that other users may write to: they could replace the
// journal.
func (d *Dir) checkOwner() error { return atomicfile.CheckFolder("the run folder", d.path) }
