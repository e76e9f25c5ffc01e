package yamlfile

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"bulksync/internal/seal"
	"bulksync/plan/desired"
)

// File is a file that is being read. It notes every fault.
type File struct {
	// Name is what faults call the file.
	Name string
	// Noun is what the file is, such as policy.
	Noun string
	// Max is the size from which it is refused, in bytes: a whole number of MiB.
	Max int
	// Large and Empty say what such a file is to somebody whose file is too large, or
	// empty.
	Large, Empty string
	// Refuse says why a key is refused, and what to do, if there is more to say than that
	// it is unknown; empty if there is not. It may be nil.
	Refuse func(key string) string
	// Discreet keeps what may be a secret in a wrong place out of the faults.
	Discreet bool

	faults desired.RowErrors
}

// Read reads the file and returns its only document, which is nil if there is a
// fault, and the SHA-256 of its bytes. The error is from in alone: faults are in Err.
func (f *File) Read(in io.Reader) (root *yaml.Node, sum string, err error) {
	text, err := io.ReadAll(io.LimitReader(in, int64(f.Max)+1))
	if err != nil {
		return nil, "", fmt.Errorf("reading %s: %w", f.Name, err)
	}
	if len(text) > f.Max {
		f.FaultAt(1, 1, "the file is larger than %d MiB: %s", f.Max>>20, f.Large)
		return nil, "", nil
	}
	if root = f.parse(text); root != nil {
		f.refuseTricks(root)
	}
	return root, seal.Sum(text), nil
}

// Fault notes what is wrong at a node.
func (f *File) Fault(at *yaml.Node, format string, args ...any) {
	f.FaultAt(at.Line, at.Column, format, args...)
}

// FaultAt notes what is wrong at a place, which is 1:1 if it is not known.
func (f *File) FaultAt(line, column int, format string, args ...any) {
	f.faults = append(f.faults, &desired.RowError{File: f.Name, Line: max(line, 1), Column: max(column, 1), Err: fmt.Errorf(format, args...)})
}

// Err is every fault, by its place, as a desired.RowErrors; nil if there is none.
func (f *File) Err() error {
	if len(f.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(f.faults, func(a, b *desired.RowError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return f.faults
}
