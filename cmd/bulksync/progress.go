package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"bulksync/execute"
	"bulksync/plan"
)

// progress tells a person how far a run is: a moving bar on a terminal, a plain
// line now and then elsewhere, nothing with --quiet. It is told of outcomes from
// one goroutine at a time.
type progress struct {
	plan   *plan.Plan
	total  int
	before int // done by an earlier session
	began  time.Time
	tenant *tenant

	mu     sync.Mutex
	done   map[int]bool
	failed int

	bar  *mpb.Bar
	bars *mpb.Progress
	line *time.Ticker
	quit chan struct{}
	gone sync.WaitGroup
}

// plainEvery is the time between two plain progress lines.
const plainEvery = 10 * time.Second

func (a *app) startProgress(ctx context.Context, p *plan.Plan, prior *execute.Log, t *tenant) *progress {
	pr := &progress{plan: p, total: p.Summary.Writes(), began: time.Now(), tenant: t, done: map[int]bool{}, quit: make(chan struct{})}
	if prior != nil {
		for i, o := range prior.Result().Outcomes {
			if p.Changes[i].Writes() && o.Status.Done() {
				pr.done[o.Seq] = true
			}
		}
	}
	pr.before = len(pr.done)
	switch {
	case a.global.quiet || pr.total == pr.before:
	case a.live():
		pr.startBar(ctx, a.err)
	default:
		pr.startLines(a.err)
	}
	return pr
}

func (p *progress) observe(o execute.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done[o.Seq] || !p.plan.Changes[o.Seq-1].Writes() {
		return // a later word about the same change, as of reading it back
	}
	p.done[o.Seq] = true
	if !o.Status.Done() {
		p.failed++
	}
	if p.bar != nil {
		p.bar.Increment()
	}
}

func (p *progress) startBar(ctx context.Context, w io.Writer) {
	p.bars = mpb.NewWithContext(ctx, mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithAutoRefresh())
	p.bar = p.bars.New(int64(p.total), mpb.BarStyle().Lbound("[").Rbound("]"),
		mpb.PrependDecorators(decor.CountersNoUnit("%d/%d ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + p.state() })),
	)
	p.bar.SetCurrent(int64(p.before))
}

func (p *progress) startLines(w io.Writer) {
	p.line = time.NewTicker(plainEvery)
	p.gone.Go(func() {
		for {
			select {
			case <-p.line.C:
				p.mu.Lock()
				n := len(p.done)
				p.mu.Unlock()
				fmt.Fprintf(w, "bulksync: %d of %d changes, %s\n", n, p.total, p.state())
			case <-p.quit:
				return
			}
		}
	})
}

// state is the pace in words: rate, time left, and what holds it back.
func (p *progress) state() string {
	p.mu.Lock()
	n, failed := len(p.done), p.failed
	p.mu.Unlock()
	s := ""
	if elapsed := time.Since(p.began).Seconds(); n > p.before && elapsed > 0 {
		s = fmt.Sprintf("%.1f/s", float64(n-p.before)/elapsed)
	}
	low, high := p.tenant.pace.Estimate(p.total-n, 0)
	if n < p.total && high > 0 {
		s += ", " + span(low, high) + " left"
	}
	if failed > 0 {
		s += fmt.Sprintf(", %d not done", failed)
	}
	return strings.TrimPrefix(s+p.obstacle(), ", ")
}

// obstacle is what holds the run back now. An outage comes first: while there
// is one, nothing else matters.
func (p *progress) obstacle() string {
	if since, down := p.tenant.client.Down(); down {
		return fmt.Sprintf(", Graph does not answer since %.0f s", time.Since(since).Seconds())
	}
	if w := p.tenant.pace.Stats().Writes; w.PauseLeftSeconds > 0 {
		return fmt.Sprintf(", Graph asks to wait %.0f s", math.Ceil(w.PauseLeftSeconds))
	}
	return ""
}

// span writes an estimate as a range of round numbers. Beyond a year nothing is
// estimated: pacing itself stops counting somewhere.
func span(low, high time.Duration) string {
	if high > 365*24*time.Hour {
		return "a year or more"
	}
	l, h := max(low.Round(time.Second), time.Second), high.Round(time.Second)
	if l >= h {
		return l.String()
	}
	return l.String() + " to " + h.String()
}

// stop ends the display; nothing is written after it returns.
func (p *progress) stop() {
	close(p.quit)
	if p.line != nil {
		p.line.Stop()
	}
	if p.bar != nil {
		p.bar.Abort(false)
		p.bars.Wait()
	}
	p.gone.Wait()
}
