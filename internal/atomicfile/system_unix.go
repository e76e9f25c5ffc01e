//go:build unix

package atomicfile

import (
	"io/fs"
	"os"

	"github.com/natefinch/atomic"
)

// plain is an error of the system as it is: its words are English.
func plain(err error) error { return err }

// takeName gives a temporary file the name of an output.
func takeName(temp, path string) error { return atomic.ReplaceFile(temp, path) }

// rename gives a folder its name.
func rename(from, to string) error { return os.Rename(from, to) }

// isRegular reports whether a file has a content of its own.
func isRegular(info fs.FileInfo) bool { return info.Mode().IsRegular() }
