package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/plan"
	"bulksync/ratelimit"
)

// tenant is a home tenant that was signed in to: who asks, where, and at which
// pace. Every command reaches Graph through it, the built-in one too.
type tenant struct {
	client *graph.Client
	pace   *ratelimit.Transport
	id     auth.Identity
	home   plan.HomeTenant
}

// connect signs in and builds the stack of one home tenant: retries, the token,
// pacing, the wire. It sends nothing to Graph.
func (a *app) connect(ctx context.Context, pace ratelimit.Options) (*tenant, error) {
	t := &tenant{home: plan.HomeTenant{Cloud: a.cloud, GraphURL: a.global.graphURL}}
	if t.home.Cloud == "" {
		t.home.Cloud = graph.Global
	}
	if t.home.GraphURL == "" {
		t.home.GraphURL = t.home.Cloud.RootURL()
	}
	var err error
	if t.home.GraphURL, err = graph.CheckRoot(t.home.GraphURL); err != nil {
		return nil, err
	}
	pace.Read = paceSignal
	if err := pace.Validate(); err != nil {
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
	t.client, err = graph.New(graph.Options{
		RootURL: t.home.GraphURL, UserAgent: "bulksync/" + version(), Priority: "low",
		Layers: []func(http.RoundTripper) http.RoundTripper{
			session.Transport,
			func(next http.RoundTripper) http.RoundTripper {
				t.pace, _ = ratelimit.New(next, pace) // validated above
				return t.pace
			},
			func(next http.RoundTripper) http.RoundTripper { return logged{next, a.log} },
		},
	})
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

// paceSignal translates what Graph says about pace for the pacing layer.
func paceSignal(resp *http.Response) ratelimit.Signal {
	wait, named := graph.RetryAfter(resp.Header, time.Now())
	return ratelimit.Signal{
		Refused: resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable && named,
		Crowded: graph.IsCrowded(resp), RetryAfter: wait, Load: graph.Load(resp.Header),
	}
}

// logged writes one line for each attempt when the log asks for that much. A
// URL's query and headers stay out: they can hold page tokens and secrets.
type logged struct {
	next http.RoundTripper
	log  *slog.Logger
}

func (l logged) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := l.next.RoundTrip(req)
	attrs := []any{
		"method", req.Method, "path", req.URL.Path, "elapsed", time.Since(began).Round(time.Millisecond),
		"clientRequestId", req.Header.Get("client-request-id"),
	}
	if err != nil {
		l.log.Debug("no answer", append(attrs, "error", err)...)
	} else {
		l.log.Debug("answer", append(attrs, "status", resp.StatusCode, "requestId", resp.Header.Get("request-id"))...)
	}
	return resp, err
}

// checkTenant refuses a token of another tenant than the one asked for.
func (a *app) checkTenant(id string) error {
	if want := strings.ToLower(strings.Trim(a.global.tenant, "{} ")); want != "" && want != id {
		return refused("sign in to the tenant that you mean, or leave --tenant out",
			"the token is of tenant %s, and --tenant asks for %s", id, want)
	}
	return nil
}

// checkPlan refuses a plan that was made for another tenant, cloud or host than
// the one that would be written to. Rehearsals may move from one loopback
// address to another.
func (t *tenant) checkPlan(p *plan.Plan) error {
	switch {
	case p.HomeTenant.ID != t.home.ID:
		return refused("sign in to the plan's tenant, or make a plan for this one",
			"the plan is for home tenant %s, and the token is of %s", p.HomeTenant.ID, t.home.ID)
	case p.HomeTenant.Cloud != t.home.Cloud:
		return refused("leave --cloud out, or make a plan in this cloud",
			"the plan was made in the cloud %s, not in %s", p.HomeTenant.Cloud, t.home.Cloud)
	case p.HomeTenant.GraphURL != t.home.GraphURL && !(onLoopback(p.HomeTenant.GraphURL) && onLoopback(t.home.GraphURL)):
		return refused(fmt.Sprintf("if that is the host you mean, say so: --graph-url %s", p.HomeTenant.GraphURL),
			"the plan was made against %s, not %s", p.HomeTenant.GraphURL, t.home.GraphURL)
	default:
		return nil
	}
}

func onLoopback(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && graph.IsLoopback(u.Hostname())
}

// who names an identity for the record: a person by sign-in name, an app by
// name and ID.
func who(id auth.Identity) string {
	switch {
	case id.User != "":
		return "user " + id.User
	case id.AppName != "":
		return fmt.Sprintf("app %s (%s)", id.AppName, id.AppID)
	default:
		return "app " + id.AppID
	}
}
