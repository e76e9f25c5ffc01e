//go:build unix

package atomicfile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"bulksync/internal/atomicfile"
)

// A link is followed to the file that is replaced, even if nothing exists there
// yet; anything that is not a regular file is written to.
func TestTarget(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	write(t, in("file"), "")
	for name, to := range map[string]string{
		"link": "file", "chain": in("link"), "dangling": "nothing yet", "loop": "loop", "to-pipe": "pipe", "to-out": "/dev/stdout",
	} {
		if err := os.Symlink(to, in(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(in("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		path, target string
		stream       bool
	}{
		{in("file"), in("file"), false}, {in("new"), in("new"), false}, {in("link"), in("file"), false}, {in("chain"), in("file"), false},
		{in("dangling"), in("nothing yet"), false}, {in("pipe"), "", true}, {in("to-pipe"), "", true}, {"/dev/null", "", true},
	} {
		if target, stream, err := atomicfile.Target(tc.path); target != tc.target || stream != tc.stream || err != nil {
			t.Errorf("%s leads to %q, stream %v, %v", tc.path, target, stream, err)
		}
	}
	if _, stream, err := atomicfile.Target(in("loop")); stream || !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a loop: %v", err)
	}
	if _, stream, err := atomicfile.Target(dir); stream || err == nil || err.Error() != "it is a folder" {
		t.Errorf("a folder: %v", err)
	}
}

// A path through a process's descriptors is a stream, even if the file behind it
// is a regular one.
func TestADescriptorIsAStream(t *testing.T) {
	if _, err := os.Stat("/dev/fd"); err != nil {
		t.Skip("no list of descriptors here")
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	path := fmt.Sprintf("/dev/fd/%d", f.Fd())
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, link} {
		if _, stream, err := atomicfile.Target(p); !stream || err != nil {
			t.Errorf("%s: stream %v, %v", p, stream, err)
		}
	}
}

func TestOpenOtherKinds(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(syscall.Mkfifo(filepath.Join(dir, "a pipe"), 0o600), os.Symlink("/", filepath.Join(dir, "a link"))); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{filepath.Join(dir, "a pipe"): "a pipe", filepath.Join(dir, "a link"): "a link", "/dev/null": "a device"} {
		if _, err := atomicfile.Open(path, os.O_RDONLY); err == nil || err.Error() != path+" is "+want+", not a file" {
			t.Errorf("got %v", err)
		}
	}
}
