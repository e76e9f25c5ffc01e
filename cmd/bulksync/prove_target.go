package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"bulksync/execute/rundir"
	"bulksync/internal/atomicfile"
	"bulksync/internal/fleet"
	"bulksync/internal/seal"
	"bulksync/plan/approval"
	"bulksync/plan/audit/evidence"
)

// pathKind says what a path of bulksync verify leads to.
type pathKind string

// The kinds.
const (
	aPlan     pathKind = "plan"
	aDecision pathKind = "decision"
	aRun      pathKind = "run"
	anAudit   pathKind = "audit"
	aStore    pathKind = "store"
	aMystery  pathKind = "unknown"
)

// target is a path to prove.
type target struct {
	path string
	kind pathKind
	err  error // why the kind is not known
	// file and decision are those of a decision; decision is nil if the file is none.
	file     *approval.File
	decision *approval.Decision
	broken   error
	// about is the path of the plan that a decision is about, if it is among the
	// paths.
	about string
}

// targets says what each path leads to, and gives the decisions to their plans.
func (v *verifier) targets(ctx context.Context, paths []string) ([]target, error) {
	all := make([]target, len(paths))
	plans := 0
	for i, path := range paths {
		all[i] = targetOf(ctx, path)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if all[i].kind == aPlan {
			plans++
		}
	}
	if len(v.decisions) > 0 && plans != 1 {
		return nil, hinted(fmt.Errorf("--decision is about one plan, and %d are given", plans), "name the decisions among the paths: each says which plan it is about")
	}
	return all, nil
}

// targetOf says what a path leads to.
func targetOf(ctx context.Context, path string) target {
	t := target{path: path, kind: aPlan}
	if path == "-" {
		return t
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		t.kind, t.err = aMystery, atomicfile.PathError(err)
	case info.IsDir():
		t.folder()
	case atomicfile.IsRegular(info):
		t.regular(ctx, info.Size())
	}
	return t
}

// folder says what a folder is. What was taken out of it must not make it
// something else.
func (t *target) folder() {
	has := func(name string) bool { _, err := os.Lstat(filepath.Join(t.path, name)); return err == nil }
	switch {
	case isFleetFolder(t.path):
		t.ofFleet(t.path, "the folder of a fleet")
	case has(rundir.JournalName), has(rundir.PlanName) && !has(fleetPlanPage):
		t.kind = aRun
	case evidence.IsAudit(t.path):
		t.kind = anAudit
	case evidence.IsStore(t.path):
		t.kind = aStore
	default:
		t.kind = aMystery
		t.err = hinted(fmt.Errorf("%s is neither the folder of a run, nor of an audit, nor a store of audits", t.path), t.inside())
	}
}

// ofFleet says that the folder of a fleet, or a file in it, has nothing to prove.
func (t *target) ofFleet(dir, what string) {
	each := evidenceDir
	if r := readRollup(dir); r != nil && r.Verb == "plan" {
		each = fleetPlanName
	}
	t.kind = aMystery
	t.err = hinted(fmt.Errorf("%s is %s: each tenant has its own evidence, or its own plan", t.path, what),
		"bulksync verify "+userShell().below(filepath.Join(dir, fleet.TenantsDir), each))
}

// inside is the hint of a folder that is nothing to prove: what is in it may be.
func (t *target) inside() string {
	entries, _ := os.ReadDir(t.path)
	for _, e := range entries {
		path := filepath.Join(t.path, e.Name())
		if e.IsDir() && evidence.IsStore(path) || e.Name() == rundir.PlanName {
			return address{}.command("verify", path)
		}
	}
	return "name a plan, a decision, a run folder, an audit of a store, or a store"
}

// isPart reports whether a file is proved with its folder alone. The JSON of an
// audit that is in no store has nothing to prove it.
func (t *target) isPart() bool {
	switch filepath.Base(t.path) {
	case rundir.JournalName, evidence.ManifestName, evidence.SumsName, evidence.SignatureName:
		return true
	case evidence.IndexName:
		return evidence.IsStore(filepath.Dir(t.path))
	case evidence.AuditName:
		return evidence.IsAudit(filepath.Dir(t.path))
	}
	return false
}

// regular says whether a file is a decision. Anything else is a plan, or must
// become one.
func (t *target) regular(ctx context.Context, size int64) {
	if t.isPart() {
		t.kind = aMystery
		t.err = hinted(fmt.Errorf("%s is proved with the files beside it", t.path), address{}.command("verify", filepath.Dir(t.path)))
		return
	}
	if dir := filepath.Dir(t.path); filepath.Base(t.path) == fleet.RollupName && isFleetFolder(dir) {
		t.ofFleet(dir, "the roll-up of a fleet")
		return
	}
	if size > approval.MaxFile {
		return
	}
	file, err := readDecision(ctx, t.path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			t.kind, t.err = aMystery, err
		}
		return
	}
	if d, err := approval.Decode(file.Text); err == nil || looksLikeDecision(file.Text) {
		t.kind, t.file, t.decision, t.broken = aDecision, file, d, err
	}
}

// looksLikeDecision reports whether a text has the member that only a decision
// has, although it is not one.
func looksLikeDecision(text []byte) bool {
	doc, err := seal.NewDocument(bytes.NewReader(text))
	for err == nil {
		name, more, failed := doc.Next()
		if failed != nil || !more {
			return false
		}
		if name == "decision" {
			return true
		}
		_, err = doc.Value()
	}
	return false
}

// isOfSystem reports whether an error is the system's, other than that there is no
// such file.
func isOfSystem(err error) bool {
	return errors.As(err, new(syscall.Errno)) && !errors.Is(err, fs.ErrNotExist)
}

// sumOf is the SHA-256 of a file in hex, and its number of lines.
func sumOf(ctx context.Context, path string) (sum string, lines int, err error) {
	f, err := atomicfile.Open(path, os.O_RDONLY)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	hash := sha256.New()
	counted := &lineCounter{}
	_, err = io.Copy(io.MultiWriter(hash, counted), atomicfile.NewReader(ctx, f))
	return hex.EncodeToString(hash.Sum(nil)), counted.n, err
}

// lineCounter counts the line ends that are written to it.
type lineCounter struct{ n int }

// Write counts.
func (c *lineCounter) Write(p []byte) (int, error) {
	for _, b := range p {
		if b == '\n' {
			c.n++
		}
	}
	return len(p), nil
}
