package fleet

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

// lockPoll is how often a lock is asked for that another process holds.
const lockPoll = 100 * time.Millisecond

// Lock takes a lock in the folder of a fleet, which it makes if there is none: its own,
// LockName, or that of a shard, Shard.LockName. If another process has it, wait is
// called once, and Lock waits until ctx ends. The lock ends with its process at the
// latest.
func Lock(ctx context.Context, dir, name string, wait func()) (unlock func(), err error) {
	path := filepath.Join(dir, name)
	makeFolder := makeRecords
	if filepath.Dir(name) == "." {
		makeFolder = atomicfile.MkdirAll
	}
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	if _, err := atomicfile.MakeLock(path); errors.As(err, new(*atomicfile.KindError)) {
		return nil, err
	} else if err != nil {
		return nil, fmt.Errorf("locking %s: %w", path, atomicfile.WithoutPath(err))
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err == nil && !held {
		wait()
		_, err = lock.TryLockContext(ctx, lockPoll)
	}
	if err != nil {
		_ = lock.Close() // it holds nothing
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("locking %s: %w", path, atomicfile.WithoutPath(err))
	}
	return func() { _ = lock.Unlock() }, nil
}

// makeRecords makes the folder of a fleet, and the one for the records in it, unless
// they are there. A link in place of the latter would lead elsewhere.
func makeRecords(dir string) error {
	if err := atomicfile.MkdirAll(dir); err != nil {
		return err
	}
	records := filepath.Join(dir, RecordsDir)
	if err := atomicfile.Mkdir(records); err != nil && !errors.Is(err, fs.ErrExist) {
		return atomicfile.PathError(err)
	}
	info, err := os.Lstat(records)
	if err != nil {
		return atomicfile.PathError(err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", records)
	}
	return nil
}
