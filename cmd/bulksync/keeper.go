package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/internal/seal"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// evidenceOptions say where an audit keeps its evidence, and who signs it.
type evidenceOptions struct {
	// store is the folder, key the file of the key to sign with; empty for none.
	store, key string
	// opened is the key if it is open already, as for many home tenants; it stays open.
	opened *seal.Key
}

func (o *evidenceOptions) register(fl *pflag.FlagSet) {
	fl.StringVar(&o.store, "evidence", "", "`DIR`: store that keeps the evidence of each audit, chained to the one before")
	o.registerKey(fl)
}

// registerKey adds the flag that says who signs.
func (o *evidenceOptions) registerKey(fl *pflag.FlagSet) {
	fl.StringVar(&o.key, "sign", "", "`FILE`: SSH key to sign the evidence with: a private key, or a public one that an agent or a hardware key holds")
}

// keeper keeps the evidence of one audit. Without a store it keeps nothing, and so
// does a nil keeper.
type keeper struct {
	store    *evidence.Store
	bundle   *evidence.Bundle
	key      *seal.Key
	ownKey   bool // and closes it
	started  time.Time
	identity auth.Identity
	link     audit.Link
}

// open opens the store and begins an audit in it, before anything is read. It
// waits for another audit that is at work there.
func (o *evidenceOptions) open(ctx context.Context, e *env, now time.Time) (k *keeper, err error) {
	k = &keeper{started: now}
	if o.store == "" {
		if o.key != "" {
			err = hinted(errors.New("--sign: there is no evidence to sign"), "say where it is kept with --evidence DIR")
		}
		return k, err
	}
	defer func() {
		if err != nil {
			k.close()
		}
	}()
	if k.key = o.opened; k.key == nil && o.key != "" {
		if k.key, err = e.openKey(ctx, "--sign", o.key); err != nil {
			return k, err
		}
		k.ownKey = true
	}
	k.store, err = evidence.Open(ctx, o.store, func() { e.note("waiting for another audit that writes to %s", o.store) })
	if err != nil {
		return k, err
	}
	k.bundle, err = k.store.Begin(now)
	return k, err
}

// close gives up what was not sealed, and the store.
func (k *keeper) close() {
	if k.bundle != nil {
		k.bundle.Discard()
	}
	if k.store != nil {
		k.store.Close()
	}
	if k.ownKey {
		k.key.Close()
	}
}

// isKeeping reports whether there is a store to keep anything in.
func (k *keeper) isKeeping() bool { return k != nil && k.bundle != nil }

// tee keeps the bytes of an input as they are read.
func (k *keeper) tee(name string, r io.Reader) io.Reader {
	if !k.isKeeping() {
		return r
	}
	return k.bundle.Tee(name, r)
}

// record is what keeps the answers of Graph; nil for nothing.
func (k *keeper) record() func(graph.Exchange) {
	if !k.isKeeping() {
		return nil
	}
	return k.bundle.Record
}

// reading says that reading number n of the tenant follows.
func (k *keeper) reading(n int) {
	if k.isKeeping() {
		k.bundle.Reading(n)
	}
}

// admit refuses a store of another home tenant.
func (k *keeper) admit(home graph.HomeTenant) error {
	if !k.isKeeping() {
		return nil
	}
	return k.store.Check(home)
}

// earlier is the newest complete audit of the store; nil for none. What could not
// be read there is told.
func (k *keeper) earlier(ctx context.Context, e *env) (*audit.Audit, *audit.Link, error) {
	if !k.isKeeping() {
		return nil, nil, nil
	}
	a, link, err := k.store.Earlier(ctx)
	for _, p := range k.store.Problems() {
		e.warn("%s", p)
	}
	return a, link, err
}

// seal adds the reports and the manifest, and puts the audit into the store.
func (k *keeper) seal(ctx context.Context, e *env, m evidence.Manifest, a *audit.Audit) (err error) {
	if !k.isKeeping() {
		return nil
	}
	m.Tool, m.Build, m.Identity = tool(), build(), keptIdentity(k.identity)
	m.StartedAt, m.FinishedAt = evidence.Moment(k.started), evidence.Moment(time.Now())
	m.Summarize(a)
	for _, f := range auditReports(a, &m, k.bundle.Requests()) {
		if err := k.bundle.Write(f.Name, f.Render); err != nil {
			return err
		}
	}
	var sign func([]byte) ([]byte, error)
	if k.key != nil {
		m.Signer = k.key.Fingerprint()
		sign = func(text []byte) ([]byte, error) {
			return within(ctx, func() ([]byte, error) { return k.key.Sign(text, evidence.Namespace) })
		}
	}
	if k.link, err = k.bundle.Seal(ctx, m, sign); err != nil {
		return err
	}
	e.warnIfOpen(filepath.Join(k.store.Path(), k.link.Folder))
	ctx = context.WithoutCancel(ctx) // the audit is in the store, and the page must show it
	index := indexOf(ctx, k.store.Path(), k.store.History())
	if a.Result != audit.Incomplete { // it need not be read again
		index = indexWith(k.store.History(), a, &k.link)
	}
	if err := k.store.WriteIndex(index); err != nil {
		e.warn("the evidence is complete, but the index of the store could not be drawn: %v", err)
	}
	return nil
}

// lastComplete is when the newest complete audit of the store was made; zero if
// none is known.
func (k *keeper) lastComplete() (at time.Time) {
	if !k.isKeeping() {
		return at
	}
	for _, one := range k.store.History() {
		if one.Manifest != nil && one.Manifest.Result != audit.Incomplete {
			at = one.Manifest.FinishedAt
		}
	}
	return at
}

// note says where the evidence is, and which sum proves it, once it is there.
func (k *keeper) note(e *env) {
	if !k.isKeeping() || k.link.Folder == "" {
		return
	}
	e.note("evidence in %s", filepath.Join(k.store.Path(), k.link.Folder))
	e.note("SHA-256 of its manifest, to keep elsewhere, such as in a ticket: %s", k.link.SHA256)
}

// keptIdentity is an identity as a manifest keeps it.
func keptIdentity(id auth.Identity) evidence.Identity {
	return evidence.Identity{
		Kind: string(id.Kind), TenantID: id.TenantID, AppID: id.AppID, AppName: id.AppName, User: id.User,
		Roles: id.Roles, Scopes: id.Scopes, RoleTemplateIDs: id.RoleTemplateIDs,
	}
}

// build says what the program was built from and with.
func build() string {
	from := runtime.Version()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return from
	}
	for _, s := range slices.Backward(info.Settings) { // vcs.modified comes after vcs.revision
		switch {
		case s.Key == "vcs.modified" && s.Value == "true":
			from = "modified, " + from
		case s.Key == "vcs.revision":
			from = s.Value + ", " + from
		}
	}
	return from
}
