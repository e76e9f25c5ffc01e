package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// checkInstall types what docs/install.md says for Linux, among the files of the
// release, and holds all names of archives on the page against those that are made.
func checkInstall(t *testing.T, made, unpacked []file) {
	page := strings.ReplaceAll(string(fileNamed(t, unpacked, "docs/install.md").data), "VERSION", "9.8.7")
	var archives []string
	for _, p := range platforms() {
		archives = append(archives, (&release{version: "9.8.7"}).archiveName(p))
	}
	named := regexp.MustCompile(`bulksync_9\.8\.7_[a-z0-9_]+\.(zip|tar\.gz)`).FindAllString(page, -1)
	for _, name := range named {
		if !slices.Contains(archives, name) {
			t.Errorf("the page names %s, and no such file is made", name)
		}
	}
	inside := regexp.MustCompile(`bulksync_9\.8\.7_(?:linux|darwin)_[a-z0-9]+/([\w./-]+)`).FindAllStringSubmatch(page, -1)
	for _, m := range inside {
		fileNamed(t, unpacked, m[1])
	}
	if len(named) < 8 || len(inside) < 3 {
		t.Errorf("found %d archives and %d files of archives on the page: where are they?", len(named), len(inside))
	}
	if host().String() != "linux/amd64" {
		t.Skip("the program runs on linux/amd64")
	}
	typeInstall(t, page, made)
}

// typeInstall types the commands, with a folder of the test for the system's.
func typeInstall(t *testing.T, page string, made []file) {
	dir := t.TempDir()
	for _, f := range made {
		write(t, filepath.Join(dir, f.name), string(f.data))
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	_, linux, _ := strings.Cut(page, "\n## Linux\n")
	linux, _, _ = strings.Cut(linux, "\nOr as a package")
	typed := regexp.MustCompile(`(?m)^\$ (sha256sum .*)$`).FindAllStringSubmatch(page, -1)
	typed = append(typed, regexp.MustCompile(`(?m)^\$ (.*)$`).FindAllStringSubmatch(linux, -1)...)
	script := "set -e\n"
	for _, m := range typed {
		script += strings.NewReplacer("sudo ", "", "/usr/local/bin/", "bin/").Replace(m[1]) + "\n"
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	for _, want := range []string{"bulksync_9.8.7_linux_amd64.tar.gz: OK\n", "bulksync_9.8.7-1_amd64.deb: OK\n", "bulksync 9.8.7 ("} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Fatalf("%v, no %q in\n%s\nof\n%s", err, want, out, script)
		}
	}
}
