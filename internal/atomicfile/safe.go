package atomicfile

import (
	"fmt"
	"os"
)

// UnsafeError is a folder in which other users could replace what is kept there.
type UnsafeError struct {
	// What the folder is, such as "the run folder", and where.
	What, Path string
	// Writable: the mode of the folder lets others write.
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
	if why := WritableByOthers(info); why != "" {
		return &UnsafeError{What: what, Path: path, Writable: info.Mode().Perm()&0o022 != 0, why: why}
	}
	return nil
}
