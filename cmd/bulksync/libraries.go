package main

import (
	"bytes"
	"log"
	"log/slog"
	"strings"
	"sync"

	"github.com/pkg/browser"

	"bulksync/graph/auth"
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
// process, where a program reads them: net/http has faults of connections, and the
// Azure SDK a log that a variable turns on. What a browser prints when a sign-in opens
// it is no result, and no program needs it. A person sees all of it as it is.
func leadLibraries(p *process) {
	browser.Stdout = p.stderr
	if !p.asJSON {
		return
	}
	if p.getenv(auth.LogVariable) == "all" {
		auth.TakeSDKLog(func(text string) { p.tell(message{level: slog.LevelDebug, text: text}) })
	}
	browser.Stdout, browser.Stderr = nil, nil // no pipe: a browser that stays open would hold it
	log.SetFlags(0)
	log.SetOutput(p.ofLibraries(slog.LevelWarn))
}
