package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	_ "time/tzdata" // a policy names a time zone, and not every machine has them

	"bulksync/execute"
)

func main() { os.Exit(protected(os.Args[1:])) }

// protected runs a command line and returns its exit code, even if the program
// panics.
func protected(args []string) (code int) {
	crashLoudly()
	inExplorer()
	p := &process{in: os.Stdin, out: os.Stdout, messages: messages{stderr: os.Stderr}.forArgs(args), getenv: os.Getenv, cacheDir: os.UserCacheDir, openFile: new(sync.Once)}
	leadLibraries(p)
	p.collectSooner()
	defer func() {
		if fault := recover(); fault != nil {
			code = p.panicked(fault)
		}
	}()
	stops, end := withSignals(p.messages)
	defer end()
	return p.run(stops, args)
}

// process is the surroundings of a command line; it never changes.
type process struct {
	messages // standard error
	in       io.Reader
	out      io.Writer
	getenv   func(string) string
	// cacheDir is the user's folder for what can be found again; nil means that
	// there is none.
	cacheDir func() (string, error)
	// openFile is for a warning that is given once; nil to do without it.
	openFile *sync.Once
}

// run runs one command line and returns its exit code.
func (p *process) run(stops execute.Stops, args []string) int {
	own := *p
	own.messages = p.forArgs(args)
	line := &commandLine{process: &own, stops: stops}
	cmd := rootCommand(line)
	cmd.SetArgs(args)
	cmd.SetIn(p.in)
	cmd.SetOut(p.out)
	libraries := own.ofLibraries(slog.LevelInfo)
	defer libraries.end()
	cmd.SetErr(libraries)
	err := cmp.Or(cmd.Execute(), line.helpFailed)
	if !isSilent(err) { // a command prints its own
		wrong := &exit{}
		errors.As(err, &wrong)
		own.fail(errorText(err), wrong.hint)
	}
	return codeOf(err)
}

// crashLoudly keeps a crash from being mistaken for an answer. The runtime ends
// a process with exit code 2 when a goroutine other than the first panics, or
// when it finds memory corruption, and here 2 means that something differs.
// With this setting such a process ends by SIGABRT (on Windows by an
// exception).
func crashLoudly() {
	debug.SetTraceback("crash")
	noCoreDump()
}

// gcPercent is how much garbage may gather, as a share of what is in use, before
// it is collected. Compared with the default of 100 it saves a seventh of the
// memory for two percent of the processor time; 50 would cost ten.
const gcPercent = 75

// collectSooner sets gcPercent, unless the user has set GOGC.
func (p *process) collectSooner() {
	if p.getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// faultOfRun is a panic after a run has begun.
type faultOfRun struct{ fault any }

// panicked reports a panic and returns the exit code.
func (p *process) panicked(fault any) int {
	const text = "a fault in bulksync itself: %v"
	run, begun := fault.(faultOfRun)
	if !begun {
		p.crash(fmt.Sprintf(text, fault), "", debug.Stack())
		return exitCannotRun
	}
	p.crash(fmt.Sprintf(text, run.fault), "the journal holds what was sent: continue with bulksync resume, and report the lines above", debug.Stack())
	return exitUnfinished
}
