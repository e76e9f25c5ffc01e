package evidence

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"bulksync/internal/seal"
	"bulksync/plan/audit"
)

// maxReport is more than the longest report of an audit needs.
const maxReport = 1 << 30

// Earlier returns the newest complete audit of the store, with its name; nil if
// there is none. One that was altered is passed over, which Problems says.
func (s *Store) Earlier(ctx context.Context) (*audit.Audit, *audit.Link, error) {
	a, l, skipped, err := newest(ctx, s.path, s.entries)
	s.skipped = skipped
	return a, l, err
}

// Newest returns the newest complete audit of a history of the store at a path,
// with its name; nil if there is none that can be relied on.
func Newest(ctx context.Context, path string, history []Entry) (*audit.Audit, *audit.Link, error) {
	a, l, _, err := newest(ctx, path, history)
	return a, l, err
}

func newest(ctx context.Context, path string, history []Entry) (a *audit.Audit, l *audit.Link, skipped []string, err error) {
	for _, e := range slices.Backward(history) {
		if ctx.Err() != nil {
			return nil, nil, nil, context.Cause(ctx)
		}
		if e.Manifest != nil && e.Manifest.Result == audit.Incomplete {
			continue
		}
		a, problem := e.readAudit(path)
		if problem == "" {
			return a, &audit.Link{Folder: e.Folder, SHA256: e.SHA256}, skipped, nil
		}
		skipped = append(skipped, fmt.Sprintf("nothing is compared with the audit %s: %s", e.Folder, problem))
	}
	return nil, nil, skipped, nil
}

// readAudit reads an audit of the store at a path as it was written, or says why it
// cannot be relied on.
func (e *Entry) readAudit(path string) (a *audit.Audit, problem string) {
	if e.Problem != "" {
		return nil, e.Problem
	}
	at := slices.IndexFunc(e.Manifest.Files, func(f File) bool { return f.Name == AuditName })
	if at < 0 {
		return nil, fmt.Sprintf("its manifest names no %s", AuditName)
	}
	text, err := readFile(filepath.Join(path, e.Folder, AuditName), maxReport)
	if err != nil {
		return nil, err.Error()
	}
	if seal.Sum(text) != e.Manifest.Files[at].SHA256 {
		return nil, fmt.Sprintf("%s was altered", AuditName)
	}
	if a, err = audit.Decode(bytes.NewReader(text)); err != nil {
		return nil, fmt.Sprintf("%s is broken: %v", AuditName, err)
	}
	return a, ""
}
