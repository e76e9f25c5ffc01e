package rundir

import (
	"bytes"
	"errors"
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
	switch err := os.Mkdir(d.File(DecisionsName), 0o700); {
	case err == nil:
		d.files = append(d.files, d.File(DecisionsName))
	case !errors.Is(err, fs.ErrExist):
		return atomicfile.PathError(err)
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
		text, err := d.kept(name)
		if err != nil {
			return err
		}
		signature, err := d.kept(name + sigExt)
		if err != nil {
			return err
		}
		if text == nil && signature == nil {
			break
		}
		if bytes.Equal(text, one.Text) && bytes.Equal(signature, one.Signature) {
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

// kept is what a file of the run holds; nil if there is none.
func (d *Dir) kept(name string) ([]byte, error) {
	text, err := os.ReadFile(d.File(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, atomicfile.PathError(err)
	default:
		return append([]byte{}, text...), nil // not nil, even if it is empty
	}
}

func (d *Dir) add(name string, text []byte) error {
	d.files.AddIfNew(d.File(name))
	return d.Write(name, func(w io.Writer) error { _, err := w.Write(text); return err })
}

// Decisions lists the decision files in the folder of the run, without their
// signatures.
func (d *Dir) Decisions() (paths []string, err error) {
	entries, err := os.ReadDir(d.File(DecisionsName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, atomicfile.PathError(err)
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
