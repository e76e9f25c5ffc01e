package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// packaged makes the packages of a program that is none.
func packaged(t *testing.T) []file {
	t.Helper()
	r := &release{commit: commit{date: commitDate}, version: "1.2.3"}
	r.manual.pages = []file{{"bulksync.1", 0o644, []byte(".TH BULKSYNC 1\n")}, {"bulksync-input.7", 0o644, []byte(".TH X 7\n")}}
	r.manual.completions = map[string]file{"bash": {data: []byte("bash")}, "zsh": {data: []byte("zsh")}, "fish": {data: []byte("fish")}, "powershell": {data: []byte("ps")}}
	b := binary{file: file{"bulksync", 0o755, []byte("program")}, platform: platform{"linux", "amd64"}}
	documents := []file{{"LICENSE", 0o644, []byte("Apache")}, {"README.md", 0o644, []byte("read me")}, {"samples/schedule/audit.sh", 0o755, []byte("#!/bin/sh\n")}}
	if err := r.packages(b, documents, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	return r.made
}

func TestPackagesAreReproducible(t *testing.T) {
	one, two := packaged(t), packaged(t)
	for i := range one {
		if one[i].name != two[i].name || !bytes.Equal(one[i].data, two[i].data) {
			t.Errorf("%s has other bytes the second time", one[i].name)
		}
	}
	fileNamed(t, one, "bulksync_1.2.3-1_amd64.deb")
	fileNamed(t, one, "bulksync-1.2.3-1.x86_64.rpm")
}

// TestDpkgReadsThePackage lets dpkg-deb say what the package for Debian holds.
func TestDpkgReadsThePackage(t *testing.T) {
	listed := askPackager(t, "*.deb", "dpkg-deb", "--contents")
	for _, want := range []string{
		"-rwxr-xr-x root/root ./usr/bin/bulksync",
		"-rw-r--r-- root/root ./usr/share/man/man1/bulksync.1.gz",
		"-rw-r--r-- root/root ./usr/share/man/man7/bulksync-input.7.gz",
		"-rw-r--r-- root/root ./usr/share/bash-completion/completions/bulksync",
		"-rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_bulksync",
		"-rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/bulksync.fish",
		"-rw-r--r-- root/root ./usr/share/doc/bulksync/copyright",
		"-rwxr-xr-x root/root ./usr/share/doc/bulksync/samples/schedule/audit.sh",
	} {
		if !hasEntry(listed, want) {
			t.Errorf("%s is not in\n%s", want, listed)
		}
	}
	if fields := askPackager(t, "*.deb", "dpkg-deb", "--info"); !strings.Contains(fields, "Version: 1.2.3-1\n") || !strings.Contains(fields, "Architecture: amd64\n") {
		t.Errorf("the package is\n%s", fields)
	}
}

// TestRpmReadsThePackage does so with rpm. Folders that a package does not list stay
// when it is removed.
func TestRpmReadsThePackage(t *testing.T) {
	listed := askPackager(t, "*.rpm", "rpm", "--query", "--list", "--package")
	for _, want := range []string{"/usr/bin/bulksync", "/usr/share/man/man1/bulksync.1.gz", "/usr/share/zsh/site-functions/_bulksync", "/usr/share/licenses/bulksync/LICENSE", "/usr/share/licenses/bulksync", "/usr/share/doc/bulksync", "/usr/share/doc/bulksync/samples/schedule"} {
		if !strings.Contains(listed, want+"\n") {
			t.Errorf("%s is not in\n%s", want, listed)
		}
	}
}

// askPackager runs a program of the system on a package.
func askPackager(t *testing.T, name, program string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("there is no %s here", program)
	}
	f := fileNamed(t, packaged(t), name)
	path := filepath.Join(t.TempDir(), f.name)
	write(t, path, string(f.data))
	out, err := exec.CommandContext(t.Context(), program, append(args, path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}

// hasEntry finds a file in a list like that of tar: mode, owner and path.
func hasEntry(listed, entry string) bool {
	for line := range strings.Lines(listed) {
		if f := strings.Fields(line); len(f) >= 6 && f[0]+" "+f[1]+" "+f[5] == entry {
			return true
		}
	}
	return false
}
