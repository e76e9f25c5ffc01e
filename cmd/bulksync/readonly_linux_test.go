package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"bulksync/execute/rundir"
	"bulksync/graph/graphsim"
)

// A run in a read-only archive can still be shown.
func TestReportOfAReadOnlyFolder(t *testing.T) {
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
	dir, err := filepath.Abs("run")
	if err != nil {
		t.Fatal(err)
	}
	for _, lock := range []bool{true, false} { // an existing lock can be taken, and nothing else written
		if !lock {
			os.Remove(filepath.Join(dir, rundir.LockName))
		}
		code, out, errs := asStranger(t, dir, "report")
		if code != exitDone || !strings.Contains(out, "1 verified") || !strings.Contains(errs, "the reports were not written again") {
			t.Errorf("exit code %d\n%s%s", code, out, errs)
		}
		if code, out, errs := asStranger(t, dir, "undo"); code != exitCannotRun || out != "" || !strings.Contains(errs, "save the plan elsewhere with --out FILE") {
			t.Errorf("undo: exit code %d\n%s%s", code, out, errs)
		}
	}
}

// asStranger runs a command on a thread that may read everything and write
// nothing in dir, like any other reader of an archive: because of the folder's
// mode and, if the tests run as root, whom no mode stops, as another user.
func asStranger(t *testing.T, dir, verb string) (code int, out, errs string) {
	t.Helper()
	open := func(folder, file os.FileMode) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			os.Chmod(filepath.Join(dir, e.Name()), file)
		}
		for d := dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
			os.Chmod(d, 0o755)
		}
		os.Chmod(dir, folder)
	}
	open(0o555, 0o444)
	defer open(0o755, 0o644)
	if os.Geteuid() == 0 {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		syscall.Setfsuid(65534)
		defer syscall.Setfsuid(0)
	}
	var o, e bytes.Buffer
	p := &process{in: strings.NewReader(""), out: &o, messages: messages{stderr: &e}, getenv: os.Getenv}
	code = p.run(always(t), []string{verb, dir})
	return code, o.String(), e.String()
}
