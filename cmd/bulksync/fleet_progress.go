package main

import (
	"fmt"
	"io"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"bulksync/internal/fleet"
	"bulksync/internal/words"
)

// fleetProgress tells how each tenant ended: in a line of its own, and on a terminal
// above a bar. Run calls it for one tenant at a time.
type fleetProgress struct {
	*env
	total, done int
	began       time.Time

	bars   *mpb.Progress
	bar    *mpb.Bar
	before io.Writer // where the lines led before the bar
}

// startProgress begins to tell of the tenants of a shard, of which some are done.
func (s *shardRun) startProgress(total, done int) *fleetProgress {
	p := &fleetProgress{env: s.env, total: total, done: done, began: time.Now()}
	if !s.quiet && total > done && s.console.live() {
		p.bars = mpb.New(mpb.WithOutput(s.console.stderr), mpb.WithWidth(40), mpb.WithAutoRefresh())
		p.bar = p.bars.New(int64(total), mpb.BarStyle().Lbound("[").Rbound("]"),
			mpb.PrependDecorators(decor.CountersNoUnit("%d/%d tenants ")),
			mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO)))
		p.bar.SetCurrent(int64(done))
		p.before = s.env.stderr.(*errorLines).lead(p.bars)
	}
	return p
}

// told tells how one tenant ended.
func (p *fleetProgress) told(r fleet.Row) {
	p.done++
	if p.bar != nil {
		p.bar.Increment()
	}
	if r.IsUnread() {
		p.named(r.Name).fail(r.Problem, r.Next)
		return
	}
	p.named(r.Name).counted(p.done, p.total, "%s (%s of %s)", outcomeWords(r), words.Thousands(p.done), words.Count(p.total, "tenant"))
}

// outcomeWords say how a tenant ended of which something is known.
func outcomeWords(r fleet.Row) string {
	switch {
	case r.Status == fleet.AsWanted:
		return "as wanted"
	case r.Plan != nil:
		s := r.Plan.Summary
		return fmt.Sprintf("%s, %d blocked", words.Count(s.Writes(), "change"), s.Blocked)
	case r.Audit == nil:
		return string(r.Status)
	}
	text := fmt.Sprintf("%s, %d new", words.Count(r.Audit.Totals.Open(), "finding"), r.Audit.News.New+r.Audit.News.Reopened)
	if r.Status == fleet.Passed {
		text += "; --fail-on lets them pass"
	}
	return text
}

// stop ends the bar; lines lead to where they led before.
func (p *fleetProgress) stop() {
	if p.bar == nil {
		return
	}
	p.env.stderr.(*errorLines).lead(p.before)
	p.bar.Abort(false)
	p.bars.Wait()
}
