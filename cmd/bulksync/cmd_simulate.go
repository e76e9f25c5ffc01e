package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulksync/execute"
	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
	"bulksync/internal/atomicfile"
	"bulksync/plan/desired"
)

// simulateOptions describe the built-in Graph as a server.
type simulateOptions struct {
	listen                string
	partners, pageSize    int
	latency               time.Duration
	readQuota, writeQuota string
	window, slidingWindow string
	queue                 string
	inflightQuota         int
	seed                  int64
	faults                []string
	state                 string
	tls, fleet            string
	tenants               int
	tokenLifetime         time.Duration
}

// newSimulateOptions are the defaults of simulate.
func newSimulateOptions() simulateOptions {
	return simulateOptions{
		listen: "127.0.0.1:0", partners: 200, pageSize: 100, latency: 20 * time.Millisecond, writeQuota: "3000/150s", seed: 1, tenants: 1,
	}
}

func simulateCommand(c *commandLine) *cobra.Command {
	o := newSimulateOptions()
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Serve the built-in Graph, for rehearsals",
		Long:  simulateHelp,
		Example: `  bulksync simulate --listen 127.0.0.1:8080 --partners 2000
  bulksync simulate --fault 503,every=10,retry-after=2s --state graph.json
  bulksync simulate --tenants 30 --fleet fleet`,
		Args: takes(0, 0),
		RunE: c.verb(func(e *env, _ []string) error { return o.run(c.stops, e) }),
	}
	o.register(cmd.Flags())
	return cmd
}

const simulateHelp = `Serves an in-memory Graph that behaves like the real one, with strict bodies,
paging and throttling, and prints how to reach it from another terminal.
Ctrl-C ends it.

Without a quota of writes, it can limit them as other services do, and refuse
without Retry-After: by how many are in flight (--inflight-quota), or in
windows (--window, --sliding-window). A --queue refuses nothing, and becomes
slow. --write-quota none takes the quota away.

With --tenants it is the Graph of many home tenants: the token says which of
them is asked, each has its own partners and quotas, and the ID and the name of
tenant N are those of the seed that is N-1 higher. --fleet DIR writes a manifest
of them, fleet.yaml, with a CSV for each and the secrets in env.sh. Each tenant
is as its CSV wants it but for the second and each fifth after it (7, 12, ...):
one partner is not as its row says, and one has no row.

A fault is a kind and what it applies to, as in 503,nth=3,retry-after=7s or
reset-after,method=PUT,p=0.05. The kinds:

  400 to 599            that status, without effect; with -after, as in
                        500-after, the write took effect
  concurrency           409 Directory_ConcurrencyViolation
  reset-before, reset-after, refused
                        the connection is reset, or closed without an answer
  truncated, slow       the answer ends in the middle, or its second half
                        comes late
  silent, silent-after  no answer at all
  html, portal, error-200, and each with -after
                        200 with a sign-in page, with nothing, or with an error
  stale, lost           a write that shows late, or never
  empty, cut, huge, shape, bare-404, other-tenant, unexpanded, unselected, moved
                        a read that cannot be trusted
  foreign-link, same-link, relative-link
                        a page that leads elsewhere

What it applies to: method= (WRITE is all but GET), path=, nth=, every=,
times=, p= (chance), from= and for= (time since the start), tenant= (a number,
from 1; its requests are counted alone). How: retry-after=,
delay=, and body= (bom, odata, object-message, oauth, text, html, none, echo,
escapes) of an error.`

func (o *simulateOptions) register(fl *pflag.FlagSet) {
	fl.StringVar(&o.listen, "listen", o.listen, "`ADDRESS:PORT`: where to listen, on loopback")
	fl.IntVar(&o.partners, "partners", o.partners, "`N`: partners at the start")
	fl.IntVar(&o.pageSize, "page-size", o.pageSize, "`N`: partners on each page")
	fl.DurationVar(&o.latency, "latency", o.latency, "`TIME`: how long each answer takes")
	fl.StringVar(&o.readQuota, "read-quota", o.readQuota, "`N/TIME`: quota of reads, such as 8000/10s")
	fl.StringVar(&o.writeQuota, "write-quota", o.writeQuota, "`N/TIME`: quota of writes, or none; the default is what Graph documents")
	fl.IntVar(&o.inflightQuota, "inflight-quota", 0, "`N`: writes in flight; more are refused with 429")
	fl.StringVar(&o.window, "window", "", "`N/TIME`: quota of writes in fixed windows, such as 40/4s")
	fl.StringVar(&o.slidingWindow, "sliding-window", "", "`N/TIME`: quota of writes in any such time")
	fl.StringVar(&o.queue, "queue", "", "`TIME,PERCENT`: such as 5ms,10%: one write at a time, slower by that much for each that waits")
	fl.IntVar(&o.tenants, "tenants", o.tenants, "`N`: home tenants, each with its own token")
	fl.StringVar(&o.fleet, "fleet", "", "`DIR`: folder for a manifest of the home tenants, their CSVs and secrets")
	fl.Int64Var(&o.seed, "seed", o.seed, "`NUMBER`: what all data is generated from; another one is another home tenant")
	fl.StringArrayVar(&o.faults, "fault", nil, "`SPEC`: fault to simulate; may be repeated")
	fl.StringVar(&o.tls, "tls", "", "`DIR`: folder for the files of a rehearsal over https, with a sign-in host: docs/rehearsal.md")
	fl.DurationVar(&o.tokenLifetime, "token-lifetime", 0, "`TIME`: how long a token of the sign-in host lasts, with --tls (default 1h)")
	fl.StringVar(&o.state, "state", "", "`FILE`: file to load the state from if it exists, and to save it in at the end")
}

func (o *simulateOptions) config() (graphsim.Config, []graphsim.Fault, error) {
	c := graphsim.Config{Partners: o.partners, PageSize: o.pageSize, Latency: o.latency, Seed: o.seed}
	if err := o.limits(&c); err != nil {
		return c, nil, err
	}
	if o.partners < 0 || o.pageSize < 1 || o.latency < 0 {
		return c, nil, errors.New("--partners and --latency must not be negative, and --page-size must be at least 1")
	}
	if o.tokenLifetime != 0 && o.tls == "" {
		return c, nil, errors.New("--token-lifetime is for the tokens of a sign-in host: give --tls DIR as well")
	}
	var faults []graphsim.Fault
	for _, spec := range o.faults {
		fault, err := graphsim.ParseFault(spec)
		if err != nil {
			return c, nil, fmt.Errorf("--fault %q: %w", spec, err)
		}
		if fault.Tenant > o.tenants {
			return c, nil, fmt.Errorf("--fault %q: there is no tenant %d: --tenants is %d", spec, fault.Tenant, o.tenants)
		}
		faults = append(faults, fault)
	}
	return c, faults, nil
}

// limits reads the flags that say how the service limits requests.
func (o *simulateOptions) limits(c *graphsim.Config) (err error) {
	for _, f := range []struct {
		flag, value string
		to          *graphsim.Quota
	}{
		{"--read-quota", o.readQuota, &c.ReadQuota}, {"--write-quota", o.writeQuota, &c.WriteQuota},
		{"--window", o.window, &c.Window}, {"--sliding-window", o.slidingWindow, &c.SlidingWindow},
	} {
		if *f.to, err = quota(f.flag, f.value); err != nil {
			return err
		}
	}
	if o.queue != "" {
		if c.Queue, err = graphsim.ParseQueue(o.queue); err != nil {
			return fmt.Errorf("--queue: %w", err)
		}
	}
	if c.InflightQuota = o.inflightQuota; c.InflightQuota < 0 {
		return errors.New("--inflight-quota must not be negative")
	}
	return nil
}

func quota(flag, s string) (graphsim.Quota, error) {
	if s == "" || s == "none" {
		return graphsim.Quota{}, nil
	}
	q, err := graphsim.ParseQuota(s)
	if err != nil {
		return q, fmt.Errorf("%s: %w", flag, err)
	}
	return q, nil
}

func (e *env) readState(ctx context.Context, path string) (*graphsim.State, error) {
	if path == "" {
		return nil, nil
	}
	s, err := readFile(ctx, &e.process, path, func(r io.Reader) (*graphsim.State, error) {
		var s graphsim.State
		if err := json.NewDecoder(r).Decode(&s); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if s.HomeTenant != "" && !desired.IsCanonicalGUID(strings.ToLower(s.HomeTenant)) {
			return nil, fmt.Errorf("%s: homeTenant %q is not a GUID", path, s.HomeTenant)
		}
		return &s, nil
	})
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return s, err
}

// isFleet reports whether there is more than the one tenant that simulate was made for.
func (o *simulateOptions) isFleet() bool { return o.tenants > 1 || o.fleet != "" }

// maxTenants is how many home tenants one process can hold.
const maxTenants = 10_000

func (o *simulateOptions) checkFleet() error {
	switch {
	case o.tenants < 1 || o.tenants > maxTenants:
		return fmt.Errorf("--tenants must be from 1 to %d", maxTenants)
	case o.isFleet() && o.state != "":
		return errors.New("--state keeps one tenant: leave it out with --tenants and --fleet")
	case o.fleet != "" && o.partners < fleetPartners:
		return fmt.Errorf("--fleet needs at least %d --partners, so that there is something for a CSV to say", fleetPartners)
	}
	return nil
}

func (o simulateOptions) run(stops execute.Stops, e *env) error {
	cfg, faults, err := o.config()
	if err == nil {
		err = e.checkOutputs(stops.Soft, []output{{stateFile, o.state}})
	}
	if err == nil {
		cfg.State, err = e.readState(stops.Soft, o.state)
	}
	if err != nil {
		return err
	}
	if host, _, err := net.SplitHostPort(o.listen); err != nil || !graph.IsLoopback(host) {
		return fmt.Errorf("--listen %q: give a loopback address with a port, such as 127.0.0.1:8080", o.listen)
	}
	if err := o.checkFleet(); err != nil {
		return err
	}
	cfg.Cloud = e.cloud
	farm := o.farm(cfg)
	farm.Inject(faults...)
	stop, err := o.open(stops.Soft, e, farm)
	if err != nil {
		return err
	}
	<-stops.Soft.Done()
	stop()
	if o.state != "" {
		err = e.writeFile(context.WithoutCancel(stops.Soft), o.state, func(w io.Writer) error {
			enc := json.NewEncoder(w)
			enc.SetIndent("", "  ")
			return enc.Encode(farm.Sims()[0].State())
		})
	}
	return err
}

// farm are the home tenants. Those of a manifest redeem what they synchronize, so that
// nothing but what the CSVs want can differ.
func (o *simulateOptions) farm(cfg graphsim.Config) *graphsim.Farm {
	if cfg.State != nil { // which says whose it is
		return graphsim.NewFarm([]graphsim.Config{cfg})
	}
	farm := graphsim.NewFarm(graphsim.FarmOf(cfg, o.tenants))
	if o.fleet != "" {
		for _, sim := range farm.Sims() {
			redeem(sim)
		}
	}
	return farm
}

// open serves the home tenants and says how to reach them, until stop is called.
func (o *simulateOptions) open(ctx context.Context, e *env, farm *graphsim.Farm) (stop func(), err error) {
	var told string
	if o.tls != "" {
		told, stop, err = o.openTLS(ctx, e, farm)
	} else {
		told, stop, err = o.openPlain(ctx, e, farm)
	}
	if err != nil {
		return nil, err
	}
	if _, err = io.WriteString(e.out, told); err != nil {
		stop()
		return nil, fmt.Errorf("writing the result: %w", atomicfile.WithoutPath(err))
	}
	return stop, nil
}

// openTLS serves the home tenants with a sign-in host.
func (o *simulateOptions) openTLS(ctx context.Context, e *env, farm *graphsim.Farm) (told string, stop func(), err error) {
	r, stop, err := e.rehearse(ctx, farm, *o)
	switch {
	case err != nil:
		return "", nil, err
	case o.fleet != "":
		return r.toldFleet(o.fleet), stop, nil
	default:
		return r.told(), stop, nil
	}
}

// openPlain serves the home tenants over http, with a token for each.
func (o *simulateOptions) openPlain(ctx context.Context, e *env, farm *graphsim.Farm) (told string, stop func(), err error) {
	url, stop, err := serve(farm, o.listen)
	if err != nil {
		return "", nil, err
	}
	s := &simulated{url: url, cloud: e.cloud, tenants: simulatedTenants(farm, func(sim *graphsim.Sim) string { return sim.Token(graphsim.TokenOptions{}) })}
	if o.fleet == "" {
		return s.toldTokens(address{cloud: string(e.cloud), graphURL: url, auth: string(auth.ByDefault)}.command("doctor")), stop, nil
	}
	if err := e.writeFolders(ctx, []rehearsalFolder{{"--fleet", o.fleet, s.fleetFiles(settingsText(ownLeftovers, s.secrets()))}}); err != nil {
		stop()
		return "", nil, err
	}
	return s.toldFleet(o.fleet), stop, nil
}

// serve serves a handler on a loopback address. The returned function stops it
// and waits for that.
func serve(h http.Handler, listen string) (url string, stop func(), err error) {
	l, err := listenOn(listen)
	if err != nil {
		return "", nil, err
	}
	return "http://" + l.Addr().String(), serveOn(l, h), nil
}

// listenOn listens on an address, which may be taken already.
func listenOn(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, hinted(err, "take another port: --listen 127.0.0.1:0 takes one that is free, and says which")
	}
	return l, nil
}
