package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"golang.org/x/term"

	"bulksync/internal/atomicfile"
	"bulksync/internal/words"
	"bulksync/plan/approval"
	"bulksync/plan/desired"
	"bulksync/report"
)

// sayError prints the error of a command by the rules of doc.go. Faulty rows
// get a line each, so that editors can jump to them, and so do faulty decisions.
func (e *env) sayError(err error) {
	var rows desired.RowErrors
	var refusal *approval.Refusal
	if !errors.As(err, &rows) {
		if errors.As(err, &refusal) {
			for _, f := range refusal.Faults {
				e.say("error: %s", f.Error())
			}
		} else {
			e.printError(err)
		}
		if hint := e.hintOf(err); err != nil && hint != "" && !isInterrupt(err) {
			e.say("hint: %s", hint)
		}
		return
	}
	for line := range strings.Lines(rows.Error()) {
		fmt.Fprintln(e.err, edge(strings.TrimSuffix(line, "\n")))
	}
	undone := "; nothing was written"
	switch e.verb {
	case "audit":
		undone = "; nothing was audited"
	case "validate":
		undone = ""
	}
	e.say("error: %s in %s%s", words.Count(len(rows), "fault"), rows[0].File, undone)
	again := ""
	if refused := (*desired.RefusedRows)(nil); e.verb != "validate" && errors.As(err, &refused) && refused.Faults() != nil {
		again = "; bulksync validate --faults writes these rows to a file, with the reasons"
	}
	e.say("hint: fix the lines above and run the command again%s", again)
}

// printError prints an error, unless it is silent.
func (p *process) printError(err error) {
	var silent *exit
	switch {
	case err == nil, errors.As(err, &silent) && silent.err == nil:
	case isInterrupt(err):
		p.say("error: interrupted")
	default:
		p.say("error: %s", strings.ReplaceAll(err.Error(), "\n", "; ")) // several errors, one per line
	}
}

// say writes one line to standard error, cleaned by edge.
func (p *process) say(format string, args ...any) {
	fmt.Fprintf(p.err, "bulksync: %s\n", edge(fmt.Sprintf(format, args...)))
}

// jwt matches an access token, whole or cut off, even within its header.
var jwt = regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)*|\beyJ[\w-]{9,}`)

// userinfo matches the name and password of a URL.
var userinfo = regexp.MustCompile(`://[^\s"/@]*@`)

// edge makes a line fit for a terminal and a log: without control characters,
// without a token that a server or a proxy echoed, and without the password of
// a URL.
func edge(s string) string {
	s = jwt.ReplaceAllString(s, "[token removed]")
	return report.OneLine(userinfo.ReplaceAllString(s, "://[removed]@"))
}

// note prints what is neither an error nor the result.
func (e *env) note(format string, args ...any) {
	if !e.quiet {
		e.say(format, args...)
	}
}

// confirm asks for the word yes. Anything else means no, including the end of
// input and an interrupt. Reading a terminal cannot be cancelled, so the reader
// is abandoned and ends with the process.
func (p *process) confirm(ctx context.Context, question string) bool {
	fmt.Fprintf(p.err, "%s\nOnly \"yes\" will be accepted: ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(p.in).ReadString('\n')
		answer <- strings.TrimSpace(line)
	}()
	select {
	case word := <-answer:
		return word == "yes"
	case <-ctx.Done():
		fmt.Fprintln(p.err)
		return false
	}
}

// askSecret asks for a passphrase, which is not shown. It asks at the terminal
// alone: anywhere else a secret is easily kept.
func (p *process) askSecret(ctx context.Context, prompt string) ([]byte, error) {
	if !p.canAsk("") {
		return nil, errors.New("there is no terminal to ask for the passphrase at")
	}
	fd := int(p.in.(*os.File).Fd())
	shown, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	fmt.Fprint(p.err, edge(prompt))
	defer fmt.Fprintln(p.err)
	secret, err := within(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	if ctx.Err() != nil {
		term.Restore(fd, shown) // the reader is abandoned, with the echo off
	}
	return secret, err
}

// canAsk reports whether a question can be seen and answered: it is written to
// standard error, and the answer must not be part of an input.
func (p *process) canAsk(input string) bool {
	return input != "-" && isTerminal(p.in) && isTerminal(p.err)
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// hasSize reports whether a stream is a terminal with a size.
func hasSize(stream any) bool {
	if !isTerminal(stream) {
		return false
	}
	width, height, err := term.GetSize(int(stream.(*os.File).Fd()))
	return err == nil && width > 0 && height > 0
}

// pageOptions fits a report to standard output.
func (e *env) pageOptions() report.Options { return e.optionsFor(e.out) }

// optionsFor fits a report to a stream.
func (e *env) optionsFor(stream io.Writer) report.Options {
	o := report.Options{Width: 80, All: e.all}
	if f, ok := stream.(*os.File); ok && isTerminal(f) {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			o.Width = w
		}
		o.Color = e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb" && showsColor(f)
	}
	return o
}

// live reports whether a moving progress bar can be shown on standard error. A
// terminal without a size, for example under a scheduler, would draw nothing.
func (p *process) live() bool {
	return hasSize(p.err) && p.getenv("TERM") != "dumb" && p.getenv("CI") == ""
}

// print writes a result to standard output. A reader that stops early, such as
// head, is not an error.
func (p *process) print(render func(io.Writer) error) error {
	b := bufio.NewWriterSize(p.out, 1<<16)
	err := render(b)
	if err == nil {
		err = b.Flush()
	}
	if err != nil && !isBrokenPipe(err) {
		return fmt.Errorf("writing the result: %w", atomicfile.WithoutPath(err))
	}
	return nil
}
