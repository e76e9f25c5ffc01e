package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"bulksync/execute/journal"
	"bulksync/internal/session"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/report"
)

// progress shows a person how far a run is: a moving bar on a terminal,
// otherwise a plain line now and then, and nothing with --quiet.
type progress struct {
	plan   *plan.Plan
	total  int
	before int // done by an earlier session
	began  time.Time
	tenant *session.Session

	mu     sync.Mutex
	ended  []bool    // by the index of the change
	done   int       // how many have ended
	last   time.Time // when the last change ended
	failed int

	bar  *mpb.Bar
	bars *mpb.Progress
	line *time.Ticker
	quit chan struct{}
	gone sync.WaitGroup
}

// plainEvery is the time between two plain progress lines.
const plainEvery = 10 * time.Second

func (e *env) startProgress(ctx context.Context, p *plan.Plan, prior *journal.Log, t *session.Session) *progress {
	pr := &progress{plan: p, total: p.Summary.Writes(), began: time.Now(), tenant: t, ended: make([]bool, len(p.Changes)), quit: make(chan struct{})}
	if prior != nil {
		open := pr.takePrior(prior)
		if pr.total > 0 {
			left := ""
			if open > 0 {
				left = fmt.Sprintf("; of %d it is not known, so they are read before anything is sent again", open)
			}
			e.counted(pr.done, pr.total, "%s of %s are done%s", words.Thousands(pr.done), words.Count(pr.total, "change"), left)
		}
	}
	pr.before, pr.last = pr.done, pr.began
	switch {
	case e.quiet || pr.total == pr.before:
	case e.live():
		pr.startBar(ctx, e.stderr)
	default:
		pr.startLines(e.messages)
	}
	return pr
}

// takePrior takes over what an earlier session has done, and returns how many
// changes it left open.
func (p *progress) takePrior(prior *journal.Log) (open int) {
	for i := range p.plan.Changes {
		c := &p.plan.Changes[i]
		switch o, unknown := prior.Outcome(c.Seq); {
		case !c.Writes():
		case o.Status.Done():
			p.ended[i] = true
			p.done++
		case unknown:
			open++
		}
	}
	return open
}

func (p *progress) observe(o journal.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := o.Seq - 1
	if p.ended[i] || !p.plan.Changes[i].Writes() {
		return // another outcome of the same change, for example from reading it back
	}
	p.ended[i], p.last = true, time.Now()
	p.done++
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

func (p *progress) startLines(m messages) {
	p.line = time.NewTicker(plainEvery)
	p.gone.Go(func() {
		for {
			select {
			case <-p.line.C:
				m.tell(p.message())
			case <-p.quit:
				return
			}
		}
	})
}

// message says how far the run is.
func (p *progress) message() message {
	now := p.measure()
	m := message{
		level: slog.LevelInfo, text: fmt.Sprintf("%d of %d changes, %s", now.done, p.total, p.inWords(now)),
		members: append(howFar(now.done, p.total), slog.Int("notDone", now.failed)),
	}
	if now.rate > 0 {
		m.members = append(m.members, slog.Float64("perSecond", math.Round(10*now.rate)/10))
	}
	if now.high > 0 {
		m.members = append(m.members, slog.Int64("leftLowMs", now.low.Milliseconds()), slog.Int64("leftHighMs", max(now.low, now.high).Milliseconds()))
	}
	return m
}

// howItGoes is how far a run is, and how fast.
type howItGoes struct {
	done, failed int
	idle         time.Duration // since the last change ended
	rate         float64       // changes a second; 0 if it is not known
	low, high    time.Duration // that are left; 0 if that is not known
}

func (p *progress) measure() howItGoes {
	p.mu.Lock()
	now := howItGoes{done: p.done, failed: p.failed, idle: time.Since(p.last)}
	p.mu.Unlock()
	if elapsed := time.Since(p.began).Seconds(); now.done > p.before && elapsed > 0 {
		now.rate = float64(now.done-p.before) / elapsed
	}
	if now.done < p.total {
		now.low, now.high = p.tenant.Estimate(p.total - now.done)
	}
	return now
}

// state describes the pace: rate, time left, and what holds it back.
func (p *progress) state() string { return p.inWords(p.measure()) }

func (p *progress) inWords(now howItGoes) string {
	if what := p.obstacle(now.done < p.total, now.idle); what != "" {
		return what // and nothing else: a narrow line is cut at its end
	}
	s := ""
	if now.rate > 0 {
		s = fmt.Sprintf("%.1f/s", now.rate)
	}
	if now.high > 0 {
		s += ", " + report.Span(now.low, now.high) + " left"
	}
	if now.failed > 0 {
		s += fmt.Sprintf(", %d not done", now.failed)
	}
	return strings.TrimPrefix(s, ", ")
}

// longIdle is how long no change may finish before the line says so: a hanging
// answer counts as an outage only after its own timeout.
const longIdle = 10 * time.Second

// obstacle is what currently holds the run back. While there is one, neither a
// rate nor an estimate means anything.
func (p *progress) obstacle(working bool, idle time.Duration) string {
	w := p.tenant.Writes()
	if d, down := p.tenant.DownFor(); down {
		return outageWords(p.tenant, d)
	}
	switch {
	case w.PauseLeftSeconds > 0:
		return fmt.Sprintf("throttled: Graph asks to wait %.0f s", math.Ceil(w.PauseLeftSeconds))
	case working && w.InFlight > 0 && idle >= longIdle:
		return fmt.Sprintf("no answer for %.0f s", idle.Seconds())
	case !working && idle >= longIdle:
		return fmt.Sprintf("reading back for %.0f s", idle.Seconds())
	default:
		return ""
	}
}

// outageWords say how long Graph has not answered, or could not be asked.
func outageWords(t *session.Session, d time.Duration) string {
	if why := t.NoToken(); why != "" {
		return fmt.Sprintf("no token for %.0f s: %s", d.Seconds(), why)
	}
	return fmt.Sprintf("Graph has not answered for %.0f s", d.Seconds())
}

// noteOutage reports an outage while a tenant is read, when there is no
// progress line, until end is called.
func (e *env) noteOutage(t *session.Session) (end func()) {
	return t.WatchOutage(plainEvery, func(d time.Duration) { e.note("%s", outageWords(t, d)) })
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
