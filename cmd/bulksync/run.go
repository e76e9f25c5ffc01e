package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/report"
)

// prepare signs in to the plan's tenant and reads it as it is now. Nothing is
// written by then, and no file is made.
func (a *app) prepare(ctx context.Context, p *plan.Plan, s journal.Settings) (*tenant, *execute.Reading, error) {
	if a.cloud == "" {
		a.cloud = p.HomeTenant.Cloud
	}
	t, err := a.connect(ctx, demand{paceOf(s), s.Priority, s.Outage})
	if err != nil {
		return nil, nil, err
	}
	if err := t.checkPlan(p); err != nil {
		return nil, nil, err
	}
	end := a.tellOutage(t)
	reading, err := execute.Prepare(ctx, t.client, p)
	end()
	if err != nil {
		return nil, nil, a.unread(t, err)
	}
	a.noteRestarts(reading.Restarts)
	return t, reading, nil
}

// run carries out a new or resumed run, leaves its reports and shows them.
func (a *app) run(ctx context.Context, dir *runDir, t *tenant, cfg execute.Config) error {
	a.note("run folder %s", dir.path)
	a.writing.Store(true)
	p := cfg.Plan // all that the reports need of cfg: the tenant as it was read would take their room
	progress := a.startProgress(ctx, p, cfg.Prior, t)
	a.noteWaves(p, cfg.Header.Settings.Waves)
	stopping := context.AfterFunc(gentle(ctx), func() {
		a.note("stopping: what is in flight may finish; interrupt again to end at once")
	})
	defer stopping()
	cfg.Observe, cfg.Pace = progress.observe, t.learned
	result, err := execute.Run(execute.Stops{Soft: gentle(ctx), Hard: ctx}, cfg)
	progress.stop()
	if err != nil {
		// The journal is lost, so nothing that is only in memory is claimed.
		return a.inFlight(dir, result, err)
	}
	return a.endOf(dir, p, result, codeOfRun(result))
}

// noteWaves says in which steps the partners are written.
func (a *app) noteWaves(p *plan.Plan, sizes []int) {
	if len(sizes) == 0 {
		return
	}
	tenants := map[string]bool{}
	for i := range p.Changes {
		if p.Changes[i].Writes() {
			tenants[p.Changes[i].Partner.TenantID] = true
		}
	}
	left, steps := len(tenants), ""
	for _, n := range sizes {
		if n = min(n, left); n > 0 {
			steps += fmt.Sprintf("%d, ", n)
			left -= n
		}
	}
	if left > 0 {
		steps += fmt.Sprintf("%d, ", left)
	}
	a.note("waves of %s of %s; each is read back before the next", strings.TrimSuffix(steps, ", "), words.Count(len(tenants), "partner"))
}

// endOf leaves the reports of a run, shows it, and says what to do next. What
// cannot be written is told, and hides nothing of the rest. The reports are
// written even when the second interrupt has come.
func (a *app) endOf(dir *runDir, p *plan.Plan, r *journal.Result, code int) error {
	if err := dir.writeReports(p, r, code); err != nil {
		code = max(code, exitUnfinished)
		a.sayError(hinted(fmt.Errorf("some reports are missing: %w", err), "free the disk or close the files, then: "+a.commandLine("report", dir.path)))
	} else {
		a.note("reports in %s", dir.path)
	}
	o := a.reportOptions()
	o.ExitCode = code
	if err := a.print(func(w io.Writer) error { return report.Run(w, p, r, a.format, o) }); err != nil {
		code = max(code, exitUnfinished)
		a.sayError(hinted(err, "to see the run again: "+a.commandLine("report", dir.path)))
	}
	if code != exitDone && r.Totals.Of(journal.NotAttempted)+r.Totals.Of(journal.Indeterminate) > 0 {
		a.note("hint: to go on with this run: %s", a.commandLine("resume", dir.path))
	}
	return exitWith(code)
}

// inFlight tells what a lost journal leaves open.
func (a *app) inFlight(dir *runDir, r *journal.Result, cause error) error {
	for _, o := range r.Outcomes {
		if o.Status == journal.Indeterminate {
			a.say("in flight: change %d, client-request-id %s", o.Seq, o.ClientRequestID)
		}
	}
	return &exit{exitUnfinished, fmt.Errorf("the run stopped because its journal could not be kept: %w", cause),
		"free the disk, then: " + a.commandLine("resume", dir.path)}
}

// learned is what pacing found out, for the journal.
func (t *tenant) learned() journal.Pace {
	w := t.pace.Stats().Writes
	return journal.Pace{WritesPerSecond: w.Rate, Burst: w.Burst, Refusals: w.Refused, Pauses: w.Pauses, PausedMs: int64(w.PausedSeconds * 1000)}
}
