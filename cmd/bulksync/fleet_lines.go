package main

import (
	"bytes"
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

// maxLine is the longest line that is kept together, in bytes.
const maxLine = 64 << 10

// tenantLines writes lines with the name of a tenant, each of them whole.
type tenantLines struct {
	to   io.Writer
	name string

	mu    sync.Mutex
	line  []byte // that has no end yet
	ended bool
}

// Write writes the lines that are complete, and keeps the rest.
func (l *tenantLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended { // the work was given up, and goes on all the same
		return len(p), nil
	}
	l.line = append(l.line, p...)
	if len(l.line) > maxLine && !bytes.HasSuffix(l.line, []byte("\n")) {
		l.line = append(l.line, '\n')
	}
	end := bytes.LastIndexByte(l.line, '\n') + 1
	if end == 0 {
		return len(p), nil
	}
	err := l.tell(l.line[:end])
	l.line = l.line[end:]
	return len(p), err
}

// tell puts the name before each line.
func (l *tenantLines) tell(text []byte) error {
	var named bytes.Buffer
	for line := range bytes.Lines(text) {
		own, isOurs := bytes.CutPrefix(line, []byte("bulksync: "))
		if isOurs {
			named.WriteString("bulksync: ")
		}
		named.WriteString(l.name)
		named.WriteString(": ")
		named.Write(own)
	}
	_, err := l.to.Write(named.Bytes())
	return err
}

// end writes what has no end yet. Nothing more is written after it.
func (l *tenantLines) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.line) > 0 && !l.ended {
		_ = l.tell(append(l.line, '\n')) // there is nowhere to say it
	}
	l.line, l.ended = nil, true
}
