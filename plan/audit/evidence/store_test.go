package evidence_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"bulksync/graph"
	"bulksync/internal/atomicfile"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// An audit has all of its files, the manifest names each of them, and it is
// readable by its owner alone.
func TestAnAudit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some", "audits")
	l := sealed(t, opened(t, path), noon, audit.Clean)
	if got := names(t, path); !slices.Equal(got, []string{evidence.LockName, l.Folder}) || l.Folder != "20261121T120000Z-clean" {
		t.Errorf("the store holds %q", got)
	}
	dir := filepath.Join(path, l.Folder)
	if got, want := names(t, dir), []string{"SHA256SUMS", "audit.json", "graph", "input", "manifest.json"}; !slices.Equal(got, want) {
		t.Errorf("the audit holds %q", got)
	}
	for path, want := range map[string]os.FileMode{
		path: 0o700, dir: 0o700, filepath.Join(dir, "graph"): 0o700, filepath.Join(dir, "graph/page-0001.json"): 0o600,
		filepath.Join(dir, "manifest.json"): 0o600, filepath.Join(dir, "SHA256SUMS"): 0o600, filepath.Join(dir, "input/partners.csv"): 0o600,
	} {
		if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", path, info, err)
		}
	}
	all, err := evidence.ReadHistory(t.Context(), path)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	e := all[0]
	if e.SHA256 != l.SHA256 || !e.Linked || e.Problem != "" || e.Manifest.Number != 1 || e.Manifest.Previous != nil || e.Manifest.Broken != nil {
		t.Errorf("got %+v", e)
	}
	var files []string
	for _, f := range e.Manifest.Files {
		files = append(files, f.Name)
		if text := read(t, dir, f.Name); int64(len(text)) != f.Size {
			t.Errorf("%s has %d bytes, not %d", f.Name, len(text), f.Size)
		}
	}
	if want := []string{"audit.json", "graph/page-0001.json", "graph/requests.jsonl", "input/partners.csv"}; !slices.Equal(files, want) {
		t.Errorf("the manifest names %q", files)
	}
}

// Each audit names the one before it, whatever the clock says, and two that end
// in the same second have two folders.
func TestTheChain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audits")
	var last audit.Link
	for i, at := range []time.Time{noon, noon, noon.Add(-time.Hour), noon, noon.Add(time.Hour)} {
		s := opened(t, path)
		l := sealed(t, s, at, audit.Drift)
		live := story(s.History())
		s.Close()
		all, err := evidence.ReadHistory(t.Context(), path)
		if err != nil || len(all) != i+1 {
			t.Fatal(len(all), err)
		}
		e := all[i]
		if e.Folder != l.Folder || !e.Linked || e.Manifest.Number != i+1 || i > 0 && *e.Manifest.Previous != last || story(all) != live {
			t.Errorf("%d: %+v\n%s%s", i, e, story(all), live)
		}
		last = l
	}
	want := []string{
		evidence.LockName, "20261121T110000Z-drift", "20261121T120000Z-drift", "20261121T120000Z-drift-2", "20261121T120000Z-drift-3",
		"20261121T130000Z-drift",
	}
	if got := names(t, path); !slices.Equal(got, want) {
		t.Errorf("the store holds %q", got)
	}
}

// A store is for one home tenant in one cloud. A rehearsal is not mixed with
// audits of a real tenant, but may move between ports.
func TestAStoreOfAnotherTenant(t *testing.T) {
	s := opened(t, storeOf(t, 1))
	rehearsal := home
	rehearsal.GraphURL = "http://127.0.0.1:8080"
	other, cloud := home, home
	other.ID, cloud.Cloud = "22222222-2222-4222-8222-222222222222", graph.USGov
	if err := s.Check(home); err != nil {
		t.Error(err)
	}
	for _, h := range []graph.HomeTenant{rehearsal, other, cloud} {
		var mixed *evidence.MixedError
		if err := s.Check(h); !errors.As(err, &mixed) || mixed.Store != home || mixed.Audit != h || !strings.Contains(err.Error(), h.ID) {
			t.Errorf("%+v: %v", h, err)
		}
	}
}

// An audit that was altered does not lock the others out of their store.
func TestAnAlteredHomeTenant(t *testing.T) {
	path := storeOf(t, 2)
	other := home
	other.ID = "22222222-2222-4222-8222-222222222222"
	all := names(t, path)
	alterManifest(all[len(all)-1], home.ID, other.ID)(t, path)
	s := opened(t, path)
	if err := s.Check(home); err != nil {
		t.Error(err)
	}
	if err := s.Check(other); err == nil {
		t.Error("another home tenant may write here")
	}
}

func TestRehearsalsMove(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "audits"))
	b := begun(t, s)
	m := manifest(noon, audit.Clean)
	m.HomeTenant.GraphURL = "http://127.0.0.1:8080"
	if _, err := b.Seal(t.Context(), m, nil); err != nil {
		t.Fatal(err)
	}
	m.HomeTenant.GraphURL = "http://localhost:9090"
	if err := s.Check(m.HomeTenant); err != nil {
		t.Error(err)
	}
}

// A store that nothing was written to is removed again, but not what was there
// before it.
func TestAnEmptyStoreIsRemoved(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, filepath.Join(dir, "some", "audits"))
	begun(t, s).Discard()
	s.Close()
	s.Close()
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("left behind: %q", got)
	}
	s = opened(t, dir)
	s.Close()
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("left behind: %q", got)
	}
}

// belowAFile is what the system says of a path below a file.
func belowAFile() string {
	if runtime.GOOS == "windows" {
		return "no such file or directory"
	}
	return "not a directory"
}

// What cannot be a store is refused.
func TestWhatIsNoStore(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	write(t, "", file)
	for path, want := range map[string]string{
		file:                         "the store " + file + " is not a folder",
		filepath.Join(file, "below"): belowAFile(),
	} {
		if _, err := evidence.Open(t.Context(), path, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	_ = os.Symlink("nowhere", filepath.Join(dir, "link"))
	if _, err := os.Readlink(filepath.Join(dir, "link")); err == nil { // Windows asks for a privilege
		if _, err := evidence.Open(t.Context(), filepath.Join(dir, "link"), nil); err == nil {
			t.Error("a store that is a link to nothing")
		}
	}
	lock := filepath.Join(dir, "store", evidence.LockName)
	if err := os.MkdirAll(lock, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.Open(t.Context(), filepath.Dir(lock), nil); err == nil || !strings.Contains(err.Error(), "is a folder, not a file") {
		t.Errorf("a lock that is a folder: %v", err)
	}
}

// A store of a newer version is not written to.
func TestANewerStore(t *testing.T) {
	path := storeOf(t, 2)
	folder := filepath.Join(path, "20261121T120000Z-clean")
	write(t, `{"formatVersion": 2, "number": "one"}`, folder, evidence.ManifestName)
	_, err := evidence.Open(t.Context(), path, nil)
	if !errors.Is(err, evidence.ErrFormat) || !strings.Contains(err.Error(), folder) {
		t.Errorf("got %v", err)
	}
	if _, err := evidence.ReadHistory(t.Context(), path); !errors.Is(err, evidence.ErrFormat) {
		t.Errorf("got %v", err)
	}
}

// The index page is replaced as a whole.
func TestTheIndexPage(t *testing.T) {
	path := storeOf(t, 1)
	s := opened(t, path)
	for _, text := range []string{"one", "two"} {
		if err := s.WriteIndex(func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path, evidence.IndexName); got != text {
			t.Errorf("the page says %q", got)
		}
	}
	torn := errors.New("torn")
	if err := s.WriteIndex(func(io.Writer) error { return torn }); !errors.Is(err, torn) || read(t, path, evidence.IndexName) != "two" {
		t.Errorf("got %v", err)
	}
}

// An end of the context ends what reads.
func TestAnEndWhileReading(t *testing.T) {
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	path := storeOf(t, 1)
	if _, err := evidence.ReadHistory(ctx, path); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	if _, _, err := opened(t, path).Earlier(ctx); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

// All that a store holds is for its owner alone, by modes or by access lists.
func TestAStoreIsPrivate(t *testing.T) {
	store := storeOf(t, 1)
	s := opened(t, store)
	begun(t, s) // and what is being written, too
	if err := s.WriteIndex(func(w io.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err := filepath.WalkDir(store, func(path string, _ fs.DirEntry, err error) error {
		if seen++; err == nil && !atomicfile.IsPrivate(path) {
			t.Errorf("others can read %s", path)
		}
		return err
	})
	if err != nil || seen < 10 {
		t.Errorf("looked at %d files and folders: %v", seen, err)
	}
}
