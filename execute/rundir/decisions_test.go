package rundir_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"bulksync/execute/rundir"
)

// A run begins with its decisions, byte for byte; later ones come beside them,
// and none replaces another.
func TestDecisionsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	ada := rundir.Decision{Name: filepath.Join("elsewhere", "d.json"), Text: []byte("{ada}"), Signature: []byte("by ada")}
	bob := rundir.Decision{Name: "d.json", Text: []byte("{bob}")}
	d, file, err := rundir.Create(path, strings.NewReader("a plan"), ada, bob)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Release()
	file.Close()
	eve := rundir.Decision{Name: "d.json", Text: []byte("{ada}"), Signature: []byte("by eve")}
	if err := d.Keep([]rundir.Decision{ada, bob, eve}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"d.json": "{ada}", "d.json.sig": "by ada", "2-d.json": "{bob}", "3-d.json": "{ada}", "3-d.json.sig": "by eve"} {
		if text, err := os.ReadFile(filepath.Join(path, "decisions", name)); err != nil || string(text) != want {
			t.Errorf("%s holds %q, %v", name, text, err)
		}
	}
	listed, err := d.Decisions()
	want := []string{"2-d.json", "3-d.json", "d.json"}
	for i := range want {
		want[i] = filepath.Join(path, "decisions", want[i])
	}
	if err != nil || !slices.Equal(listed, want) || len(names(t, filepath.Join(path, "decisions"))) != 5 {
		t.Errorf("listed %q, %v", listed, err)
	}
	if info, err := os.Stat(filepath.Join(path, "decisions", "d.json")); err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// A run without decisions has no folder for them, and one that cannot begin
// leaves none behind.
func TestDecisionsOrNothing(t *testing.T) {
	d, _ := begun(t)
	if listed, err := d.Decisions(); err != nil || listed != nil || slices.Contains(names(t, d.Path()), "decisions") {
		t.Errorf("listed %q, %v", listed, err)
	}
	parent := t.TempDir()
	long := rundir.Decision{Name: strings.Repeat("x", 300), Text: []byte("{}")}
	ada := rundir.Decision{Name: "d.json", Text: []byte("{ada}"), Signature: []byte("by ada")}
	if _, _, err := rundir.Create(filepath.Join(parent, "run"), strings.NewReader("a plan"), ada, long); err == nil {
		t.Error("a file with an impossible name was kept")
	}
	if left := names(t, parent); len(left) > 0 {
		t.Errorf("%q was left behind", left)
	}
}

// What stands where a decision would go is neither read nor replaced, unless it is
// that decision: reading a pipe would block.
func TestDecisionsBesideSomethingElse(t *testing.T) {
	d, _ := begun(t)
	folder := filepath.Join(d.Path(), "decisions")
	ada := rundir.Decision{Name: "d.json", Text: []byte("{ada}"), Signature: []byte("by ada")}
	if err := os.MkdirAll(filepath.Join(folder, "d.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	_ = os.Symlink(os.DevNull, filepath.Join(folder, "2-d.json.sig"))
	if _, err := os.Readlink(filepath.Join(folder, "2-d.json.sig")); err != nil {
		t.Skip(err) // Windows asks for a privilege, and Wine makes none although it says so
	}
	for range 2 {
		if err := d.Keep([]rundir.Decision{ada}); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := names(t, folder), []string{"2-d.json.sig", "3-d.json", "3-d.json.sig", "d.json"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Keep([]rundir.Decision{ada}); err == nil || !strings.HasSuffix(err.Error(), "is not a folder") {
		t.Errorf("got %v", err)
	}
	if _, err := d.Decisions(); err == nil || !strings.HasSuffix(err.Error(), "is not a folder") {
		t.Errorf("got %v", err)
	}
}
