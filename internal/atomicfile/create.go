package atomicfile

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Create creates a file to write to, which nobody but its owner can read from its
// first moment: by its mode on Unix, by its access list on Windows. What has the
// name already is an error that wraps fs.ErrExist. flag is os.O_APPEND or 0.
func Create(path string, flag int) (*os.File, error) { return create(path, os.O_WRONLY|flag) }

// Mkdir makes a folder for its owner alone.
func Mkdir(path string) error { return mkdir(path) }

// MkdirTemp makes a folder for its owner alone, with a random name after the pattern.
// It is for the caller to remove.
func MkdirTemp(dir, pattern string) (path string, err error) {
	err = named(dir, pattern, func(name string) error {
		path = name
		return mkdir(name)
	})
	return path, err
}

// createTemp creates a file with a random name after the pattern, for its owner
// alone.
func createTemp(dir, pattern string) (f *os.File, err error) {
	err = named(dir, pattern, func(name string) error {
		f, err = create(name, os.O_RDWR)
		return err
	})
	return f, err
}

// maxNames is how many random names are tried.
const maxNames = 10_000

// named calls do with random names after a pattern, until one is free.
func named(dir, pattern string, do func(path string) error) (err error) {
	before, after, _ := strings.Cut(pattern, "*")
	for range maxNames {
		name := before + strconv.FormatUint(uint64(rand.Uint32()), 10) + after
		if err = do(filepath.Join(dir, name)); !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return err
}

// MakeLock creates the file of a lock, unless it exists; made says that it did.
// Anything there but a regular file is a *KindError.
func MakeLock(path string) (made bool, err error) {
	f, err := Create(path, 0)
	if err == nil {
		return true, f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return false, WithoutPath(err)
	}
	if f, err = Open(path, os.O_RDONLY); err != nil {
		return false, err
	}
	return false, f.Close()
}

// MkdirAll makes a folder and its missing parents, for their owner alone, unless the
// folder exists.
func MkdirAll(path string) error {
	if _, err := MakeFolders(path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
	}
	return PathError(err)
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
		switch err := mkdir(p); {
		case err == nil:
			made = append(made, p)
		case !errors.Is(err, fs.ErrExist):
			made.Remove()
			return nil, PathError(err)
		}
	}
	return made, nil
}
