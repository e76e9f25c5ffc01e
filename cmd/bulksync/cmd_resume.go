package main

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/internal/atomicfile"
	"bulksync/internal/session"
	"bulksync/plan"
)

// resumeOptions are the flags of bulksync resume.
type resumeOptions struct {
	paceOptions
	decisionOptions
	dir string
}

func resumeCommand(c *commandLine) *cobra.Command {
	o := resumeOptions{paceOptions: newPaceOptions()}
	cmd := &cobra.Command{
		Use:   "resume RUN_DIR",
		Short: "Continue a stopped or killed run",
		Long: `Continues a run with the settings that it had, unless they are given again.
What is confirmed is not sent again; what was in flight when the run ended is
read back first. The decisions that the run relies on are judged again;
--decision puts others in their place.`,
		Example: "  bulksync resume bulksync-runs/20261122T020000Z-1f3c5a7b9d0e --max-rate 5",
		Args:    takes(1, 1),
	}
	o.paceOptions.register(cmd.Flags())
	o.decisionOptions.register(cmd.Flags())
	c.flags.registerAll(cmd.Flags())
	cmd.Flags().Lookup("concurrency").DefValue = "0" // a flag that is not given keeps its value, so no default is shown
	cmd.Flags().Lookup("capacity").DefValue = ""
	cmd.RunE = c.verb(func(e *env, args []string) error {
		o.dir, o.given = args[0], givenOf(cmd.Flags())
		return o.run(c.stops, e)
	})
	return cmd
}

func (o resumeOptions) run(stops execute.Stops, e *env) error { return o.at(stops, e, time.Now()) }

// at is run at a given time.
func (o resumeOptions) at(stops execute.Stops, e *env, now time.Time) error {
	dir, err := rundir.Open(o.dir)
	if err != nil {
		return err
	}
	if err := dir.Lock(); err != nil {
		return err
	}
	defer dir.Release()
	last, err := dir.LastSession(stops.Soft)
	if err != nil {
		return err
	}
	settings, err := o.settings(e, last.Settings, now)
	if err != nil {
		return err
	}
	p, err := e.planOf(stops.Soft, dir)
	if err != nil {
		return err
	}
	if last.Finished {
		if r, err := e.settled(stops.Soft, dir, p, settings); err != nil {
			return err
		} else if r != nil {
			return e.endOfSettled(dir, p, r)
		}
	}
	return o.resume(stops, e, dir, p, &last.Run, settings, now)
}

// resume continues a run that has something left, or may have.
func (o resumeOptions) resume(stops execute.Stops, e *env, dir *rundir.Dir, p *plan.Plan, last *journal.Run, settings journal.Settings, now time.Time) error {
	admitted, err := checkAgain(p, now)
	if err != nil {
		return err
	}
	admitted.bound(&settings, now)
	if hasPassed(settings.Deadline, now) { // resuming means to continue
		e.note("the deadline of the run was %s: it continues without one", settings.Deadline.Format(zonedTime))
		settings.Deadline = time.Time{}
	}
	approved, err := o.again(stops.Soft, e, dir, p, last, now)
	if err != nil {
		return err
	}
	began := time.Now().Round(0) // the time of day: a sleep counts
	t, reading, prior, err := e.catchUp(stops.Soft, dir, p, settings, func() error {
		return e.stillAdmitted(p, dir.File(rundir.PlanName), &approved, settings, now.Add(time.Now().Round(0).Sub(began)))
	})
	if err != nil {
		return err
	}
	if err := dir.Keep(approved.kept()); err != nil {
		return err
	}
	file, err := dir.Reopen(prior)
	if err != nil {
		return err
	}
	defer file.Close()
	header := prior.Session()
	header.Tool, header.Identity, header.Settings = tool(), who(t.Identity()), settings
	header.ApprovedWith, header.Approvals = approved.with, approved.approvals
	e.noteDeadline(settings)
	return e.carryOut(stops, dir, t, execute.Config{
		Client: t.Client(), Plan: p, Reading: reading, Journal: journal.New(file, prior.LastSum()),
		Prior: prior, Header: header,
	})
}

// settings are those of the run's last session, with the given flags applied.
func (o resumeOptions) settings(e *env, s journal.Settings, now time.Time) (journal.Settings, error) {
	s.Outage = cmp.Or(e.outage, s.Outage, outageOfRun)
	s.Deadline = s.Deadline.Local() // the journal has it in UTC; here it is in the zone of who reads it
	return s, o.over(&s, now)
}

// settled returns a run that has nothing left, as a reading of the tenant
// confirms; nil if there is something left. The journal comes first, so that
// the reading need not be kept.
func (e *env) settled(ctx context.Context, dir *rundir.Dir, p *plan.Plan, s journal.Settings) (*journal.Result, error) {
	prior, err := dir.Journal(ctx, p)
	if err != nil || !prior.Complete() {
		return nil, err
	}
	t, err := e.signIn(ctx, p, s)
	if err != nil {
		return nil, err
	}
	end := e.noteOutage(t)
	settled, err := execute.Settled(ctx, t.Client(), p, prior)
	end()
	switch {
	case err != nil:
		return nil, e.unread(t.Identity(), err)
	case !settled: // the run is judged again, as of today
		e.warn("nothing was left to do, but the tenant does not show everything as the run left it, as after an undo of the run: " +
			"it is read again, what stays different ends as held, and the reports say so from now on")
		return nil, nil
	default:
		return prior.Result(), nil
	}
}

// endOfSettled shows a run that has nothing left. Its journal and its reports
// stay as they are, unless a report is missing or older than the journal.
func (e *env) endOfSettled(dir *rundir.Dir, p *plan.Plan, r *journal.Result) error {
	e.note("nothing is left to do: the tenant still shows everything as the run left it")
	code := codeOfRun(r)
	if !areCurrent(dir, reportsOf(dir, p, r, code)) {
		return e.endOf(dir, p, r, code)
	}
	e.note("reports in %s, as they were", dir.Path())
	return e.showRun(dir, p, r, code)
}

// areCurrent reports whether the reports in a run folder follow from its journal
// as it is now: all are there, none is older than the journal, and the summary,
// which is small, is the same when it is made again. Reports are replaced as
// a whole, so the time of each is that of its content.
func areCurrent(dir *rundir.Dir, reports []rundir.Report) bool {
	journaled, err := os.Lstat(dir.File(rundir.JournalName))
	if err != nil {
		return false
	}
	for _, r := range reports {
		info, err := os.Lstat(dir.File(r.Name))
		if err != nil || !atomicfile.IsRegular(info) || info.ModTime().Before(journaled.ModTime()) {
			return false
		}
		if r.Name != summaryName {
			continue
		}
		var now bytes.Buffer
		was, err := os.ReadFile(dir.File(r.Name))
		if err != nil || r.Render(&now) != nil || !bytes.Equal(now.Bytes(), was) {
			return false
		}
	}
	return true
}

// catchUp reads the tenant and the journal in parallel: each takes about a
// second for 100,000 changes. If both fail, it returns the error of the
// journal.
func (e *env) catchUp(ctx context.Context, dir *rundir.Dir, p *plan.Plan, s journal.Settings, still func() error) (*session.Session, *execute.Reading, *journal.Log, error) {
	var prior *journal.Log
	var damage error
	var replayed sync.WaitGroup
	replayed.Go(func() {
		prior, damage = dir.Journal(ctx, p)
	})
	t, reading, err := e.prepare(ctx, p, s, still)
	replayed.Wait()
	if damage != nil {
		err = damage
	}
	return t, reading, prior, err
}
