package main

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/graph"
	"bulksync/internal/atomicfile"
	"bulksync/internal/session"
	"bulksync/plan"
	"bulksync/report"
)

const hintSignIn = "sign in with az login, set the AZURE_* variables of an app, or put a token in BULKSYNC_ACCESS_TOKEN"

// hintPutBack is for a run whose plan.json was changed.
const hintPutBack = "put back the plan.json that the run began with"

// hintOf is the next step after an error; empty if there is none.
func (e *env) hintOf(err error) string {
	var x *exit
	if errors.As(err, &x) && x.hint != "" {
		return x.hint
	}
	var unsafe *rundir.UnsafeError
	switch {
	case errors.Is(err, rundir.ErrBusy):
		return "wait for it to end, or stop it"
	case errors.Is(err, rundir.ErrNotARun):
		return "name the folder that bulksync apply made, below bulksync-runs"
	case errors.As(err, &unsafe) && unsafe.Writable:
		return "name a folder of your own, or let nobody else write to this one: chmod go-w " + shellQuote(unsafe.Path)
	case errors.As(err, new(*session.SignInError)):
		return hintSignIn
	case errors.As(err, &unsafe):
		return "name a folder of your own"
	case errors.As(err, new(*atomicfile.KindError)):
		return "put back the file that the run left there"
	case errors.Is(err, plan.ErrAltered):
		return "make the plan again with bulksync plan, and have it reviewed again"
	case errors.Is(err, plan.ErrFormat), errors.Is(err, journal.ErrFormat):
		return "use the version of bulksync that wrote it, or create it again with this one"
	case errors.Is(err, journal.ErrNeverBegan):
		return "nothing was sent: apply the plan again, in a new folder"
	case errors.Is(err, journal.ErrOtherPlan):
		return hintPutBack
	}
	return e.graphHint(err)
}

// graphHint is the next thing to do about an answer of Graph.
func (e *env) graphHint(err error) string {
	switch {
	case errors.Is(err, graph.Unauthorized):
		return "sign in again, or put a fresh token for this cloud in BULKSYNC_ACCESS_TOKEN"
	case errors.Is(err, graph.Forbidden):
		return permissionHint(err)
	case errors.Is(err, graph.Throttled):
		return e.throttledHint(err)
	case errors.Is(err, graph.Transient):
		return transientHint(err)
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return "check --graph-url; if a proxy looks into TLS here, let this machine trust its certificate authority (SSL_CERT_FILE)"
	case errors.Is(err, graph.Unreachable): // of this request alone, or nothing that time cures
		return "check the network, the proxy and --graph-url"
	case errors.Is(err, graph.Outage):
		return "check the network, the proxy and --graph-url; --outage waits longer"
	case errors.As(err, new(*graph.ChangedPartner)):
		return "somebody changed the tenant meanwhile: run the command again"
	case errors.Is(err, graph.Unreadable):
		return "check that --graph-url is Graph itself, and that no proxy or sign-in page answers in its place"
	default:
		return ""
	}
}

// isLookup reports whether a domain name could not be looked up.
func isLookup(err error) bool { return errors.As(err, new(*plan.LookupError)) }

// permissionHint names the permission that the refused request needs.
func permissionHint(err error) string {
	var e *graph.Error
	permission := "Policy.Read.All"
	switch {
	case isLookup(err):
		permission = "CrossTenantInformation.ReadBasic.All"
	case errors.As(err, &e) && e.Method != http.MethodGet:
		permission = "Policy.ReadWrite.CrossTenantAccess"
	}
	hint := "this needs the permission " + permission + ", with admin consent"
	if isLookup(err) {
		hint += "; without it, name the partners by tenant ID instead of by domain"
	}
	return hint
}

// throttledHint is for a tenant that is short of quota.
func (e *env) throttledHint(err error) string {
	hint := cmp.Or(askedHint(err), "Graph is short of quota for this tenant: try again later")
	if e.writes {
		hint += ", or with a lower --max-rate"
	}
	return hint
}

// transientHint is for a fault that was not waited for, because Graph named a
// time that is too long, or because it stayed while others were answered.
func transientHint(err error) string {
	return cmp.Or(askedHint(err), "Graph has a fault of its own: try again, and give Microsoft the request-id if it stays")
}

// askedHint says how long Graph asked to be left alone; empty where it named no
// time.
func askedHint(err error) string {
	var e *graph.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		return fmt.Sprintf("Graph asks to be left alone for %s: try again after that", e.RetryAfter.Round(time.Second))
	}
	return ""
}

// visibilityHint is for an identity that is not shown a member. Entra gives some
// roles partners without their synchronization policies.
func (e *env) visibilityHint(err error, roles []string) string {
	use := "the role Security Reader or Global Reader, or an app with the permission Policy.Read.All"
	if e.writes {
		use = "the role Security Administrator, or an app with the permission Policy.ReadWrite.CrossTenantAccess"
	}
	var missing *graph.MissingMember
	if errors.As(err, &missing) && (missing.Shown || missing.Member != "identitySynchronization") {
		return fmt.Sprintf("run the command again; if Graph still leaves %s out, use %s", missing.Member, use)
	}
	for _, id := range roles {
		if name := partialRole(id); name != "" {
			return fmt.Sprintf("a %s sees partners and not their synchronization policies: use %s", name, use)
		}
	}
	return "this identity cannot see synchronization policies: use " + use
}

// partialRole names the roles that see partners without their policies, by the
// template ID that a token carries.
func partialRole(templateID string) string {
	switch strings.ToLower(templateID) {
	case "69091246-20e8-4a56-aa4d-066075b2a7a8":
		return "Teams Administrator"
	case "ac434307-12b9-4fa1-a708-88bf58caabc1":
		return "Global Secure Access Administrator"
	default:
		return ""
	}
}

// address holds the flags that say where a command goes and as whom, as they are
// typed, for the commands in hints.
type address struct{ cloud, graphURL, tenant, auth string }

// command is a command that can be run as it is printed: quoted for a POSIX shell,
// with the address of this one.
func (at address) command(verb string, args ...string) string {
	words := []string{"bulksync", verb}
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			arg = "./" + arg // a file, not a flag
		}
		words = append(words, shellQuote(arg))
	}
	if offline(verb) {
		return strings.Join(words, " ")
	}
	for _, f := range []struct{ name, value, standard string }{
		{"--cloud", at.cloud, ""}, {"--graph-url", at.graphURL, ""},
		{"--tenant", at.tenant, ""}, {"--auth", at.auth, "default"},
	} {
		if f.value != f.standard {
			words = append(words, f.name, shellQuote(f.value))
		}
	}
	return strings.Join(words, " ")
}

// offline reports whether a command runs without Graph, so that it needs no
// address.
func offline(verb string) bool { return verb == "show" || verb == "report" || verb == "undo" }

// onHostOf is the address with the host that a plan was made against: the plan
// would be refused on any other.
func (at address) onHostOf(p *plan.Plan) address {
	if at.graphURL = ""; p.HomeTenant.GraphURL != p.HomeTenant.Cloud.RootURL() {
		at.graphURL = p.HomeTenant.GraphURL
	}
	return at
}

// noteKept says where a plan is and how to apply it. Where a plan went that was
// written to a pipe or a device is not known.
func (e *env) noteKept(out string, at address) {
	if !isKept(out) {
		e.note("plan written to %s", out)
		return
	}
	e.note("plan saved in %s; to apply exactly this plan: %s", out, at.command("apply", out))
}

// shellQuote makes one word of s for a POSIX shell.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-./:@%+=,", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	if report.OneLine(s) != s {
		return printfWord(s)
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// printfWord makes one word of text that cannot be printed as it is. Letters and
// digits stay readable, so that edge still finds a token. (The shell drops a
// newline at the very end.)
func printfWord(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < utf8.RuneSelf && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c)) || strings.IndexByte("_-./:@", c) >= 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return `"$(printf '` + b.String() + `')"`
}
