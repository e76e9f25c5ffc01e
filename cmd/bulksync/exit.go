package main

import (
	"context"
	"errors"
	"fmt"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
	"bulksync/report"
)

// The exit codes. They are part of the contract with people's scripts and are
// listed in the README.
const (
	exitDone        = 0
	exitCannotRun   = 1
	exitDiffers     = 2
	exitUnfinished  = 3
	exitRefused     = 4
	exitIncomplete  = 5
	exitInterrupted = 130
)

// exit is an error that carries its exit code. Without err it is silent: the
// report on standard output has said everything.
type exit struct {
	code int
	err  error
	hint string
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// refused is a request that the tool could carry out and will not.
func refused(hint, format string, args ...any) error {
	return &exit{exitRefused, fmt.Errorf(format, args...), hint}
}

// hinted is an error with the next thing to do.
func hinted(err error, hint string) error { return &exit{exitCannotRun, err, hint} }

// exitWith is the silent end with a code.
func exitWith(code int) error {
	if code == exitDone {
		return nil
	}
	return &exit{code: code}
}

// unread sorts the errors of reading a tenant: credentials and a host that
// never answered mean that the command could not run; everything else means
// that there is a tenant and that it was not read whole.
func (a *app) unread(t *tenant, err error) error {
	if isInterrupt(err) || neverLetIn(err) || neverAnswered(err) {
		return err
	}
	e := &exit{code: exitIncomplete, err: fmt.Errorf("the tenant could not be read completely, so nothing is claimed: %w", err)}
	if errors.Is(err, graph.NotVisible) {
		e.hint = report.Advise(err, report.Command{Writes: a.paced, Roles: t.id.RoleTemplateIDs})
	}
	return e
}

// neverLetIn reports that the token was not taken. One that was good for a page
// and ended with the next leaves a tenant that was read in part.
func neverLetIn(err error) bool {
	var list *graph.ListError
	return errors.Is(err, graph.Unauthorized) && !(errors.As(err, &list) && list.Page > 1)
}

// neverAnswered reports that no host was there to answer the first request.
func neverAnswered(err error) bool {
	var list *graph.ListError
	var e *graph.Error
	return errors.As(err, &list) && list.Page == 1 && errors.As(err, &e) && e.Status == 0 &&
		(errors.Is(err, graph.Unreachable) || errors.Is(err, graph.Outage))
}

func isInterrupt(err error) bool {
	return errors.Is(err, execute.ErrInterrupted) || errors.Is(err, context.Canceled)
}

// codeOf maps an error to its exit code.
func codeOf(err error) int {
	var e *exit
	switch {
	case err == nil:
		return exitDone
	case isInterrupt(err):
		return exitInterrupted
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, plan.ErrAltered), errors.Is(err, plan.ErrFormat),
		errors.Is(err, journal.ErrFormat), errors.Is(err, journal.ErrOtherPlan):
		return exitRefused
	default:
		return exitCannotRun
	}
}

// codeOfRun is the exit code of a run that came to its end. What Graph accepted
// and did not show is left to look at.
func codeOfRun(r *journal.Result) int {
	switch {
	case r.Interrupted:
		return exitInterrupted
	case r.Unconfirmed() > 0, r.Totals.Unfinished() > 0:
		return exitUnfinished
	default:
		return exitDone
	}
}
