package main

import (
	"context"
	"errors"
	"fmt"

	"bulksync/execute"
	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/internal/atomicfile"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/plan/audit/evidence"
	"bulksync/report"
)

// The exit codes. They are part of the contract with scripts, and the README
// lists them.
const (
	exitDone        = 0
	exitCannotRun   = 1
	exitDiffers     = 2
	exitUnfinished  = 3
	exitRefused     = 4
	exitIncomplete  = 5
	exitInterrupted = 130
)

// exitCodes is what the codes mean, as the README and bulksync help exit-codes say
// it. It is never modified.
var exitCodes = [...]struct {
	code  int
	means string
}{
	{exitDone, "done; nothing differs"},
	{exitCannotRun, "could not run: usage, input (for `validate`: a problem in it), a broken file, credentials, no answer from the host; for `doctor`: a check failed"},
	{exitDiffers, "differences: `audit` (see `--fail-on`), `plan --detailed-exitcode`, and `fleet audit` and `fleet plan` in any tenant"},
	{exitUnfinished, "finished (for `report`: or still going), and something did not succeed (failed, held, skipped, indeterminate, not attempted), was not seen afterwards, or could not be reported"},
	{exitRefused, "refused: altered plan, evidence that `verify` finds altered or cannot prove, a store of another tenant, a token that could write (`--require-readonly`), another format version, wrong tenant, another cloud or host, missing approval, a rejection, a decision that does not count, what the policy does not allow (a limit, the window, the age of the plan), a folder that is in use or not safe, an output that would replace an input or a file of another kind, or be among evidence"},
	{exitIncomplete, "the tenant could not be read completely, so nothing is claimed; for `fleet`: nothing is known of a tenant, because of that or for any other reason (sign-in, a missing file, a refusal, its time)"},
	{exitInterrupted, "interrupted"},
}

// exit is an error with its exit code. Without err it is silent: the report on
// standard output has said everything.
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

// refused is an error for something that the tool could do but will not.
func refused(hint, format string, args ...any) error {
	return &exit{exitRefused, fmt.Errorf(format, args...), hint}
}

// hinted is an error with its next step.
func hinted(err error, hint string) error { return &exit{exitCannotRun, err, hint} }

// exitWith exits silently with a code.
func exitWith(code int) error {
	if code == exitDone {
		return nil
	}
	return &exit{code: code}
}

// unread classifies an error from reading a tenant. Bad credentials, or a host
// that never answered, mean that the command could not run; any other error
// means that the tenant exists and was read in part.
func (e *env) unread(id auth.Identity, err error) error {
	if isInterrupt(err) || neverAuthorized(err) || neverAnswered(err) {
		return err
	}
	x := &exit{code: exitIncomplete, err: fmt.Errorf("the tenant could not be read completely, so nothing is claimed: %w", err)}
	if errors.Is(err, graph.NotVisible) {
		x.hint = report.Advise(err, report.Command{Writes: e.writes, SignIn: e.hintRefusedToken(), Roles: id.RoleTemplateIDs})
	}
	return x
}

// neverAuthorized reports that the token was refused from the start. If it
// expires between two pages, the tenant was read in part.
func neverAuthorized(err error) bool {
	var list *graph.ListError
	return errors.Is(err, graph.Unauthorized) && !(errors.As(err, &list) && list.Page > 1)
}

// neverAnswered reports that no host answered the first request.
func neverAnswered(err error) bool {
	var list *graph.ListError
	var e *graph.Error
	return errors.As(err, &list) && list.Page == 1 && errors.As(err, &e) && e.NoAnswer() &&
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
	case errors.As(err, new(*atomicfile.KindError)), errors.As(err, new(*atomicfile.UnsafeError)),
		errors.As(err, new(*approval.Refusal)), errors.Is(err, rundir.ErrBusy), errors.Is(err, rundir.ErrNotEmpty):
		return exitRefused
	case errors.Is(err, evidence.ErrFormat), errors.As(err, new(*evidence.MixedError)):
		return exitRefused
	case errors.Is(err, plan.ErrAltered), errors.Is(err, plan.ErrFormat),
		errors.Is(err, journal.ErrFormat), errors.Is(err, journal.ErrOtherPlan):
		return exitRefused
	default:
		return exitCannotRun
	}
}

// codeOfRun is the exit code of a run that finished. A change that Graph
// accepted but did not show is not done.
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
