//go:build unix

package main

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// strangers says who else may write to a folder; empty where nobody may. The
// system's own user may do anything anyhow.
func strangers(info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && st.Uid != 0 && int(st.Uid) != os.Geteuid():
		return "it belongs to another user"
	case info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0:
		return "other users may write to it"
	default:
		return ""
	}
}

// isBrokenPipe reports that whoever read a stream has stopped.
func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

// isReadOnly reports that a file may not be written.
func isReadOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// noCoreDump keeps the memory of a process that crashes, which holds a token,
// from being written to the disk.
func noCoreDump() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }
