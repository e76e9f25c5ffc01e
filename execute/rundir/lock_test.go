package rundir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A lock whose file was removed protects nothing: another process can create
// the file again and lock that.
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
	defer second.Release()
	if runtime.GOOS == "windows" {
		return // nobody can remove an open file there
	}
	os.Remove(second.File(LockName))
	if second.lockIsThere() {
		t.Error("a lock without its file counts")
	}
	if err := os.WriteFile(second.File(LockName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if second.lockIsThere() {
		t.Error("the lock of another file counts")
	}
}

// A process that created the lock file and was too late to lock it leaves it
// there.
func TestALateProcessLeavesTheLock(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	first, late := &Dir{path: dir}, &Dir{path: dir}
	if err := errors.Join(late.makeLock(), first.Lock()); err != nil {
		t.Fatal(err)
	}
	defer first.Release()
	if err := late.Lock(); !errors.Is(err, ErrBusy) {
		t.Errorf("locked twice: %v", err)
	}
	late.unmake()
	if !first.lockIsThere() {
		t.Error("the lock of a run was removed by another process")
	}
}

// A run that failed at its last step removes everything again.
func TestUnmake(t *testing.T) {
	top := filepath.Join(t.TempDir(), "runs")
	d := &Dir{path: filepath.Join(top, "run")}
	journal, err := d.begin(strings.NewReader("a plan"), nil)
	if err != nil {
		t.Fatal(err)
	}
	journal.Close()
	d.unmake()
	if _, err := os.Lstat(top); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was left behind: %v", err)
	}
}
