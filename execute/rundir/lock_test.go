package rundir

import (
	"errors"
	"os"
	"testing"
)

// A lock whose file was removed protects nothing: another process can make the
// file again and lock that.
func TestALockIsItsFile(t *testing.T) {
	first, second := &Dir{path: t.TempDir()}, &Dir{}
	if err := os.Chmod(first.path, 0o700); err != nil {
		t.Fatal(err)
	}
	second.path = first.path
	if err := first.Lock(); err != nil || !first.lockIsThere() {
		t.Fatal(err)
	}
	if err := second.Lock(); !errors.Is(err, ErrBusy) {
		t.Errorf("locked twice: %v", err)
	}
	second.unmake() // it made nothing, and takes nothing away
	if !first.lockIsThere() {
		t.Error("the lock of a run was removed by another")
	}
	first.unmake()
	if _, err := os.Lstat(first.File(LockName)); err == nil {
		t.Error("a lock was left behind")
	}
	if err := second.Lock(); err != nil {
		t.Error(err)
	}
	os.Remove(second.File(LockName))
	if second.lockIsThere() {
		t.Error("a lock without its file counts")
	}
	second.Release()
}
