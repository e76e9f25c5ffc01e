package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
	switch {
	case isSilent(err):
	case errors.As(err, &rows):
		e.sayRows(err, rows)
	case errors.As(err, &refusal) && len(refusal.Faults) > 0:
		last := len(refusal.Faults) - 1
		for _, f := range refusal.Faults[:last] {
			e.fail(f.Error(), "")
		}
		e.fail(refusal.Faults[last].Error(), e.hintOf(err))
	case isInterrupt(err):
		e.fail(errorText(err), "")
	default:
		e.fail(errorText(err), e.hintOf(err))
	}
}

// sayRows prints what is wrong in a file, and what that means for the command.
func (e *env) sayRows(err error, rows desired.RowErrors) {
	told, rest := rows.Told()
	for _, r := range told {
		e.tell(message{level: slog.LevelError, bare: true, at: &position{r.File, r.Line, r.Column}, text: r.Err.Error()})
	}
	if rest != "" {
		e.tell(message{level: slog.LevelError, bare: true, text: rest, members: []slog.Attr{slog.String("file", rows[0].File)}})
	}
	undone := "; nothing was written"
	switch e.verb {
	case "audit":
		undone = "; nothing was audited"
	case "validate":
		undone = ""
	}
	again := ""
	if refused := (*desired.RefusedRows)(nil); e.verb != "validate" && errors.As(err, &refused) && refused.Faults() != nil {
		again = "; bulksync validate --faults writes these rows to a file, with the reasons"
	}
	e.fail(fmt.Sprintf("%s in %s%s", words.Count(len(rows), "fault"), rows[0].File, undone), "fix the lines above and run the command again"+again)
}

// isSilent reports whether an error says nothing: the report on standard output
// has said everything.
func isSilent(err error) bool {
	var silent *exit
	return err == nil || errors.As(err, &silent) && silent.err == nil
}

// errorText is an error in one line.
func errorText(err error) string {
	if isInterrupt(err) {
		return "interrupted"
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ") // several errors, one per line
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

// confirm asks for the word yes. Anything else means no, including the end of
// input and an interrupt. Reading a terminal cannot be cancelled, so the reader
// is abandoned and ends with the process.
func (p *process) confirm(ctx context.Context, question string) bool {
	fmt.Fprintf(p.stderr, "%s\nOnly \"yes\" will be accepted: ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(p.in).ReadString('\n')
		answer <- strings.TrimSpace(line)
	}()
	select {
	case word := <-answer:
		return word == "yes"
	case <-ctx.Done():
		fmt.Fprintln(p.stderr)
		return false
	}
}

// askSecret asks for a passphrase, which is not shown. It asks at the terminal
// alone: anywhere else a secret is easily kept.
func (p *process) askSecret(ctx context.Context, prompt string) ([]byte, error) {
	if !p.canAsk("") {
		return nil, errors.New(p.cannotAsk(" for the passphrase"))
	}
	fd := int(p.in.(*os.File).Fd())
	shown, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	fmt.Fprint(p.stderr, edge(prompt))
	defer fmt.Fprintln(p.stderr)
	secret, err := within(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	if ctx.Err() != nil {
		term.Restore(fd, shown) // the reader is abandoned, with the echo off
	}
	return secret, err
}

// canAsk reports whether a question can be seen and answered: it is written to
// standard error, the answer must not be part of an input, and a program that
// reads JSON has none.
func (p *process) canAsk(input string) bool {
	return !p.asJSON && input != "-" && isTerminal(p.in) && isTerminal(p.stderr)
}

// cannotAsk says why a question is not asked.
func (p *process) cannotAsk(what string) string {
	if p.asJSON {
		return "with --log-format json nothing is asked"
	}
	return "there is no terminal to ask" + what + " at"
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
// terminal without a size, for example under a scheduler, would draw nothing, and
// a program reads lines.
func (p *process) live() bool {
	return !p.asJSON && hasSize(p.stderr) && p.getenv("TERM") != "dumb" && p.getenv("CI") == ""
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
