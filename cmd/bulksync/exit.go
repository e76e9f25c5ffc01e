package main

import (
	"context"
	"errors"
	"fmt"

	"bulksync/execute"
	"bulksync/graph"
	"bulksync/plan"
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

// unread sorts the errors of reading a tenant: credentials and a host that
// never answered mean that the command could not run; everything else means
// that there is a tenant and that it was not read whole.
func unread(err error) error {
	var list *graph.ListError
	var last *graph.Error
	silent := errors.As(err, &list) && list.Page == 1 && errors.As(err, &last) &&
		(last.Kind == graph.Unreachable || last.Kind == graph.Outage && last.Status == 0)
	if silent || errors.Is(err, graph.Unauthorized) || errors.Is(err, context.Canceled) || errors.Is(err, execute.ErrInterrupted) {
		return err
	}
	return &exit{code: exitIncomplete, err: fmt.Errorf("the tenant could not be read completely, so nothing is claimed: %w", err)}
}

// codeOf maps an error to its exit code.
func codeOf(err error) int {
	var e *exit
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, execute.ErrInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, plan.ErrAltered), errors.Is(err, plan.ErrFormat),
		errors.Is(err, execute.ErrJournalVersion), errors.Is(err, execute.ErrOtherPlan):
		return exitRefused
	default:
		return exitCannotRun
	}
}

// hintOf is the next thing to do about an error; empty where nothing helps.
func hintOf(err error) string {
	var e *exit
	if errors.As(err, &e) && e.hint != "" {
		return e.hint
	}
	switch {
	case errors.Is(err, plan.ErrAltered):
		return "make the plan again with bulksync plan, and have it read again"
	case errors.Is(err, plan.ErrFormat), errors.Is(err, execute.ErrJournalVersion):
		return "use the version of bulksync that wrote it, or make it again with this one"
	case errors.Is(err, execute.ErrNeverBegan):
		return "nothing was sent: apply the plan again, in a new folder"
	case errors.Is(err, execute.ErrOtherPlan):
		return "put back the plan.json that the run began with"
	case errors.Is(err, graph.Unauthorized):
		return "sign in again, or put a fresh token for this cloud in BULKSYNC_ACCESS_TOKEN"
	case errors.Is(err, graph.Forbidden):
		return "reading needs the permission Policy.Read.All, writing Policy.ReadWrite.CrossTenantAccess, each with admin consent"
	case errors.Is(err, graph.Throttled):
		return "Graph is short of quota for this tenant: try again later, or with a lower --max-rate"
	case errors.Is(err, graph.Unreachable), errors.Is(err, graph.Outage):
		return "check the network, the proxy and --graph-url"
	case errors.Is(err, graph.NotVisible):
		return "sign in as a Security Administrator, Security Reader or Global Reader, or with the application permission Policy.Read.All: other roles do not see all of a partner"
	case errors.Is(err, graph.Unreadable):
		return "check that --graph-url is Graph itself, and that no proxy or sign-in page answers in its place"
	default:
		return ""
	}
}

// codeOfRun is the exit code of a run that came to its end.
func codeOfRun(r *execute.Result) int {
	switch {
	case r.Interrupted:
		return exitInterrupted
	case r.Totals.Unfinished() > 0:
		return exitUnfinished
	default:
		return exitDone
	}
}
