package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// messages is standard error: all that is said there goes through it. It is no
// io.Writer, so that nothing is written past it: each message is written whole, in
// one call, cleaned by edge, and as text or as JSON. The log is not among them, but
// has the same form in JSON.
type messages struct {
	// stderr takes whole lines, of several goroutines.
	stderr io.Writer
	asJSON bool
	// quiet leaves all messages below a warning out.
	quiet bool
	// tenant is the tenant of a fleet that the messages are about; empty for none.
	tenant string
}

// message is one line on standard error. An error with its hint is one message, and
// two lines of text.
type message struct {
	level slog.Level
	// label comes before the text, for a person: "error: ".
	label, text string
	hint        string
	// at is where in a file it is; nil for nowhere.
	at *position
	// bare leaves the name of the program out, for a person.
	bare bool
	// members are the rest, for a program.
	members []slog.Attr
}

// position is a place in a file, in lines and columns from 1.
type position struct {
	file         string
	line, column int
}

// note says what is neither an error nor the result.
func (m messages) note(format string, args ...any) {
	m.tell(message{level: slog.LevelInfo, text: fmt.Sprintf(format, args...)})
}

// remark is a note on the files or the tenant, and not on the command.
func (m messages) remark(format string, args ...any) {
	m.tell(message{level: slog.LevelInfo, label: labelNote, text: fmt.Sprintf(format, args...)})
}

// remarkAt is a remark on a place in a file.
func (m messages) remarkAt(at *position, text string) {
	m.tell(message{level: slog.LevelInfo, label: labelNote, at: at, text: text})
}

// labelNote begins a remark.
const labelNote = "note: "

// counted is a note on how far something is.
func (m messages) counted(done, total int, format string, args ...any) {
	m.tell(message{level: slog.LevelInfo, text: fmt.Sprintf(format, args...), members: howFar(done, total)})
}

// howFar are the members that say how much is done.
func howFar(done, total int) []slog.Attr {
	return []slog.Attr{slog.Int("done", done), slog.Int("total", total)}
}

// suggest is a hint without an error.
func (m messages) suggest(format string, args ...any) {
	m.tell(message{level: slog.LevelInfo, label: labelHint, text: fmt.Sprintf(format, args...)})
}

// labelHint begins what to do next.
const labelHint = "hint: "

// warn says what is wrong but does not end the command.
func (m messages) warn(format string, args ...any) {
	m.tell(message{level: slog.LevelWarn, label: "warning: ", text: fmt.Sprintf(format, args...)})
}

// instruct says what a person has to do, or else the command does not go on. It is
// said with --quiet as well.
func (m messages) instruct(text string) { m.tell(message{level: slog.LevelWarn, text: text}) }

// fail says an error, and the next step; empty for none.
func (m messages) fail(text, hint string) {
	m.tell(message{level: slog.LevelError, label: "error: ", text: text, hint: hint})
}

// crash says a fault of the program itself, after its stack.
func (m messages) crash(text, hint string, stack []byte) {
	if m.asJSON {
		m.tell(withStack(text, hint, stack))
		return
	}
	m.writeStack(stack)
	m.fail(text, hint)
}

// trace writes stacks; text says what they are, where they do not speak for themselves.
func (m messages) trace(text string, stack []byte) {
	if m.asJSON {
		m.tell(withStack(text, "", stack))
		return
	}
	m.writeStack(stack)
}

func withStack(text, hint string, stack []byte) message {
	return message{level: slog.LevelError, text: text, hint: hint, members: []slog.Attr{slog.String(memberStack, string(stack))}}
}

// memberStack is the member of a line that holds a stack.
const memberStack = "stack"

// writeStack writes a stack as the Go runtime does.
func (m messages) writeStack(stack []byte) {
	var text strings.Builder
	for line := range strings.Lines(string(stack) + "\n") {
		if m.tenant != "" {
			text.WriteString(m.tenant + ": ")
		}
		text.WriteString(line)
	}
	_, _ = io.WriteString(m.stderr, text.String()) // there is nowhere to say it
}

// named are the messages about one tenant of a fleet.
func (m messages) named(tenant string) messages {
	m.tenant = tenant
	return m
}

// tell writes one message.
func (m messages) tell(one message) {
	switch {
	case m.quiet && one.level < slog.LevelWarn:
	case m.asJSON:
		m.writeJSON(one)
	default:
		_, _ = io.WriteString(m.stderr, m.inWords(one)) // there is nowhere to say it
	}
}

// inWords is a message for a person.
func (m messages) inWords(one message) string {
	of := ""
	if m.tenant != "" {
		of = m.tenant + ": "
	}
	what := one.label + one.text
	if at := one.at; at != nil {
		what = fmt.Sprintf("%s%s:%d:%d: %s", one.label, at.file, at.line, at.column, one.text)
	}
	if one.bare {
		return of + edge(what) + "\n"
	}
	text := "bulksync: " + of + edge(what) + "\n"
	if one.hint != "" {
		text += "bulksync: " + of + edge(labelHint+one.hint) + "\n"
	}
	return text
}

// writeJSON writes a message for a program.
func (m messages) writeJSON(one message) {
	r := slog.NewRecord(time.Now(), one.level, one.text, 0)
	members := []slog.Attr{slog.String("tenant", m.tenant), slog.String("hint", one.hint)}
	if at := one.at; at != nil {
		members = append(members, slog.String("file", at.file), slog.Int("line", at.line), slog.Int("column", at.column))
	}
	for _, member := range append(members, one.members...) {
		if !member.Value.Equal(slog.StringValue("")) {
			r.AddAttrs(member)
		}
	}
	_ = m.handler(slog.LevelDebug).Handle(context.Background(), r)
}

// handler writes the log from a level on.
func (m messages) handler(from slog.Leveler) slog.Handler {
	o := &slog.HandlerOptions{Level: from, ReplaceAttr: cleanAttr}
	if !m.asJSON {
		return slog.NewTextHandler(m.stderr, o)
	}
	o.ReplaceAttr = func(groups []string, at slog.Attr) slog.Attr {
		if at.Value.Kind() == slog.KindDuration { // as all durations in JSON
			return slog.Int64(at.Key+"Ms", at.Value.Duration().Milliseconds())
		}
		return cleanAttr(groups, at)
	}
	return slog.NewJSONHandler(m.stderr, o)
}

// cleanAttr cleans attributes with edge, and writes times in UTC. The lines of a
// stack stay apart.
func cleanAttr(_ []string, at slog.Attr) slog.Attr {
	switch at.Value.Kind() {
	case slog.KindTime:
		at.Value = slog.TimeValue(at.Value.Time().UTC())
	case slog.KindString:
		at.Value = slog.StringValue(cleanText(at.Key, at.Value.String()))
	case slog.KindAny:
		if err, ok := at.Value.Any().(error); ok {
			at.Value = slog.StringValue(edge(err.Error()))
		}
	}
	return at
}

func cleanText(key, text string) string {
	if key != memberStack {
		return edge(text)
	}
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(text, "\t", "  ")) {
		lines = append(lines, edge(strings.TrimSuffix(line, "\n")))
	}
	return strings.Join(lines, "\n")
}

// forArgs are the messages of a command line: in JSON if it asks for that, even if
// something else in it is wrong.
func (m messages) forArgs(args []string) messages {
	const flag = "--log-format"
	for i, arg := range args {
		value, here := strings.CutPrefix(arg, flag+"=")
		switch {
		case arg == "--":
			return m
		case here:
			m.asJSON = strings.EqualFold(value, inJSON)
		case arg == flag && i+1 < len(args):
			m.asJSON = strings.EqualFold(args[i+1], inJSON)
		}
	}
	return m
}

// inJSON is the --log-format for programs.
const inJSON = "json"

// flags are the flags that make another command line say things as this one does.
func (m messages) flags() (flags []string) {
	if m.asJSON {
		flags = append(flags, "--log-format", inJSON)
	}
	if m.quiet {
		flags = append(flags, "--quiet")
	}
	return flags
}
