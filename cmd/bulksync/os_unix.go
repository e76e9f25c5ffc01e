//go:build unix

package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// settingsName is the file of settings for a shell.
const settingsName = "env.sh"

// isBrokenPipe reports that the reader of a stream has gone.
func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

// isReadOnly reports that writing a file is not permitted.
func isReadOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// endsSoon reports whether the system kills a process a few seconds after this
// signal.
func endsSoon(os.Signal) bool { return false }

// showsColor reports whether a terminal shows colors.
func showsColor(*os.File) bool { return true }

// inExplorer prepares for a start by a double click, which is for Windows.
func inExplorer() {}

// matching is the paths as they are: the shell has expanded patterns.
func matching(patterns []string) []string { return patterns }

// noCoreDump keeps the memory of a crashed process, which holds a token, from
// being written to disk.
func noCoreDump() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }

// closing is a command that lets nobody else write to a folder.
func closing(path string) string { return "chmod go-w " + shellFile(path) }

// shellCommand is a command line that a user has set, as a shell runs it.
func shellCommand(line string) *exec.Cmd { return exec.Command("sh", "-c", line) }
