//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"bulksync/execute"
	"bulksync/graph/graphsim"
)

// staged is the program in its own folder, with a Graph.
type staged struct {
	sim        *graphsim.Sim
	url, token string
	err        bytes.Buffer
}

func stageProgram(t *testing.T, cfg graphsim.Config) *staged {
	t.Helper()
	sim := graphsim.New(cfg)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Chdir(t.TempDir())
	return &staged{sim: sim, url: server.URL, token: sim.Token(graphsim.TokenOptions{})}
}

// command is the program with streams separate from ours.
func (s *staged) command(args ...string) *exec.Cmd {
	cmd := exec.Command("bulksync", append(args, "--graph-url", s.url)...)
	cmd.Env = append(os.Environ(), "BULKSYNC_ACCESS_TOKEN="+s.token, noCache)
	s.err.Reset()
	cmd.Stderr = &s.err
	return cmd
}

// Every signal that stops a run leaves it whole, with its reports.
func TestSignalsEndARunWell(t *testing.T) {
	for _, tc := range []struct {
		signal syscall.Signal
		stderr string
	}{
		{syscall.SIGINT, "bulksync resume run"}, {syscall.SIGTERM, "bulksync resume run"}, {syscall.SIGHUP, "bulksync resume run"},
		{syscall.SIGQUIT, "goroutine 1 ["},
	} {
		t.Run(tc.signal.String(), func(t *testing.T) {
			if signal.Ignored(tc.signal) {
				t.Skip("the tests were told to ignore this signal, as nohup does, and so is the program")
			}
			s := stageProgram(t, graphsim.Config{WriteQuota: graphsim.Quota{Units: 1, Per: 4 * time.Minute}})
			s.sim.SetPartner(graphsim.Partner{TenantID: killTenant(1)})
			s.sim.SetPartner(graphsim.Partner{TenantID: killTenant(2)})
			write(t, "partners.csv", "tenantId,isSyncAllowed\n"+killTenant(1)+",true\n"+killTenant(2)+",true\n")
			if err := s.command("plan", "partners.csv", "--out", "plan.json").Run(); err != nil {
				t.Fatal(err, s.err.String())
			}
			cmd := s.command("apply", "plan.json", "--yes", "--run-dir", "run")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for len(s.sim.Writes()) < 2 {
				time.Sleep(time.Millisecond)
			}
			if err := cmd.Process.Signal(tc.signal); err != nil {
				t.Fatal(err)
			}
			wantExit(t, cmd.Wait(), exitInterrupted)
			if !strings.Contains(s.err.String(), tc.stderr) {
				t.Errorf("standard error has no %q:\n%s", tc.stderr, s.err.String())
			}
			for _, name := range []string{"report.html", "failed.csv", "undo.json"} {
				if _, err := os.Stat(filepath.Join("run", name)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// Whatever ends a run, a program can read each line of standard error.
func TestSignalsInJSON(t *testing.T) {
	s := stageProgram(t, graphsim.Config{WriteQuota: graphsim.Quota{Units: 1, Per: 4 * time.Minute}})
	s.sim.SetPartner(graphsim.Partner{TenantID: killTenant(1)})
	s.sim.SetPartner(graphsim.Partner{TenantID: killTenant(2)})
	write(t, "partners.csv", "tenantId,isSyncAllowed\n"+killTenant(1)+",true\n"+killTenant(2)+",true\n")
	if err := s.command("plan", "partners.csv", "--out", "plan.json").Run(); err != nil {
		t.Fatal(err, s.err.String())
	}
	for i, sent := range []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT} {
		if signal.Ignored(sent) {
			continue // the tests were told to ignore it, and so is the program
		}
		cmd := s.command("apply", "plan.json", "--yes", "--run-dir", fmt.Sprint("run", i), "--log-format", "json", "--log-level", "debug")
		s.sim.ResetRequests()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for len(s.sim.Writes()) < 1 {
			time.Sleep(time.Millisecond)
		}
		if err := cmd.Process.Signal(sent); err != nil {
			t.Fatal(err)
		}
		wantExit(t, cmd.Wait(), exitInterrupted)
		all := saidLines(t, s.err.String())
		if !slices.ContainsFunc(all, func(l saidLine) bool { return l.Level == "INFO" && strings.HasPrefix(l.Msg, "stopping: ") }) {
			t.Errorf("%s: %s", sent, s.err.String())
		}
		if hasStack := slices.ContainsFunc(all, func(l saidLine) bool { return l.Stack != "" }); hasStack != (sent == syscall.SIGQUIT) {
			t.Errorf("%s: %s", sent, s.err.String())
		}
	}
}

func wantExit(t *testing.T, err error, code int) {
	t.Helper()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code {
		t.Errorf("ended with %v, want exit code %d", err, code)
	}
}

// endlessComments is more than a pipe holds: once it is written, the reader is
// reading.
var endlessComments = strings.Repeat("# nothing yet\n", 1<<14)

// Ctrl-C ends the reading of an input that has gone silent.
func TestCtrlCEndsReading(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
	}{
		{"the CSV on standard input", []string{"plan", "-"}},
		{"a pipe with a name", []string{"audit", "pipe"}},
		{"a template", []string{"plan", "--template", "pipe"}},
		{"a plan", []string{"show", "pipe"}},
		{"a plan on standard input", []string{"apply", "-", "--yes"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := stageProgram(t, graphsim.Config{})
			if err := syscall.Mkfifo("pipe", 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := s.command(tc.args...)
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if tc.args[1] != "-" {
				stdin.Close()
				if stdin, err = os.OpenFile("pipe", os.O_WRONLY, 0); err != nil {
					t.Fatal(err)
				}
			}
			defer stdin.Close()
			text := endlessComments
			if strings.Contains(tc.name, "plan") || strings.Contains(tc.name, "template") {
				text = strings.Repeat(" ", len(text)) // JSON has no comments
			}
			if _, err := io.WriteString(stdin, text); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			wantExit(t, cmd.Wait(), exitInterrupted)
			if got := s.err.String(); got != "bulksync: error: interrupted\n" {
				t.Errorf("standard error: %s", got)
			}
		})
	}
}

// A second SIGQUIT ends a process even if nobody reads its output.
func TestQuitEndsAStuckProcess(t *testing.T) {
	s := stageProgram(t, graphsim.Config{})
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	w.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // fails where it would block
	if _, err := w.WriteString(endlessComments); err == nil {
		t.Fatal("the pipe is not full")
	}
	cmd := s.command("plan", "-")
	cmd.Stderr = w
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(stdin, endlessComments); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-ended:
			wantExit(t, err, exitInterrupted)
			return
		default:
			cmd.Process.Signal(syscall.SIGQUIT) // a signal that comes while another is pending is lost
		}
	}
	cmd.Process.Kill()
	t.Errorf("it did not end: %v", <-ended)
}

// A pipe whose other end is never opened blocks no command, neither a reader
// nor a writer.
func TestCtrlCEndsOpening(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	stop(execute.ErrInterrupted)
	e := &env{}
	if _, err := e.readPlan(ctx, pipe); codeOf(err) != exitInterrupted {
		t.Errorf("reading: %v", err)
	}
	if err := e.writeFile(ctx, pipe, func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }); codeOf(err) != exitInterrupted {
		t.Errorf("writing: %v", err)
	}
}

// A crash of any goroutine ends the process by a signal or with its own code,
// and never with 2, which means that something differs.
func TestACrashIsNoAnswer(t *testing.T) {
	allowCores(t)
	for _, where := range []string{"first", "other", "memory"} {
		t.Run(where, func(t *testing.T) {
			var errs bytes.Buffer
			cmd := exec.Command("crash", where)
			cmd.Dir = t.TempDir()
			cmd.Stderr = &errs
			var exit *exec.ExitError
			if err := cmd.Run(); !errors.As(err, &exit) {
				t.Fatal(err)
			}
			status := exit.Sys().(syscall.WaitStatus)
			if status.Signal() != syscall.SIGABRT || status.CoreDump() {
				t.Errorf("ended with %v: %s", exit, errs.String())
			}
		})
	}
	t.Run("protected", func(t *testing.T) {
		var errs bytes.Buffer
		p := &process{messages: messages{stderr: &errs}}
		code := func() (code int) {
			defer func() { code = p.panicked(recover()) }()
			panic("a \x1b[31mred\x1b[m fault")
		}()
		if code != exitCannotRun || !strings.Contains(errs.String(), `bulksync: error: a fault in bulksync itself: a \x1b[31mred\x1b[m fault`) {
			t.Errorf("exit code %d: %s", code, errs.String())
		}
		if code := p.panicked(faultOfRun{"again"}); code != exitUnfinished {
			t.Errorf("exit code %d of a run that had begun", code)
		}
	})
}

// allowCores lets the system write the memory of a crashed child to disk, if it
// does that at all.
func allowCores(t *testing.T) {
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &was); err != nil {
		t.Fatal(err)
	}
	all := was
	all.Cur = all.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &all); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Setrlimit(syscall.RLIMIT_CORE, &was) })
}
