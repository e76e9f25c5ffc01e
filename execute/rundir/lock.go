package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gofrs/flock"

	"bulksync/internal/atomicfile"
)

// Lock takes the run for this process, to go on with it. The system gives the
// lock back when a process ends, however it ends.
func (d *Dir) Lock() error {
	if err := d.take((*flock.Flock).TryLock); err != nil {
		return err
	}
	d.sweep()
	return nil
}

// Share keeps the run as it is while this process looks at it: others may look
// too, and nobody goes on with it. ErrBusy means then that somebody does.
func (d *Dir) Share() error {
	if d.Lock() == nil { // alone for a moment, which is enough to sweep
		d.Release()
	}
	err := d.take((*flock.Flock).TryRLock)
	for n := 0; n < moreTries && errors.Is(err, ErrBusy); n++ {
		time.Sleep(tryAgain)
		err = d.take((*flock.Flock).TryRLock)
	}
	return err
}

// Another process that looks has the run alone for a moment. It is not taken for
// one that goes on with the run, which has it for longer than this.
const (
	moreTries = 5
	tryAgain  = 20 * time.Millisecond
)

// Release gives the lock back, if there is one.
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
		return fmt.Errorf("locking %s: %w", d.path, err)
	}
	d.lock = flock.New(d.File(LockName), flock.SetPermissions(0o600))
	switch ok, err := try(d.lock); {
	case err != nil:
		d.lock = nil
		return fmt.Errorf("locking %s: %w", d.path, err)
	case !ok, !d.lockIsThere():
		d.Release()
		return fmt.Errorf("%w in %s", ErrBusy, d.path)
	}
	return nil
}

// makeLock makes the file of the lock, unless there is one.
func (d *Dir) makeLock() error {
	f, err := os.OpenFile(d.File(LockName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		d.files = append(d.files, f.Name())
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return atomicfile.WithoutPath(err)
	}
	f, err = atomicfile.Open(d.File(LockName), os.O_RDONLY)
	if err != nil {
		return err
	}
	return f.Close()
}

// lockIsThere reports whether the file that was locked still has its name. A
// process that gives up before its run begins removes the file again.
func (d *Dir) lockIsThere() bool {
	held, errHeld := d.lock.Stat()
	named, errNamed := os.Lstat(d.File(LockName))
	return errHeld == nil && errNamed == nil && os.SameFile(held, named)
}

// sweep removes what a process left behind that died while it wrote a file here.
func (d *Dir) sweep() {
	entries, _ := os.ReadDir(d.path)
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && atomicfile.IsTemp(e.Name()) && info.Mode().IsRegular() && writableByOthers(info) == "" {
			os.Remove(d.File(e.Name()))
		}
	}
}

// checkOwner refuses a folder that others may write to.
func (d *Dir) checkOwner() error {
	info, err := os.Stat(d.path)
	if err != nil {
		return atomicfile.PathError(err)
	}
	if why := writableByOthers(info); why != "" {
		return &UnsafeError{Path: d.path, Writable: info.Mode().Perm()&0o022 != 0, why: why}
	}
	return nil
}
