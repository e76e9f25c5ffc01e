package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"bulksync/internal/atomicfile"
)

// checkRunDir refuses a folder that somebody uses already. Nothing is made.
func (a *app) checkRunDir(path string) error {
	d := &runDir{path: path}
	entries, err := os.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return atomicfile.PathError(err)
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
func isLeftover(name string) bool { return name == lockName || atomicfile.IsTemp(name) }

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
	if d.folders, err = atomicfile.MakeFolders(d.path); err != nil {
		return nil, err
	}
	if err := d.acquire(); err != nil {
		return nil, err
	}
	if err := a.checkRunDir(d.path); err != nil {
		return nil, err
	}
	if err := d.write(planName, func(w io.Writer) error { _, err := w.Write(plan); return err }); err != nil {
		return nil, err
	}
	d.files = append(d.files, d.file(planName))
	journal, err := os.OpenFile(d.file(journalName), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, atomicfile.PathError(err)
	}
	d.files = append(d.files, d.file(journalName))
	if err := d.syncFolders(); err != nil {
		journal.Close()
		return nil, err
	}
	return journal, nil
}

// syncFolders makes the names of the files durable, and of each folder that was
// made for them.
func (d *runDir) syncFolders() error {
	for _, made := range d.folders {
		if err := atomicfile.SyncDir(filepath.Dir(made)); err != nil {
			return err
		}
	}
	return atomicfile.SyncDir(d.path)
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
	d.folders.Remove()
}
