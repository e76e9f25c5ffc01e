package main

import (
	"errors"
	"io/fs"
	"os/user"
	"strings"
	"syscall"

	"bulksync/internal/atomicfile"
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

// closing is a command that lets nobody else write to a folder: it takes away what a
// folder above passes on, and what groups of everybody were given here.
func closing(path string) string {
	command := "icacls " + shellQuote(path) + " /inheritance:r"
	if me, err := user.Current(); err == nil {
		command += " /grant:r " + shellQuote(me.Username+":(OI)(CI)F")
	}
	return command + " /remove:g " + strings.Join(atomicfile.Everybody(), " ")
}
