package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// saidLine is a line on standard error as a program reads it.
type saidLine struct {
	Time                                  time.Time
	Level, Msg, Hint, Tenant, Stack, File string
	Line, Column, Done, Total             int
}

// saidLines reads standard error in JSON. Each line must be whole, and have what
// every line has.
func saidLines(t *testing.T, text string) (all []saidLine) {
	t.Helper()
	for line := range strings.Lines(text) {
		var l saidLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Errorf("%v: %s", err, line)
			continue
		}
		levels := []string{"DEBUG", "INFO", "WARN", "ERROR"}
		if !slices.Contains(levels, l.Level) || l.Msg == "" || l.Time.IsZero() || l.Time.Location() != time.UTC || edge(l.Msg) != l.Msg {
			t.Errorf("not a line as it should be: %s", line)
		}
		for _, label := range []string{"bulksync:", "error:", "warning:", "hint:", "note:"} {
			if strings.HasPrefix(l.Msg, label) || strings.HasPrefix(l.Hint, label) {
				t.Errorf("%s is for people: %s", label, line)
			}
		}
		all = append(all, l)
	}
	return all
}

// The page lists each member that a line on standard error can have, and no other.
func TestFormatsOfStandardError(t *testing.T) {
	var said bytes.Buffer
	m := messages{stderr: &said, asJSON: true}
	e := &env{process: process{messages: m}}
	e.sayError(&desired.RowError{File: "a.csv", Line: 1, Column: 2, Err: errors.New("alone")})
	e.sayError(desired.RowErrors{{File: "a.csv", Line: 1, Column: 2, Err: errors.New("x")}})
	e.sayError(refused("do something", "no"))
	e.warnInFlight(journal.Outcome{Seq: 3, ClientRequestID: "x"})
	m.named("contoso").counted(1, 2, "as wanted")
	m.crash("a fault", "", []byte("main.main()\n\tmain.go:1"))
	sim := graphsim.New(graphsim.Config{})
	p := &progress{plan: &plan.Plan{}, total: 9, done: 3, began: time.Now().Add(-time.Second), tenant: sessionOn(t, sim, sim.Transport())}
	m.tell(p.message())
	p.done = 9
	m.tell(p.message())
	p.before = 9
	m.tell(p.message())
	saidLines(t, said.String())
	readFormats(t).compare(t, "Standard error", "member", collected(t, linesOf(said.Bytes())), true)
}

// A line has the place of a fault and the next step as members, and the stack of a
// fault line by line.
func TestMembersOfALine(t *testing.T) {
	var said bytes.Buffer
	e := &env{verb: "plan", process: process{messages: messages{stderr: &said, asJSON: true}}}
	e.sayError(desired.RowErrors{{File: "a.csv", Line: 3, Column: 5, Err: errors.New(`"x" is no ID`)}})
	e.sayError(errors.Join(errors.New("one"), errors.New("two")))
	e.named("contoso").fail("no token", "sign in")
	e.crash("a fault", "", []byte("a()\n\tb.go:1\n\x1b[31m"))
	want := []saidLine{
		{Level: "ERROR", Msg: `"x" is no ID`, File: "a.csv", Line: 3, Column: 5},
		{Level: "ERROR", Msg: "1 fault in a.csv; nothing was written", Hint: "fix the lines above and run the command again"},
		{Level: "ERROR", Msg: "one; two"},
		{Level: "ERROR", Msg: "no token", Hint: "sign in", Tenant: "contoso"},
		{Level: "ERROR", Msg: "a fault", Stack: "a()\n  b.go:1\n" + `\x1b[31m`},
	}
	got := saidLines(t, said.String())
	for i := range got {
		got[i].Time = time.Time{}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// A fault of the program is one line too, and the stacks that SIGQUIT asks for.
func TestCrashesInJSON(t *testing.T) {
	var said bytes.Buffer
	p := &process{messages: messages{stderr: &said, asJSON: true, quiet: true}}
	func() {
		defer func() { p.panicked(recover()) }()
		panic("a fault")
	}()
	p.panicked(faultOfRun{"again"})
	writeStacks(p.messages)
	all := saidLines(t, said.String())
	if len(all) != 3 || !strings.Contains(all[0].Stack, "TestCrashesInJSON") || !strings.Contains(all[1].Hint, "bulksync resume") || !strings.Contains(all[2].Stack, "goroutine ") {
		t.Errorf("%d lines:\n%.2000s", len(all), said.String())
	}
}

// Durations in the log are whole milliseconds for a program, as everywhere in JSON.
func TestDurationsOfTheLog(t *testing.T) {
	for format, want := range map[string]string{"text": "outage=1m30s", inJSON: `"outageMs":90000`} {
		var said bytes.Buffer
		slog.New(messages{stderr: &said, asJSON: format == inJSON}.handler(slog.LevelInfo)).Info("x", "outage", 90*time.Second)
		if !strings.Contains(said.String(), want) {
			t.Error(said.String())
		}
	}
}

// Each message is one call of Write, so that no other can stand in its middle.
func TestMessagesAreWritesOfTheirOwn(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		writes := 0
		m := messages{asJSON: asJSON, stderr: writerFunc(func(p []byte) (int, error) {
			if writes++; !bytes.HasSuffix(p, []byte("\n")) {
				t.Errorf("%q is no line", p)
			}
			return len(p), nil
		})}
		m.note("a note")
		m.warn("a warning")
		m.fail("an error", "its hint")
		m.trace("stacks", []byte("a()\nb()"))
		if writes != 4 {
			t.Errorf("JSON %t: %d writes for 4 messages", asJSON, writes)
		}
	}
}

// The words --log-format json hold wherever they stand, as the last of them says, and
// not behind --.
func TestArgumentsThatAskForJSON(t *testing.T) {
	for args, want := range map[string]bool{
		"plan --log-format json":                   true,
		"--log-format=json":                        true,
		"plan --nosuch --log-format json":          true,
		"plan --log-format text":                   false,
		"plan --log-format=json --log-format text": false,
		"plan -- --log-format json":                false,
		"plan --log-format":                        false,
		"plan json":                                false,
	} {
		if got := (messages{}).forArgs(strings.Fields(args)).asJSON; got != want {
			t.Errorf("%s: %t", args, got)
		}
	}
}

// aloneInQuiet is what a line may be with --quiet: an error, its hint, a warning or a
// fault in a file.
var aloneInQuiet = regexp.MustCompile(`^(bulksync: ([\w-]+: )?(error|hint|warning): |[^ :]+:\d+:\d+: |and \d+ more: )`)

// Every command, when it goes well and when it does not, says things as it was asked
// to: in lines for people, in JSON, or only what is wrong. In each form nothing is lost.
func TestEveryCommandSaysItsLines(t *testing.T) {
	lines := map[string][]int{}
	for _, flags := range []string{"", "--log-format json", "--quiet", "--log-format=json -q"} {
		r := newSayingRig(t)
		for _, step := range sayingSteps() {
			r.t = t
			said := r.run(step, strings.Fields(flags)...)
			lines[flags] = append(lines[flags], r.count(step, said, flags))
		}
		r.everyCommandRan()
	}
	for i, step := range sayingSteps() {
		if lines[""][i] != lines["--log-format json"][i] || lines["--quiet"][i] != lines["--log-format=json -q"][i] {
			t.Errorf("%s: %d lines and %d in JSON; %d and %d with --quiet", step.typed,
				lines[""][i], lines["--log-format json"][i], lines["--quiet"][i], lines["--log-format=json -q"][i])
		}
	}
}

// count checks the lines of one step, and counts errors, hints and notes.
func (r *sayingRig) count(step sayingStep, said, flags string) (n int) {
	r.t.Helper()
	isJSON, isQuiet := strings.Contains(flags, inJSON), strings.Contains(flags, "-q")
	if !isJSON {
		for line := range strings.Lines(said) {
			if n++; isQuiet && !aloneInQuiet.MatchString(line) {
				r.t.Errorf("%s %s: %s", step.typed, flags, line)
			}
		}
		return n
	}
	for _, l := range saidLines(r.t, said) {
		if n++; l.Hint != "" {
			n++
		}
		if isQuiet && l.Level != "ERROR" && l.Level != "WARN" {
			r.t.Errorf("%s %s: %+v", step.typed, flags, l)
		}
	}
	if step.want != exitDone && !step.silent && !strings.Contains(said, `"level":"ERROR"`) {
		r.t.Errorf("%s %s: no error in\n%s", step.typed, flags, said)
	}
	return n
}

// A refusal that somebody at a terminal would be asked about says that with JSON nobody
// is asked.
func TestNothingIsAskedInJSON(t *testing.T) {
	r := newSayingRig(t)
	r.run(sayingStep{typed: "plan partners.csv --out plan.json"})
	said := r.run(sayingStep{typed: "apply plan.json", want: exitRefused}, "--log-format", "json")
	if all := saidLines(t, said); len(all) != 1 || !strings.HasSuffix(all[0].Msg, "with --log-format json nothing is asked") || !strings.Contains(all[0].Hint, "--approve sha256:") {
		t.Errorf("%+v", all)
	}
	if _, err := (&process{messages: messages{asJSON: true}}).askSecret(t.Context(), "Passphrase: "); err == nil || !strings.Contains(err.Error(), "json nothing is asked") {
		t.Error(err)
	}
}

// What a library writes becomes lines as well.
func TestLibrariesInJSON(t *testing.T) {
	var said bytes.Buffer
	l := messages{stderr: &said, asJSON: true}.ofLibraries(slog.LevelWarn)
	fmt.Fprint(l, "http: TLS handshake error\n\nand")
	io.WriteString(l, " so on\n")
	all := saidLines(t, said.String())
	if len(all) != 2 || all[0].Level != "WARN" || all[1].Msg != "and so on" {
		t.Errorf("%+v", all)
	}
}

// The tour of the demo says things as the demo was asked to.
func TestTheTourSaysItsLinesAlike(t *testing.T) {
	for _, flags := range []messages{{}, {asJSON: true}, {asJSON: true, quiet: true}} {
		var said bytes.Buffer
		flags.stderr = &said
		tour := &tour{stops: always(t), process: &process{messages: flags, out: io.Discard, getenv: func(string) string { return "" }}}
		tour.step("a failure", exitCannotRun, "show", "nosuch.json")
		if flags.asJSON {
			saidLines(t, said.String())
		}
		if tour.err != nil || said.Len() == 0 || strings.HasPrefix(said.String(), "{") != flags.asJSON {
			t.Errorf("%v\n%s", tour.err, said.String())
		}
	}
}

// The progress of a run is a line every ten seconds, with its numbers.
func TestProgressInJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said lockedBuffer
		sim := graphsim.New(graphsim.Config{})
		e := &env{process: process{messages: messages{stderr: &said, asJSON: true}, getenv: func(string) string { return "" }}}
		p := &plan.Plan{Changes: make([]plan.Change, 4), Summary: plan.Summary{Create: 4}}
		for i := range p.Changes {
			p.Changes[i] = plan.Change{Seq: i + 1, Action: plan.Create}
		}
		pr := e.startProgress(t.Context(), p, nil, sessionOn(t, sim, sim.Transport()))
		pr.observe(journal.Outcome{Seq: 1, Status: journal.Verified})
		time.Sleep(15 * time.Second)
		pr.observe(journal.Outcome{Seq: 2, Status: journal.Failed})
		time.Sleep(10 * time.Second)
		pr.stop()
		all := saidLines(t, said.String())
		if len(all) != 2 || all[0].Done != 1 || all[1].Done != 2 || all[1].Total != 4 || !strings.HasPrefix(all[1].Msg, "2 of 4 changes") ||
			!strings.Contains(said.String(), `"notDone":1,"perSecond":0.1,"leftLowMs":`) {
			t.Error(said.String())
		}
	})
}
