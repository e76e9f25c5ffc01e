package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// One file that others can read is enough to warn of; a file of our own is none, and
// neither is one that is meant for others.
func TestOneWarningOfOpenFiles(t *testing.T) {
	var said bytes.Buffer
	p := &process{out: io.Discard, messages: messages{stderr: &said}, openFile: new(sync.Once)}
	dir := t.TempDir()
	out := filepath.Join(dir, "plan.json")
	text := func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }
	for _, write := range []func() error{
		func() error { return p.writeFile(t.Context(), out, text) },
		func() error { return p.writePublic(t.Context(), filepath.Join(dir, "bulksync.prom"), text) },
		func() error { return p.writeFile(t.Context(), os.DevNull, text) },
	} {
		if err := write(); err != nil || said.Len() > 0 {
			t.Fatalf("%v, and it says %q", err, &said)
		}
	}
	open := filepath.Join(dir, "open") // as a disk without access rights would leave it
	if err := errors.Join(os.WriteFile(open, nil, 0o644), os.Chmod(open, 0o644)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		p.warnIfOpen(open)
	}
	if got := said.String(); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "bulksync: warning: other users can read "+open) {
		t.Errorf("it says:\n%s", got)
	}
}
