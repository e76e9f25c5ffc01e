//go:build unix

package rundir_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bulksync/execute/rundir"
	"bulksync/internal/atomicfile"
)

// A folder that others may write to is refused: they could put another journal
// there.
func TestAnUnsafeFolder(t *testing.T) {
	for _, tc := range []struct {
		mode fs.FileMode
		safe bool
	}{{0o700, true}, {0o755, true}, {0o770, false}, {0o702, false}, {0o777 | fs.ModeSticky, true}} {
		dir := t.TempDir()
		if err := os.Chmod(dir, tc.mode); err != nil {
			t.Fatal(err)
		}
		var unsafe *atomicfile.UnsafeError
		err := rundir.Check(dir)
		switch {
		case tc.safe && err != nil:
			t.Errorf("mode %v: %v", tc.mode, err)
		case !tc.safe && (!errors.As(err, &unsafe) || !unsafe.Writable || unsafe.Path != dir):
			t.Errorf("mode %v: %v", tc.mode, err)
		}
		if d, file, err := rundir.Create(dir, strings.NewReader("")); (err == nil) != tc.safe {
			t.Errorf("mode %v: %v", tc.mode, err)
		} else if err == nil {
			file.Close()
			d.Release()
		}
	}
}

// A run whose folder was opened to others is neither continued nor read.
func TestARunOpenedToOthers(t *testing.T) {
	d, _ := begun(t)
	if err := os.Chmod(d.Path(), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{d.Lock(), d.Share()} {
		if !errors.As(err, new(*atomicfile.UnsafeError)) {
			t.Errorf("got %v", err)
		}
	}
}

func TestAFolderOfAnotherUser(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chown(dir, 65534, -1); err != nil {
		t.Skip(err)
	}
	var unsafe *atomicfile.UnsafeError
	if err := rundir.Check(dir); !errors.As(err, &unsafe) || unsafe.Writable || err.Error() != "the run folder "+dir+" is not safe: it belongs to another user" {
		t.Errorf("got %v", err)
	}
}

// Only files that this user's own processes can have left are removed.
func TestSweepLeavesTheFilesOfOthers(t *testing.T) {
	d, _ := begun(t)
	theirs := d.File(".bulksync-9")
	write(t, theirs, "")
	if err := os.Chmod(theirs, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := d.Lock(); err != nil {
		t.Fatal(err)
	}
	d.Release()
	if _, err := os.Lstat(theirs); err != nil {
		t.Error(err)
	}
}

// Reading a run sweeps too.
func TestALookSweeps(t *testing.T) {
	d, _ := begun(t)
	left := d.File(".bulksync-9")
	write(t, left, "")
	if err := d.Share(); err != nil {
		t.Fatal(err)
	}
	d.Release()
	if _, err := os.Lstat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// A pipe in place of a run's file blocks no process.
func TestAPipeForAFile(t *testing.T) {
	d, p := begun(t)
	for _, name := range []string{rundir.JournalName, rundir.PlanName} {
		os.Remove(d.File(name))
		if err := syscall.Mkfifo(filepath.Join(d.Path(), name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, errPlan := d.Plan(t.Context())
	_, errJournal := d.Journal(t.Context(), p)
	_, errFirst := d.LastSession(t.Context())
	_, _, errIdentity := d.Identity()
	for i, err := range []error{errPlan, errJournal, errFirst, errIdentity} {
		if !errors.As(err, new(*atomicfile.KindError)) {
			t.Errorf("reading %d: %v", i, err)
		}
	}
}
