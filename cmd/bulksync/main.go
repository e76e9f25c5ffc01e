package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
)

func main() { os.Exit(protected(os.Args[1:])) }

// protected runs a command line and returns its exit code, a fault of our own
// included.
func protected(args []string) (code int) {
	crashLoudly()
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv}
	defer func() {
		if fault := recover(); fault != nil {
			code = a.panicked(fault)
		}
	}()
	return a.main(context.Background(), args)
}

// crashLoudly keeps a crash from being taken for an answer. The runtime ends a
// process with exit code 2 when a goroutine other than the first panics, or when
// it finds memory corrupted, and here 2 means that something differs. With this
// setting such a process ends by SIGABRT (on Windows by an exception).
func crashLoudly() {
	debug.SetTraceback("crash")
	noCoreDump()
}

// panicked tells of a fault of the program. The journal, if there is one, holds
// what was sent.
func (a *app) panicked(fault any) int {
	fmt.Fprintf(a.err, "%s\n", debug.Stack())
	a.say("error: a fault in bulksync itself: %v", fault)
	if !a.writing.Load() {
		return exitCannotRun
	}
	a.say("hint: what was sent stands in the journal: go on with bulksync resume, and report the lines above")
	return exitUnfinished
}
