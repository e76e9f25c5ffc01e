package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/gofrs/flock"

	"bulksync/internal/atomicfile"
)

// errBusy means that another process works on the run.
var errBusy = errors.New("another process is working on the run")

func (d *runDir) busy() error {
	return &exit{exitRefused, fmt.Errorf("%w in %s", errBusy, d.path), "wait for it to end, or stop it"}
}

// acquire takes the run for this process, to go on with it. The system gives the
// lock back when a process ends, however it ends.
func (d *runDir) acquire() error {
	if err := d.take((*flock.Flock).TryLock); err != nil {
		return err
	}
	d.sweep()
	return nil
}

// share keeps the run as it is while this process looks at it: others may look
// too, and nobody goes on with it. Busy means then that somebody does.
func (d *runDir) share() error {
	if d.acquire() == nil { // alone for a moment, which is enough to sweep
		d.release()
	}
	return d.take((*flock.Flock).TryRLock)
}

func (d *runDir) take(try func(*flock.Flock) (bool, error)) error {
	if err := d.checkOwner(); err != nil {
		return err
	}
	if err := d.makeLock(); err != nil {
		return fmt.Errorf("locking %s: %w", d.path, err)
	}
	d.lock = flock.New(d.file(lockName), flock.SetPermissions(0o600))
	switch ok, err := try(d.lock); {
	case err != nil:
		d.lock = nil
		return fmt.Errorf("locking %s: %w", d.path, err)
	case !ok, !d.lockIsThere():
		d.release()
		return d.busy()
	}
	return nil
}

// makeLock makes the file of the lock, unless there is one.
func (d *runDir) makeLock() error {
	f, err := os.OpenFile(d.file(lockName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		d.files = append(d.files, f.Name())
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return atomicfile.WithoutPath(err)
	}
	f, err = atomicfile.Open(d.file(lockName), os.O_RDONLY)
	if err != nil {
		return err
	}
	return f.Close()
}

// lockIsThere reports whether the file that was locked still has its name. A
// process that gives up before its run begins takes the file away again.
func (d *runDir) lockIsThere() bool {
	held, errHeld := d.lock.Stat()
	named, errNamed := os.Lstat(d.file(lockName))
	return errHeld == nil && errNamed == nil && os.SameFile(held, named)
}

func (d *runDir) release() {
	if d.lock != nil {
		d.lock.Unlock()
		d.lock = nil
	}
}

// sweep removes what a process left behind that died while it wrote a file here.
func (d *runDir) sweep() {
	entries, _ := os.ReadDir(d.path)
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && atomicfile.IsTemp(e.Name()) && info.Mode().IsRegular() && strangers(info) == "" {
			os.Remove(d.file(e.Name()))
		}
	}
}

// checkOwner refuses a folder that others may write to: they could put another
// journal in the place of the run's.
func (d *runDir) checkOwner() error {
	info, err := os.Stat(d.path)
	if err != nil {
		return atomicfile.PathError(err)
	}
	why := strangers(info)
	if why == "" {
		return nil
	}
	hint := "name a folder of your own"
	if info.Mode().Perm()&0o022 != 0 {
		hint += ", or let nobody else write to this one: chmod go-w " + shellQuote(d.path)
	}
	return refused(hint, "the run folder %s is not safe: %s", d.path, why)
}
