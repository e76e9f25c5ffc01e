package session

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/ratelimit"
)

// Options say which home tenant to work on, and how. The zero value reads the
// tenant that the Azure identity library signs in to, in the global cloud.
type Options struct {
	// Cloud is the home tenant's cloud; empty means graph.Global.
	Cloud graph.Cloud
	// GraphURL replaces the cloud's host, as in a rehearsal.
	GraphURL string
	// Tenant is the only home tenant to work on, in lower case; empty means the
	// token's tenant.
	Tenant string
	// Auth is the way to sign in; empty means auth.ByDefault.
	Auth auth.Way
	// Token is a ready-made access token, for auth.ByToken and auth.ByDefault.
	Token string
	// Getenv returns the settings of the other ways; nil means the process's
	// environment.
	Getenv func(string) string
	// Prompt tells the person who signs in by hand what to do.
	Prompt func(message string)

	// Pace says how fast to go. Open sets its Read.
	Pace ratelimit.Options
	// Priority says which requests are refused first when the tenant is short
	// of quota; empty means low: a batch can wait where people cannot.
	Priority graph.Priority
	// Outage is how long to wait while Graph does not answer; 0 means
	// DefaultOutage.
	Outage time.Duration

	// UserAgent is sent with each request: name/version.
	UserAgent string
	// Log receives a line about each attempt at level debug; nil for none.
	Log *slog.Logger
	// Record receives every attempt and its answer; nil for none.
	Record func(graph.Exchange)
	// Base carries the attempts; nil means the session's own connections.
	Base http.RoundTripper
	// SignInBase carries the requests to the sign-in host; nil means the
	// identity library's own connections.
	SignInBase http.RoundTripper
}

// DefaultOutage suits a command that reads: it can be run again.
const DefaultOutage = time.Minute

// Session is a home tenant after sign-in. It is safe for concurrent use.
type Session struct {
	client   *graph.Client
	signedIn *auth.Session
	pace     *ratelimit.Transport
	answers  mean
	identity auth.Identity
	home     graph.HomeTenant
}

// Open signs in and builds the way to one home tenant. It sends nothing to
// Graph. A failed sign-in is a *SignInError, a token for another tenant than
// Options.Tenant a *MismatchError.
func Open(ctx context.Context, o Options) (*Session, error) {
	s := &Session{home: graph.HomeTenant{Cloud: cmp.Or(o.Cloud, graph.Global)}}
	var err error
	if s.home.GraphURL, err = graph.CheckRoot(cmp.Or(o.GraphURL, s.home.Cloud.RootURL())); err != nil {
		return nil, err
	}
	o.Pace.Read = paceSignal
	if err := o.Pace.Validate(); err != nil {
		return nil, err
	}
	signedIn, err := signIn(ctx, o, s.home.Cloud)
	if err != nil {
		return nil, err
	}
	s.signedIn, s.identity = signedIn, signedIn.Identity()
	s.home.ID = s.identity.TenantID
	if o.Tenant != "" && o.Tenant != s.home.ID {
		return nil, &MismatchError{ErrOtherTenant, o.Tenant, s.home.ID}
	}
	s.client, err = graph.New(s.stack(signedIn, o))
	return s, err
}

// stack is the client's options: the layers are token, pace, log, wire.
func (s *Session) stack(signedIn *auth.Session, o Options) graph.Options {
	log := cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	g := graph.Options{
		RootURL: s.home.GraphURL, UserAgent: o.UserAgent, Base: o.Base,
		Priority: cmp.Or(o.Priority, graph.LowPriority), Outage: cmp.Or(o.Outage, DefaultOutage),
		Layers: []func(http.RoundTripper) http.RoundTripper{
			signedIn.Transport,
			func(next http.RoundTripper) http.RoundTripper {
				s.pace, _ = ratelimit.New(next, o.Pace) // Open has validated it
				return s.pace
			},
			func(next http.RoundTripper) http.RoundTripper { return attempts{next, log, &s.answers} },
		},
	}
	if o.Record != nil {
		g.Layers = append(g.Layers, graph.Record(o.Record))
	}
	if g.Outage < DefaultOutage { // a shorter outage also shortens the wait for one answer
		g.FirstByte, g.ReadFirstByte = min(g.Outage, graph.DefaultFirstByte), g.Outage
	}
	return g
}

// signIn gets a token and reads whose it is. A token without a tenant is of no
// use: there would be nothing to guard.
func signIn(ctx context.Context, o Options, cloud graph.Cloud) (*auth.Session, error) {
	cred, err := auth.New(auth.Options{
		Way: o.Auth, Cloud: cloud, TenantID: o.Tenant, Token: o.Token, Getenv: o.Getenv, Prompt: o.Prompt, Base: o.SignInBase,
		Patience: cmp.Or(o.Outage, DefaultOutage),
	})
	if err != nil {
		return nil, &SignInError{err}
	}
	s, err := signInDuring(ctx, o, func() (*auth.Session, error) { return auth.Acquire(ctx, cred, cloud.Scope()) })
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, &SignInError{err}
	case s.Identity().TenantID == "":
		return nil, &SignInError{ErrNoTenant}
	}
	return s, nil
}

// signInDuring gets the first token. A sign-in host that does not answer is an outage
// like Graph's, and is waited for as long.
func signInDuring(ctx context.Context, o Options, acquire func() (*auth.Session, error)) (*auth.Session, error) {
	began, outage, level := time.Now(), cmp.Or(o.Outage, DefaultOutage), slog.LevelWarn
	for wait := time.Second; ; wait = min(2*wait, 15*time.Second) {
		s, err := acquire()
		what, asked := auth.Trouble(err)
		if !auth.MayPass(err) || time.Since(began)+max(wait, asked) > outage {
			return s, err
		}
		if o.Log != nil {
			o.Log.Log(ctx, level, what+"; trying again", "outage", outage, "error", err)
		}
		level = slog.LevelDebug // once is enough
		if graph.Sleep(ctx, max(wait, asked)) != nil {
			return nil, ctx.Err()
		}
	}
}

// Client sends requests to the home tenant.
func (s *Session) Client() *graph.Client { return s.client }

// CloseIdleConnections closes the connections to Graph that nothing uses.
func (s *Session) CloseIdleConnections() { s.client.CloseIdleConnections() }

// Identity is the identity that signed in.
func (s *Session) Identity() auth.Identity { return s.identity }

// Home is the tenant being worked on, and its address.
func (s *Session) Home() graph.HomeTenant { return s.home }

// Writes is what pacing has learned about writes so far.
func (s *Session) Writes() ratelimit.GateStats { return s.pace.Stats().Writes }

// Estimate says how long that many more writes will take, as a range. Before
// the first write, a write is assumed to take as long as answers have so far.
func (s *Session) Estimate(writes int) (low, high time.Duration) {
	return s.pace.Estimate(writes, s.answers.value())
}

// Latency is the mean time of an answer so far; 0 if there was none.
func (s *Session) Latency() time.Duration { return s.answers.value() }

// DownFor is how long Graph has not answered; ok is false while it does.
func (s *Session) DownFor() (d time.Duration, ok bool) {
	since, down := s.client.Down()
	if !down {
		return 0, false
	}
	return time.Since(since), true
}

// NoToken is why there is no token to ask Graph with, which then is not asked at
// all; empty while there is one.
func (s *Session) NoToken() string { return s.signedIn.Trouble() }

// WatchOutage calls tell at each interval while Graph does not answer, until
// end is called; tell is not called after end returns.
func (s *Session) WatchOutage(every time.Duration, tell func(down time.Duration)) (end func()) {
	quit := make(chan struct{})
	var gone sync.WaitGroup
	gone.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if d, down := s.DownFor(); down {
					tell(d)
				}
			case <-quit:
				return
			}
		}
	})
	return func() { close(quit); gone.Wait() }
}
