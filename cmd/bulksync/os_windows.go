package main

import (
	"errors"
	"io/fs"
	"syscall"
)

// strangers says nothing: who may write to a folder stands in its access list,
// and what a user makes is that user's.
func strangers(fs.FileInfo) string { return "" }

const (
	errorWriteProtect = syscall.Errno(19)
	errorBrokenPipe   = syscall.Errno(109)
	errorNoData       = syscall.Errno(232)
)

// isBrokenPipe reports that whoever read a stream has stopped.
func isBrokenPipe(err error) bool {
	return errors.Is(err, errorBrokenPipe) || errors.Is(err, errorNoData)
}

// isReadOnly reports that a file may not be written.
func isReadOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, errorWriteProtect)
}

// noCoreDump does nothing: a crash leaves no memory behind unless an
// administrator has asked for it.
func noCoreDump() {}
