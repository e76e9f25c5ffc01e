//go:build unix

package main

import (
	"errors"
	"io/fs"
	"os/exec"
	"syscall"
)

// isBrokenPipe reports that the reader of a stream has gone.
func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

// isReadOnly reports that writing a file is not permitted.
func isReadOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// noCoreDump keeps the memory of a crashed process, which holds a token, from
// being written to disk.
func noCoreDump() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }

// shellCommand is a command line that a user has set, as a shell runs it.
func shellCommand(line string) *exec.Cmd { return exec.Command("sh", "-c", line) }
