package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"bulksync/execute"
)

// hardAfter is how long the requests in flight may take after a signal that the
// process does not outlive by much: half of what Windows allows is for the reports.
const hardAfter = 2500 * time.Millisecond

// withSignals returns stops that the signals of the process end: the first
// interrupt ends Soft, the second Hard.
//
// SIGINT, SIGTERM and SIGHUP interrupt; on Windows these are Ctrl-C, Ctrl-Break and,
// as SIGTERM, the end of the window, of the user's session or of the system, which
// soon kills the process: it counts as a second interrupt after hardAfter. SIGQUIT
// writes the stacks of all goroutines to trace and counts as two interrupts; a
// second one ends the process whatever it waits for. A closed pipe ends nothing:
// writing to it fails.
func withSignals(trace messages) (stops execute.Stops, end func()) {
	hard, kill := context.WithCancelCause(context.Background())
	soft, stop := context.WithCancelCause(hard)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	if !signal.Ignored(syscall.SIGHUP) { // ignored under nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	// Notify, not Ignore: a child process would inherit that. Nothing reads the
	// channel.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	done := make(chan struct{})
	go func() {
		defer close(done)
		var traced chan struct{}
		for s := range signals {
			again := soft.Err() != nil
			stop(execute.ErrInterrupted)
			if s != syscall.SIGQUIT && !again {
				if endsSoon(s) {
					time.AfterFunc(hardAfter, func() { kill(execute.ErrInterrupted) })
				}
				continue
			}
			kill(execute.ErrInterrupted)
			if s == syscall.SIGQUIT {
				traced = quit(trace, traced)
			}
		}
		await(traced)
	}()
	return execute.Stops{Soft: soft, Hard: hard}, func() {
		signal.Stop(signals)
		close(signals)
		<-done
		kill(nil)
	}
}

// quit writes the stacks, and ends the program if it was asked before. It does
// not wait for the writing: there may be no reader.
func quit(trace messages, before chan struct{}) (traced chan struct{}) {
	if before != nil {
		os.Exit(exitInterrupted)
	}
	traced = make(chan struct{})
	go func() {
		defer close(traced)
		writeStacks(trace)
	}()
	return traced
}

// await gives the stacks a second to be written.
func await(traced chan struct{}) {
	if traced == nil {
		return
	}
	select {
	case <-traced:
	case <-time.After(time.Second):
	}
}

// writeStacks writes the stack of every goroutine: functions and lines, no
// values.
func writeStacks(m messages) {
	text := make([]byte, 1<<20)
	m.trace("SIGQUIT: the stacks of all goroutines", text[:runtime.Stack(text, true)])
}
