package main

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/internal/session"
	"bulksync/plan"
)

// resumeOptions are the flags of bulksync resume.
type resumeOptions struct {
	paceOptions
	dir string
}

func resumeCommand(c *commandLine) *cobra.Command {
	o := resumeOptions{paceOptions: newPaceOptions()}
	cmd := &cobra.Command{
		Use:   "resume RUN_DIR",
		Short: "Continue a stopped or killed run",
		Long: `Continues a run with the settings that it had, unless they are given again. What is confirmed is not
sent again; what was in flight when the run ended is read back first.`,
		Args: cobra.ExactArgs(1),
	}
	o.register(cmd.Flags())
	cmd.Flags().Lookup("concurrency").DefValue = "0" // a flag that is not given keeps its value, so no default is shown
	cmd.Flags().Lookup("capacity").DefValue = ""
	cmd.RunE = c.verb(func(e *env, args []string) error {
		o.dir, o.given = args[0], givenOf(cmd.Flags())
		return o.run(c.stops, e)
	})
	return cmd
}

func (o resumeOptions) run(stops execute.Stops, e *env) error {
	dir, err := rundir.Open(o.dir)
	if err != nil {
		return err
	}
	if err := dir.Lock(); err != nil {
		return err
	}
	defer dir.Release()
	settings, err := o.settings(stops.Soft, e, dir)
	if err != nil {
		return err
	}
	p, err := e.planOf(stops.Soft, dir)
	if err != nil {
		return err
	}
	t, reading, prior, err := e.catchUp(stops.Soft, dir, p, settings)
	if err != nil {
		return err
	}
	file, err := dir.Reopen(prior)
	if err != nil {
		return err
	}
	defer file.Close()
	header := prior.Session()
	header.Tool, header.Identity, header.Settings = tool(), who(t.Identity()), settings
	e.noteDeadline(settings, time.Now())
	return e.carryOut(stops, dir, t, execute.Config{
		Client: t.Client(), Plan: p, Reading: reading, Journal: journal.New(file, prior.LastSum()),
		Prior: prior, Header: header,
	})
}

// settings are those of the run's last session, with the given flags applied.
func (o resumeOptions) settings(ctx context.Context, e *env, dir *rundir.Dir) (journal.Settings, error) {
	last, err := dir.LastSession(ctx)
	if err != nil {
		return journal.Settings{}, err
	}
	s := last.Settings
	s.Deadline = s.Deadline.Local() // the journal has it in UTC
	s.Outage = cmp.Or(e.outage, s.Outage, outageOfRun)
	s.Deadline = s.Deadline.Local() // in the zone of who reads it
	return s, o.over(&s, time.Now())
}

// catchUp reads the tenant and the journal in parallel: each takes about a
// second for 100,000 changes. If both fail, it returns the error of the
// journal.
func (e *env) catchUp(ctx context.Context, dir *rundir.Dir, p *plan.Plan, s journal.Settings) (*session.Session, *execute.Reading, *journal.Log, error) {
	var prior *journal.Log
	var damage error
	var replayed sync.WaitGroup
	replayed.Go(func() {
		prior, damage = dir.Journal(ctx, p)
	})
	t, reading, err := e.prepare(ctx, p, s)
	replayed.Wait()
	if damage != nil {
		err = damage
	}
	return t, reading, prior, err
}
