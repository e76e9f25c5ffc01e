package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/graph/auth"
	"bulksync/internal/session"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/report"
)

// prepare signs in to the plan's tenant and reads its current state. It writes
// nothing, neither to the tenant nor to the disk. still is asked before that and
// after it, since a person or the tenant may have taken long: its error refuses
// the run.
func (e *env) prepare(ctx context.Context, p *plan.Plan, s journal.Settings, still func() error) (*session.Session, *execute.Reading, error) {
	if err := still(); err != nil {
		return nil, nil, err
	}
	t, err := e.signIn(ctx, p, s)
	if err != nil {
		return nil, nil, err
	}
	if err := mayWrite(t.Identity(), p); err != nil {
		return nil, nil, err
	}
	end := e.noteOutage(t)
	reading, err := execute.Prepare(ctx, t.Client(), p)
	end()
	if err != nil {
		return nil, nil, e.unread(t.Identity(), err)
	}
	e.noteRestarts(reading.Restarts)
	return t, reading, still()
}

// mayWrite refuses a plan with writes for an identity whose token names what it may do, and cannot
// write: Graph would refuse every change. Of any other token, only Graph knows.
func mayWrite(id auth.Identity, p *plan.Plan) error {
	if p.Summary.Writes() == 0 || id.May(auth.Writing) != auth.No {
		return nil
	}
	return hinted(fmt.Errorf("this identity cannot write: its token has %s, but not %s; nothing was written",
		strings.Join(slices.Concat(id.Roles, id.Scopes), ", "), auth.Writing.Permission()), "for "+string(auth.Writing)+": "+id.HowToGet(auth.Writing))
}

// signIn signs in to the plan's tenant, and no other.
func (e *env) signIn(ctx context.Context, p *plan.Plan, s journal.Settings) (*session.Session, error) {
	t, err := e.connect(ctx, demand{cloud: p.HomeTenant.Cloud, pace: paceOf(s), priority: s.Priority, outage: s.Outage})
	if err != nil {
		return nil, err
	}
	return t, guard(t, p)
}

// carryOut carries out a new or resumed run, writes its reports and shows it.
func (e *env) carryOut(stops execute.Stops, dir *rundir.Dir, t *session.Session, cfg execute.Config) error {
	defer func() {
		if fault := recover(); fault != nil {
			panic(faultOfRun{fault})
		}
	}()
	e.noteApprovals(&cfg.Header)
	e.note("run folder %s", dir.Path())
	e.warnIfOpen(dir.File(rundir.PlanName))
	p := cfg.Plan // so that the reading in cfg can be freed before the reports need the memory
	progress := e.startProgress(stops.Hard, p, cfg.Prior, t)
	e.noteWaves(p, &cfg.Header)
	told := e.noteStopping(stops.Soft)
	cfg.Observe, cfg.Pace = progress.observe, func() journal.Pace { return learned(t) }
	result, err := execute.Run(stops, cfg)
	told()
	progress.stop()
	if err != nil {
		// The journal is lost, so nothing that is only in memory is claimed.
		return e.inFlight(dir, result, err)
	}
	return e.endOf(dir, p, result, codeOfRun(result))
}

// noteStopping reports the first interrupt when it comes, and nothing after end
// returns.
func (e *env) noteStopping(soft context.Context) (end func()) {
	told := make(chan struct{})
	stop := context.AfterFunc(soft, func() {
		defer close(told)
		e.note("stopping: requests in flight may finish; interrupt again to end at once")
	})
	return func() {
		if !stop() {
			<-told
		}
	}
}

// noteEstimate says how long the writes of a plan may take, as a range: the
// pace of the tenant is not known yet. The latency is that of reading.
func (e *env) noteEstimate(t *session.Session, p *plan.Plan) {
	if p.Summary.Writes() == 0 {
		return
	}
	low, high := t.Estimate(p.Summary.Writes())
	e.note("applying %s takes about %s; the tenant's limit is found during the run", words.Count(p.Summary.Writes(), "change"), report.Span(low, high))
}

// noteWaves says in which waves the partners are written.
func (e *env) noteWaves(p *plan.Plan, h *journal.Run) {
	sizes, excepted := h.Settings.Waves, h.Exceptions()
	if len(sizes) == 0 {
		return
	}
	tenants := map[string]bool{}
	for i := range p.Changes {
		if id := p.Changes[i].Partner.TenantID; p.Changes[i].Writes() && excepted[id] == "" {
			tenants[id] = true
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
	e.note("waves of %s of %s; each is read back before the next", strings.TrimSuffix(steps, ", "), words.Count(len(tenants), "partner"))
}

// endOf writes the reports of a run and shows it. A
// report that cannot be written is reported and hides none of the rest. The
// reports are written even after the second interrupt.
func (e *env) endOf(dir *rundir.Dir, p *plan.Plan, r *journal.Result, code int) error {
	if err := writeReports(dir, p, r, code); err != nil {
		code = max(code, exitUnfinished)
		e.sayError(hinted(fmt.Errorf("some reports are missing: %w", err), "free the disk or close the files, then: "+e.address.command("report", dir.Path())))
	} else {
		e.note("reports in %s", dir.Path())
	}
	return e.showRun(dir, p, r, code)
}

// showRun shows a run and says what to do next.
func (e *env) showRun(dir *rundir.Dir, p *plan.Plan, r *journal.Result, code int) error {
	o := e.pageOptions()
	o.ExitCode = code
	if err := e.print(func(w io.Writer) error { return report.Run(w, p, r, e.format, o) }); err != nil {
		code = max(code, exitUnfinished)
		e.sayError(hinted(err, "to see the run again: "+e.address.command("report", dir.Path())))
	}
	if code != exitDone && r.Totals.CutShort() > 0 {
		e.suggest("to continue this run: %s", e.address.command("resume", dir.Path()))
	}
	return exitWith(code)
}

// inFlight lists the changes that a lost journal leaves open.
func (e *env) inFlight(dir *rundir.Dir, r *journal.Result, cause error) error {
	for _, o := range r.Outcomes {
		if o.Status == journal.Indeterminate {
			e.warnInFlight(o)
		}
	}
	hint := "free the disk, then: " + e.address.command("resume", dir.Path())
	if r.StartedAt.IsZero() { // without a first entry there is nothing to resume
		hint = "nothing was sent: free the disk and apply the plan again, in a new folder"
	}
	return &exit{exitUnfinished, fmt.Errorf("the run stopped because its journal could not be written: %w", cause), hint}
}

// warnInFlight tells of a change of which nothing is known.
func (e *env) warnInFlight(o journal.Outcome) {
	e.tell(message{
		level: slog.LevelWarn, text: fmt.Sprintf("in flight: change %d, client-request-id %s", o.Seq, o.ClientRequestID),
		members: []slog.Attr{slog.Int("change", o.Seq), slog.String("clientRequestId", o.ClientRequestID)},
	})
}

// load reads the plan and the journal of a run.
func (e *env) load(ctx context.Context, d *rundir.Dir) (*plan.Plan, *journal.Log, error) {
	p, err := e.planOf(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	l, err := d.Journal(ctx, p)
	return p, l, err
}

// planOf reads the plan of a run.
func (e *env) planOf(ctx context.Context, d *rundir.Dir) (*plan.Plan, error) {
	p, err := d.Plan(ctx)
	if errors.Is(err, plan.ErrAltered) {
		return nil, refused(hintPutBack, "%w", err)
	}
	if err != nil {
		return nil, err
	}
	return p, e.checkPlanTenant(p)
}

// undoName is the file of the plan that reverts a run, summaryName that of its
// totals.
const (
	undoName    = "undo.json"
	summaryName = "summary.json"
)

// writeReports writes everything that follows from the plan and the journal.
func writeReports(d *rundir.Dir, p *plan.Plan, r *journal.Result, code int) error {
	return d.WriteReports(reportsOf(d, p, r, code))
}

// reportsOf is everything that follows from the plan and the journal, in the
// order in which it is written.
func reportsOf(d *rundir.Dir, p *plan.Plan, r *journal.Result, code int) []rundir.Report {
	o := report.Options{Width: 80, ExitCode: code, LikeInput: true}
	run := func(f report.Format) func(io.Writer) error {
		return func(w io.Writer) error { return report.Run(w, p, r, f, o) }
	}
	undo := func(w io.Writer) error {
		u, err := undoPlan(d, p, r)
		if err != nil {
			return err
		}
		return u.Encode(w)
	}
	return []rundir.Report{
		{Name: "outcomes.csv", Render: run(report.CSV)},
		{Name: "failed.csv", Render: func(w io.Writer) error { return report.FailedRows(w, p, r) }},
		{Name: "report.md", Render: run(report.Markdown)},
		{Name: "report.html", Render: run(report.HTML)},
		{Name: summaryName, Render: run(report.JSON)},
		{Name: undoName, Render: undo},
		{Name: "queries.kql", Render: func(w io.Writer) error { return report.Queries(w, report.RunLogQuery(p, r)) }},
	}
}

// undoPlan is the plan that reverts the run.
func undoPlan(d *rundir.Dir, p *plan.Plan, r *journal.Result) (*plan.Plan, error) {
	name, hash, err := d.Identity()
	if err != nil {
		return nil, err
	}
	return execute.Undo(p, r, name, hash)
}
