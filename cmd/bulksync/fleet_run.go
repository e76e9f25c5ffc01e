package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"bulksync/execute"
	"bulksync/internal/atomicfile"
	"bulksync/internal/fleet"
	"bulksync/internal/words"
	"bulksync/report"
)

// fleetWork is what a verb does with each tenant.
type fleetWork struct {
	verb string
	// do works on a tenant. An error is a row that failed.
	do func(ctx context.Context, m *member) (fleet.Row, error)
	// earlier is the row of what an earlier attempt at the run did to a tenant after
	// since; ok is false if it has to be done. nil means that everything has to.
	earlier func(ctx context.Context, m *member, since time.Time) (row fleet.Row, ok bool)
}

// shardRun is the work on one shard of a fleet.
type shardRun struct {
	*shardOptions
	*env
	fleetWork
	record  *fleet.Record
	tenants []fleet.Tenant
	// since is when the run began, and goesOn says that this process was not the first.
	since  time.Time
	goesOn bool
	unlock func()
}

// work works on the tenants of the shard, and says what is known of all.
func (o *shardOptions) work(stops execute.Stops, e *env, w fleetWork) error {
	s, err := o.begin(stops.Soft, e, w)
	if err != nil {
		return err
	}
	defer s.unlock()
	rows, err := within(stops.Hard, func() ([]fleet.Row, error) {
		rows := s.rows(stops.Soft)
		return rows, context.Cause(stops.Soft)
	})
	if err == nil {
		err = s.finish(stops.Soft, rows)
	}
	if isInterrupt(err) {
		e.note("the run is not complete: start it again with the same command")
	}
	return err
}

// begin reads the manifest, claims the shard and writes its record. If that fails,
// nothing new is left.
func (o *shardOptions) begin(ctx context.Context, e *env, w fleetWork) (s *shardRun, err error) {
	m, err := readFile(ctx, &e.process, o.manifest, func(r io.Reader) (*fleet.Manifest, error) {
		return fleet.ReadManifest(r, o.manifest)
	})
	if err != nil {
		return nil, err
	}
	if err := e.checkFleetFolder(ctx, o.dir, inputsOf(o.manifest, m)...); err != nil {
		return nil, err
	}
	if err := checkFleet(o.dir, m); err != nil {
		return nil, err
	}
	e.warnLeftOut(o.dir, m)
	s = &shardRun{shardOptions: o, env: e, fleetWork: w, tenants: o.shard.Of(m.Tenants)}
	s.record = &fleet.Record{Tool: tool(), Verb: w.verb, Run: o.name, Manifest: m.Listing(), Shard: o.shard}
	s.record.Manifest.Name = inputName(o.manifest)
	return s, s.claim(ctx)
}

// inputsOf are the files that a fleet reads.
func inputsOf(manifest string, m *fleet.Manifest) []string {
	all := []string{manifest}
	for _, t := range m.Tenants {
		all = append(all, t.CSV, t.Template, t.Policy, t.Waivers)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// hintOtherFleet is for a folder of another fleet, and for a tenant that was renamed:
// another folder would begin the evidence of all tenants anew.
const hintOtherFleet = "name another folder with --out-dir; if a tenant was renamed, rename its folder in tenants as well, and remove shards/*.json"

// checkFleet refuses the folder of another fleet.
func checkFleet(dir string, m *fleet.Manifest) error {
	err := fleet.CheckFolder(dir, m)
	if other := (*fleet.OtherFleetError)(nil); errors.As(err, &other) {
		return refused(hintOtherFleet, "%w", err)
	}
	return err
}

// warnLeftOut tells of tenants that the folder knows and the manifest does not name
// any more: the next roll-up will not speak of them.
func (e *env) warnLeftOut(dir string, m *fleet.Manifest) {
	const most = 5
	names := fleet.LeftOut(dir, m)
	if len(names) == 0 {
		return
	}
	list := strings.Join(names[:min(len(names), most)], ", ")
	if rest := len(names) - most; rest > 0 {
		list += fmt.Sprintf(" and %s more", words.Thousands(rest))
	}
	are := "are"
	if len(names) == 1 {
		are = "is"
	}
	e.warn("%s of %s %s not in the manifest any more, and will not be in the roll-up: %s", words.Count(len(names), "tenant"), dir, are, list)
}

// claim locks the shard and writes that it has begun.
func (s *shardRun) claim(ctx context.Context) (err error) {
	made, err := atomicfile.MakeFolders(filepath.Join(s.dir, fleet.RecordsDir))
	if err != nil {
		return err
	}
	made.AddIfNew(filepath.Join(s.dir, s.shard.LockName()))
	s.unlock, err = fleet.Lock(ctx, s.dir, s.shard.LockName(), func() {
		s.note("waiting for another process that works on shard %s in %s", s.shard, s.dir)
	})
	if err != nil {
		made.Remove()
		return notClaimed(err)
	}
	err = s.reopen(time.Now())
	if err == nil {
		s.since, s.goesOn, err = fleet.Begin(s.dir, s.record, time.Now())
	}
	if err == nil {
		err = makeTenants(s.dir)
	}
	if err != nil {
		s.unlock()
		made.Remove()
	}
	return notClaimed(err)
}

// notClaimed says what to do about a shard that could not be claimed.
func notClaimed(err error) error {
	broken, kind := (*fleet.BrokenRecordError)(nil), (*atomicfile.KindError)(nil)
	switch {
	case errors.As(err, &broken):
		return hinted(err, "move the file away: the shard then begins a new run")
	case errors.As(err, &kind):
		return inPlaceOfAFile(kind)
	default:
		return err
	}
}

// retryTime is how long after the end of a process it is started again by whatever
// watches it, at the most.
const retryTime = 30 * time.Minute

// reopen goes on with a run that has finished, but whose process ended before the
// roll-up told of it: what was new in its audits never is again.
func (s *shardRun) reopen(now time.Time) error {
	r, err := fleet.ReadRecord(s.dir, s.shard)
	if err != nil || r == nil || r.FinishedAt.IsZero() || r.Verb != s.record.Verb || r.Run != s.record.Run || r.Manifest.SHA256 != s.record.Manifest.SHA256 {
		return nil // Begin says what is wrong
	}
	if now.Sub(r.FinishedAt) > retryTime || isTold(s.dir, r) {
		return nil
	}
	r.FinishedAt, r.Rows = time.Time{}, []fleet.Row{}
	return r.Write(s.dir)
}

// makeTenants makes the folder for those of the tenants. It must not lead elsewhere.
func makeTenants(dir string) error {
	at := filepath.Join(dir, fleet.TenantsDir)
	if _, err := atomicfile.MakeFolders(at); err != nil {
		return err
	}
	info, err := os.Lstat(at)
	switch {
	case err != nil:
		return atomicfile.PathError(err)
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", at)
	default:
		return nil
	}
}

// rows works on the tenants, but for those that an earlier attempt at the run has done.
func (s *shardRun) rows(ctx context.Context) []fleet.Row {
	done := s.done(ctx)
	var left []fleet.Tenant
	for _, t := range s.tenants {
		if _, ok := done[t.Name]; !ok {
			left = append(left, t)
		}
	}
	p := s.startProgress(len(s.tenants), len(done))
	defer p.stop()
	worked := fleet.Run(ctx, left, fleet.RunOptions{
		Shard: s.shard, Parallel: s.parallel, Timeout: s.timeout,
		Done: func(r fleet.Row) {
			if ctx.Err() == nil {
				p.told(r)
			}
		},
		Panicked: func(t fleet.Tenant, _ any, stack []byte) {
			m := s.member(s.env, t)
			m.trace("a fault in bulksync itself", stack)
			m.silence()
		},
	}, s.one)
	rows := make([]fleet.Row, 0, len(s.tenants))
	for _, t := range s.tenants {
		row, ok := done[t.Name]
		if !ok {
			row, worked = worked[0], worked[1:]
		}
		rows = append(rows, row)
	}
	return rows
}

// maxLook is the longest that a look at the store of a tenant may take. What is not
// seen in that time is done again.
const maxLook = time.Minute

// done are the rows of the tenants that need no work, by name. As with work, no store
// that hangs or is broken holds up another tenant.
func (s *shardRun) done(ctx context.Context) map[string]fleet.Row {
	rows := map[string]fleet.Row{}
	if !s.goesOn || s.earlier == nil {
		return rows
	}
	var mu sync.Mutex
	fleet.Run(ctx, s.tenants, fleet.RunOptions{Parallel: s.parallel, Timeout: min(s.timeout, maxLook)}, func(ctx context.Context, t fleet.Tenant) (none fleet.Row) {
		row, ok := s.look(ctx, t)
		mu.Lock()
		defer mu.Unlock()
		if ok && ctx.Err() == nil { // otherwise nobody may be waiting for it any more
			rows[t.Name] = row
		}
		return none
	})
	are := "are"
	if len(rows) == 1 {
		are = "is"
	}
	s.counted(len(rows), len(s.tenants), "goes on with the run of %s: %s of %s %s done", sinceWords(s.since, time.Now()), words.Thousands(len(rows)), words.Count(len(s.tenants), "tenant"), are)
	return rows
}

// sinceWords is when a run began, with the day if that is not today.
func sinceWords(since, now time.Time) string {
	since, now = since.UTC(), now.UTC()
	if since.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return since.Format("15:04 UTC")
	}
	return since.Format("2006-01-02 15:04 UTC")
}

// look is the row of what an earlier attempt did to a tenant.
func (s *shardRun) look(ctx context.Context, t fleet.Tenant) (row fleet.Row, ok bool) {
	m := s.member(s.env, t)
	defer m.silence()
	row, ok = s.earlier(ctx, m, s.since)
	row.Name, row.TenantID, row.Shard = t.Name, t.TenantID, s.shard.Index
	return row, ok
}

// one works on one tenant.
func (s *shardRun) one(ctx context.Context, t fleet.Tenant) fleet.Row {
	m := s.member(s.env, t)
	defer m.silence()
	err := m.checkSecrets()
	var row fleet.Row
	if err == nil {
		row, err = s.do(ctx, m)
	}
	if err != nil {
		return m.failed(err)
	}
	return row
}

// finish writes the record, draws the roll-up and shows it. The exit code is that of
// this shard. The end of ctx ends only a wait for another shard that draws.
func (s *shardRun) finish(ctx context.Context, rows []fleet.Row) error {
	s.record.Rows, s.record.FinishedAt = rows, time.Now().UTC().Truncate(time.Second)
	if s.record.FinishedAt.Before(s.since) { // the clock was set back
		s.record.FinishedAt = s.since
	}
	if err := s.record.Write(s.dir); err != nil {
		return hinted(fmt.Errorf("the record of shard %s was not written: %w", s.shard, err), "start it again with the same command: it goes on where it stopped")
	}
	r, err := s.draw(ctx, s.dir, []string{s.dir})
	if r == nil {
		return err
	}
	if err != nil {
		_ = s.printFleet(r, s.print) // that it was not kept is worse
		return err
	}
	if err := s.showFleet(r, s.dir, s.print); err != nil {
		return err
	}
	return exitWith(fleet.ExitCode(rows))
}

// printer writes a result to standard output: print, or page for people who read it.
type printer = func(render func(io.Writer) error) error

// showFleet writes a roll-up to standard output, and says what is not in it.
func (e *env) showFleet(r *fleet.Rollup, dir string, show printer) error {
	if err := e.printFleet(r, show); err != nil {
		return err
	}
	e.note("the roll-up is in %s", filepath.Join(dir, fleet.IndexName))
	for _, i := range r.Ignored {
		e.warn("%s is no part of this run: %s", i.File, i.Why)
	}
	return nil
}

// printFleet writes a roll-up to standard output.
func (e *env) printFleet(r *fleet.Rollup, show printer) error {
	return show(func(w io.Writer) error { return report.Fleet(w, r, e.format, e.pageOptions()) })
}
