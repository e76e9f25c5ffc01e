//go:build unix

package atomicfile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"bulksync/internal/atomicfile"
)

// Others may write to what is open to a group or to everybody, and to what
// belongs to another user. In a sticky folder they can replace only their own.
func TestWritableByOthers(t *testing.T) {
	const open, other = "other users may write to it", "it belongs to another user"
	for _, tc := range []struct {
		mode     fs.FileMode
		uid      int
		why      string
		writable bool
	}{
		{0o700, -1, "", false}, {0o755, -1, "", false}, {0o777 | fs.ModeSticky, -1, "", false},
		{0o770, -1, open, true}, {0o702, -1, open, true}, {0o720, -1, open, true},
		{0o700, 65534, other, false}, {0o770, 65534, other, true},
	} {
		if tc.uid >= 0 && os.Geteuid() != 0 {
			continue // only root can give a folder away
		}
		path, info := folder(t, tc.mode, tc.uid)
		if atomicfile.WritableByOthers(path, info) != (tc.why != "") {
			t.Errorf("mode %v of %d: not %q", tc.mode, tc.uid, tc.why)
		}
		want := error(nil)
		if tc.why != "" {
			want = fmt.Errorf("the store %s is not safe: %s", path, tc.why)
		}
		err := atomicfile.CheckFolder("the store", path)
		if fmt.Sprint(err) != fmt.Sprint(want) {
			t.Errorf("mode %v of %d: %v", tc.mode, tc.uid, err)
		}
		if unsafe := (*atomicfile.UnsafeError)(nil); errors.As(err, &unsafe) && (unsafe.Path != path || unsafe.Writable != tc.writable) {
			t.Errorf("mode %v of %d: %+v", tc.mode, tc.uid, unsafe)
		}
	}
}

// What others can read is not private: what was made elsewhere, or on a disk without
// modes.
func TestIsPrivate(t *testing.T) {
	for mode, want := range map[fs.FileMode]bool{0o700: true, 0o500: true, 0o710: false, 0o701: false, 0o704: false, 0o740: false} {
		if path, _ := folder(t, mode, -1); atomicfile.IsPrivate(path) != want {
			t.Errorf("mode %v: not %v", mode, want)
		}
	}
	if !atomicfile.IsPrivate(filepath.Join(t.TempDir(), "none")) {
		t.Error("what is not there can be read")
	}
}

// folder makes a folder with this mode, of this user unless it is negative.
func folder(t *testing.T, mode fs.FileMode, uid int) (string, fs.FileInfo) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, mode); err != nil {
		t.Fatal(err)
	}
	if uid >= 0 {
		if err := os.Chown(dir, uid, -1); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, info
}
