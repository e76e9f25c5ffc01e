package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAReleaseReplacesOnlyARelease saves into a folder of downloads, which has sums of
// its own, and into one that a release was made in: everything in it was removed.
func TestAReleaseReplacesOnlyARelease(t *testing.T) {
	one := file{"one.zip", 0o644, []byte("one")}
	r := &release{made: []file{one, {sumsName, 0o644, sums([]file{one})}}}
	out := filepath.Join(t.TempDir(), "dist")
	for range 2 {
		if err := r.save(out); err != nil {
			t.Fatal(err)
		}
	}
	mine := filepath.Join(out, "thesis.txt")
	write(t, mine, "years of work")
	if err := r.save(out); err == nil || !strings.Contains(err.Error(), "thesis.txt") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
}
