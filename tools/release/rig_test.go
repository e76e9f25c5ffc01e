package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var commitDate = time.Date(2026, 11, 21, 20, 12, 0, 0, time.UTC)

// repository makes a repository with one commit of files, and returns its folder.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	git(t, root, "init", "-q", "-b", "main")
	for name, text := range files {
		write(t, filepath.Join(root, name), text)
	}
	record(t, root)
	return root
}

// record commits all files at commitDate.
func record(t *testing.T, root string) {
	t.Helper()
	git(t, root, "add", "--all")
	git(t, root, "commit", "-q", "-m", "all")
}

// git runs git as one person, at one time and without the settings of the machine.
func git(t *testing.T, root string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = root
	at := commitDate.Format(time.RFC3339)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		"GIT_AUTHOR_DATE="+at, "GIT_COMMITTER_DATE="+at)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
	return strings.TrimSpace(string(out))
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fileNamed finds one of files by its path, or its ending if that begins with a star.
func fileNamed(t *testing.T, files []file, name string) file {
	t.Helper()
	for _, f := range files {
		if ending, ok := strings.CutPrefix(name, "*"); f.name == name || ok && strings.HasSuffix(f.name, ending) {
			return f
		}
	}
	t.Fatalf("there is no file %s", name)
	return file{}
}
