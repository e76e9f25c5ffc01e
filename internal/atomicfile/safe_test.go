package atomicfile_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"bulksync/internal/atomicfile"
)

// A folder of this user's own is safe; a file is no folder.
func TestCheckFolder(t *testing.T) {
	dir := t.TempDir()
	if err := atomicfile.CheckFolder("the store", dir); err != nil {
		t.Error(err)
	}
	path := filepath.Join(dir, "file")
	write(t, path, "")
	if err := atomicfile.CheckFolder("the store", path); err == nil || err.Error() != "the store "+path+" is not a folder" {
		t.Errorf("got %v", err)
	}
	if err := atomicfile.CheckFolder("the store", filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
