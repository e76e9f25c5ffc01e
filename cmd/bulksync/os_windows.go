package main

import (
	"errors"
	"io/fs"
	"os/exec"
	"strings"
	"syscall"
)

const (
	errorWriteProtect = syscall.Errno(19)
	errorBrokenPipe   = syscall.Errno(109)
	errorNoData       = syscall.Errno(232)
)

// isBrokenPipe reports that the reader of a stream has gone.
func isBrokenPipe(err error) bool {
	return errors.Is(err, errorBrokenPipe) || errors.Is(err, errorNoData)
}

// isReadOnly reports that writing a file is not permitted.
func isReadOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, errorWriteProtect)
}

// noCoreDump does nothing: a crash leaves no memory behind unless an
// administrator has asked for it.
func noCoreDump() {}

// shellCommand is a command line that a user has set: the path of a program, or a
// program and its arguments.
func shellCommand(line string) *exec.Cmd {
	if _, err := exec.LookPath(line); err == nil {
		return exec.Command(line)
	}
	words := strings.Fields(line)
	return exec.Command(words[0], words[1:]...)
}
