package main

import (
	"cmp"
	"context"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/plan"
)

func (a *app) resumeCommand() *cobra.Command {
	var f paceFlags
	cmd := &cobra.Command{
		Use:   "resume RUN_DIR",
		Short: "Continue a stopped or killed run",
		Long: `Continues a run with the settings that it had, unless they are given again. What is confirmed is not
sent again; what was in flight when the run ended is read back before anything is decided.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.resume(cmd, args[0], f) },
	}
	f.register(cmd.Flags())
	cmd.Flags().Lookup("concurrency").DefValue = "0" // what is not given stays as it was: there is no default to show
	cmd.Flags().Lookup("capacity").DefValue = ""
	return cmd
}

func (a *app) resume(cmd *cobra.Command, path string, f paceFlags) error {
	ctx := cmd.Context()
	dir, err := openRunDir(path)
	if err != nil {
		return err
	}
	if err := dir.acquire(); err != nil {
		return err
	}
	defer dir.release()
	settings, err := a.settingsOf(cmd, dir, f)
	if err != nil {
		return err
	}
	// What is read from here to the first write stays: collecting it on the way
	// takes an eighth of the time and frees next to nothing.
	collect := debug.SetGCPercent(400)
	defer debug.SetGCPercent(collect)
	p, err := a.planOf(gentle(ctx), dir)
	if err != nil {
		return err
	}
	t, reading, prior, err := a.catchUp(gentle(ctx), dir, p, settings)
	if err != nil {
		return err
	}
	debug.SetGCPercent(collect)
	file, err := dir.reopen(prior)
	if err != nil {
		return err
	}
	defer file.Close()
	header := prior.Session()
	header.Tool, header.Identity, header.Settings = tool(), who(t.id), settings
	a.noteDeadline(settings, time.Now())
	return a.run(ctx, dir, t, execute.Config{
		Client: t.client, Plan: p, Reading: reading, Journal: journal.New(file, prior.LastSum()),
		Prior: prior, Header: header,
	})
}

// settingsOf is what the last session of the run was made with, but for what is
// given again.
func (a *app) settingsOf(cmd *cobra.Command, dir *runDir, f paceFlags) (journal.Settings, error) {
	last, err := readJournal(gentle(cmd.Context()), dir, journal.LastSession)
	if err != nil {
		return journal.Settings{}, err
	}
	s := last.Settings
	s.Outage = a.outage(cmp.Or(s.Outage, outageOfRun))
	return s, f.lay(cmd.Flags(), &s, time.Now())
}

// catchUp reads the tenant and the journal side by side: each takes about a
// second for 100,000 changes. A damaged journal is the worse news.
func (a *app) catchUp(ctx context.Context, dir *runDir, p *plan.Plan, set journal.Settings) (*tenant, *execute.Reading, *journal.Log, error) {
	var prior *journal.Log
	var damage error
	var replayed sync.WaitGroup
	replayed.Go(func() {
		prior, damage = dir.replay(ctx, p)
	})
	t, reading, err := a.prepare(ctx, p, set)
	replayed.Wait()
	if damage != nil {
		err = damage
	}
	return t, reading, prior, err
}
