package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Target says which file to replace for an output at path, or that path leads
// to a stream, which is written to instead.
func Target(path string) (target string, stream bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		target, _ = follow(path)
		return target, false, nil
	case err != nil:
		return "", false, err
	case info.IsDir():
		return "", false, errors.New("it is a folder")
	case !IsRegular(info):
		return "", true, nil
	}
	target, stream = follow(path)
	return target, stream, nil
}

// maxLinks is how many links are followed; systems use this limit.
const maxLinks = 40

// follow returns what a path leads to once its links are followed, even if
// nothing exists there yet. A path through the list of a process's descriptors
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

// KindError means that a path is not a regular file.
type KindError struct {
	Path string
	Mode fs.FileMode
}

// Error names the path and what is there.
func (e *KindError) Error() string { return fmt.Sprintf("%s is %s, not a file", e.Path, kind(e.Mode)) }

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeSymlink != 0:
		return "a link"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	default:
		return "a device"
	}
}

// IsRegular reports whether a file has a content of its own: it can be replaced, and
// reading it never blocks. Mode.IsRegular denies that of files in a folder of OneDrive.
func IsRegular(info fs.FileInfo) bool { return isRegular(info) }

// Open opens a file that must be a regular file, or returns a *KindError:
// reading a pipe would block, and a link would lead elsewhere.
func Open(path string, flag int) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, PathError(err)
	}
	if !IsRegular(info) {
		return nil, &KindError{path, info.Mode()}
	}
	f, err := os.OpenFile(path, flag, 0)
	return f, PathError(err)
}

// ReadDir lists a folder. A file in its place is an error on every system, and
// never fs.ErrNotExist.
func ReadDir(path string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(path)
	if info, errStat := os.Stat(path); errStat == nil && !info.IsDir() && (err == nil || errors.Is(err, fs.ErrNotExist)) {
		err = fmt.Errorf("%s: not a directory", path)
	}
	return entries, PathError(err)
}

// Reader reads a regular file, which never blocks a reader, until a context
// ends.
type Reader struct {
	*os.File
	ctx context.Context
}

// NewReader returns f as a Reader. Closing it closes f.
func NewReader(ctx context.Context, f *os.File) *Reader { return &Reader{f, ctx} }

// Read reads from the file, or returns why the context ended.
func (r *Reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.File.Read(p)
}

// PathError removes the name of the system call, which helps nobody.
func PathError(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return fmt.Errorf("%s: %w", e.Path, plain(e.Err))
	}
	return plain(err)
}

// WithoutPath removes the path too, for a temporary file that the user does not
// know.
func WithoutPath(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return plain(e.Err)
	}
	if e := (*os.LinkError)(nil); errors.As(err, &e) {
		return plain(e.Err)
	}
	return plain(err)
}
