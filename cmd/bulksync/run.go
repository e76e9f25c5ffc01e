package main

import (
	"context"
	"fmt"
	"io"

	"bulksync/execute"
	"bulksync/plan"
	"bulksync/ratelimit"
	"bulksync/report"
)

// prepare signs in to the plan's tenant and reads it as it is now. Nothing is
// written by then, and no file is made.
func (a *app) prepare(ctx context.Context, p *plan.Plan, pace ratelimit.Options, priority string) (*tenant, *execute.Reading, error) {
	if a.cloud == "" {
		a.cloud = p.HomeTenant.Cloud
	}
	t, err := a.connect(ctx, pace, priority)
	if err != nil {
		return nil, nil, err
	}
	if err := t.checkPlan(p); err != nil {
		return nil, nil, err
	}
	reading, err := execute.Prepare(ctx, t.client, p)
	if err != nil {
		return nil, nil, unread(err)
	}
	return t, reading, nil
}

// run carries out a new or resumed run, leaves its reports and shows them.
func (a *app) run(ctx context.Context, dir *runDir, t *tenant, cfg execute.Config) error {
	a.note("run folder %s", dir.path)
	p := cfg.Plan // all that the reports need of cfg: the tenant as it was read would take their room
	progress := a.startProgress(ctx, p, cfg.Prior, t.pace)
	cfg.Stop, cfg.Observe, cfg.Pace = gentle(ctx), progress.observe, t.learned
	result, err := execute.Run(ctx, cfg)
	progress.stop()
	if err != nil {
		// The journal is lost, so nothing that is only in memory is claimed.
		return a.inFlight(dir, result, err)
	}
	// Reports are written even when the second interrupt has come.
	if err := dir.writeReports(p, result); err != nil {
		return err
	}
	o := a.reportOptions()
	o.ExitCode = codeOfRun(result)
	if err := a.print(func(w io.Writer) error { return report.Run(w, p, result, a.format, o) }); err != nil {
		return err
	}
	a.note("reports in %s", dir.path)
	return a.endOf(dir, result)
}

// endOf is the exit code of a run with the next thing to do.
func (a *app) endOf(dir *runDir, r *execute.Result) error {
	code := codeOfRun(r)
	if code != exitDone && r.Totals.NotAttempted+r.Totals.Indeterminate > 0 {
		a.note("hint: to go on with this run: bulksync resume %s", dir.path)
	}
	if code == exitDone {
		return nil
	}
	return &exit{code: code}
}

// inFlight tells what a lost journal leaves open.
func (a *app) inFlight(dir *runDir, r *execute.Result, cause error) error {
	for _, o := range r.Outcomes {
		if o.Status == execute.Indeterminate {
			fmt.Fprintf(a.err, "bulksync: in flight: change %d, client-request-id %s\n", o.Seq, o.ClientRequestID)
		}
	}
	return &exit{exitUnfinished, fmt.Errorf("the run stopped because its journal could not be kept: %w", cause),
		"free the disk, then: bulksync resume " + dir.path}
}

// learned is what pacing found out, for the journal.
func (t *tenant) learned() execute.Pace {
	w := t.pace.Stats().Writes
	return execute.Pace{WritesPerSecond: w.Rate, Burst: w.Burst, Refusals: w.Refused, Pauses: w.Pauses, PausedMs: int64(w.PausedSeconds * 1000)}
}
