package main

import (
	"errors"
	"io/fs"
	"syscall"
)

const (
	errorWriteProtect = syscall.Errno(19)
	errorBrokenPipe   = syscall.Errno(109)
	errorNoData       = syscall.Errno(232)
)

// settingsName is the file of settings for a shell.
const settingsName = "env.ps1"

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
