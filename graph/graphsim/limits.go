package graphsim

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bulksync/graph"
)

// Queue is a service that handles one write at a time. A write takes Base, and Slow times Base more
// for each write that waits. The zero Queue is no queue.
type Queue struct {
	Base time.Duration
	Slow float64
}

// ParseQueue reads D,SLOW, as in 5ms,10%.
func ParseQueue(s string) (Queue, error) {
	d, slow, _ := strings.Cut(s, ",")
	base, err := time.ParseDuration(d)
	percent, slowErr := strconv.ParseFloat(strings.TrimSuffix(slow, "%"), 64)
	if err != nil || slowErr != nil || !strings.HasSuffix(slow, "%") || base <= 0 || !(0 <= percent && percent <= 1000) {
		return Queue{}, fmt.Errorf("queue %q: want DURATION,PERCENT, as in 5ms,10%%", s)
	}
	return Queue{Base: base, Slow: percent / 100}, nil
}

// queue waits until the service has handled the writes before c, and then c itself.
func (s *Sim) queue(ctx context.Context, c *call) error {
	if s.cfg.Queue.Base == 0 || !isWrite(c.method) {
		return nil
	}
	s.waiting.Add(1)
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		s.waiting.Add(-1)
		return ctx.Err()
	}
	others := s.waiting.Add(-1)
	return graph.Sleep(ctx, time.Duration(float64(s.cfg.Queue.Base)*(1+s.cfg.Queue.Slow*float64(others))))
}

// admit reports whether the windows have room for a write, and counts it if so.
func (s *Sim) admit(c *call) bool {
	if !isWrite(c.method) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.cfg.Window; w.Units > 0 {
		if now := c.now.Truncate(w.Per); now.After(s.windowStart) {
			s.windowStart, s.windowUsed = now, 0
		}
		if s.windowUsed == w.Units {
			return false
		}
	}
	if w := s.cfg.SlidingWindow; w.Units > 0 {
		for len(s.recent) > 0 && c.now.Sub(s.recent[0]) >= w.Per {
			s.recent = s.recent[1:]
		}
		if len(s.recent) == w.Units {
			return false
		}
		s.recent = append(s.recent, c.now)
	}
	s.windowUsed++
	return true
}
