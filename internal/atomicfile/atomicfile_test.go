package atomicfile_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"bulksync/internal/atomicfile"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func write(t *testing.T, path, s string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(s), 0o644); err != nil {
		t.Fatal(err)
	}
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), want %q", path, got, err, want)
	}
}

// wantFiles requires that a folder holds exactly these names.
func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s holds %q, want %q", dir, got, want)
	}
}

// A replaced file is readable by its owner alone, whatever the old file's mode
// was.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"new", "old"} {
		path := filepath.Join(dir, name)
		if name == "old" {
			write(t, path, "a longer text of before")
		}
		if err := atomicfile.Replace(path, text("now")); err != nil {
			t.Fatal(err)
		}
		wantContent(t, path, "now")
		if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
			t.Errorf("%s: %v, mode %v", name, err, info.Mode())
		}
	}
	wantFiles(t, dir, "new", "old")
}

// A file for others is readable by all.
func TestReplacePublic(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has no such modes")
	}
	path := filepath.Join(t.TempDir(), "bulksync.prom")
	if err := atomicfile.ReplacePublic(path, func(w io.Writer) error { _, err := io.WriteString(w, "up 1\n"); return err }); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// Until a file is whole the old one is there; next to it is one that IsTemp
// recognizes, which is removed when rendering fails.
func TestReplaceOrNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	write(t, path, "before")
	fault := errors.New("no more")
	err := atomicfile.Replace(path, func(w io.Writer) error {
		if _, err := w.Write(make([]byte, 1<<17)); err != nil {
			t.Error(err)
		}
		wantContent(t, path, "before")
		beside := 0
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if atomicfile.IsTemp(e.Name()) {
				beside++
			}
		}
		if len(entries) != 2 || beside != 1 {
			t.Errorf("while it is written the folder holds %v", entries)
		}
		return fault
	})
	if !errors.Is(err, fault) {
		t.Errorf("got %v", err)
	}
	wantContent(t, path, "before")
	wantFiles(t, dir, "out")
	if err := atomicfile.Replace(filepath.Join(dir, "none", "out"), text("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a folder: %v", err)
	}
}

// An error while a text is copied is told once.
func TestReplaceTellsAnErrorOnce(t *testing.T) {
	err := atomicfile.Replace(filepath.Join(t.TempDir(), "out"), func(w io.Writer) error {
		_, err := io.Copy(w, iotest.ErrReader(errors.New("no more")))
		return err
	})
	if err == nil || err.Error() != "no more" {
		t.Errorf("got %v", err)
	}
}

// A name that cannot be taken leaves nothing behind.
func TestReplaceOfAFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "out", "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Replace(filepath.Join(dir, "out"), text("x")); err == nil {
		t.Error("a folder was replaced")
	}
	wantFiles(t, dir, "out")
}

func TestIsTemp(t *testing.T) {
	for name, want := range map[string]bool{".bulksync-123": true, "bulksync-123": false, ".bulksync": false, "a.bulksync-1": false, "": false} {
		if got := atomicfile.IsTemp(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestSyncDir(t *testing.T) {
	dir := t.TempDir()
	if err := atomicfile.SyncDir(dir); err != nil {
		t.Error(err)
	}
	gone := filepath.Join(dir, "gone")
	if err := atomicfile.SyncDir(gone); runtime.GOOS != "windows" && (!errors.Is(err, fs.ErrNotExist) || err.Error() != gone+": no such file or directory") {
		t.Errorf("got %v", err)
	}
}

// Folders are created for their owner alone, and only those that were created
// are removed again.
func TestMakeFolders(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "a", "b")
	made, err := atomicfile.MakeFolders(b)
	if err != nil || !slices.Equal(made, atomicfile.Created{a, b}) {
		t.Fatalf("made %q: %v", made, err)
	}
	if info, err := os.Stat(b); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("%v, mode %v", err, info.Mode())
	}
	if again, err := atomicfile.MakeFolders(b + "/"); err != nil || again != nil {
		t.Errorf("made %q again: %v", again, err)
	}
	write(t, filepath.Join(a, "theirs"), "")
	made.Remove()
	wantFiles(t, a, "theirs")
}

func TestMakeFoldersOrNone(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "")
	for _, path := range []string{filepath.Join(dir, "file", "a", "b"), filepath.Join(dir, "a", "b", strings.Repeat("x", 300))} {
		if made, err := atomicfile.MakeFolders(path); err == nil || made != nil {
			t.Errorf("made %q: %v", made, err)
		}
	}
	wantFiles(t, dir, "file")
}

// Only added files are removed, not those that existed before.
func TestCreated(t *testing.T) {
	dir := t.TempDir()
	old, added := filepath.Join(dir, "old"), filepath.Join(dir, "added")
	write(t, old, "")
	var c atomicfile.Created
	for _, path := range []string{old, added} {
		c.AddIfNew(path)
		write(t, path, "")
	}
	if !slices.Equal(c, atomicfile.Created{added}) {
		t.Errorf("%q", c)
	}
	c.Remove()
	wantFiles(t, dir, "old")
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	write(t, path, "text")
	f, err := atomicfile.Open(path, os.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, stop := context.WithCancelCause(t.Context())
	r := atomicfile.NewReader(ctx, f)
	some := make([]byte, 2)
	if n, err := r.Read(some); n != 2 || err != nil || string(some) != "te" {
		t.Errorf("read %q: %v", some, err)
	}
	enough := errors.New("enough")
	stop(enough)
	if n, err := r.Read(some); n != 0 || err != enough {
		t.Errorf("after its end: %d bytes, %v", n, err)
	}
	var other *atomicfile.KindError
	if _, err := atomicfile.Open(dir, os.O_RDONLY); !errors.As(err, &other) || other.Path != dir || err.Error() != dir+" is a folder, not a file" {
		t.Errorf("got %v", err)
	}
	gone := filepath.Join(dir, "gone")
	if _, err := atomicfile.Open(gone, os.O_RDONLY); !errors.Is(err, fs.ErrNotExist) || runtime.GOOS != "windows" && err.Error() != gone+": no such file or directory" {
		t.Errorf("got %v", err)
	}
}

func TestPathErrors(t *testing.T) {
	cause := errors.New("disk on fire")
	err := error(&fs.PathError{Op: "open", Path: "x", Err: cause})
	if got := atomicfile.PathError(err); got.Error() != "x: disk on fire" || !errors.Is(got, cause) {
		t.Errorf("got %v", got)
	}
	if got := atomicfile.WithoutPath(err); got != cause {
		t.Errorf("got %v", got)
	}
	for _, err := range []error{nil, fmt.Errorf("other")} {
		if atomicfile.PathError(err) != err || atomicfile.WithoutPath(err) != err {
			t.Errorf("%v does not stay", err)
		}
	}
}
