package evidence

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// All files are made durable before the folders that name them.
func TestSyncTree(t *testing.T) {
	top := t.TempDir()
	for _, name := range []string{"a/1", "a/2", "b/3", "4"} {
		path := filepath.Join(top, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var synced []string
	note := func(path string) error {
		mu.Lock()
		defer mu.Unlock()
		name, err := filepath.Rel(top, path)
		synced = append(synced, filepath.ToSlash(name))
		return err
	}
	if err := syncTree(t.Context(), top, note, note); err != nil {
		t.Fatal(err)
	}
	if len(synced) == 7 {
		slices.Sort(synced[:4])
		slices.Sort(synced[4:])
	}
	if want := []string{"4", "a/1", "a/2", "b/3", ".", "a", "b"}; !slices.Equal(synced, want) {
		t.Errorf("synced %q", synced)
	}
	torn := errors.New("torn")
	fail := func(string) error { return torn }
	never := func(string) error { t.Error("a folder was synced whose files are not"); return nil }
	if err := syncTree(t.Context(), top, fail, never); !errors.Is(err, torn) {
		t.Errorf("got %v", err)
	}
	if err := syncTree(t.Context(), top, syncFile, fail); !errors.Is(err, torn) {
		t.Errorf("got %v", err)
	}
	if err := syncFile(filepath.Join(top, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := syncTree(ended, top, never, never); err != nil {
		t.Errorf("got %v", err)
	}
}

// Each path has its turn once, however many there are.
func TestEachAtOnce(t *testing.T) {
	for _, n := range []int{0, 1, syncers, 3*syncers + 1} {
		var mu sync.Mutex
		seen := map[string]int{}
		var paths []string
		for i := range n {
			paths = append(paths, string(rune('A'+i)))
		}
		eachAtOnce(t.Context(), paths, func(path string) error {
			mu.Lock()
			defer mu.Unlock()
			seen[path]++
			return nil
		})
		if len(seen) != n {
			t.Errorf("%d of %d had their turn", len(seen), n)
		}
		for path, times := range seen {
			if times != 1 {
				t.Errorf("%s had %d turns", path, times)
			}
		}
	}
}
