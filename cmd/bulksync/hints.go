package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"bulksync/execute/journal"
	"bulksync/plan"
	"bulksync/report"
)

// hintPutBack is for a run whose plan is not the one that it began with.
const hintPutBack = "put back the plan.json that the run began with"

// hintOf is the next thing to do about an error; empty where nothing helps.
func (a *app) hintOf(err error) string {
	var e *exit
	if errors.As(err, &e) && e.hint != "" {
		return e.hint
	}
	switch {
	case errors.Is(err, plan.ErrAltered):
		return "make the plan again with bulksync plan, and have it read again"
	case errors.Is(err, plan.ErrFormat), errors.Is(err, journal.ErrFormat):
		return "use the version of bulksync that wrote it, or make it again with this one"
	case errors.Is(err, journal.ErrNeverBegan):
		return "nothing was sent: apply the plan again, in a new folder"
	case errors.Is(err, journal.ErrOtherPlan):
		return hintPutBack
	}
	return report.Advise(err, report.Command{Writes: a.paced})
}

// commandLine is a command that does as it is printed: quoted for a POSIX
// shell, with the flags of this one that say where and as whom.
func (a *app) commandLine(verb string, args ...string) string {
	words := []string{"bulksync", verb}
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			arg = "./" + arg // a file, not a flag
		}
		words = append(words, shellQuote(arg))
	}
	if offline(verb) {
		return strings.Join(words, " ")
	}
	for _, f := range []struct{ name, value, standard string }{
		{"--cloud", a.global.cloud, ""}, {"--graph-url", a.global.graphURL, ""},
		{"--tenant", a.global.tenant, ""}, {"--auth", a.global.auth, "default"},
	} {
		if f.value != f.standard {
			words = append(words, f.name, shellQuote(f.value))
		}
	}
	return strings.Join(words, " ")
}

// offline reports whether a command asks nobody, so that it needs no host.
func offline(verb string) bool { return verb == "show" || verb == "report" || verb == "undo" }

// onHostOf makes the commands of hints go to the host that a plan was made
// against, for a command that asks nobody: it would be refused anywhere else.
func (a *app) onHostOf(p *plan.Plan) {
	if a.global.graphURL = ""; p.HomeTenant.GraphURL != p.HomeTenant.Cloud.RootURL() {
		a.global.graphURL = p.HomeTenant.GraphURL
	}
}

// noteKept says where a plan is and what runs it. One that went into a pipe or
// to a device is kept by somebody else, if at all.
func (a *app) noteKept(out string) {
	if !isKept(out) {
		a.note("plan written to %s", out)
		return
	}
	a.note("plan kept in %s; to run exactly this: %s", out, a.commandLine("apply", out))
}

// shellQuote makes one word of s for a POSIX shell.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-./:@%+=,", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	if report.OneLine(s) != s {
		return printfWord(s)
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// printfWord makes one word of text that cannot be printed as it is. What edge
// looks for stays readable, so that it still finds it. (A newline at the very
// end is lost: the shell drops it.)
func printfWord(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < utf8.RuneSelf && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c)) || strings.IndexByte("_-./:@", c) >= 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return `"$(printf '` + b.String() + `')"`
}
