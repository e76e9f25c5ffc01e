package rundir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"bulksync/internal/atomicfile"
)

// Check refuses a folder for a new run if it is in use already (ErrNotEmpty),
// or other users may write to it (an *atomicfile.UnsafeError). It creates nothing.
func Check(path string) error {
	d := &Dir{path: path}
	entries, err := atomicfile.ReadDir(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !isLeftover(e.Name()) }) {
		return fmt.Errorf("the run folder %s %w", path, ErrNotEmpty)
	}
	return d.checkOwner()
}

// isLeftover reports whether a file is one that a process can leave behind when
// it dies before its run begins.
func isLeftover(name string) bool { return name == LockName || atomicfile.IsTemp(name) }

// Create makes the folder with the plan, the decisions that approve it and an
// empty journal in it, all durable, or leaves nothing behind. The folder is locked
// until Release. The caller closes the journal.
func Create(path string, plan io.Reader, decisions ...Decision) (*Dir, *os.File, error) {
	d := &Dir{path: path}
	journal, err := d.begin(plan, decisions)
	if err != nil {
		d.unmake()
		return nil, nil, err
	}
	return d, journal, nil
}

func (d *Dir) begin(plan io.Reader, decisions []Decision) (*os.File, error) {
	var err error
	if d.folders, err = atomicfile.MakeFolders(d.path); err != nil {
		return nil, err
	}
	if err := d.Lock(); err != nil {
		return nil, err
	}
	if err := Check(d.path); err != nil { // again, because another run may have taken it since
		return nil, err
	}
	if err := d.Write(PlanName, func(w io.Writer) error { _, err := io.Copy(w, plan); return err }); err != nil {
		return nil, err
	}
	d.files = append(d.files, d.File(PlanName))
	if err := d.Keep(decisions); err != nil {
		return nil, err
	}
	journal, err := atomicfile.Create(d.File(JournalName), os.O_APPEND)
	if err != nil {
		return nil, atomicfile.PathError(err)
	}
	d.files = append(d.files, d.File(JournalName))
	if err := d.syncFolders(); err != nil {
		journal.Close()
		return nil, err
	}
	return journal, nil
}

// syncFolders makes the names of the files durable, and those of the folders
// created for them.
func (d *Dir) syncFolders() error {
	for _, made := range d.folders {
		if err := atomicfile.SyncDir(filepath.Dir(made)); err != nil {
			return err
		}
	}
	return atomicfile.SyncDir(d.path)
}

// unmake removes what this process created for a run that could not begin.
func (d *Dir) unmake() {
	mine := d.lock != nil
	if runtime.GOOS == "windows" {
		d.Release() // an open file cannot be removed there, nor one that another has open
	}
	for _, f := range slices.Backward(d.files) {
		if mine || filepath.Base(f) != LockName {
			os.Remove(f)
		}
	}
	d.Release()
	d.folders.Remove()
}
