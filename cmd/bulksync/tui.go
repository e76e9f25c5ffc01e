package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"bulksync/plan"
	"bulksync/report"
)

// sayError prints an error by the rules of doc.go. Rows at fault are lines of
// their own, so that editors jump there.
func (a *app) sayError(err error) {
	var silent *exit
	if err == nil || errors.As(err, &silent) && silent.err == nil {
		return
	}
	var rows plan.RowErrors
	if errors.As(err, &rows) {
		fmt.Fprintln(a.err, rows.Error())
		fmt.Fprintf(a.err, "bulksync: error: %s in %s; nothing was written\n", counted(len(rows), "fault"), rows[0].File)
		fmt.Fprintln(a.err, "bulksync: hint: mend the lines above and run the command again")
		return
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(a.err, "bulksync: error: interrupted")
		return
	}
	fmt.Fprintf(a.err, "bulksync: error: %v\n", err)
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(a.err, "bulksync: hint: %s\n", hint)
	}
}

// counted puts a number and a noun together.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// note tells something that is no error and no result.
func (a *app) note(format string, args ...any) {
	if !a.global.quiet {
		fmt.Fprintf(a.err, "bulksync: "+format+"\n", args...)
	}
}

// confirm asks for the word yes. Anything else is no, and so are the end of
// input and an interrupt. A terminal that is being read cannot be made to stop,
// so the reader is left behind for the process to end with.
func (a *app) confirm(ctx context.Context, question string) bool {
	fmt.Fprintf(a.err, "%s\nOnly \"yes\" will be accepted: ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.in).ReadString('\n')
		answer <- strings.TrimSpace(line)
	}()
	select {
	case word := <-answer:
		return word == "yes"
	case <-ctx.Done():
		fmt.Fprintln(a.err)
		return false
	}
}

// isTerminal reports whether a stream is a terminal that a person sits at.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// reportOptions fits a report to the stream that it is written to.
func (a *app) reportOptions() report.Options {
	o := report.Options{Width: 80}
	if f, ok := a.out.(*os.File); ok && isTerminal(a.out) {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			o.Width = w
		}
		o.Color = a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
	}
	return o
}

// live reports whether a moving progress bar can be shown on standard error.
func (a *app) live() bool {
	return isTerminal(a.err) && a.getenv("TERM") != "dumb" && a.getenv("CI") == ""
}

// print writes a result to standard output in one piece: a rendering that fails
// half way leaves it empty.
func (a *app) print(render func(io.Writer) error) error {
	b := bufio.NewWriterSize(a.out, 1<<16)
	if err := render(b); err != nil {
		return err
	}
	return b.Flush()
}
