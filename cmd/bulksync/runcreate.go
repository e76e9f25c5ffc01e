package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// checkRunDir refuses a folder that somebody uses already. Nothing is made.
func (a *app) checkRunDir(path string) error {
	d := &runDir{path: path}
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return pathError(err)
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !isLeftover(e.Name()) }) {
		hint := "name a new folder"
		if info, err := os.Stat(d.file(journalName)); err == nil && info.Size() > 0 {
			hint += "; to go on with the run in this one: " + a.commandLine("resume", path)
		}
		return refused(hint, "the run folder %s is not empty", path)
	}
	return d.checkOwner()
}

// isLeftover reports whether a file is what a process can leave that died before
// its run began.
func isLeftover(name string) bool { return name == lockName || isTemp(name) }

// createRunDir makes the folder with the plan and an empty journal in it, all of
// it durable, or leaves nothing behind. The lock decides whose the folder is.
func (a *app) createRunDir(path string, plan []byte) (*runDir, *os.File, error) {
	d := &runDir{path: path}
	journal, err := a.begin(d, plan)
	if err != nil {
		d.unmake()
		return nil, nil, err
	}
	return d, journal, nil
}

func (a *app) begin(d *runDir, plan []byte) (*os.File, error) {
	var err error
	if d.folders, err = makeFolders(d.path); err != nil {
		return nil, err
	}
	if err := d.acquire(); err != nil {
		return nil, err
	}
	if err := a.checkRunDir(d.path); err != nil {
		return nil, err
	}
	if err := d.write(planName, writeBytes(plan)); err != nil {
		return nil, err
	}
	d.files = append(d.files, d.file(planName))
	journal, err := os.OpenFile(d.file(journalName), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, pathError(err)
	}
	d.files = append(d.files, d.file(journalName))
	if err := d.syncFolders(); err != nil {
		journal.Close()
		return nil, err
	}
	return journal, nil
}

// makeFolders makes a folder and what is missing of its parents. It returns what
// it made, and leaves nothing behind where it fails.
func makeFolders(path string) (made added, err error) {
	var missing []string
	for p := filepath.Clean(path); ; p = filepath.Dir(p) {
		_, err := os.Stat(p)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || p == filepath.Dir(p) {
			return nil, pathError(err)
		}
		missing = append(missing, p)
	}
	for _, p := range slices.Backward(missing) {
		switch err := os.Mkdir(p, 0o700); {
		case err == nil:
			made = append(made, p)
		case !errors.Is(err, fs.ErrExist):
			made.remove()
			return nil, pathError(err)
		}
	}
	return made, nil
}

// syncFolders makes the names of the files durable, and of each folder that was
// made for them.
func (d *runDir) syncFolders() error {
	for _, made := range d.folders {
		if err := syncDir(filepath.Dir(made)); err != nil {
			return err
		}
	}
	return syncDir(d.path)
}

// unmake takes away what this process made, of a run that could not begin.
func (d *runDir) unmake() {
	mine := d.lock != nil
	if runtime.GOOS == "windows" {
		d.release() // an open file cannot be removed there, nor one that another has open
	}
	for _, f := range slices.Backward(d.files) {
		if mine || filepath.Base(f) != lockName {
			os.Remove(f)
		}
	}
	d.release()
	d.folders.remove()
}

// syncDir makes the names in a folder durable. Windows has no such call and
// needs none.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return pathError(err)
	}
	defer f.Close()
	return f.Sync()
}
