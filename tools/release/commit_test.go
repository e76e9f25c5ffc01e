package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestVersionOfACommit types each form of the command at commits with and without
// a tag: only a clean commit with one tag of a release is one.
func TestVersionOfACommit(t *testing.T) {
	for _, c := range []struct {
		name, tags string
		dirty      bool
		wanted     string
		version    string // its beginning
		refused    string
	}{
		{name: "release", tags: "v1.2.3", version: "1.2.3"},
		{name: "no tag", refused: "HEAD has no tag such as v1.2.3"},
		{name: "other tags", tags: "v1.2 v1.2.3-rc.1 1.2.3 v01.2.3 nightly", refused: "HEAD has no tag such as v1.2.3"},
		{name: "two tags", tags: "v1.2.3 v1.2.4", refused: "HEAD has more than one tag of a release: v1.2.3, v1.2.4"},
		{name: "dirty", tags: "v1.2.3", dirty: true, refused: "the working tree is not that of v1.2.3"},
		{name: "snapshot", wanted: "1.2.4", version: "1.2.4-snapshot.g"},
		{name: "snapshot at a tag", tags: "v1.2.3", wanted: "1.2.3", version: "1.2.3-snapshot.g"},
		{name: "dirty snapshot", dirty: true, wanted: "1.2.4", version: "1.2.4-snapshot.g"},
		{name: "no version", wanted: "v1.2.3", refused: `VERSION: "v1.2.3" is not a version`},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := repository(t, map[string]string{"a": "b"})
			for tag := range strings.FieldsSeq(c.tags) {
				git(t, root, "tag", tag)
			}
			if c.dirty {
				write(t, filepath.Join(root, "new"), "not committed")
			}
			is, err := readCommit(context.Background(), root)
			if err != nil {
				t.Fatal(err)
			}
			if !is.date.Equal(commitDate) {
				t.Errorf("the date is %s", is.date)
			}
			version, err := is.version(c.wanted)
			if c.refused != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.refused) {
					t.Errorf("version %q, error %v, want %s", version, err, c.refused)
				}
				return
			}
			if err != nil || !strings.HasPrefix(version, c.version) || snapshot(version) != (c.wanted != "") || strings.HasSuffix(version, ".dirty") != c.dirty {
				t.Errorf("version %q, error %v", version, err)
			}
		})
	}
}

func TestChangesOfAVersion(t *testing.T) {
	root := repository(t, map[string]string{"CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n- new\n\n## [1.2.3] - 2026-11-21\n\n### Added\n\n- more\n\n## [1.2.2] - 2026-10-01\n\n- old\n"})
	for _, c := range []struct{ version, want string }{
		{"1.2.3", "### Added\n\n- more\n"},
		{"1.2.2", "- old\n"},
		{"1.3.0-snapshot.g123", "- new\n"},
	} {
		if got, err := changes(root, c.version); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.version, got, err)
		}
	}
	if _, err := changes(root, "1.2.4"); err == nil {
		t.Error("a release without a section in the changelog passes")
	}
}

// TestAShallowCloneIsNoRelease: what Go writes into a program depends on earlier tags,
// so that such a clone made other bytes of v2.0.0 than a whole one.
func TestAShallowCloneIsNoRelease(t *testing.T) {
	source, root := repository(t, map[string]string{"a": "b"}), filepath.Join(t.TempDir(), "clone")
	git(t, source, "commit", "-q", "--allow-empty", "-m", "more")
	git(t, source, "tag", "v2.0.0")
	git(t, source, "clone", "-q", "--depth", "1", "file://"+filepath.ToSlash(source), root)
	is, err := readCommit(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if version, err := is.version(""); err == nil || !strings.Contains(err.Error(), "git fetch --unshallow --tags") {
		t.Errorf("version %q, error %v", version, err)
	}
	if version, err := is.version("2.0.0"); err != nil || !strings.HasPrefix(version, "2.0.0-snapshot.g") {
		t.Errorf("snapshot %q, error %v", version, err)
	}
}

// TestANewFileIsSeen where git is set to hide such files: it would be compiled.
func TestANewFileIsSeen(t *testing.T) {
	root := repository(t, map[string]string{"a": "b"})
	git(t, root, "config", "status.showUntrackedFiles", "no")
	write(t, filepath.Join(root, "new.go"), "package a")
	if is, err := readCommit(t.Context(), root); err != nil || !is.dirty {
		t.Errorf("dirty %v, error %v", is.dirty, err)
	}
}

// TestASignedCommitHasADate also where git is set to print who signed it.
func TestASignedCommitHasADate(t *testing.T) {
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("there is no ssh-keygen here")
	}
	root, key := repository(t, map[string]string{"a": "b"}), filepath.Join(t.TempDir(), "key")
	if out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, value := range map[string]string{"gpg.format": "ssh", "user.signingKey": key, "log.showSignature": "true"} {
		git(t, root, "config", name, value)
	}
	git(t, root, "commit", "-q", "-S", "--allow-empty", "-m", "signed")
	if is, err := readCommit(t.Context(), root); err != nil || !is.date.Equal(commitDate) {
		t.Errorf("date %s, error %v", is.date, err)
	}
}
