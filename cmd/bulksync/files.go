package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/natefinch/atomic"

	"bulksync/plan"
)

// writeFile writes a file whole or not at all, readable by its owner alone: it
// holds tenant data. What is rendered goes to a file beside it, which takes its
// name once it is on the disk.
func writeFile(path string, render func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".bulksync-*") // mode 0600
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, withoutPath(err))
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("writing %s: %w", path, withoutPath(err))
		}
	}()
	b := bufio.NewWriterSize(f, 1<<16)
	if err := errors.Join(render(b), b.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	return atomic.ReplaceFile(f.Name(), path)
}

// open opens a file for reading; "-" is standard input.
func (a *app) open(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(a.in), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, pathError(err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s is a folder, not a file", path)
	}
	return f, nil
}

// pathError drops the name of the system call, which helps nobody.
func pathError(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return fmt.Errorf("%s: %w", e.Path, e.Err)
	}
	return err
}

// withoutPath drops the path too, of a file that nobody has heard of.
func withoutPath(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// readPlan reads and proves a plan file.
func (a *app) readPlan(path string) (*plan.Plan, error) {
	f, err := a.open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := plan.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// inputName is how a file is called in plans and reports: its name without the
// folders of somebody's machine.
func inputName(path string) string {
	if path == "-" {
		return "standard input"
	}
	return filepath.Base(path)
}
