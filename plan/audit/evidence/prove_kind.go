package evidence

import (
	"os"
	"path/filepath"
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
