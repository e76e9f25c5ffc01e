package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/natefinch/atomic"
)

// tempPattern names the files that stand beside an output while it is rendered.
const tempPattern = ".bulksync-*"

// writeFile writes an output. A regular file, or what a link leads to, is
// replaced whole or not at all; a device or a pipe is written to, for as long
// as ctx lasts.
func writeFile(ctx context.Context, path string, render func(io.Writer) error) error {
	target, stream, err := outputTarget(path)
	switch {
	case err != nil:
	case stream:
		_, err = within(ctx, func() (struct{}, error) { return struct{}{}, writeStream(path, render) })
	default:
		err = replaceFile(target, render)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, withoutPath(err))
	}
	return nil
}

// added are the files and folders that a process has added, in that order. Where
// it cannot do what it was asked for it takes them away again.
type added []string

// write is writeFile, of an output that may be new.
func (n *added) write(ctx context.Context, path string, render func(io.Writer) error) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		*n = append(*n, path)
	}
	return writeFile(ctx, path, render)
}

// remove takes away what was added. A folder that somebody has put a file into
// stays.
func (n added) remove() {
	for _, path := range slices.Backward(n) {
		os.Remove(path)
	}
}

// replaceFile gives a file new content, readable by its owner alone: it holds
// tenant data. What is rendered goes to a file beside it, which takes its name
// once it is on the disk.
func replaceFile(path string, render func(io.Writer) error) (err error) {
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
	if err := errors.Join(render(b), b.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	return atomic.ReplaceFile(f.Name(), path)
}

// writeBytes renders what is there already.
func writeBytes(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}

// writeStream writes to something that is not a file of its own.
func writeStream(path string, render func(io.Writer) error) error {
	f, opened, err := openStream(path)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(f, 1<<16)
	if err = render(b); err == nil {
		err = b.Flush()
	}
	if opened {
		err = errors.Join(err, f.Close())
	}
	return err
}

// openStream opens a device or a pipe. What is our own standard output or error
// is not opened again: a second opening would write over what the first wrote.
func openStream(path string) (f *os.File, opened bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, false, err
	}
	for _, own := range []*os.File{os.Stdout, os.Stderr} {
		if i, err := own.Stat(); err == nil && os.SameFile(i, info) {
			return own, false, nil
		}
	}
	f, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	return f, true, err
}

// outputTarget says which file is to be replaced, or that path is written to.
func outputTarget(path string) (target string, stream bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		target, _ = follow(path)
		return target, false, nil
	case err != nil:
		return "", false, err
	case info.IsDir():
		return "", false, errors.New("it is a folder")
	case !info.Mode().IsRegular():
		return "", true, nil
	}
	target, stream = follow(path)
	return target, stream, nil
}

// maxLinks is how many links are followed, as systems do.
const maxLinks = 40

// follow returns what a path leads to once its links are followed, also where
// nothing is there yet. A path through the list of a process's descriptors
// (/dev/stdout, /dev/fd/3) is itself the way to an open file.
func follow(path string) (target string, descriptor bool) {
	for range maxLinks {
		if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil && (strings.HasPrefix(dir, "/proc/") || dir == "/dev/fd") {
			return path, true
		}
		link, err := os.Readlink(path)
		if err != nil {
			return path, false
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return path, false
}

// checkOutput refuses an output that would take the place of an input of the
// same command, or of what a run is proved by.
func (a *app) checkOutput(out string, inputs ...string) error {
	target, stream, err := outputTarget(out)
	if err != nil || stream {
		return nil // writing says what is wrong; nothing is replaced
	}
	const hint = "give the output another name"
	for _, in := range inputs {
		if in != "" && a.isInput(in, target) {
			return refused(hint, "%s would overwrite the input %s", out, inputName(in))
		}
	}
	dir := filepath.Dir(target)
	if _, err := os.Lstat(filepath.Join(dir, journalName)); err != nil {
		return nil
	}
	for _, kept := range []string{planName, journalName, lockName} {
		if strings.EqualFold(filepath.Base(target), kept) {
			return refused(hint, "%s would overwrite the %s of the run in %s", out, kept, dir)
		}
	}
	return nil
}

// isInput reports whether a file is the one that an input is read from, however
// the two are spelt.
func (a *app) isInput(in, target string) bool {
	stat := func() (fs.FileInfo, error) { return os.Stat(in) }
	if in == "-" {
		f, ok := a.in.(*os.File)
		if !ok {
			return false
		}
		stat = f.Stat
	}
	x, errX := stat()
	y, errY := os.Stat(target)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
