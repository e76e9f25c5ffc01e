package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/ratelimit"
)

func (a *app) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "resume RUN_DIR",
		Short: "Go on with a run that was stopped or killed",
		Long: `Goes on with a run, at the pace that it had. What is confirmed is not sent again; what was in
flight when the run ended is read back before anything is decided.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.resume(cmd.Context(), args[0]) },
	}
}

func (a *app) resume(ctx context.Context, path string) error {
	locked := &runDir{path: path}
	if _, err := os.Stat(locked.file("journal.jsonl")); err == nil {
		if err := locked.acquire(); err != nil {
			return err
		}
		defer locked.release()
	}
	dir, p, prior, err := a.load(path)
	if err != nil {
		return err
	}
	set := prior.First.Settings
	pace := ratelimit.Options{Concurrency: set.Concurrency, MaxRate: set.MaxRate, Capacity: set.Capacity}
	t, reading, err := a.prepare(gentle(ctx), p, pace, set.Priority)
	if err != nil {
		return err
	}
	journal, err := dir.reopen(prior)
	if err != nil {
		return err
	}
	defer journal.Close()
	header := prior.First
	header.Tool, header.Identity = tool(), who(t.id)
	return a.run(ctx, dir, t, execute.Config{
		Client: t.client, Plan: p, Reading: reading, Journal: execute.NewJournal(journal, prior.LastHash),
		Prior: prior, Header: header,
	})
}
