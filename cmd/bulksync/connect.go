package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/ratelimit"
)

// tenant is a home tenant that was signed in to: who asks, where, and at which
// pace. Every command reaches Graph through it, the built-in one too.
type tenant struct {
	client *graph.Client
	pace   *ratelimit.Transport
	took   mean
	id     auth.Identity
	home   graph.HomeTenant
}

// demand is what a command asks of its stack. The zero value is that of a
// command that reads.
type demand struct {
	pace     ratelimit.Options
	priority graph.Priority
	outage   time.Duration
}

// connect signs in and builds the stack of one home tenant: retries, the token,
// pacing, the wire. It sends nothing to Graph. Requests are of low priority
// unless another one is given: a batch can wait where people cannot.
func (a *app) connect(ctx context.Context, d demand) (*tenant, error) {
	t := &tenant{home: graph.HomeTenant{Cloud: cmp.Or(a.cloud, graph.Global)}}
	var err error
	if t.home.GraphURL, err = graph.CheckRoot(cmp.Or(a.global.graphURL, t.home.Cloud.RootURL())); err != nil {
		return nil, err
	}
	d.pace.Read = paceSignal
	if err := d.pace.Validate(); err != nil {
		return nil, err
	}
	session, err := a.signIn(ctx, t.home.Cloud)
	if err != nil {
		return nil, err
	}
	t.id = session.Identity()
	t.home.ID = t.id.TenantID
	if err := a.checkTenant(t.home.ID); err != nil {
		return nil, err
	}
	o := graph.Options{
		RootURL: t.home.GraphURL, UserAgent: "bulksync/" + version(), Priority: cmp.Or(d.priority, graph.LowPriority),
		Outage: cmp.Or(d.outage, a.outage(outageOfRead)),
		Layers: []func(http.RoundTripper) http.RoundTripper{
			session.Transport,
			func(next http.RoundTripper) http.RoundTripper {
				t.pace, _ = ratelimit.New(next, d.pace) // validated above
				return t.pace
			},
			func(next http.RoundTripper) http.RoundTripper { return attempts{next, a.log, &t.took} },
		},
	}
	if o.Outage < outageOfRead { // who waits for less does not wait longer for one answer
		o.FirstByte, o.ReadFirstByte = min(o.Outage, graph.DefaultFirstByte), o.Outage
	}
	t.client, err = graph.New(o)
	return t, err
}

// signIn gets a token and reads whose it is. A token without a tenant is of no
// use: nothing could be guarded.
func (a *app) signIn(ctx context.Context, cloud graph.Cloud) (*auth.Session, error) {
	cred, err := a.credential(cloud)
	if err != nil {
		return nil, hinted(err, hintSignIn)
	}
	session, err := auth.Acquire(ctx, cred, cloud.Scope())
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, hinted(err, hintSignIn)
	case session.Identity().TenantID == "":
		return nil, hinted(errors.New("the token does not say which tenant it is of, so nothing could be guarded"), hintSignIn)
	}
	return session, nil
}

const hintSignIn = "sign in with az login, set the AZURE_* variables of an app, or put a token in BULKSYNC_ACCESS_TOKEN"

func (a *app) credential(cloud graph.Cloud) (azcore.TokenCredential, error) {
	if token := a.getenv("BULKSYNC_ACCESS_TOKEN"); token != "" {
		return auth.Static(token), nil
	}
	return auth.Default(auth.Options{Cloud: cloud, TenantID: a.global.tenant})
}

// who is an identity for the record. A token that names no user is an app's.
func who(id auth.Identity) journal.Identity {
	kind := id.Kind
	switch {
	case id.User != "":
		kind = "user"
	case kind == "":
		kind = "app"
	}
	return journal.Identity{Kind: kind, AppID: id.AppID, AppName: id.AppName, User: id.User, TenantID: id.TenantID}
}
