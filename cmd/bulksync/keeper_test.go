package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
)

// A store that must not be used is refused before anything is written to it, with
// what to do instead.
func TestAStoreThatIsRefused(t *testing.T) {
	first, second := newHome(t, graphsim.Config{}), newHome(t, graphsim.Config{HomeTenant: killTenant(9)})
	store := first.file("store")
	if code := first.audit(t, first.csv(t, killTenant(1)), "--evidence", store); code != exitDiffers {
		t.Fatalf("exit code %d:\n%s", code, first.stderr)
	}
	before := len(filesBelow(t, store))
	refuse := func(h *home, want, hint string) {
		t.Helper()
		if code := h.audit(t, h.csv(t, killTenant(1)), "--evidence", store); code != exitRefused {
			t.Errorf("exit code %d:\n%s", code, h.stderr)
		}
		if said := h.stderr.String(); !strings.Contains(said, want) || hint != "" && !strings.Contains(said, "bulksync: hint: "+hint) {
			t.Errorf("it says:\n%s", said)
		}
		if now := len(filesBelow(t, store)); now != before {
			t.Errorf("the store has %d files, and had %d", now, before)
		}
	}
	refuse(second, "of the home tenant "+killTenant(9), "")
	if runtime.GOOS != "windows" {
		chmod(t, store, 0o777)
		refuse(first, "is not safe", "name a folder of your own, or let nobody else write to this one: chmod go-w ")
		chmod(t, store, 0o700)
	}
	manifests, err := filepath.Glob(filepath.Join(store, "*", "manifest.json"))
	if err != nil || len(manifests) != 1 {
		t.Fatal(manifests, err)
	}
	text, err := os.ReadFile(manifests[0])
	if err != nil {
		t.Fatal(err)
	}
	write(t, manifests[0], strings.Replace(string(text), `"formatVersion": 1`, `"formatVersion": 2`, 1))
	refuse(first, "written by a newer version of bulksync", "use the version of bulksync that wrote it, or another folder")
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
