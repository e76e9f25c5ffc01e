package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/pflag"

	"bulksync/graph"
	"bulksync/internal/names"
	"bulksync/internal/session"
	"bulksync/internal/words"
	"bulksync/plan/audit"
)

// namesFlag is the flag that says which names to look up.
type namesFlag struct{ names.Mode }

func (f *namesFlag) register(fl *pflag.FlagSet) {
	choiceVar(fl, &f.Mode, "names", names.Auto, wordsOf(names.Auto, names.All, names.Off), "look up the names of the tenants that are shown first, of all, or of none; they are kept for 30 days")
}

// resolveNames finds the names of tenants that are about to be shown, and of the home
// tenant. What is missing is told in one note.
func (e *env) resolveNames(ctx context.Context, mode names.Mode, t *session.Session, shown names.Shown) (map[string]graph.Tenant, error) {
	shown.First = append([]string{t.Home().ID}, shown.First...)
	return e.resolveFrom(ctx, t, names.Options{Mode: mode, Cache: e.nameCache(t.Home())}, shown)
}

// nameRows finds the names of the partners that an export has rows for. The home
// tenant is not among them.
func (e *env) nameRows(ctx context.Context, mode names.Mode, t *session.Session, rows []string) (map[string]graph.Tenant, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	return e.resolveFrom(ctx, t, names.Options{Mode: mode, Cache: e.nameCache(t.Home())}, names.Shown{First: rows})
}

// nameFindings says what the tenants of an audit's findings are called. If the audit
// keeps evidence, its answers must tell all of it, and nothing comes from the cache.
func (e *env) nameFindings(ctx context.Context, mode names.Mode, t *session.Session, a *audit.Audit, proved bool) error {
	o := names.Options{Mode: mode}
	if !proved {
		o.Cache = e.nameCache(t.Home())
	}
	known, err := e.resolveFrom(ctx, t, o, names.Shown{First: append([]string{t.Home().ID}, a.Tenants()...)})
	a.Name(known)
	return err
}

func (e *env) resolveFrom(ctx context.Context, t *session.Session, o names.Options, shown names.Shown) (map[string]graph.Tenant, error) {
	o.Client, o.GraphURL = t.Client(), t.Home().GraphURL
	o.Waiting = func(answered, all int) {
		e.counted(answered, all, "looking up what tenants are called: %s of %s answered", words.Thousands(answered), words.Thousands(all))
	}
	f, err := names.Resolve(ctx, o, shown)
	if err != nil {
		return nil, err
	}
	if n := f.Note(); n != "" {
		e.remark("%s", n)
	}
	if f.CacheProblem != nil {
		e.log.Info("the cache of names is not used", "error", f.CacheProblem)
	}
	return f.Tenants, nil
}

// nameCache is the file that keeps names; empty if the user has no folder for it.
func (e *env) nameCache(home graph.HomeTenant) string {
	if e.cacheDir == nil {
		return ""
	}
	dir, err := e.cacheDir()
	if err != nil {
		return ""
	}
	return names.CacheFile(filepath.Join(dir, "bulksync"), home)
}
