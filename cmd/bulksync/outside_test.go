package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Go program in a module of its own does with the packages what the command line
// does, and no internal package stops it.
func TestTheMainJobFromAnotherModule(t *testing.T) {
	dir := t.TempDir()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	module := goList(t, "", "-m")[0]
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("main.go", readRepo(t, "testdata/outside/main.go"))
	write("go.sum", readRepo(t, "go.sum"))
	write("go.mod", fmt.Sprintf("module outside.example/own\n\ngo %s\n\nrequire %s v0.0.0\n\nreplace %[2]s => %q\n", goList(t, "", "-m", "-f", "{{.GoVersion}}")[0], module, root))

	cmd := exec.CommandContext(t.Context(), "go", "run", ".", "run")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"| `+` create | 2 | Fabrikam |", "applied: 2 verified\n", "missing: 0 changed: 0 extra: 0\n"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if outcomes, err := os.ReadFile(filepath.Join(dir, "run", "outcomes.csv")); err != nil || !strings.Contains(string(outcomes), ",Contoso,identitySynchronization,create,verified,") {
		t.Errorf("%v, %q", err, outcomes)
	}
}
