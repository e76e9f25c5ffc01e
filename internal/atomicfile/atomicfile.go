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
func Replace(path string, render func(io.Writer) error) error {
	return replace(path, 0o600, render)
}

// ReplacePublic is Replace for a file that holds no tenant data and that other
// users have to read.
func ReplacePublic(path string, render func(io.Writer) error) error {
	return replace(path, 0o644, render)
}

func replace(path string, mode fs.FileMode, render func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), tempPattern) // mode 0600
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
	if err := errors.Join(b.Flush(), chmod(f, mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return takeName(f.Name(), path)
}

// chmod changes the mode of a temporary file, which was created with 0600.
func chmod(f *os.File, mode fs.FileMode) error {
	if mode == 0o600 {
		return nil
	}
	return f.Chmod(mode)
}

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

// MakeFolders makes a folder and its missing parents, for their owner alone. It
// returns what it made, and leaves nothing behind if it fails.
func MakeFolders(path string) (made Created, err error) {
	var missing []string
	for p := filepath.Clean(path); ; p = filepath.Dir(p) {
		_, err := os.Stat(p)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || p == filepath.Dir(p) {
			return nil, PathError(err)
		}
		missing = append(missing, p)
	}
	for _, p := range slices.Backward(missing) {
		switch err := os.Mkdir(p, 0o700); {
		case err == nil:
			made = append(made, p)
		case !errors.Is(err, fs.ErrExist):
			made.Remove()
			return nil, PathError(err)
		}
	}
	return made, nil
}
