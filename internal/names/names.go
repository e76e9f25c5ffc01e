package names

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"bulksync/graph"
	"bulksync/internal/words"
)

const (
	// atOnce is how many tenants are looked up at a time. The pace of reads holds
	// for them as for any other request.
	atOnce = 8
	// maxAsked bounds the look-ups of Auto: with more of them a reader would wait
	// longer for the names than for all else. The next command goes on from the cache.
	maxAsked = 2000
	// patience bounds their time.
	patience = time.Minute
	// silence is how long no look-up may be answered, in every mode: a name decides
	// nothing, so a service that does not give it ends the look-ups and not the
	// command. A slow answer of Graph takes a few seconds.
	silence = graph.TenantPatience
	// tellEvery is the time between two calls of Options.Waiting.
	tellEvery = 8 * time.Second
)

// Options say how to resolve names.
type Options struct {
	Mode   Mode
	Client *graph.Client
	// GraphURL is the host of the client. Cache is the file to keep names in; empty
	// means none.
	GraphURL, Cache string
	// Waiting is called every few seconds until Resolve ends, with the number of
	// look-ups that were answered and that of all. Nil means that nobody is told.
	Waiting func(answered, all int)
}

// Shown are the tenants that are about to be shown, by tenant ID in lower case. A
// reader needs the names of the first; those of the rest come from the cache,
// unless the mode is All.
type Shown struct{ First, Rest []string }

// Found is what is known of the tenants that are shown.
type Found struct {
	// Tenants has those that are known, by tenant ID.
	Tenants map[string]graph.Tenant
	// Unknown counts the tenants that were looked up and have no readable entry in
	// the directory; Unasked those that were not looked up although a reader needs them.
	Unknown, Unasked int
	// Problem is why asking ended early; nil if it did not.
	Problem error
	// CacheProblem is why the cache could not be read or written; nil if it could.
	CacheProblem error
}

// The reasons of the package itself to end early.
var (
	errTooMany = fmt.Errorf("a command looks up %s tenants at most unless --names all is given", words.Thousands(maxAsked))
	errTooSlow = fmt.Errorf("the look-ups took longer than %s", patience)
	errSilent  = fmt.Errorf("no look-up was answered for %s", silence)
)

// Resolve finds the names of the tenants that are shown. It returns an error only
// if ctx ends.
func Resolve(ctx context.Context, o Options, shown Shown) (*Found, error) {
	f := &Found{Tenants: map[string]graph.Tenant{}}
	if o.Mode == Off {
		return f, nil
	}
	c := openCache(o.Cache, o.GraphURL)
	a := asker{client: o.Client, learned: map[string]graph.Tenant{}}
	for i, id := range slices.Concat(shown.First, shown.Rest) {
		t, known := c.get(id)
		if known {
			f.Tenants[id] = t
		}
		if o.Mode == All || !known && i < len(shown.First) {
			a.ids = append(a.ids, id)
		}
	}
	limited, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	a.stop = stop
	if o.Mode != All {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeoutCause(limited, patience, errTooSlow)
		defer cancel()
	}
	end := a.watch(o.Waiting)
	a.ask(limited, o.Mode)
	end()
	for id, t := range a.learned {
		f.Tenants[id] = t
	}
	f.Problem, f.Unknown, f.Unasked = a.problem, a.unknown, len(a.ids)-a.answered
	f.CacheProblem = errors.Join(c.cannotRead, c.add(a.learned))
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return f, nil
}

// asker looks tenants up.
type asker struct {
	client *graph.Client
	ids    []string

	mu                sync.Mutex
	next              int // the place in ids of the next one to ask for
	answered, unknown int
	learned           map[string]graph.Tenant
	problem           error

	stop  context.CancelCauseFunc // ends what is being asked
	quiet *time.Timer             // runs since the last answer
}

// watch ends the look-ups when none is answered for too long, and says now and then
// how many have been, until end is called.
func (a *asker) watch(waiting func(answered, all int)) (end func()) {
	a.quiet = time.AfterFunc(silence, func() { a.stop(errSilent) })
	tick, quit := time.NewTicker(tellEvery), make(chan struct{})
	var gone sync.WaitGroup
	gone.Go(func() {
		for {
			select {
			case <-tick.C:
				a.mu.Lock()
				answered := a.answered
				a.mu.Unlock()
				if waiting != nil {
					waiting(answered, len(a.ids))
				}
			case <-quit:
				return
			}
		}
	})
	return func() {
		a.quiet.Stop()
		tick.Stop()
		close(quit)
		gone.Wait()
	}
}

// ask asks for one tenant and, if that is answered, for the others: a missing
// permission is refused once.
func (a *asker) ask(ctx context.Context, mode Mode) {
	most := len(a.ids)
	if mode != All {
		most = min(most, maxAsked)
	}
	a.work(ctx, min(most, 1))
	var workers sync.WaitGroup
	for range min(most, atOnce) {
		workers.Go(func() { a.work(ctx, most) })
	}
	workers.Wait()
	if a.problem == nil && most < len(a.ids) {
		a.problem = errTooMany
	}
}

// work looks up one tenant after the other, until most have been.
func (a *asker) work(ctx context.Context, most int) {
	for {
		a.mu.Lock()
		at := a.next
		if at >= most || a.problem != nil {
			a.mu.Unlock()
			return
		}
		a.next++
		a.mu.Unlock()
		t, err := a.client.Tenant(ctx, a.ids[at])
		a.mu.Lock()
		a.note(a.ids[at], t, err)
		a.mu.Unlock()
	}
}

// note keeps an answer. An error that is about one tenant leaves that one unknown;
// after any other, nothing more is asked, and what is being asked ends. A refusal after an answer is about one: the
// permission was enough before.
func (a *asker) note(id string, t graph.Tenant, err error) {
	switch {
	case err == nil && t != graph.Tenant{}:
		a.learned[id] = t
	case err == nil, isAboutOne(err), a.answered > 0 && errors.Is(err, graph.Forbidden):
		a.unknown++
	default:
		if a.problem == nil {
			a.problem = err
			a.stop(err)
		}
		return
	}
	a.answered++
	a.quiet.Reset(silence)
}

func isAboutOne(err error) bool {
	return slices.ContainsFunc([]graph.Kind{graph.NotFound, graph.Invalid, graph.Unreadable}, func(k graph.Kind) bool { return errors.Is(err, k) })
}

// Note says in one sentence which names are missing, and why; empty if none is.
func (f *Found) Note() string {
	var forbidden string
	if errors.Is(f.Problem, graph.Forbidden) {
		forbidden = "the permission " + graph.PermissionTenantInformation + " is missing, which looking up names needs"
	}
	n := f.Unasked + f.Unknown
	missing, it := fmt.Sprintf("the names of %s are unknown", words.Count(n, "tenant")), "them"
	if n == 1 {
		missing, it = "the name of 1 tenant is unknown", "it"
	}
	switch {
	case f.Problem == nil && f.Unknown == 0:
		return ""
	case f.Problem == nil:
		return missing + ": Graph does not give " + it
	case forbidden != "":
		return missing + ": " + forbidden
	default:
		return fmt.Sprintf("%s: %v", missing, f.Problem)
	}
}
