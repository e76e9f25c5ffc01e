package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"bulksync/execute"
)

// withSignals returns what the signals of the process stop: Soft ends with the
// first interrupt, Hard with the second.
//
// SIGINT, SIGTERM and SIGHUP interrupt. SIGQUIT writes to trace what every
// goroutine is doing and counts as two of them; a second one ends the process
// whatever it waits for. A closed pipe ends nothing: writing to it fails.
func withSignals(trace io.Writer) (stops execute.Stops, end func()) {
	hard, kill := context.WithCancelCause(context.Background())
	soft, stop := context.WithCancelCause(hard)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	// Notify, not Ignore: a child would inherit that. Nobody listens.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	done := make(chan struct{})
	go func() {
		defer close(done)
		var traced chan struct{}
		for s := range signals {
			again := soft.Err() != nil
			stop(execute.ErrInterrupted)
			if s != syscall.SIGQUIT && !again {
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

// quit writes where the program is, and ends it if it was asked before. It does
// not wait for the writing: nobody may be reading.
func quit(trace io.Writer, before chan struct{}) (traced chan struct{}) {
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

// await gives a trace a second to be written.
func await(traced chan struct{}) {
	if traced == nil {
		return
	}
	select {
	case <-traced:
	case <-time.After(time.Second):
	}
}

// writeStacks tells where every goroutine is: functions and lines, no values.
func writeStacks(w io.Writer) {
	text := make([]byte, 1<<20)
	fmt.Fprintf(w, "%s\n", text[:runtime.Stack(text, true)])
}
