package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
)

// A hint is a command that can be typed as it is printed.
func TestCommandsOfHints(t *testing.T) {
	at := address{auth: "default", graphURL: "http://127.0.0.1:1"}
	for want, got := range map[string]string{
		"bulksync apply ./-x --graph-url http://127.0.0.1:1": at.command("apply", "-x"),
		"bulksync report 'a b'":                              at.command("report", "a b"),
		"./-x.json":                                          shellFile("-x.json"),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// Text from a file or the network reaches neither a terminal nor a log
// uncleaned.
func TestEdge(t *testing.T) {
	const nasty = "##vso[x] ::error::y ##[z]\x1b[2Jb\u202ec\r\nd \u200be eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ4In0.c2ln f"
	var b bytes.Buffer
	e := &env{process: process{messages: messages{stderr: &b}}}
	for _, format := range []string{"text", "json"} {
		e.asJSON = format == inJSON
		log, err := newLog(&e.process, "debug", format)
		if err != nil {
			t.Fatal(err)
		}
		log.Debug("answer", "path", nasty, "error", errors.New(nasty), slog.Group("in", "deep", nasty))
		e.note("a note on %s", nasty)
		e.sayError(fmt.Errorf("an error: %s", nasty))
		e.sayError(refused(nasty, "%s", nasty))
		e.remarkAt(&position{nasty, 1, 2}, nasty)
	}
	for _, bad := range []string{"\x1b", "\u202e", "\u200b", "\r", "eyJ", "c2ln", "##", " ::"} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("%q is in\n%s", bad, b.String())
		}
	}
	if n := strings.Count(b.String(), "[token removed]"); n != 18 {
		t.Errorf("%d tokens were taken out of\n%s", n, b.String())
	}
	b.Reset()
	e.sayError(errors.New(`graph URL "https://me:hunter2@graph.example/" is not a host URL`))
	if strings.Contains(b.String(), "hunter2") {
		t.Error(b.String())
	}
}

// A tenant whose policies this identity cannot see was not read, and the hint
// names a role that is known for it.
func TestNotVisible(t *testing.T) {
	err := error(&graph.ListError{Page: 1, Err: &graph.Error{Kind: graph.NotVisible, Status: 200}})
	for role, want := range map[string]string{
		"69091246-20E8-4A56-AA4D-066075B2A7A8": "a Teams Administrator sees partners, but not their",
		"ac434307-12b9-4fa1-a708-88bf58caabc1": "a Global Secure Access Administrator sees",
		"5d6b6bb7-de71-4623-b4af-96380a352509": "this identity cannot see synchronization policies",
	} {
		e, id := &env{}, (auth.Identity{RoleTemplateIDs: []string{"00000000-0000-0000-0000-000000000000", role}})
		got := e.unread(id, err)
		if codeOf(got) != exitIncomplete || !strings.Contains(e.hintOf(got), want) || !strings.Contains(e.hintOf(got), "Security Reader") {
			t.Errorf("%s: exit code %d, %s", role, codeOf(got), e.hintOf(got))
		}
		e.writes = true
		if got := e.hintOf(e.unread(id, err)); !strings.Contains(got, "Security Administrator") {
			t.Errorf("for writing: %s", got)
		}
	}
}

// A policy that a request for it alone shows is not hidden from this identity.
func TestNotVisibleInTheListAlone(t *testing.T) {
	err := &graph.Error{Kind: graph.NotVisible, Status: 200, Err: &graph.MissingMember{Member: "identitySynchronization", Shown: true}}
	e := &env{}
	if got := e.hintOf(e.unread(auth.Identity{}, &graph.ListError{Page: 1, Err: err})); !strings.HasPrefix(got, "run the command again; if Graph still leaves identitySynchronization out, use") {
		t.Error(got)
	}
}

// A host that never answered is not a tenant; one that stopped answering, or
// that answers with faults, is a tenant that was not read.
func TestUnread(t *testing.T) {
	for _, tc := range []struct {
		name         string
		page, status int
		kind         graph.Kind
		want         int
	}{
		{"no host", 1, 0, graph.Unreachable, exitCannotRun},
		{"no host for long", 1, 0, graph.Outage, exitCannotRun},
		{"gone later", 2, 0, graph.Outage, exitIncomplete},
		{"faults alone", 1, 503, graph.Outage, exitIncomplete},
		{"a portal", 1, 0, graph.Unreadable, exitIncomplete},
		{"no permission", 1, 403, graph.Forbidden, exitIncomplete},
		{"a bad token", 1, 401, graph.Unauthorized, exitCannotRun},
		{"a token that ended meanwhile", 2, 401, graph.Unauthorized, exitIncomplete},
	} {
		err := &graph.ListError{Page: tc.page, Err: &graph.Error{Kind: tc.kind, Status: tc.status}}
		if got := codeOf((&env{}).unread(auth.Identity{}, err)); got != tc.want {
			t.Errorf("%s: exit code %d, want %d", tc.name, got, tc.want)
		}
	}
}

// After a refused token the hint names what the way to sign in reads, and nothing else.
func TestHintOfARefusedToken(t *testing.T) {
	refused := &graph.Error{Kind: graph.Unauthorized, Status: 401}
	for _, name := range auth.Ways() {
		e := newHome(t, graphsim.Config{}).env
		e.auth = auth.Way(name)
		got, ready := e.hintOf(refused), name == "token" || name == "default" // which the home has
		if !strings.HasSuffix(got, "; then run the command again") || strings.Contains(got, "BULKSYNC_ACCESS_TOKEN") != ready {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestParseRate(t *testing.T) {
	for _, tc := range []struct {
		typed     string
		perSecond float64
		burst     int
	}{
		{"10", 10, 0}, {"0.0001", 0.0001, 0}, {"100/10s", 10, 100}, {"1/10000h", 1.0 / 36e6, 1}, {"5e-324", 5e-324, 0}, {"30/m", 0.5, 30},
		{"0", 0, 0}, {"-1", 0, 0}, {"1e-400", 0, 0}, {"nan", 0, 0}, {"inf", 0, 0}, {"1e9", 0, 0}, {"", 0, 0}, {"/", 0, 0}, {"0/1s", 0, 0}, {"1/0s", 0, 0}, {"100/1ns", 0, 0},
	} {
		perSecond, burst, err := parseRate(tc.typed)
		if (err != nil) != (tc.perSecond == 0) || err == nil && (perSecond != tc.perSecond || burst != tc.burst) {
			t.Errorf("%q is %v with %d at once: %v", tc.typed, perSecond, burst, err)
		}
	}
}

// A hint says what can help: waiting longer cures no certificate, and a wait
// that Graph asked for is named.
// A run whose journal has no first entry cannot be resumed.
func TestHintOfALostJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	dir, file, err := rundir.Create(path, strings.NewReader("a plan"))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Release()
	defer file.Close()
	here := &env{}
	for want, r := range map[string]*journal.Result{
		"nothing was sent: free the disk and apply the plan again, in a new folder": {},
		"free the disk, then: " + here.address.command("resume", path):              {StartedAt: time.Unix(1, 0)},
	} {
		var e *exit
		if err := here.inFlight(dir, r, errors.New("full")); !errors.As(err, &e) || e.code != exitUnfinished || e.hint != want {
			t.Errorf("%v: hint %q, want %q", err, e.hint, want)
		}
	}
}

func TestHintsOfFaults(t *testing.T) {
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	c, err := graph.New(graph.Options{RootURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	untrusted := c.ListPartners(t.Context(), func(graph.Page) error { return nil })
	for _, tc := range []struct {
		err  error
		want string
	}{
		{untrusted, "check --graph-url; if a proxy inspects TLS here, let this machine trust its certificate authority (SSL_CERT_FILE)"},
		{&graph.Error{Kind: graph.Outage}, "check the network, the proxy and --graph-url; --outage waits longer"},
		{&graph.Error{Kind: graph.Unreachable}, "check the network, the proxy and --graph-url"},
		{&graph.Error{Kind: graph.Transient, RetryAfter: 24 * time.Hour}, "Graph asked for a pause of 24h0m0s: run the command again after that"},
		{&graph.Error{Kind: graph.Transient}, "Graph had an error of its own: run the command again; if it persists, give Microsoft the request-id"},
	} {
		if got := (&env{}).hintOf(tc.err); got != tc.want {
			t.Errorf("%v: %q, want %q", tc.err, got, tc.want)
		}
	}
}
