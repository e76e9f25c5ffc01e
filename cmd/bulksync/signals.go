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

// stopKey carries the context that ends with the first signal.
type stopKey struct{}

// withSignals returns a context that ends at once with the second interrupt. A
// command that can stop well asks gentle for the one that ends with the first;
// every other command takes it as its own context.
//
// SIGINT, SIGTERM and SIGHUP interrupt. SIGQUIT writes to trace what every
// goroutine is doing and counts as two of them; a second one ends the process
// whatever it waits for. A closed pipe ends nothing: writing to it fails.
func withSignals(ctx context.Context, trace io.Writer) (context.Context, func()) {
	hard, kill := context.WithCancelCause(ctx)
	soft, stop := context.WithCancelCause(hard)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	if !signal.Ignored(syscall.SIGHUP) { // as below nohup
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
	return context.WithValue(hard, stopKey{}, soft), func() {
		signal.Stop(signals)
		close(signals)
		<-done
		kill(nil)
	}
}

// gentle is the context that ends with the first interrupt.
func gentle(ctx context.Context) context.Context {
	if soft, ok := ctx.Value(stopKey{}).(context.Context); ok {
		return soft
	}
	return ctx
}

// quit tells where the program is, and is its end when it was asked before. It
// does not wait until that is written: nobody may be reading.
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

// await gives a trace that is being written the time for it.
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
