package main

import (
	"bytes"
	"io"
	"log"
	"log/slog"
	"strings"
	"sync"

	"github.com/pkg/browser"
)

// libraryLines takes what libraries write to standard error, and says each line of
// it as a message.
type libraryLines struct {
	messages
	level slog.Level

	mu   sync.Mutex
	line []byte // that has no end yet
}

// maxLine is the longest line that is kept together, in bytes.
const maxLine = 64 << 10

// ofLibraries is standard error for a library.
func (m messages) ofLibraries(level slog.Level) *libraryLines {
	return &libraryLines{messages: m, level: level}
}

// Write says the lines that are complete, and keeps the rest.
func (l *libraryLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = append(l.line, p...)
	if len(l.line) > maxLine && !bytes.HasSuffix(l.line, []byte("\n")) {
		l.line = append(l.line, '\n')
	}
	end := bytes.LastIndexByte(l.line, '\n') + 1
	l.say(l.line[:end])
	l.line = l.line[end:]
	return len(p), nil
}

// end says what has no end yet.
func (l *libraryLines) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.say(l.line)
	l.line = nil
}

func (l *libraryLines) say(text []byte) {
	for line := range bytes.Lines(text) {
		if text := strings.TrimRight(string(line), "\r\n"); text != "" || !l.asJSON {
			l.tell(message{level: l.level, text: text, bare: true})
		}
	}
}

// leadLibraries leads what libraries write to standard error to the messages of the
// process, where a program reads them: net/http has faults of connections, and a
// browser is started by another program, whose words no program needs. A person sees
// them as they are.
func leadLibraries(m messages, stderr io.Writer) {
	browser.Stdout = stderr // what a browser prints when a sign-in opens it is no result
	if !m.asJSON {
		return
	}
	browser.Stdout, browser.Stderr = nil, nil // no pipe: a browser that stays open would hold it
	log.SetFlags(0)
	log.SetOutput(m.ofLibraries(slog.LevelWarn))
}
