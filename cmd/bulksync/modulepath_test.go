package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// One command gives the module another path. Afterwards every import of every file
// leads somewhere, on each system and for each build tag, and nothing has the old path.
func TestTheModulePathChangesInOneStep(t *testing.T) {
	const to = "example.com/you/bulk-sync/v2"
	from := goList(t, "", "-m")[0]
	dir := copyOfTheTree(t)
	if out := goIn(t, dir, "run", "-C", "tools", "./modulepath", "not a path"); !strings.Contains(out, "malformed import path") {
		t.Errorf("of what is no path: %s", out)
	}
	if out := goIn(t, dir, "run", "-C", "tools", "./modulepath", to); !strings.HasPrefix(out, from+" is "+to+" now; ") {
		t.Fatal(out)
	}
	if out := goIn(t, dir, "list", "-m"); out != to+"\n" {
		t.Errorf("the module is %q", out)
	}
	if out := goIn(t, filepath.Join(dir, "tools"), "list", "-m"); out != to+"/tools\n" {
		t.Errorf("the module of the tools is %q", out)
	}
	for _, system := range []string{"linux", "windows", "darwin"} {
		t.Setenv("GOOS", system)
		errs := goIn(t, dir, "list", "-e", "-test", "-deps", "-tags", "man", "-f", "{{with .Error}}{{.}}{{end}}", "./...")
		if strings.TrimSpace(errs) != "" {
			t.Errorf("%s: %s", system, errs)
		}
	}
	for _, name := range treeFiles(t) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || bytes.Contains(text, []byte(`"`+from+`/graph"`)) {
			t.Errorf("%s: the old path, or %v", name, err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "samples", "schedule", "crontab")); err != nil || !bytes.Contains(text, []byte("/etc/bulksync/audit.env")) {
		t.Errorf("a path that is no package was changed: %v\n%s", err, text)
	}
}

// treeFiles are the files of the project.
func treeFiles(t *testing.T) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Skip("this is no clone: ", err)
	}
	all := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	return slices.DeleteFunc(all, func(name string) bool {
		_, err := os.Lstat(filepath.Join("..", "..", name))
		return err != nil
	})
}

// copyOfTheTree is a copy of the project that a test may change.
func copyOfTheTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range treeFiles(t) {
		from, to := filepath.Join("..", "..", name), filepath.Join(dir, name)
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o700)
		}
		if err == nil {
			err = os.WriteFile(to, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// goIn runs go in a folder and returns what it printed.
func goIn(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}
