package main

import (
	"context"
	"errors"
	"io"

	"bulksync/graph/auth"
	"bulksync/plan/audit/evidence"
)

// proveOptions are those of the proof of an audit or a store.
func (v *verifier) proveOptions(ctx context.Context) evidence.ProveOptions {
	return evidence.ProveOptions{
		Tool: tool(), Build: build(), Signers: v.signers, Reports: auditReports,
		Index: func(path string, history []evidence.Entry) func(io.Writer) error { return indexOf(ctx, path, history) },
	}
}

// proveAudit proves one audit of a store.
func (v *verifier) proveAudit(ctx context.Context, p *proof) {
	a, err := evidence.ProveAudit(ctx, p.Path, v.proveOptions(ctx))
	if err != nil {
		p.fail(err)
		return
	}
	v.checkHome(a)
	checkReadonly(a)
	p.SHA256, p.Checks = a.SHA256, a.Checks
}

// proveStore proves a store: each audit, and the chain of them.
func (v *verifier) proveStore(ctx context.Context, p *proof) {
	s, err := evidence.ProveStore(ctx, p.Path, v.proveOptions(ctx))
	if errors.Is(err, evidence.ErrFormat) {
		p.Checks.Add(evidence.NotProved, evidence.OfManifest, "", "%v", err)
		return
	}
	if err != nil {
		p.fail(err)
		return
	}
	p.Checks = s.Checks
	for i := range s.Audits {
		a := &s.Audits[i]
		v.checkHome(a)
		checkReadonly(a)
		one := provenAudit{Folder: a.Folder, SHA256: a.SHA256, Signer: a.Signer, Verdict: verdict(a.Checks.Verdict()), Checks: a.Checks}
		if a.Manifest != nil {
			one.Number, one.Result = a.Manifest.Number, string(a.Manifest.Result)
		}
		p.Audits = append(p.Audits, one)
	}
}

// checkHome refuses an audit of another home tenant than the one in --tenant.
func (v *verifier) checkHome(a *evidence.AuditProof) {
	if v.homeTenant != "" && a.Manifest != nil && a.Manifest.HomeTenant.ID != v.homeTenant {
		a.Checks.Add(evidence.NotProved, evidence.OfManifest, evidence.ManifestName,
			"it is of home tenant %s, and --tenant asks for %s", a.Manifest.HomeTenant.ID, v.homeTenant)
	}
}

// checkReadonly holds who audited against --require-readonly, which refuses whoever
// could write.
func checkReadonly(a *evidence.AuditProof) {
	m := a.Manifest
	if m == nil || !m.Options.RequireReadonly {
		return
	}
	id := auth.Identity{
		Kind: auth.Kind(m.Identity.Kind), Roles: m.Identity.Roles, Scopes: m.Identity.Scopes, RoleTemplateIDs: m.Identity.RoleTemplateIDs,
	}
	status := evidence.Altered
	if m.Tool != tool() { // it may know other permissions
		status = evidence.NotProved
	}
	if err := id.CheckReadOnly(); err != nil {
		a.Checks.Add(status, evidence.OfManifest, evidence.ManifestName, "--require-readonly would have refused who audited: %v", err)
	}
}
