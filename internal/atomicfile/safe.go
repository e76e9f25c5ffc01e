package atomicfile

import (
	"fmt"
	"io/fs"
	"os"
)

// UnsafeError is a folder in which other users could replace what is kept there.
type UnsafeError struct {
	// What the folder is, such as "the run folder", and where.
	What, Path string
	// Writable: the mode of the folder, or its access list, lets others write.
	Writable bool
	why      string
}

// Error names the folder and what is unsafe about it.
func (e *UnsafeError) Error() string {
	return fmt.Sprintf("%s %s is not safe: %s", e.What, e.Path, e.why)
}

// CheckFolder refuses what is no folder, and with an *UnsafeError a folder that other
// users may write to. what says in the error what the folder is.
func CheckFolder(what, path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return PathError(err)
	case !info.IsDir():
		return fmt.Errorf("%s %s is not a folder", what, path)
	}
	if writable, why := writableByOthers(path, info); why != "" {
		return &UnsafeError{What: what, Path: path, Writable: writable, why: why}
	}
	return nil
}

// WritableByOthers reports whether other users may write to a file or folder, which
// info is of. Root and administrators may do anything anyway.
func WritableByOthers(path string, info fs.FileInfo) bool {
	_, why := writableByOthers(path, info)
	return why != ""
}
