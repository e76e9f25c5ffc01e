package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
)

// The partners of the tenant that the recipes audit, and of their file: one is
// missing, and one is extra.
const (
	adatum       = "0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01"
	bellows      = "1c8d6e2f-6d1a-4a1b-8b62-3a3b5d3a1b02"
	contoso      = "2d9e7f3a-7e2b-4b2c-9c73-4b4c6e4b2c03"
	partnersFile = "tenantId,displayName,isSyncAllowed\n" + adatum + ",Adatum,true\n" + bellows + ",Bellows,true\n"
)

// graph is a Graph with partners. It puts their file into a folder of the recipe.
func (r *recipe) graph(folder string) *graphsim.Sim {
	r.t.Helper()
	sim := graphsim.New(graphsim.Config{PageSize: 1})
	for id, name := range map[string]string{adatum: "Adatum", contoso: "Contoso"} {
		sim.SetPartner(graphsim.Partner{TenantID: id, IdentitySynchronization: graphsim.SyncAllowed(name, true)})
	}
	if err := os.WriteFile(filepath.Join(r.dir, folder, "partners.csv"), []byte(partnersFile), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return sim
}

// canRead makes tokens that can only read.
var canRead = graphsim.TokenOptions{Permissions: []string{graphsim.PermissionRead}}

// tenant serves a Graph for the recipe, and gives it a token.
func (r *recipe) tenant(folder string) (sim *graphsim.Sim, url string) {
	r.t.Helper()
	sim = r.graph(folder)
	server := httptest.NewServer(sim)
	r.t.Cleanup(server.Close)
	r.env = append(r.env, "BULKSYNC_ACCESS_TOKEN="+sim.Token(canRead))
	return sim, server.URL
}

// signIn serves a Graph for the recipe with a sign-in host, and gives it what its
// scheduler would: no token.
func (r *recipe) signIn(folder string) (sim *graphsim.Sim, host *graphsim.SignIn, url string) {
	r.t.Helper()
	if runtime.GOOS == "darwin" {
		r.t.Skip("SSL_CERT_FILE is not followed here")
	}
	sim = r.graph(folder)
	cert, pair, err := newAppPair()
	authority, err2 := graphsim.NewAuthority()
	l, err3 := net.Listen("tcp", "127.0.0.1:0")
	if err := errors.Join(err, err2, err3); err != nil {
		r.t.Fatal(err)
	}
	host = graphsim.NewSignIn(sim, graphsim.SignInConfig{Certificates: []*x509.Certificate{cert}, Token: canRead})
	proxy := graphsim.NewProxy(host, authority)
	server := httptest.NewServer(proxy)
	end := serveOn(tls.NewListener(l, authority.ServerConfig()), host)
	r.t.Cleanup(func() { end(); server.Close(); proxy.Close() })
	url = "https://" + l.Addr().String()
	for name, text := range map[string][]byte{"ca.pem": authority.PEM(), "app.pem": pair, "federated": []byte(host.Assertion(graphsim.AssertionOptions{}))} {
		if err := os.WriteFile(filepath.Join(r.dir, name), text, 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
	r.env = append(r.env, "SSL_CERT_FILE="+filepath.Join(r.dir, "ca.pem"), "HTTPS_PROXY="+server.URL, "NO_PROXY=", "no_proxy=", "BULKSYNC_ACCESS_TOKEN=",
		"AZURE_TENANT_ID="+sim.HomeTenant(), "AZURE_CLIENT_ID="+graphsim.DefaultAppID,
		"AZURE_CLIENT_CERTIFICATE_PATH="+filepath.Join(r.dir, "app.pem"), "AZURE_FEDERATED_TOKEN_FILE="+filepath.Join(r.dir, "federated"),
		"ACTIONS_ID_TOKEN_REQUEST_URL="+url+graphsim.GitHubPath, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=job",
		"SYSTEM_OIDCREQUESTURI="+url+graphsim.PipelinesPath, "SYSTEM_ACCESSTOKEN=job", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID=connection")
	return sim, host, url
}

// signedIn checks how the recipe signed in, each time.
func signedIn(t *testing.T, host *graphsim.SignIn, by string) {
	t.Helper()
	all := host.Requests()
	if len(all) == 0 {
		t.Error("nobody signed in")
	}
	for _, q := range all {
		if q.By != "" && q.By != by || q.Status != http.StatusOK {
			t.Errorf("signed in with %+v, want %s", q, by)
		}
	}
}

// The CronJob and the unit sign in as their files say, and in no other way.
func TestTheRecipesOfTheScriptSignIn(t *testing.T) {
	for file, c := range map[string]struct{ flags, by string }{
		"kubernetes/audit.yaml":           {"(?m)^ +args: \\[/input/partners\\.csv, /evidence/store, (.*)\\]$", "assertion"},
		"schedule/bulksync-audit.service": {"(?m)^ExecStart=/opt/bulksync/audit\\.sh \\S+ \\S+ (.*)$", "certificate"},
	} {
		t.Run(file, func(t *testing.T) {
			r := scriptRecipe(t)
			_, host, url := r.signIn(".")
			flags := regexp.MustCompile(c.flags).FindStringSubmatch(readRepo(t, "samples/"+file))
			if flags == nil {
				t.Fatal("it does not say how to sign in")
			}
			r.audit.args = append(append(r.audit.args, strings.Fields(strings.ReplaceAll(flags[1], ",", " "))...), "--graph-url", url)
			r.run(r.audit, 2)
			signedIn(t, host, c.by)
		})
	}
}

// forbid makes the tenant differ in one more way.
func forbid(sim *graphsim.Sim, id string) {
	sim.Edit(id, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("somebody", false) })
}

// audits are the folders of the audits in a store.
func (r *recipe) audits(store string) []string {
	r.t.Helper()
	manifests, err := filepath.Glob(filepath.Join(r.dir, store, "*", "manifest.json"))
	if err != nil {
		r.t.Fatal(err)
	}
	return manifests
}

// The script keeps each audit in the store, hears of a finding once, and proves
// the store.
func TestTheAuditScriptKeepsEvidence(t *testing.T) {
	r := scriptRecipe(t)
	sim, url := r.tenant(".")
	script := r.audit.args
	run := func(want int, more ...string) ran {
		t.Helper()
		r.audit.args = append(append(script[:len(script):len(script)], "--graph-url", url, "--outage", "1s"), more...)
		return r.run(r.audit, want)
	}
	if got := run(2); !strings.Contains(got.stderr, "Bellows") || got.stdout == "" {
		t.Errorf("the first audit says %q and %q", got.stdout, got.stderr)
	}
	if got := run(0); got.stderr != "" {
		t.Errorf("with nothing new, it says %q", got.stderr)
	}
	run(2, "--fail-on", "any")
	forbid(sim, adatum)
	run(2)
	run(1, "--graph-url", "http://127.0.0.1:1")
	if n := len(r.audits("store")); n != 4 {
		t.Errorf("the store holds %d audits, want 4", n)
	}
	fault, err := graphsim.ParseFault("500,method=GET,nth=2,times=999")
	if err != nil {
		t.Fatal(err)
	}
	sim.Inject(fault)
	run(5)
	if n := len(r.audits("store")); n != 5 {
		t.Errorf("the store holds %d audits, want 5", n)
	}
}

// The script refuses an identity that could write, and tells of an altered store.
func TestTheAuditScriptRefuses(t *testing.T) {
	r := scriptRecipe(t)
	sim, url := r.tenant(".")
	r.audit.args = append(r.audit.args, "--graph-url", url)
	read := r.env
	r.env = append(read[:len(read):len(read)], "BULKSYNC_ACCESS_TOKEN="+sim.Token(graphsim.TokenOptions{}))
	if got := r.run(r.audit, 4); !strings.Contains(got.stderr, "refused") {
		t.Errorf("it says %q", got.stderr)
	}
	r.env = read
	r.run(r.audit, 2)
	manifest := r.audits("store")[0]
	page := filepath.Join(filepath.Dir(manifest), "graph", "page-0001.json")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, []byte(strings.Replace(string(text), "true", "false", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := r.run(r.audit, 4); !strings.Contains(got.stderr, "altered") {
		t.Errorf("it says %q", got.stderr)
	}
}

// setUp are the commands in the comment at the top of a pipeline, which make the
// branch of the evidence.
func setUp(t *testing.T, name string) string {
	t.Helper()
	var commands strings.Builder
	for line := range strings.Lines(readRepo(t, "samples/schedule/"+name)) {
		if command, ok := strings.CutPrefix(line, "#   "); ok {
			commands.WriteString(command)
		}
	}
	return commands.String()
}

// A pipeline keeps the store from run to run, in a repository, and every run
// begins with a new checkout of it.
func TestThePipelinesKeepEvidence(t *testing.T) {
	for file, make := range map[string]func(*testing.T) *recipe{"github-actions.yml": githubRecipe, "azure-pipelines.yml": azureRecipe} {
		t.Run(file, func(t *testing.T) {
			needs(t, "git")
			r := make(t)
			sim, host, url := r.signIn(r.audit.dir)
			r.install(`if [ "$1" = audit ]; then exec bulksync "$@" --graph-url ` + url + ` --outage 1s; fi; exec bulksync "$@"` + "\n")
			r.sh(".", `git init --quiet --bare --initial-branch=main origin.git
git clone --quiet origin.git first 2>&1
cd first
git config user.name Ada; git config user.email ada@localhost
`+setUp(t, file)+"cd ..; rm -rf first\n")
			checkout := func() {
				t.Helper()
				r.sh(".", `rm -rf "$1"; git clone --quiet --branch "$2" origin.git "$1"`, r.clone, r.branch)
			}
			job := func(want int) {
				t.Helper()
				checkout()
				r.run(r.audit, want)
				r.run(r.verify, 0)
				r.run(r.keep, 0)
			}
			job(2) // all is new
			job(0)
			forbid(sim, adatum)
			job(2)
			checkout()
			if n := len(r.audits(r.clone + "/store")); n != 3 {
				t.Errorf("the store holds %d audits, want 3", n)
			}
			r.run(r.verify, 0)
			r.run(r.keep, 0) // nothing to keep
			if got := r.sh(r.clone, "git log --format=%an"); got != "weekly audit\nweekly audit\nweekly audit\nAda\n" {
				t.Errorf("the commits are of\n%s", got)
			}
			r.overlap(checkout)
			signedIn(t, host, "assertion")
		})
	}
}

// overlap makes a run that began before another one had kept its evidence. Its
// push is refused.
func (r *recipe) overlap(checkout func()) {
	r.t.Helper()
	checkout()
	r.sh(".", `rm -rf before; cp -R "$1" before`, r.clone)
	r.run(r.audit, 0)
	r.run(r.keep, 0)
	r.sh(".", `rm -rf "$1"; mv before "$1"`, r.clone)
	r.env = append(r.env, "GITHUB_RUN_ID=2", "BUILD_BUILDID=2")
	r.run(r.audit, 0)
	r.run(r.keep, 1)
}
