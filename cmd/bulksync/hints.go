package main

import (
	"errors"
	"slices"
	"strings"

	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/graph/auth"
	"bulksync/internal/atomicfile"
	"bulksync/internal/session"
	"bulksync/plan"
	"bulksync/plan/audit/evidence"
	"bulksync/report"
)

// hintSignIn is for a sign-in that failed for no reason with an advice of its
// own.
func (e *env) hintSignIn() string {
	switch {
	case e.auth == auth.ByDefault && e.hasReadyToken():
		return "put a fresh token in BULKSYNC_ACCESS_TOKEN, or unset it and sign in with az login or the AZURE_* variables of an app"
	case e.auth == auth.ByDefault && strings.HasPrefix(e.address.graphURL, "http://"):
		// Plain http is for loopback alone: this is a rehearsal.
		return "copy the line that sets BULKSYNC_ACCESS_TOKEN, which bulksync simulate printed, into this terminal"
	case e.auth == auth.ByDefault:
		return "sign in with az login, set the AZURE_* variables of an app, or put a token in BULKSYNC_ACCESS_TOKEN"
	}
	return auth.Advice(e.auth)
}

// hintRefusedToken is how to get another token after Graph refused one, by the
// way of this command.
func (e *env) hintRefusedToken() string {
	switch {
	case e.hasReadyToken():
		return "put a fresh token for this cloud in BULKSYNC_ACCESS_TOKEN"
	case e.auth == auth.ByAzureCLI:
		return "sign in again with az login, and check --cloud"
	case e.auth == auth.ByDefault, e.auth == auth.ByDeviceCode, e.auth == auth.ByBrowser:
		return "sign in again, and check --cloud"
	default: // no person signs in: each command gets a new token
		return "check --cloud and, in the sign-in log of Entra, that the app may still sign in"
	}
}

// hintPutBack is for a run whose plan.json was changed.
const hintPutBack = "put back the plan.json that the run began with"

// hintWritable is for a folder that others may write to; a command follows.
const hintWritable = "name a folder of your own, or let nobody else write to this one: "

// hintOf is the next step after an error; empty if there is none.
func (e *env) hintOf(err error) string {
	var x *exit
	if errors.As(err, &x) && x.hint != "" {
		return x.hint
	}
	if denied := (*auth.Error)(nil); errors.As(err, &denied) && denied.Next() != "" {
		return denied.Next()
	}
	var unsafe *atomicfile.UnsafeError
	switch {
	case errors.Is(err, rundir.ErrBusy):
		return "wait for it to end, or stop it"
	case errors.Is(err, rundir.ErrNotARun):
		return "name the folder that bulksync apply made, below bulksync-runs"
	case errors.As(err, &unsafe) && unsafe.Writable:
		return hintWritable + closing(unsafe.Path)
	case errors.As(err, new(*session.SignInError)):
		return e.hintSignIn()
	case errors.As(err, &unsafe):
		return "name a folder of your own"
	case errors.Is(err, atomicfile.ErrInUse):
		return "close the file there, and run the command again"
	case errors.As(err, new(*atomicfile.KindError)):
		return "put back the file that the run left there"
	case errors.Is(err, plan.ErrAltered):
		return "make the plan again with bulksync plan, and have it reviewed again"
	case errors.Is(err, evidence.ErrFormat):
		return "use the version of bulksync that wrote it, or another folder"
	case errors.Is(err, plan.ErrFormat), errors.Is(err, journal.ErrFormat):
		return "use the version of bulksync that wrote it, or create it again with this one"
	case errors.Is(err, journal.ErrNeverBegan):
		return "nothing was sent: apply the plan again, in a new folder"
	case errors.Is(err, journal.ErrOtherPlan):
		return hintPutBack
	}
	return report.Advise(err, report.Command{Writes: e.writes, SignIn: e.hintRefusedToken()})
}

// address holds the flags, as typed, that say where a command connects and as
// whom, for the commands in hints.
type address struct{ cloud, graphURL, tenant, auth string }

// command is a command line that can be run as printed: quoted for the shell of
// this system, with this address.
func (at address) command(verb string, args ...string) string {
	words := []string{"bulksync", verb}
	for _, arg := range args {
		words = append(words, shellFile(arg))
	}
	if offline(verb) {
		return strings.Join(words, " ")
	}
	for _, f := range []struct{ name, value, standard string }{
		{"--cloud", at.cloud, ""}, {"--graph-url", at.graphURL, ""},
		{"--tenant", at.tenant, ""}, {"--auth", at.auth, string(auth.ByDefault)},
	} {
		if f.value != "" && f.value != f.standard {
			words = append(words, f.name, shellQuote(f.value))
		}
	}
	return strings.Join(words, " ")
}

// offline reports whether a command runs without Graph and so needs no address.
func offline(verb string) bool {
	return slices.Contains([]string{"validate", "show", "approve", "reject", "verify", "report", "undo"}, verb)
}

// onHostOf is the address with the host that a plan was made against: with any
// other the plan would be refused.
func (at address) onHostOf(p *plan.Plan) address {
	if at.graphURL = ""; p.HomeTenant.GraphURL != p.HomeTenant.Cloud.RootURL() {
		at.graphURL = p.HomeTenant.GraphURL
	}
	return at
}

// noteKept says where a plan is and how to have it approved or applied. After a
// pipe or a device, nobody knows where the plan went.
func (e *env) noteKept(p *plan.Plan, out string, at address) {
	switch {
	case !isKept(out):
		e.note("plan written to %s", out)
	case len(p.Above()) > 0:
		e.note("plan saved in %s; apply refuses it as it is: %s", out, liftHint(&p.Policy, p.Above()))
	case p.Policy.NeedsApproval():
		e.note("plan saved in %s; to approve exactly this plan: %s", out, e.toDecide(p, out))
	default:
		e.note("plan saved in %s; to apply exactly this plan: %s", out, at.command("apply", out))
	}
}
