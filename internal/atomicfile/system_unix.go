//go:build unix

package atomicfile

import "github.com/natefinch/atomic"

// plain is an error of the system as it is: its words are English.
func plain(err error) error { return err }

// takeName gives a temporary file the name of an output.
func takeName(temp, path string) error { return atomic.ReplaceFile(temp, path) }
