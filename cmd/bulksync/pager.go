package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/term"

	"bulksync/internal/atomicfile"
)

// page writes a result that people read. On a terminal it goes through their pager if
// it is longer than the screen. It is not for a command that goes on afterwards, or
// has something to say meanwhile. If the pager does not start, the result is rendered
// again.
func (p *process) page(render func(io.Writer) error) error {
	command := p.pagerCommand()
	if command == "" {
		return p.print(render)
	}
	w := &paged{process: p, command: command}
	w.width, w.height, _ = term.GetSize(int(p.out.(*os.File).Fd()))
	b := bufio.NewWriterSize(w, 1<<16)
	err := render(b)
	if err == nil {
		err = b.Flush()
	} else {
		w.held.Reset() // half a result is none
	}
	ended := w.end()
	switch {
	case errors.Is(err, errNoPager), errors.Is(ended, errNoPager):
		return p.print(render)
	case err != nil && !isBrokenPipe(err): // whoever has read enough leaves the pager early
		return fmt.Errorf("writing the result: %w", atomicfile.WithoutPath(err))
	default:
		return ended
	}
}

// pagerCommand is the command line of the pager; empty where none is wanted, or where
// nobody may be there to leave it.
func (p *process) pagerCommand() string {
	kind := p.getenv("TERM")
	cannot := kind == "dumb" || kind == "" && runtime.GOOS != "windows"
	if cannot || p.asJSON || !hasSize(p.out) || p.getenv("NO_PAGER") != "" || p.getenv("CI") != "" {
		return ""
	}
	command, chosen := os.LookupEnv("PAGER") // that is set but empty means none
	if _, err := exec.LookPath("less"); err == nil && !chosen {
		command = "less"
	}
	if command = strings.TrimSpace(command); command == "cat" {
		return ""
	}
	return command
}

// errNoPager means that the pager did not start, and showed nothing.
var errNoPager = errors.New("the pager did not start")

// paged is a result on its way to the screen. It is held until it is known to be
// longer than that, and then goes through the pager.
type paged struct {
	*process
	command       string
	width, height int // of the screen

	held      bytes.Buffer
	rows      int // that it takes on the screen so far
	column    int
	inEscape  bool
	pager     *exec.Cmd
	toPager   io.WriteCloser
	didNotRun error
}

// Write holds what may yet fit the screen.
func (w *paged) Write(text []byte) (int, error) {
	if w.toPager != nil {
		return w.toPager.Write(text)
	}
	w.held.Write(text)
	if w.count(text); w.rows < w.height { // the prompt of the shell takes a line as well
		return len(text), nil
	}
	if err := w.start(); err != nil {
		w.didNotRun = errNoPager
		return 0, errNoPager
	}
	_, err := w.held.WriteTo(w.toPager)
	return len(text), err
}

// count counts the rows of the screen. Colours take no room, and each character one
// column: a pager too early or too late by a line harms nobody.
func (w *paged) count(text []byte) {
	for _, c := range text {
		switch {
		case w.inEscape:
			w.inEscape = c != 'm'
		case c == '\x1b':
			w.inEscape = true
		case c == '\n':
			w.rows, w.column = w.rows+1, 0
		case c&0xC0 == 0x80: // the rest of a character
		case w.column == w.width:
			w.rows, w.column = w.rows+1, 1
		default:
			w.column++
		}
	}
}

// start starts the pager.
func (w *paged) start() (err error) {
	w.pager = shellCommand(w.command)
	w.pager.Env = pagerEnvironment(os.Environ())
	w.pager.Stdout, w.pager.Stderr = w.out, w.stderr
	pipe, err := w.pager.StdinPipe()
	if err != nil {
		return err
	}
	if err := w.pager.Start(); err != nil {
		return err
	}
	w.toPager = pipe
	return nil
}

// exitNotFound and exitNotRunnable are how a shell ends that could not start a
// command.
const (
	exitNotFound    = 127
	exitNotRunnable = 126
)

// end shows what fits the screen, or waits until the pager is left. An interrupt
// meanwhile is for the pager: the command is done.
func (w *paged) end() error {
	switch {
	case w.didNotRun != nil:
		return w.didNotRun
	case w.toPager == nil:
		return w.print(func(out io.Writer) error { _, err := w.held.WriteTo(out); return err })
	}
	w.toPager.Close()
	var exit *exec.ExitError
	if !errors.As(w.pager.Wait(), &exit) {
		return nil
	}
	switch code := exit.ExitCode(); {
	case code == exitNotFound, code == exitNotRunnable:
		return errNoPager
	case code > 0 && code < exitNotRunnable: // a signal is a way to leave it
		w.warn("the pager (%s) ended with exit code %d; NO_PAGER=1 shows the result without one", w.command, code)
	}
	return nil // how the pager ends says nothing of the result
}

// pagerVariables are the variables that a pager gets, and the first letters of others.
// No more: it needs no secret, and may run what it finds in its settings.
var pagerVariables = []string{
	"PATH", "HOME", "SHELL", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR",
	"TERM", "TERMCAP", "TERMINFO", "TERMINFO_DIRS", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES",
	"LESS*", "BAT_*", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
	"SYSTEMROOT", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP",
}

// pagerEnvironment is what a pager gets of an environment. less leaves by itself what
// fits the screen (F), shows colours (R) and lets the text stand (X), as with git.
func pagerEnvironment(all []string) (env []string) {
	isSet := false
	for _, variable := range all {
		name, _, _ := strings.Cut(variable, "=")
		if runtime.GOOS == "windows" {
			name = strings.ToUpper(name)
		}
		if slices.ContainsFunc(pagerVariables, func(known string) bool {
			begin, many := strings.CutSuffix(known, "*")
			return name == known || many && strings.HasPrefix(name, begin)
		}) {
			env = append(env, variable)
			isSet = isSet || name == "LESS"
		}
	}
	if !isSet {
		env = append(env, "LESS=FRX")
	}
	return env
}
