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
	"bulksync/plan/desired"
	"bulksync/report"
)

// sayError prints an error by the rules of doc.go. Rows at fault are lines of
// their own, so that editors jump there.
func (a *app) sayError(err error) {
	var silent *exit
	if err == nil || errors.As(err, &silent) && silent.err == nil {
		return
	}
	var rows desired.RowErrors
	switch {
	case errors.As(err, &rows):
		for line := range strings.Lines(rows.Error()) {
			fmt.Fprintln(a.err, edge(strings.TrimSuffix(line, "\n")))
		}
		undone := "written"
		if a.verb == "audit" {
			undone = "audited"
		}
		a.say("error: %s in %s; nothing was %s", words.Count(len(rows), "fault"), rows[0].File, undone)
		a.say("hint: fix the lines above and run the command again")
	case isInterrupt(err):
		a.say("error: interrupted")
	default:
		a.say("error: %s", strings.ReplaceAll(err.Error(), "\n", "; ")) // of several, one a line
		if hint := a.hintOf(err); hint != "" {
			a.say("hint: %s", hint)
		}
	}
}

// say writes one line to standard error. Nothing that came from a file or from
// the network gets there but through edge.
func (a *app) say(format string, args ...any) {
	fmt.Fprintf(a.err, "bulksync: %s\n", edge(fmt.Sprintf(format, args...)))
}

// jwt matches an access token, whole or cut after its claims.
var jwt = regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)*`)

// userinfo matches the name and password of a URL.
var userinfo = regexp.MustCompile(`://[^\s"/@]*@`)

// edge makes a line fit for a terminal and a log: no control characters, no
// token that a server or a proxy has echoed, and no password of a URL.
func edge(s string) string {
	s = jwt.ReplaceAllString(s, "[token removed]")
	return report.OneLine(userinfo.ReplaceAllString(s, "://[removed]@"))
}

// note tells something that is no error and no result.
func (a *app) note(format string, args ...any) {
	if !a.global.quiet {
		a.say(format, args...)
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

// canAsk reports whether a question can be read and answered: it is written to
// standard error, and the answer must not be part of an input.
func (a *app) canAsk(input string) bool {
	return input != "-" && isTerminal(a.in) && isTerminal(a.err)
}

// isTerminal reports whether a stream is a terminal that a person sits at.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// hasSize reports whether a stream is a terminal with room on it.
func hasSize(stream any) bool {
	if !isTerminal(stream) {
		return false
	}
	width, height, err := term.GetSize(int(stream.(*os.File).Fd()))
	return err == nil && width > 0 && height > 0
}

// reportOptions fits a report to standard output.
func (a *app) reportOptions() report.Options { return a.optionsFor(a.out) }

// optionsFor fits a report to the stream that it is written to.
func (a *app) optionsFor(stream io.Writer) report.Options {
	o := report.Options{Width: 80}
	if f, ok := stream.(*os.File); ok && isTerminal(f) {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			o.Width = w
		}
		o.Color = a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
	}
	return o
}

// live reports whether a moving progress bar can be shown on standard error. On
// a terminal without a size, as below a scheduler, nothing would be drawn.
func (a *app) live() bool {
	return hasSize(a.err) && a.getenv("TERM") != "dumb" && a.getenv("CI") == ""
}

// print writes a result to standard output: a rendering that fails half way
// leaves it empty. A reader that has seen enough, as head has, is no fault.
func (a *app) print(render func(io.Writer) error) error {
	b := bufio.NewWriterSize(a.out, 1<<16)
	err := render(b)
	if err == nil {
		err = b.Flush()
	}
	if err != nil && !isBrokenPipe(err) {
		return fmt.Errorf("writing the result: %w", atomicfile.WithoutPath(err))
	}
	return nil
}
