package evidence

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"bulksync/plan/audit"
)

// maxReport is more than the longest report of an audit needs.
const maxReport = 1 << 30

// Earlier returns the newest complete audit of the store, with its name; nil if
// there is none. One that was altered is passed over, which Problems says.
func (s *Store) Earlier(ctx context.Context) (*audit.Audit, *audit.Link, error) {
	s.skipped = nil
	for _, e := range slices.Backward(s.entries) {
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		if e.Manifest != nil && e.Manifest.Result == audit.Incomplete {
			continue
		}
		a, problem := s.readAudit(&e)
		if problem == "" {
			return a, &audit.Link{Folder: e.Folder, SHA256: e.SHA256}, nil
		}
		s.skipped = append(s.skipped, fmt.Sprintf("nothing is compared with the audit %s: %s", e.Folder, problem))
	}
	return nil, nil, nil
}

// readAudit reads an audit as it was written, or says why it cannot be relied on.
func (s *Store) readAudit(e *Entry) (a *audit.Audit, problem string) {
	if e.Problem != "" {
		return nil, e.Problem
	}
	at := slices.IndexFunc(e.Manifest.Files, func(f File) bool { return f.Name == AuditName })
	if at < 0 {
		return nil, fmt.Sprintf("its manifest names no %s", AuditName)
	}
	text, err := readFile(filepath.Join(s.file(e.Folder), AuditName), maxReport)
	if err != nil {
		return nil, err.Error()
	}
	if sumOf(text) != e.Manifest.Files[at].SHA256 {
		return nil, fmt.Sprintf("%s was altered", AuditName)
	}
	a = &audit.Audit{}
	if err := json.Unmarshal(text, a); err != nil {
		return nil, fmt.Sprintf("%s is broken: %v", AuditName, err)
	}
	return a, ""
}
