package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/internal/session"
)

// Status is what came of a check.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Warn    Status = "warn"
	Fail    Status = "fail"
	Skipped Status = "skipped"
)

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Detail is what was seen, Next what to do about it; empty for nothing.
	Detail string `json:"detail"`
	Next   string `json:"next"`
}

// Limit is the longest that one check takes. Graph is given up a little earlier, so
// that the client can say what was wrong.
const (
	Limit    = 10 * time.Second
	patience = 8 * time.Second
)

// File is what is known of the input, before anything is asked.
type File struct {
	Name string
	// Fault is what is wrong with it, Next what to do about that; empty for nothing.
	Fault, Next string
	// Rows and Domains count its rows, and those that name a domain. Writes is the
	// most that it can ask to be written.
	Rows, Domains, Writes int
}

// Options say what to look at.
type Options struct {
	// Session is the way to Graph, as the commands have it. Its Record and Outage
	// are replaced.
	Session session.Options
	// SignIn is the way to sign in, in words. Renews means that it can get another
	// token when one ends. HowToSignIn is the next step if it fails.
	SignIn, HowToSignIn string
	Renews              bool
	// Asks means that a person signs in, who takes longer than a host.
	Asks bool
	// Task is what must be possible: auth.Reading, or auth.Writing beside it. If it is
	// empty, it is a warning that the identity cannot write.
	Task auth.Task
	File *File // nil without one
	// Advise is the next step after an error of Graph; empty if it knows none.
	Advise func(error, auth.Identity) string
	// Tell receives each check when it is done; its error ends the run. Nil is for
	// nobody.
	Tell func(Check) error
	// Resolve looks up the addresses of a host; nil asks the system.
	Resolve func(ctx context.Context, host string) ([]string, error)
}

// check is an entry of the table. A check whose needs failed is skipped.
type check struct {
	name  string
	needs []string
	look  func(*examination, context.Context) Check
}

// checks is the table, in the order in which it is told.
var checks = [...]check{
	{"file", nil, (*examination).file},
	{"dns", nil, (*examination).dns},
	{"tls", []string{"dns"}, (*examination).tls},
	{"clock", []string{"tls"}, (*examination).clock},
	{signInCheck, nil, (*examination).signIn},
	{"tenant", []string{"tls", "sign-in"}, (*examination).tenant},
	{"permissions", []string{"sign-in", "tenant"}, (*examination).permissions},
	{"lifetime", []string{"sign-in", "tenant"}, (*examination).lifetime},
	{"partners", []string{"tenant"}, (*examination).partners},
	{"synchronization", []string{"partners"}, (*examination).synchronization},
	{"template", []string{"tenant"}, (*examination).template},
	{"quota", []string{"tenant"}, (*examination).quota},
	{"names", []string{"tenant"}, (*examination).names},
	{"audit-log", []string{"tenant"}, (*examination).auditLog},
}

// examination is one run through the table, and what was learned so far.
type examination struct {
	Options
	root    string            // of Graph
	missing map[string]string // for each check without a good end, the one that failed

	probe    *http.Response // the answer to a request without a token; nil if none came
	probed   time.Time      // when it came
	signedIn *session.Session
	// other is set if the token is for another tenant than the one asked for.
	other  *session.MismatchError
	lookUp error // of the home tenant's name
	// nameless means that the look-up was answered without a name.
	nameless bool
	seen     listed
	wire     wire
}

// Run goes through the table. It returns an error if the options make no sense or
// ctx ends.
func Run(ctx context.Context, o Options) ([]Check, error) {
	o.Session.Cloud = cmp.Or(o.Session.Cloud, graph.Global)
	root, err := graph.CheckRoot(cmp.Or(o.Session.GraphURL, o.Session.Cloud.RootURL()))
	if err != nil {
		return nil, err
	}
	x := &examination{Options: o, root: root, missing: map[string]string{}}
	x.Session.Record, x.Session.Outage = x.wire.note, patience
	var all []Check
	for _, c := range checks {
		done := x.run(ctx, c)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		all = append(all, done)
		if o.Tell != nil {
			if err := o.Tell(done); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func (x *examination) run(ctx context.Context, c check) (done Check) {
	for _, n := range c.needs {
		if cause := x.missing[n]; cause != "" {
			x.missing[c.name] = cause
			return Check{c.name, Skipped, "not looked at, because " + cause + " failed", ""}
		}
	}
	limited, cancel := context.WithTimeout(ctx, x.limit(c))
	defer cancel()
	done = c.look(x, limited)
	done.Name = c.name
	if done.Status == Fail {
		x.missing[c.name] = c.name
	}
	return done
}

// signInCheck is the name of the check that signs in.
const signInCheck = "sign-in"

// personTime is how long a person may take to sign in: about the life of a device
// code.
const personTime = 15 * time.Minute

// limit is how long a check may take.
func (x *examination) limit(c check) time.Duration {
	if x.Asks && c.name == signInCheck {
		return personTime
	}
	return Limit
}

func ok(detail string, args ...any) Check {
	return Check{Status: OK, Detail: fmt.Sprintf(detail, args...)}
}

func warn(next, detail string, args ...any) Check {
	return Check{Status: Warn, Detail: fmt.Sprintf(detail, args...), Next: next}
}

func fail(next, detail string, args ...any) Check {
	return Check{Status: Fail, Detail: fmt.Sprintf(detail, args...), Next: next}
}

func skip(detail string) Check { return Check{Status: Skipped, Detail: detail} }

// failed is a check that ended with an error of Graph. What nothing that was asked
// for needs is a warning.
func (x *examination) failed(status Status, err error) Check {
	next := ""
	if x.signedIn != nil {
		next = x.Advise(err, x.signedIn.Identity())
	}
	detail := err.Error()
	switch {
	case errors.Is(err, graph.Outage): // a check has a time of its own, whatever --outage says
		next = nextNetwork
	case !errors.Is(err, context.DeadlineExceeded):
	case x.wire.lastStatus() == http.StatusTooManyRequests:
		detail, next = "Graph throttled the request, and asked for a longer pause than a check has", "run doctor again later"
	default:
		detail = fmt.Sprintf("no answer in %s", Limit)
		next = cmp.Or(next, nextNetwork)
	}
	return Check{Status: status, Detail: detail, Next: next}
}

const nextNetwork = "check the network, the proxy (HTTPS_PROXY) and --graph-url"

// file says whether the input can be read, and what it asks for.
func (x *examination) file(context.Context) Check {
	f := x.File
	switch {
	case f == nil:
		return skip("no file was given")
	case f.Fault != "":
		return fail(f.Next, "%s", f.Fault)
	default:
		return ok("%s: %s, at most %s", f.Name, counted(f.Rows, "row"), counted(f.Writes, "write"))
	}
}

// wire is what was seen of the requests with a token.
type wire struct {
	mu                   sync.Mutex
	answers, units, last int
	used                 float64 // the largest share of the quota that an answer named
	throttled            int
}

// note notes one attempt. Several can end at once.
func (w *wire) note(e graph.Exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last = e.Status; e.Status == 0 {
		return
	}
	w.answers++
	w.units += resourceUnits(e.Header)
	w.used = max(w.used, graph.QuotaUsed(e.Header))
	if e.Status == http.StatusTooManyRequests {
		w.throttled++
	}
}

func (w *wire) lastStatus() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}
