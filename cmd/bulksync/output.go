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
	"runtime"

	"bulksync/internal/atomicfile"
)

// writeFile writes an output. A regular file, or the file that a link leads to,
// is replaced whole or not at all; a device or a pipe is written to until ctx
// ends.
func (p *process) writeFile(ctx context.Context, path string, render func(io.Writer) error) error {
	return p.write(ctx, path, p.replace, render)
}

// replace gives a file new content that is for its owner alone, or warns that it is
// not.
func (p *process) replace(path string, render func(io.Writer) error) error {
	err := atomicfile.Replace(path, render)
	if err == nil {
		p.warnIfOpen(path)
	}
	return err
}

// warnIfOpen warns of a file or folder that was made for its owner alone, but on a
// disk or a share that keeps nobody out. One warning is enough.
func (p *process) warnIfOpen(path string) {
	if p.openFile != nil && !atomicfile.IsPrivate(path) {
		p.openFile.Do(func() {
			p.warn("other users can read %s, because its disk or share has no access rights: keep tenant data on one that has them", path)
		})
	}
}

// writePublic is writeFile for a file that other users have to read.
func (p *process) writePublic(ctx context.Context, path string, render func(io.Writer) error) error {
	return p.write(ctx, path, atomicfile.ReplacePublic, render)
}

func (p *process) write(ctx context.Context, path string, replace func(string, func(io.Writer) error) error, render func(io.Writer) error) error {
	target, stream, err := atomicfile.Target(path)
	switch {
	case err != nil:
	case stream:
		_, err = within(ctx, func() (struct{}, error) { return struct{}{}, p.writeStream(path, render) })
	default:
		err = replace(target, render)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, atomicfile.WithoutPath(err))
	}
	return nil
}

// writeNew is writeFile for an output that is removed again if a later step of
// the command fails.
func (p *process) writeNew(ctx context.Context, made *atomicfile.Created, path string, render func(io.Writer) error) error {
	made.AddIfNew(path)
	return p.writeFile(ctx, path, render)
}

// writeStream writes to a device or a pipe.
func (p *process) writeStream(path string, render func(io.Writer) error) error {
	f, opened, err := p.openStream(path)
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

// openStream opens a device or a pipe. Our own standard output and error are
// not opened again: the second handle would overwrite what the first wrote.
func (p *process) openStream(path string) (f *os.File, opened bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, false, err
	}
	for _, w := range []io.Writer{p.out, p.stderr} {
		own, isFile := w.(*os.File)
		if !isFile || runtime.GOOS == "windows" { // where they have no path, and all pipes and devices are the same file
			continue
		}
		if i, err := own.Stat(); err == nil && os.SameFile(i, info) {
			return own, false, nil
		}
	}
	f, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	return f, true, err
}

// inStore refuses an output in a store of audits.
func inStore(out, store string) error {
	return refused("keep it outside of the store", "%s would be in the store of audits %s", out, store)
}

// realPath is a path without links, as far as it exists.
func realPath(path string) string {
	path, err := filepath.Abs(path)
	rest := ""
	for err == nil {
		real, missing := filepath.EvalSymlinks(path)
		if missing == nil {
			return filepath.Join(real, rest)
		}
		dir := filepath.Dir(path)
		if dir == path {
			break
		}
		path, rest = dir, filepath.Join(filepath.Base(path), rest)
	}
	return filepath.Join(path, rest)
}

// isInput reports whether target is the file that an input is read from, under
// any name.
func (p *process) isInput(in, target string) bool {
	stat := func() (fs.FileInfo, error) { return os.Stat(in) }
	if in == "-" {
		f, ok := p.in.(*os.File)
		if !ok {
			return false
		}
		stat = f.Stat
	}
	x, errX := stat()
	y, errY := os.Stat(target)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
