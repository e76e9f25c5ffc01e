//go:build unix

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gowebpki/jcs"

	"bulksync/execute/rundir"
	"bulksync/graph/graphsim"
	"bulksync/report"
)

// If several runs start in one folder at the same moment, one gets it, and its
// plan is the one there in the end.
func TestOneFolderOneRun(t *testing.T) {
	const runs = 5
	s := stageProgram(t, graphsim.Config{})
	for i := range runs {
		s.sim.SetPartner(graphsim.Partner{TenantID: killTenant(i)})
		write(t, "partners.csv", "tenantId,isSyncAllowed\n"+killTenant(i)+",true\n")
		if err := s.command("plan", "partners.csv", "--out", fmt.Sprintf("plan%d.json", i)).Run(); err != nil {
			t.Fatal(err, s.err.String())
		}
	}
	for round := range 3 {
		dir := filepath.Join("runs", fmt.Sprint(round), "run")
		cmds := make([]*exec.Cmd, runs)
		for i := range cmds {
			cmds[i] = s.command("apply", fmt.Sprintf("plan%d.json", i), "--yes", "--run-dir", dir, "--quiet")
			cmds[i].Stderr = nil
			if err := cmds[i].Start(); err != nil {
				t.Fatal(err)
			}
		}
		var codes []int
		winner := -1
		for i, cmd := range cmds {
			_ = cmd.Wait() // its code says it
			codes = append(codes, cmd.ProcessState.ExitCode())
			if codes[i] == exitDone {
				winner = i
			}
		}
		slices.Sort(codes)
		if !slices.Equal(codes, []int{0, 4, 4, 4, 4}) {
			t.Fatalf("exit codes %v, want one run and four refusals", codes)
		}
		sameBytes(t, filepath.Join(dir, rundir.PlanName), fmt.Sprintf("plan%d.json", winner))
		if err := s.command("report", dir).Run(); err != nil {
			t.Error(err, s.err.String())
		}
	}
}

// Reading a run is not continuing it: several processes may read it, none of
// them is taken for the run itself, and a report that is being read delays
// nothing.
func TestManyMayLook(t *testing.T) {
	s := stageProgram(t, graphsim.Config{})
	s.sim.SetPartner(graphsim.Partner{TenantID: killTenant(1)})
	write(t, "partners.csv", "tenantId,isSyncAllowed\n"+killTenant(1)+",true\n")
	for _, args := range [][]string{
		{"plan", "partners.csv", "--out", "plan.json"}, {"apply", "plan.json", "--yes", "--run-dir", "run"},
	} {
		if err := s.command(args...).Run(); err != nil {
			t.Fatal(err, s.err.String())
		}
	}
	tear(t, filepath.Join("run", rundir.JournalName)) // as if the process had died at the end

	first, err := rundir.Open("run")
	if err == nil {
		err = first.Share()
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.command("report", "run").Output()
	wantExit(t, err, exitUnfinished)
	if !bytes.Contains(out, []byte("the process ended before the run did")) {
		t.Errorf("a second look says:\n%s%s", out, s.err.String())
	}
	wantExit(t, s.command("resume", "run").Run(), exitRefused)
	first.Release()

	var busy error
	e := &env{globals: globals{format: report.Text}, process: process{messages: messages{stderr: &s.err}, getenv: os.Getenv, out: writerFunc(func(p []byte) (int, error) {
		last, err := rundir.Open("run")
		if busy = err; busy == nil {
			busy = last.Lock()
			last.Release()
		}
		return len(p), nil
	})}}
	for _, look := range []func() error{
		func() error { return reportOptions{dir: "run"}.run(always(t), e) },
		func() error { return undoOptions{dir: "run"}.run(always(t), e) },
	} {
		busy = errors.New("nothing was printed")
		if err := look(); busy != nil {
			t.Errorf("while it is read: %v (%v)", busy, err)
		}
	}
}

// tear removes the last line of a journal.
func tear(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end := bytes.LastIndexByte(bytes.TrimSuffix(text, []byte("\n")), '\n') + 1
	if err := os.WriteFile(path, text[:end], 0o600); err != nil {
		t.Fatal(err)
	}
}

func sameBytes(t *testing.T, a, b string) {
	t.Helper()
	x, errX := os.ReadFile(a)
	y, errY := os.ReadFile(b)
	if errX != nil || errY != nil || !bytes.Equal(x, y) {
		t.Errorf("%s is not %s: %v, %v", a, b, errX, errY)
	}
}

// A plan with a member that this version does not know is kept as it is, and
// every later command works with its run.
func TestAMemberOfTomorrow(t *testing.T) {
	s := stageProgram(t, graphsim.Config{})
	s.sim.SetPartner(graphsim.Partner{TenantID: killTenant(1)})
	write(t, "partners.csv", "tenantId,isSyncAllowed\n"+killTenant(1)+",true\n")
	if err := s.command("plan", "partners.csv", "--out", "plan.json").Run(); err != nil {
		t.Fatal(err, s.err.String())
	}
	sealAgain(t, "plan.json", "tomorrow", map[string]any{"z": 1, "a": []string{"kept"}})
	for _, args := range [][]string{
		{"apply", "plan.json", "--yes", "--run-dir", "run"}, {"report", "run"}, {"resume", "run"}, {"undo", "run"},
		{"apply", "run/undo.json", "--yes", "--run-dir", "back"},
	} {
		if err := s.command(args...).Run(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, s.err.String())
		}
	}
	sameBytes(t, filepath.Join("run", rundir.PlanName), "plan.json")
}

// sealAgain adds a member to a plan, and gives it the matching fingerprint.
func sealAgain(t *testing.T, path, member string, value any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var plan map[string]any
	if err := json.Unmarshal(text, &plan); err != nil {
		t.Fatal(err)
	}
	delete(plan, "fingerprint")
	plan[member] = value
	if text, err = json.Marshal(plan); err != nil {
		t.Fatal(err)
	}
	canonical, err := jcs.Transform(text)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(canonical)
	plan["fingerprint"] = "sha256:" + hex.EncodeToString(sum[:])
	if text, err = json.MarshalIndent(plan, "", "   "); err != nil {
		t.Fatal(err)
	}
	write(t, path, string(text))
}
