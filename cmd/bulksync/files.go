package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bulksync/execute/rundir"
	"bulksync/internal/atomicfile"
)

// within runs f until ctx ends. A system call that waits for another process,
// such as opening a pipe, cannot be cancelled: its goroutine is abandoned and
// ends with the process.
func within[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// readFile passes a file to read; "-" is standard input. The end of ctx ends
// the reading at once, even from a silent pipe or terminal.
func readFile[T any](ctx context.Context, p *process, path string, read func(io.Reader) (T, error)) (T, error) {
	var none T
	f, err := p.open(ctx, path)
	if err != nil {
		return none, err
	}
	defer f.Close()
	v, err := read(f)
	if err != nil && ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	return v, err
}

func (p *process) open(ctx context.Context, path string) (io.ReadCloser, error) {
	if path == "-" {
		return endable(ctx, io.NopCloser(p.in)), nil
	}
	f, err := within(ctx, func() (*os.File, error) { return os.Open(path) })
	if err != nil {
		return nil, notFound(path, atomicfile.PathError(err))
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		f.Close()
		return nil, atomicfile.PathError(err)
	case info.IsDir():
		f.Close()
		return nil, isFolderError(path)
	case atomicfile.IsRegular(info):
		return atomicfile.NewReader(ctx, f), nil
	default:
		return endable(ctx, f), nil
	}
}

// notFound adds to an error about a file that is not there which one was probably
// meant.
func notFound(path string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir, name := filepath.Split(path)
	if name == "help" && dir == "" {
		return hinted(err, "did you mean --help?")
	}
	var names []string
	for _, e := range entries(dir) {
		if strings.EqualFold(filepath.Ext(e.Name()), filepath.Ext(name)) {
			names = append(names, e.Name())
		}
	}
	if near := similar(name, names); near != "" {
		return hinted(err, "did you mean "+shellQuote(dir+near)+"?")
	}
	return err
}

// isFolderError is the error for a folder in place of a file.
func isFolderError(path string) error {
	err := fmt.Errorf("%s is a folder, not a file", path)
	if rundir.Begun(path) {
		return hinted(err, "it is the folder of a run: bulksync report shows it, bulksync resume continues it")
	}
	return err
}

// endable reads from a pipe or a device until ctx ends.
func endable(ctx context.Context, in io.ReadCloser) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		_, err := io.Copy(w, in)
		w.CloseWithError(errors.Join(err, in.Close()))
	}()
	context.AfterFunc(ctx, func() { w.CloseWithError(context.Cause(ctx)) })
	return r
}

// isKept reports whether a path names a file that a later command can read.
func isKept(path string) bool {
	_, stream, err := atomicfile.Target(path)
	return path != "-" && err == nil && !stream
}

// inputName is the name of a file in plans and reports: without its folders,
// which are private, and without the bytes that JSON cannot hold.
func inputName(path string) string {
	if path == "-" {
		return inputPath(path)
	}
	return strings.ToValidUTF8(filepath.Base(path), "\uFFFD")
}

func inputPath(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}
