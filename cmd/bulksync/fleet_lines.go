package main

import (
	"io"
	"sync"
)

// errorLines is standard error while several tenants write to it: what is written at once
// stays together. It can lead elsewhere for a time, as above a progress bar.
type errorLines struct {
	mu sync.Mutex
	to io.Writer
}

// Write writes whole lines.
func (l *errorLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

// lead sends what follows to another writer, and returns the one before.
func (l *errorLines) lead(to io.Writer) (before io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, l.to = l.to, to
	return before
}

// gate is a writer that can be shut: work on a tenant that was given up goes on all the
// same, and must say nothing more.
type gate struct {
	mu   sync.Mutex
	to   io.Writer
	shut bool
}

// Write writes whole lines, until the gate is shut.
func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return len(p), nil
	}
	return g.to.Write(p)
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
}

// ofMember are the messages of the work on one tenant. Nothing is written after silence
// was called.
func (m messages) ofMember(tenant string) (own messages, silence func()) {
	g := &gate{to: m.stderr}
	own = m.named(tenant)
	own.stderr = g
	return own, g.close
}
