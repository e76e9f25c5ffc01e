package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"bulksync/execute/rundir"
	"bulksync/internal/atomicfile"
	"bulksync/internal/fleet"
	"bulksync/plan/audit/evidence"
	"bulksync/report"
)

// fleetPage is a file of the roll-up in the folder of a fleet.
type fleetPage struct {
	name   string
	format report.Format
}

// fleetPages are all of them. The first one says that the folder is one of a fleet.
func fleetPages() []fleetPage {
	return []fleetPage{{fleet.RollupName, report.JSON}, {fleet.IndexName, report.HTML}, {fleet.JUnitName, report.JUnit}}
}

// checkFleetFolder refuses a folder that is something else, or in which the roll-up
// would overwrite what is not one.
func (e *env) checkFleetFolder(ctx context.Context, dir string, inputs ...string) error {
	switch info, err := os.Stat(dir); {
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return atomicfile.PathError(err)
	case rundir.Begun(dir):
		return refused("name another folder", "%s is the folder of a run", dir)
	case (evidence.IsStore(dir) || evidence.IsAudit(dir)) && !isFleetFolder(dir):
		return refused("name another folder", "%s is a store of audits, or one of them", dir)
	}
	var all []output
	for _, p := range fleetPages() {
		all = append(all, output{rollupFile, filepath.Join(dir, p.name)})
	}
	if err := checkPlaceOfRollup(dir, all); err != nil {
		return err
	}
	return e.checkOutputs(ctx, all, inputs...)
}

// checkPlaceOfRollup refuses what would keep a roll-up from being drawn, which is the last
// thing that a shard does.
func checkPlaceOfRollup(dir string, pages []output) error {
	for _, p := range pages {
		if info, err := os.Lstat(p.path); err == nil && info.IsDir() {
			return inPlaceOfAFile(&atomicfile.KindError{Path: p.path, Mode: info.Mode()})
		}
	}
	lock := filepath.Join(dir, fleet.LockName)
	if info, err := os.Lstat(lock); err == nil && !atomicfile.IsRegular(info) {
		return inPlaceOfAFile(&atomicfile.KindError{Path: lock, Mode: info.Mode()})
	}
	return nil
}

// inPlaceOfAFile says what to do about something that stands where a fleet has a file.
func inPlaceOfAFile(err *atomicfile.KindError) error {
	return refused("move it away: a file takes its place", "%w", err)
}

// draw makes the roll-up of all records in folders of a fleet, and keeps it in one of
// them. One process draws at a time, so that the newest one stays.
func (e *env) draw(ctx context.Context, out string, dirs []string) (*fleet.Rollup, error) {
	unlock, err := fleet.Lock(ctx, out, fleet.LockName, func() { e.note("waiting for another shard that draws the roll-up in %s", out) })
	if err != nil {
		return nil, err
	}
	defer unlock()
	r, err := fleet.Collect(tool(), out, dirs)
	if err != nil {
		return nil, err
	}
	for _, p := range fleetPages() {
		at := filepath.Join(out, p.name)
		if err := e.replace(at, func(w io.Writer) error { return report.Fleet(w, r, p.format, report.Options{Width: 80}) }); err != nil {
			return r, fmt.Errorf("writing %s: %w", at, atomicfile.WithoutPath(err))
		}
	}
	return r, nil
}

// isFleetFolder reports whether a folder has a roll-up, or the record of a shard.
func isFleetFolder(dir string) bool {
	if records, err := filepath.Glob(filepath.Join(dir, fleet.RecordsDir, "*-of-*.json")); err == nil && len(records) > 0 {
		return true
	}
	r := readRollup(dir)
	return r != nil && r.Verb != "" && len(r.Shards) > 0 && len(r.Rows) > 0
}

// isTold reports whether the roll-up in a folder tells how the run of a record ended, or
// tells of a run that began later: then nobody waits for it any more.
func isTold(dir string, r *fleet.Record) bool {
	all := readRollup(dir)
	if all != nil && all.StartedAt.After(r.FinishedAt) {
		return true
	}
	return all != nil && all.Verb == r.Verb && all.Run == r.Run && all.Manifest.SHA256 == r.Manifest.SHA256 &&
		len(all.Shards) == r.Shard.Count && all.Shards[r.Shard.Index].FinishedAt.Equal(r.FinishedAt)
}

// readRollup reads the roll-up in a folder; nil if there is none that can be read.
func readRollup(dir string) *fleet.Rollup {
	f, err := atomicfile.Open(filepath.Join(dir, fleet.RollupName), os.O_RDONLY)
	if err != nil {
		return nil
	}
	defer f.Close()
	var r fleet.Rollup
	if json.NewDecoder(f).Decode(&r) != nil {
		return nil
	}
	return &r
}
