package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"bulksync/execute"
)

// stopKey carries the context that ends with the first signal.
type stopKey struct{}

// withSignals returns a context that ends at once with the second interrupt. A
// command that can stop well asks gentle for the one that ends with the first;
// every other command takes it as its own context.
func withSignals(ctx context.Context) (context.Context, func()) {
	hard, kill := context.WithCancelCause(ctx)
	soft, stop := context.WithCancelCause(hard)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range signals {
			if soft.Err() != nil {
				kill(execute.ErrInterrupted)
				continue
			}
			stop(execute.ErrInterrupted)
		}
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
