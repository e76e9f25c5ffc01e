package atomicfile

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// ErrInUse means that a file cannot be replaced or opened because another program
// has it open. It occurs on Windows alone.
var ErrInUse = errors.New("it is open in another program")

// tempPattern names the temporary files next to an output while it is rendered.
const tempPattern = ".bulksync-*"

// IsTemp reports whether a name is that of such a temporary file.
func IsTemp(name string) bool {
	temp, _ := filepath.Match(tempPattern, name)
	return temp
}

// Replace gives a file new content, readable by its owner alone because it
// holds tenant data. The content is rendered into a temporary file next to it,
// which takes its name once it is on disk.
//
// What others were allowed to do with the file that is replaced is gone with it: on
// Unix its mode, on Windows its access list.
func Replace(path string, render func(io.Writer) error) error {
	return replace(path, createTemp, render)
}

// ReplacePublic is Replace for a file that holds no tenant data and that other
// users have to read: on Unix everybody, on Windows who may read in its folder.
func ReplacePublic(path string, render func(io.Writer) error) error {
	return replace(path, createPublic, render)
}

func replace(path string, create func(dir, pattern string) (*os.File, error), render func(io.Writer) error) (err error) {
	f, err := create(filepath.Dir(path), tempPattern)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	b := bufio.NewWriterSize(f, 1<<16)
	if err := render(b); err != nil { // b may have kept it, so Flush would return it again
		return err
	}
	if err := errors.Join(b.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	return takeName(f.Name(), path)
}

// createPublic creates a temporary file that other users may read.
func createPublic(dir, pattern string) (*os.File, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil || runtime.GOOS == "windows" { // there it has the access list that its folder passes on
		return f, err
	}
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	return f, nil
}

// Rename gives a folder that is complete its name. If the system refuses because
// something in it is open for a moment, it tries again for a while.
func Rename(from, to string) error { return rename(from, to) }

// SyncDir makes the names in a folder durable. Windows has no such call and
// needs none.
func SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return PathError(err)
	}
	defer f.Close()
	return f.Sync()
}

// Created are the files and folders that a process has created, in that order.
// If the process cannot finish, it removes them again.
type Created []string

// AddIfNew adds a path that is about to be written, if nothing exists there
// yet.
func (c *Created) AddIfNew(path string) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		*c = append(*c, path)
	}
}

// Remove removes what was created. A folder that somebody has put a file into
// stays.
func (c Created) Remove() {
	for _, path := range slices.Backward(c) {
		os.Remove(path)
	}
}
