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
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			return true
		}
	}
	return false
}

// IsInStore reports whether a file is in a store that holds an audit, or would be.
func IsInStore(file string) bool {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return false
	}
	for _, folder := range []string{dir, filepath.Dir(dir)} { // an audit has folders of its own
		if isAudit(filepath.Base(folder)) && IsAudit(folder) {
			return true
		}
	}
	entries, err := os.ReadDir(dir)
	return err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return e.IsDir() && isAudit(e.Name()) && IsAudit(filepath.Join(dir, e.Name()))
	})
}

// IsStore reports whether a folder is a store of audits.
func IsStore(dir string) bool {
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
