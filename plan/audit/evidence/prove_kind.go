package evidence

import (
	"os"
	"path/filepath"
	"slices"
)

// IsAudit reports whether a folder is that of one audit, even if something was
// taken out of it.
func IsAudit(dir string) bool {
	for _, name := range []string{ManifestName, SumsName, SignatureName, RequestsName, CSVName, TemplateName} {
		if holds(dir, name) {
			return true
		}
	}
	return false
}

// IsStore reports whether a folder is a store of audits, even if all of them were
// taken out.
func IsStore(dir string) bool {
	if holds(dir, LockName) && holds(dir, IndexName) {
		return true
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if e.IsDir() && (isAudit(e.Name()) || IsAudit(filepath.Join(dir, e.Name()))) {
			return true
		}
	}
	return false
}

// depth is how far below a store anything of an audit is, as graph/page-0001.json.
const depth = 3

// StoreAround is the store that a path is in; empty if it is in none. The path has
// no links. Unlike for IsStore, only the names of folders count, which no other
// program gives.
func StoreAround(path string) string {
	for range depth {
		path = filepath.Dir(path)
		if entries, err := os.ReadDir(path); err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.IsDir() && isAudit(e.Name()) }) {
			return path
		}
	}
	return ""
}

// holds reports whether there is something of this name in a folder.
func holds(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name)))
	return err == nil
}
