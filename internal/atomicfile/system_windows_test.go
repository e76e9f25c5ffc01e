package atomicfile_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"bulksync/internal/atomicfile"
)

// hold opens a file as a spreadsheet does: others may read it, and nobody may
// replace it.
func hold(t *testing.T, path string) (release func()) {
	t.Helper()
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		t.Fatal(err)
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, syscall.FILE_SHARE_READ, nil, syscall.OPEN_EXISTING, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return func() { syscall.CloseHandle(h) }
}

func saying(text string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
}

// A file that a spreadsheet has open keeps its content, the error says so, and no
// temporary file is left. One that is closed soon enough is replaced.
func TestAFileThatIsOpenElsewhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outcomes.csv")
	if err := atomicfile.Replace(path, saying("old")); err != nil {
		t.Fatal(err)
	}
	release := hold(t, path)
	if err := atomicfile.Replace(path, saying("new")); !errors.Is(err, atomicfile.ErrInUse) {
		t.Errorf("got %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "old" {
		t.Errorf("it holds %q, %v", text, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("there are %v, %v", left, err)
	}
	time.AfterFunc(100*time.Millisecond, release)
	if err := atomicfile.Replace(path, saying("new")); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "new" {
		t.Errorf("it holds %q, %v", text, err)
	}
}

// Errors of Windows have the words that other systems have for them, and stay what
// they are.
func TestWordsOfErrors(t *testing.T) {
	for _, c := range []struct {
		errno syscall.Errno
		words string
		is    error
	}{
		{2, "no such file or directory", fs.ErrNotExist},
		{3, "no such file or directory", fs.ErrNotExist},
		{5, "permission denied", fs.ErrPermission},
		{32, "it is open in another program", atomicfile.ErrInUse},
		{33, "it is open in another program", syscall.Errno(33)},
		{80, "file exists", fs.ErrExist},
		{112, "no space left on device", syscall.Errno(112)},
	} {
		for _, err := range []error{&fs.PathError{Op: "open", Path: "x", Err: c.errno}, &os.LinkError{Op: "replace", Old: "t", New: "x", Err: c.errno}} {
			if got := atomicfile.WithoutPath(err); got.Error() != c.words || !errors.Is(got, c.is) || !errors.Is(got, c.errno) {
				t.Errorf("%d: got %v", c.errno, got)
			}
		}
		if got := atomicfile.PathError(&fs.PathError{Op: "open", Path: "x", Err: c.errno}); got.Error() != "x: "+c.words || !errors.Is(got, c.is) {
			t.Errorf("%d: got %v", c.errno, got)
		}
	}
	if err := fmt.Errorf("locking: %w", syscall.Errno(5)); atomicfile.PathError(err) != err {
		t.Error("it lost what it says")
	}
}

// A folder that is open elsewhere for a moment gets its name all the same.
func TestRenameOfAFolderThatIsOpen(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "partial"), filepath.Join(dir, "complete")
	if err := atomicfile.Mkdir(from); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.UTF16PtrFromString(from)
	if err != nil {
		t.Fatal(err)
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ, syscall.FILE_SHARE_READ|syscall.FILE_SHARE_WRITE, nil, syscall.OPEN_EXISTING, syscall.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		t.Fatal(err)
	}
	if os.Rename(from, to) == nil {
		t.Fatal("the system did not refuse it")
	}
	time.AfterFunc(100*time.Millisecond, func() { syscall.CloseHandle(h) })
	if err := atomicfile.Rename(from, to); err != nil {
		t.Error(err)
	}
}

// irregular is a file or folder of which Go knows no more than that a driver keeps it.
type irregular struct {
	fs.FileInfo
	attributes uint32
}

func (i irregular) Mode() fs.FileMode { return fs.ModeIrregular | 0o666 }

func (i irregular) Sys() any {
	return &syscall.Win32FileAttributeData{FileAttributes: i.attributes | syscall.FILE_ATTRIBUTE_REPARSE_POINT}
}

// A file that a service such as OneDrive keeps is one like any other, and a junction is
// none.
func TestIsRegularInACloud(t *testing.T) {
	if !atomicfile.IsRegular(irregular{attributes: syscall.FILE_ATTRIBUTE_ARCHIVE}) {
		t.Error("a file of a service is no file")
	}
	if atomicfile.IsRegular(irregular{attributes: syscall.FILE_ATTRIBUTE_DIRECTORY}) {
		t.Error("a junction is a file")
	}
	null, err := os.Stat(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if atomicfile.IsRegular(null) {
		t.Error("NUL is a file")
	}
}

// A file that is closed just when it is replaced is replaced, and nothing is denied.
func TestAFileThatIsBeingClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outcomes.csv")
	if err := atomicfile.Replace(path, saying("old")); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		release := hold(t, path)
		time.AfterFunc(time.Duration(i)*50*time.Microsecond, release)
		if err := atomicfile.Replace(path, saying("new")); err != nil {
			t.Fatalf("closed after %d × 50 µs: %v", i, err)
		}
	}
}
