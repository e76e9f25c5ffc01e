package fleet

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"bulksync/internal/atomicfile"
)

// lockPoll is how often a lock is asked for that another process holds.
const lockPoll = 100 * time.Millisecond

// Lock takes the lock of the folder of a fleet, or that of one shard in it, which
// name says. If another process has it, wait is called once, and Lock waits until ctx
// ends. The lock ends with its process at the latest.
func Lock(ctx context.Context, dir, name string, wait func()) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, atomicfile.PathError(err)
	}
	lock := flock.New(filepath.Join(dir, name), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err == nil && !held {
		wait()
		held, err = lock.TryLockContext(ctx, lockPoll)
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = lock.Unlock() }, nil
}
