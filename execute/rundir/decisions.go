package rundir

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"bulksync/internal/atomicfile"
)

// DecisionsName is the folder of the decisions that the run relies on, below its
// own.
const DecisionsName = "decisions"

// sigExt is the extension of a signature, after the whole name of what is signed.
const sigExt = ".sig"

// Decision is a decision file as it was read, byte for byte. Signature is nil if
// there was none beside it.
type Decision struct {
	Name            string
	Text, Signature []byte
}

// Keep copies decisions into the folder of the run, beside those that are there,
// and makes them durable. One that is there already is not copied again; where
// another has its name, it gets a number before it.
func (d *Dir) Keep(decisions []Decision) error {
	if len(decisions) == 0 {
		return nil
	}
	switch err := atomicfile.Mkdir(d.File(DecisionsName)); {
	case err == nil:
		d.files = append(d.files, d.File(DecisionsName))
	case !errors.Is(err, fs.ErrExist):
		return atomicfile.PathError(err)
	}
	if _, err := d.hasDecisions(); err != nil {
		return err
	}
	for i := range decisions {
		if err := d.keep(&decisions[i]); err != nil {
			return err
		}
	}
	if err := atomicfile.SyncDir(d.File(DecisionsName)); err != nil {
		return err
	}
	return atomicfile.SyncDir(d.path)
}

func (d *Dir) keep(one *Decision) error {
	name := filepath.Join(DecisionsName, filepath.Base(one.Name))
	for n := 2; ; n++ {
		text, err := d.holds(name, one.Text)
		if err != nil {
			return err
		}
		signature, err := d.holds(name+sigExt, one.Signature)
		if err != nil {
			return err
		}
		if text == absent && signature == absent {
			break
		}
		if text == same && (signature == same || signature == absent && one.Signature == nil) {
			return nil
		}
		name = filepath.Join(DecisionsName, strconv.Itoa(n)+"-"+filepath.Base(one.Name))
	}
	if one.Signature != nil { // first: without it, the decision would look unsigned
		if err := d.add(name+sigExt, one.Signature); err != nil {
			return err
		}
	}
	return d.add(name, one.Text)
}

// content says what a file of the run holds, beside a text.
type content int

const (
	absent content = iota
	same
	other
)

// holds compares a file of the run with a text. Only a regular file of that size
// is read: reading a pipe would block.
func (d *Dir) holds(name string, text []byte) (content, error) {
	switch info, err := os.Lstat(d.File(name)); {
	case errors.Is(err, fs.ErrNotExist):
		return absent, nil
	case err != nil:
		return other, atomicfile.PathError(err)
	case text == nil || !atomicfile.IsRegular(info) || info.Size() != int64(len(text)):
		return other, nil
	}
	kept, err := os.ReadFile(d.File(name))
	if err != nil || !bytes.Equal(kept, text) {
		return other, atomicfile.PathError(err)
	}
	return same, nil
}

func (d *Dir) add(name string, text []byte) error {
	d.files.AddIfNew(d.File(name))
	return d.Write(name, func(w io.Writer) error { _, err := w.Write(text); return err })
}

// hasDecisions reports whether there is a folder of decisions. Anything else by
// that name is an error.
func (d *Dir) hasDecisions() (bool, error) {
	switch info, err := os.Stat(d.File(DecisionsName)); {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, atomicfile.PathError(err)
	case !info.IsDir():
		return false, fmt.Errorf("%s is not a folder", d.File(DecisionsName))
	default:
		return true, nil
	}
}

// Decisions lists the decision files in the folder of the run, without their
// signatures.
func (d *Dir) Decisions() (paths []string, err error) {
	if there, err := d.hasDecisions(); err != nil || !there {
		return nil, err
	}
	entries, err := atomicfile.ReadDir(d.File(DecisionsName))
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	for _, e := range entries {
		signed, isSig := strings.CutSuffix(e.Name(), sigExt)
		if atomicfile.IsTemp(e.Name()) || isSig && names[signed] {
			continue
		}
		paths = append(paths, filepath.Join(d.File(DecisionsName), e.Name()))
	}
	return paths, nil
}
