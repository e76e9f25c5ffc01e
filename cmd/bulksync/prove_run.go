package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/internal/atomicfile"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/audit/evidence"
)

// runProof is the proof of one run folder. It changes nothing in the folder.
type runProof struct {
	*proof
	dir  *rundir.Dir
	plan *plan.Plan
	log  *journal.Log
	// running means that another process is at work on the run.
	running bool
}

// proveRun proves a run folder: what was planned, what was recorded, who approved
// it, and what follows from these.
func (v *verifier) proveRun(ctx context.Context, p *proof) {
	dir, err := rundir.Open(p.Path)
	if errors.Is(err, rundir.ErrNotARun) {
		p.Checks.Add(evidence.Altered, evidence.OfJournal, rundir.JournalName, "it is not there, so nothing is known of the run")
		return
	}
	if err != nil {
		p.fail(err)
		return
	}
	r := &runProof{proof: p, dir: dir}
	r.running = errors.Is(dir.Watch(), rundir.ErrBusy)
	defer dir.Release()
	if r.readPlan(ctx, v) && r.readJournal(ctx) {
		r.decisions(ctx)
		r.reports(ctx)
	}
	if p.err == nil {
		r.strangers()
	}
	p.Checks.Add(evidence.Outside, evidence.OfJournal, "",
		"that nobody made the whole folder anew, or took away the end of the journal: keep the SHA-256 of the journal elsewhere, such as in the ticket")
}

// says is an error about a file of the run without its path.
func (r *runProof) says(name string, err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "it is not there"
	}
	return edge(strings.TrimPrefix(err.Error(), r.dir.File(name)+": "))
}

// broken notes why a file that proves the run does not, and reports whether it
// could be read at all.
func (r *runProof) broken(of evidence.Subject, name string, err error) {
	switch {
	case isOfSystem(err):
		r.fail(err)
	case errors.Is(err, plan.ErrFormat), errors.Is(err, journal.ErrFormat):
		r.Checks.Add(evidence.NotProved, of, name, "%s", r.says(name, err))
	case errors.Is(err, journal.ErrNeverBegan):
		r.Checks.Add(evidence.NotProved, of, name, "the run never began, so nothing was sent")
	default:
		r.Checks.Add(evidence.Altered, of, name, "%s", r.says(name, err))
	}
}

// readPlan proves the plan of the run.
func (r *runProof) readPlan(ctx context.Context, v *verifier) bool {
	p, err := r.dir.Plan(ctx)
	if err != nil {
		r.broken(evidence.OfPlan, rundir.PlanName, err)
		return false
	}
	if err := v.checkPlanTenant(p); err != nil {
		r.Checks.Add(evidence.NotProved, evidence.OfPlan, rundir.PlanName, "%v", err)
	}
	r.plan, r.Fingerprint = p, p.Fingerprint
	r.Checks.Add(evidence.Proved, evidence.OfPlan, rundir.PlanName, "it is whole: %s to home tenant %s; its fingerprint is %s",
		words.Count(p.Summary.Writes(), "change"), edge(p.HomeTenant.Named()), p.Fingerprint)
	if path := v.file(v.env); path != "" {
		if err := v.checkFile(ctx, v.env, p); err != nil {
			r.refuse(evidence.OfPolicy, err)
		} else {
			r.Checks.Add(evidence.Proved, evidence.OfPolicy, rundir.PlanName, "it was made under the policy in %s", path)
		}
	}
	return true
}

// readJournal proves the journal, and says whether the run it records has ended.
func (r *runProof) readJournal(ctx context.Context) bool {
	var err error
	if r.log, err = r.dir.Journal(ctx, r.plan); err != nil {
		r.broken(evidence.OfJournal, rundir.JournalName, err)
		return false
	}
	sum, lines, err := sumOf(ctx, r.dir.File(rundir.JournalName))
	if err != nil {
		r.broken(evidence.OfJournal, rundir.JournalName, err)
		return false
	}
	r.SHA256 = sum
	r.Checks.Add(evidence.Proved, evidence.OfJournal, rundir.JournalName, "its %s are whole, and each follows from the one before it; its SHA-256 is %s",
		words.Count(lines, "line"), sum)
	switch {
	case r.running && !r.log.Ended():
		r.Checks.Add(evidence.NotProved, evidence.OfJournal, rundir.JournalName, "the run is still going")
	case !r.log.Ended():
		r.Checks.Add(evidence.NotProved, evidence.OfJournal, rundir.JournalName, "the run was never finished: its process ended before it did")
	case r.isTorn():
		r.Checks.Add(evidence.NotProved, evidence.OfJournal, rundir.JournalName, "something follows its last line: a process was killed while it wrote there")
	}
	return true
}

func (r *runProof) isTorn() bool {
	info, err := os.Lstat(r.dir.File(rundir.JournalName))
	return err == nil && info.Size() != r.log.Size
}

// reports renders again what follows from the plan and the journal.
func (r *runProof) reports(ctx context.Context) {
	if r.running && !r.log.Ended() {
		return // they are written when it ends
	}
	result := r.log.Result()
	var same []string
	for _, one := range reportsOf(r.dir, r.plan, result, codeOfRun(result)) {
		err := evidence.CompareFile(ctx, r.dir.File(one.Name), one.Render)
		if one.Name == undoName && errors.As(err, new(*evidence.DifferenceError)) {
			err = r.sameUndo(ctx, result, err)
		}
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			same = append(same, one.Name)
			continue
		}
		r.differs(one.Name, err)
	}
	if len(same) > 0 {
		r.Checks.Add(evidence.Proved, evidence.OfReports, "", "%s: the same when made again from the plan and the journal", strings.Join(same, ", "))
	}
}

// differs says that a report is not what follows from the plan and the journal.
// That is no sign of an altered file if another version wrote it, or the process
// was killed before it could.
func (r *runProof) differs(name string, err error) {
	by := r.log.Session().Tool
	const again = "; bulksync report writes it again"
	var status, why = evidence.Altered, ""
	switch {
	case isOfSystem(err):
		r.fail(err)
		return
	case errors.Is(err, fs.ErrNotExist):
		status, why = evidence.NotProved, again
	case !r.log.Ended():
		status, why = evidence.NotProved, ": it is of an earlier state of the run"+again
	case by != tool():
		status, why = evidence.NotProved, fmt.Sprintf(": %s %s went on with the run, and this is %s, which may write it in another way%s", by.Name, by.Version, tool().Version, again)
	}
	r.Checks.Add(status, evidence.OfReports, name, "%s%s", r.says(name, err), why)
}

// sameUndo compares the plan that reverts the run once more, under the name that
// the folder had when it was made.
func (r *runProof) sameUndo(ctx context.Context, result *journal.Result, differs error) error {
	was, err := r.dir.Undo(ctx, undoName)
	if err != nil {
		return err
	}
	own, sum, err := r.dir.Identity()
	name, isUndo := strings.CutPrefix(was.Input.Name, execute.UndoOf)
	if err != nil || !isUndo || name == own {
		return differs
	}
	again, err := execute.Undo(r.plan, result, name, sum)
	if err != nil {
		return err
	}
	if err := evidence.CompareFile(ctx, r.dir.File(undoName), again.Encode); err != nil {
		return err
	}
	r.Checks.Add(evidence.Outside, evidence.OfReports, undoName, "that the folder had the name %q when it was made", name)
	return nil
}

// strangers names what does not belong to a run.
func (r *runProof) strangers() {
	entries, err := os.ReadDir(r.dir.Path())
	if err != nil {
		r.fail(atomicfile.PathError(err))
		return
	}
	own := append(rundir.Proofs(), rundir.DecisionsName)
	if r.log != nil {
		result := r.log.Result()
		for _, one := range reportsOf(r.dir, r.plan, result, codeOfRun(result)) {
			own = append(own, one.Name)
		}
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case slices.Contains(own, name):
		case atomicfile.IsTemp(name):
			r.Checks.Add(evidence.Outside, evidence.OfFiles, name, "a process was killed while it wrote this")
		default:
			r.Checks.Add(evidence.Outside, evidence.OfFiles, name, "it does not belong to the run, so nothing is known of it")
		}
	}
}
