//go:build unix

package atomicfile_test

import (
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"bulksync/internal/atomicfile"
)

// Whatever the user's mask lets others do, what is made here is for its owner alone.
func TestModes(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o077} {
		defer syscall.Umask(syscall.Umask(mask))
		dir := t.TempDir()
		in := func(name string) string { return filepath.Join(dir, name) }
		text := func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }
		write(t, in("replaced"), "")
		if err := os.Chmod(in("replaced"), 0o666); err != nil {
			t.Fatal(err)
		}
		f, err := atomicfile.Create(in("created"), 0)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		temp, errTemp := atomicfile.MkdirTemp(dir, "temp-*")
		_, errLock := atomicfile.MakeLock(in("lock"))
		for _, err := range []error{
			errTemp, errLock, atomicfile.Replace(in("new"), text), atomicfile.Replace(in("replaced"), text),
			atomicfile.ReplacePublic(in("public"), text), atomicfile.Mkdir(in("folder")), atomicfile.MkdirAll(in("deep/er")),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for name, want := range map[string]fs.FileMode{
			"created": 0o600, "lock": 0o600, "new": 0o600, "replaced": 0o600, "public": 0o644,
			filepath.Base(temp): 0o700, "folder": 0o700, "deep": 0o700, "deep/er": 0o700,
		} {
			if info, err := os.Stat(in(name)); err != nil || info.Mode().Perm() != want {
				t.Errorf("mask %03o: %s has the mode %v, %v", mask, name, info.Mode(), err)
			}
		}
	}
}

// A disk that is full is an error, and the old content stays.
func TestReplaceOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	write(t, path, "before")
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Skip(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	small := before
	small.Cur = 16
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Skip(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)
	err := atomicfile.Replace(path, func(w io.Writer) error { _, err := w.Write(make([]byte, 64)); return err })
	if err == nil {
		t.Error("no error")
	}
	wantContent(t, path, "before")
	wantFiles(t, dir, "out")
}
