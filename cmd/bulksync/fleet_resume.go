package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"slices"
	"time"

	"bulksync/graph"
	"bulksync/internal/atomicfile"
	"bulksync/internal/fleet"
	"bulksync/plan/audit/evidence"
)

// earlier is the row of an audit that an earlier attempt at the run has left in the
// store of a tenant. The store is asked, since the process may have ended before it
// could write anything else.
func (o *fleetAuditOptions) earlier(ctx context.Context, m *member, since time.Time) (row fleet.Row, ok bool) {
	own := o.of(m)
	if m.checkFolder([]string{evidenceDir}, nil) != nil || !evidence.IsStore(own.store) {
		return row, false
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	store, err := evidence.Open(ctx, own.store, leave) // if another audit writes to it, the work waits, and not all tenants
	if err != nil {
		return row, false
	}
	defer store.Close()
	history := store.History()
	a, link, err := evidence.Newest(ctx, own.store, history)
	if err != nil || a == nil || a.HomeTenant.ID != m.TenantID || store.Check(m.home()) != nil {
		return row, false
	}
	i := slices.IndexFunc(history, func(e evidence.Entry) bool { return e.Folder == link.Folder })
	kept := history[i].Manifest
	if own.opened != nil && own.opened.Fingerprint() != kept.Signer {
		return row, false
	}
	if kept.StartedAt.Before(since) || kept.Options != own.settings(m.env) || !own.haveInputs(ctx, kept.Files) {
		return row, false
	}
	if store.WriteIndex(indexWith(history, a, link)) != nil { // the process may have ended before it did
		return row, false
	}
	row = own.row(m, a, *link)
	row.StartedAt, row.DurationMs = kept.StartedAt.UTC().Truncate(time.Second), kept.FinishedAt.Sub(kept.StartedAt).Milliseconds()
	return row, true
}

// home is where the manifest says that the tenant is.
func (m *member) home() graph.HomeTenant {
	h := graph.HomeTenant{ID: m.TenantID, Cloud: m.Cloud, GraphURL: m.Cloud.RootURL()}
	if m.GraphURL != "" {
		h.GraphURL = m.GraphURL
	}
	return h
}

// haveInputs reports whether the files of an audit are as they were when it was made.
func (o *auditOptions) haveInputs(ctx context.Context, files []evidence.File) bool {
	for name, path := range map[string]string{
		evidence.CSVName: o.csv, evidence.TemplateName: o.template, evidence.WaiversName: o.waivers, evidence.PolicyName: o.policy,
	} {
		i := slices.IndexFunc(files, func(f evidence.File) bool { return f.Name == name })
		if (path == "") != (i < 0) {
			return false
		}
		if path != "" && sumOfFile(ctx, path) != files[i].SHA256 {
			return false
		}
	}
	return true
}

// sumOfFile is the SHA-256 of a regular file in hex; empty if it cannot be read.
func sumOfFile(ctx context.Context, path string) string {
	if info, err := os.Stat(path); err != nil || !atomicfile.IsRegular(info) { // a pipe would be empty the next time
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, atomicfile.NewReader(ctx, f)); err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}
