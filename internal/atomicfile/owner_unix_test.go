//go:build unix

package atomicfile_test

import (
	"io/fs"
	"os"
	"testing"

	"bulksync/internal/atomicfile"
)

// Others may write to what is open to a group or to everybody, and to what
// belongs to another user. In a sticky folder they can replace only their own.
func TestWritableByOthers(t *testing.T) {
	for mode, want := range map[fs.FileMode]string{
		0o700: "", 0o755: "", 0o777 | fs.ModeSticky: "",
		0o770: "other users may write to it", 0o702: "other users may write to it",
	} {
		if got := writableByOthers(t, mode, -1); got != want {
			t.Errorf("mode %v: %q", mode, got)
		}
	}
	if os.Geteuid() == 0 {
		if got := writableByOthers(t, 0o700, 65534); got != "it belongs to another user" {
			t.Errorf("of another user: %q", got)
		}
	}
}

func writableByOthers(t *testing.T, mode fs.FileMode, uid int) string {
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
	return atomicfile.WritableByOthers(info)
}
