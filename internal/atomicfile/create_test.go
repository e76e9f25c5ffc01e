package atomicfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"bulksync/internal/atomicfile"
)

// A file is created once, and one to append to never loses what it holds.
func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	f, err := atomicfile.Create(path, os.O_APPEND)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, text := range []string{"one ", "two"} {
		if _, err := f.WriteString(text); err != nil {
			t.Error(err)
		}
		if _, err := f.Seek(0, 0); err != nil {
			t.Error(err)
		}
	}
	wantContent(t, path, "one two")
	if _, err := atomicfile.Create(path, 0); !errors.Is(err, fs.ErrExist) {
		t.Errorf("created again: %v", err)
	}
	if err := atomicfile.Mkdir(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made again: %v", err)
	}
}

// Each folder with a random name is another.
func TestMkdirTemp(t *testing.T) {
	dir := t.TempDir()
	made := map[string]bool{}
	for range 3 {
		path, err := atomicfile.MkdirTemp(dir, ".partial-*-x")
		if err != nil {
			t.Fatal(err)
		}
		if like, _ := filepath.Match(".partial-?*-x", filepath.Base(path)); !like || filepath.Dir(path) != dir {
			t.Errorf("made %s", path)
		}
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", path, err)
		}
		made[path] = true
	}
	if len(made) != 3 {
		t.Errorf("made %v", made)
	}
	if _, err := atomicfile.MkdirTemp(filepath.Join(dir, "none"), "x-*"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a folder: %v", err)
	}
}

// The file of a lock is made once, and is a file.
func TestMakeLock(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, ".lock")
	for _, want := range []bool{true, false} {
		if made, err := atomicfile.MakeLock(path); made != want || err != nil {
			t.Errorf("made %v, %v", made, err)
		}
	}
	wantContent(t, path, "")
	if made, err := atomicfile.MakeLock(dir); made || !errors.As(err, new(*atomicfile.KindError)) {
		t.Errorf("in place of a folder: %v, %v", made, err)
	}
	made, err := atomicfile.MakeLock(filepath.Join(dir, "none", ".lock"))
	if made || !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "lock") {
		t.Errorf("without a folder: %v, %v", made, err)
	}
}

func TestMkdirAll(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		if err := atomicfile.MkdirAll(filepath.Join(dir, "a", "b")); err != nil {
			t.Error(err)
		}
	}
	wantFiles(t, filepath.Join(dir, "a"), "b")
	path := filepath.Join(dir, "file")
	write(t, path, "")
	if err := atomicfile.MkdirAll(path); err == nil || runtime.GOOS != "windows" && err.Error() != path+": not a directory" {
		t.Errorf("in place of a file: %v", err)
	}
	if err := atomicfile.MkdirAll(filepath.Join(path, "a")); err == nil {
		t.Error("made a folder in a file")
	}
}
