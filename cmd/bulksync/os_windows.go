package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sys/windows"

	"bulksync/internal/atomicfile"
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

// endsSoon reports whether the system kills a process a few seconds after this
// signal. That of closing the window, of logging off and of shutting down is
// SIGTERM here; Windows waits five seconds at least.
func endsSoon(s os.Signal) bool { return s == syscall.SIGTERM }

// showsColor reports whether a terminal shows colors. A console of Windows has
// to be asked to.
func showsColor(f *os.File) bool {
	console, mode := windows.Handle(f.Fd()), uint32(0)
	if err := windows.GetConsoleMode(console, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

// doubleClicked is what the program says in the window that opens for it when it
// is started in the Explorer. The window stays until a key is pressed.
const doubleClicked = `bulksync is a program for the command line. In PowerShell, type:

  bulksync help      what it can do
  bulksync demo      the whole tour, without an account or a network

If its folder is not on the PATH, go there with cd and type .\bulksync instead.

`

// inExplorer prepares for a start by a double click.
func inExplorer() {
	cobra.MousetrapHelpText, cobra.MousetrapDisplayDuration = doubleClicked, 0
}

// matching is the paths that a pattern stands for, since the shells of Windows
// leave that to the program. A pattern that nothing matches stays as it is.
func matching(patterns []string) (paths []string) {
	for _, p := range patterns {
		found, err := filepath.Glob(p)
		if _, exact := os.Lstat(p); exact == nil || err != nil || len(found) == 0 {
			found = []string{p}
		}
		paths = append(paths, found...)
	}
	return paths
}

// noCoreDump does nothing: a crash leaves no memory behind unless an
// administrator has asked for it.
func noCoreDump() {}

// closing is a command that lets nobody else write to a folder: it takes away what a
// folder above passes on, and what groups of everybody were given here.
func closing(path string) string {
	command := "icacls " + shellFile(path) + " /inheritance:r"
	if me, err := user.Current(); err == nil {
		command += " /grant:r " + shellQuote(me.Username+":(OI)(CI)F")
	}
	return command + " /remove:g " + strings.Join(atomicfile.Everybody(), " ")
}

// shellCommand is a command line that a user has set: the path of a program, or a
// program and its arguments.
func shellCommand(line string) *exec.Cmd {
	if _, err := exec.LookPath(line); err == nil {
		return exec.Command(line)
	}
	words := strings.Fields(line)
	return exec.Command(words[0], words[1:]...)
}
