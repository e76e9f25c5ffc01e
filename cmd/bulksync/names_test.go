package main

import (
	"bytes"
	"encoding/csv"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
)

// noCache keeps a process of a test from the cache of whoever runs it.
const noCache = "XDG_CACHE_HOME=" + os.DevNull

// A plan of 2,000 partners with 50 changes asks for 50 names and that of the home
// tenant, and the next one for none.
func TestAPlanAsksForWhatItShows(t *testing.T) {
	sim := graphsim.New(graphsim.Config{Partners: 2000, PageSize: 500})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	dir, cache := t.TempDir(), t.TempDir()
	file := filepath.Join(dir, "partners.csv")
	if err := os.WriteFile(file, fiftyChanges(sim), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	p := &process{in: strings.NewReader(""), out: &out, messages: messages{stderr: &errs}, cacheDir: func() (string, error) { return cache, nil }, getenv: func(name string) string {
		return map[string]string{"BULKSYNC_ACCESS_TOKEN": sim.Token(graphsim.TokenOptions{})}[name]
	}}
	for i, c := range []struct {
		mode string
		want int
	}{{"off", 0}, {"auto", 51}, {"auto", 0}, {"off", 0}, {"all", 2000}, {"auto", 0}} {
		sim.ResetRequests()
		out.Reset()
		if code := p.run(always(t), []string{"plan", file, "--names", c.mode, "--graph-url", server.URL}); code != exitDone {
			t.Fatalf("exit code %d: %s", code, errs.String())
		}
		asked := 0
		for _, r := range sim.Requests() {
			if strings.Contains(r.Path, "findTenantInformation") {
				asked++
			}
		}
		if asked != c.want || !strings.Contains(out.String(), "50 to update") || strings.Contains(out.String(), "name-differs") {
			t.Errorf("plan %d, --names %s: asked %d times, want %d\n%s", i+1, c.mode, asked, c.want, errs.String())
		}
		if named := strings.Contains(out.String(), "Adatum Corporation") && strings.Contains(out.String(), ".example"); named != (c.mode != "off") {
			t.Errorf("plan %d, --names %s: names are shown: %v", i+1, c.mode, named)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(cache, "bulksync", "*")); len(files) != 1 || filepath.Base(files[0]) != "names-global-other.json" {
		t.Errorf("the cache has %v", files)
	}
}

// fiftyChanges is a CSV of all partners but that of the service, which switches 50
// of them on.
func fiftyChanges(sim *graphsim.Sim) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write([]string{"tenantId", "displayName", "isSyncAllowed"})
	changes := 50
	for _, p := range sim.Partners() {
		name, allowed := demoSync(p)
		if is, err := strconv.ParseBool(allowed); err == nil && !is && changes > 0 {
			allowed = "true"
			changes--
		}
		if p.TenantID != graphsim.SupportTenant {
			w.Write([]string{p.TenantID, name, allowed})
		}
	}
	w.Flush()
	return b.Bytes()
}

// A name in a directory cannot turn text around on a terminal, nor in a report.
func TestANameCannotDeceive(t *testing.T) {
	const partner, turned = "0a1b2c3d-1111-4a5b-8c9d-0e1f2a3b4c01", "Alder\u202esllim"
	sim := graphsim.New(graphsim.Config{Tenants: []graphsim.Tenant{
		{TenantID: partner, DisplayName: turned, DefaultDomainName: "a.example"},
		{TenantID: graphsim.DefaultHomeTenant, DisplayName: turned, DefaultDomainName: "b.example"},
	}})
	sim.SetPartner(graphsim.Partner{TenantID: partner})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	file, plan := filepath.Join(dir, "partners.csv"), filepath.Join(dir, "plan.json")
	if err := os.WriteFile(file, []byte("tenantId,isSyncAllowed\n"+partner+",true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	p := &process{in: strings.NewReader(""), out: &out, messages: messages{stderr: &errs}, getenv: func(name string) string {
		return map[string]string{"BULKSYNC_ACCESS_TOKEN": sim.Token(graphsim.TokenOptions{})}[name]
	}}
	run := func(args ...string) {
		t.Helper()
		if code := p.run(always(t), args); code != exitDone && code != exitDiffers {
			t.Fatalf("%v: exit code %d: %s", args, code, errs.String())
		}
	}
	run("plan", file, "--graph-url", server.URL, "--out", plan)
	for _, format := range []string{"text", "csv", "markdown", "html"} {
		run("show", plan, "--format", format)
	}
	run("verify", plan)
	run("approve", plan, "--as", "ada")
	run("audit", file, "--graph-url", server.URL)
	run("apply", plan, "--graph-url", server.URL, "--yes", "--run-dir", filepath.Join(dir, "run"))
	run("verify", filepath.Join(dir, "run"))
	if text := out.String() + errs.String(); strings.Contains(text, "\u202e") || !strings.Contains(text, "Alder") {
		t.Error(text)
	}
}

// A service that asks for a long wait at a name ends the look-ups, not the audit.
// What the store keeps proves what was learned, and that the rest is unknown.
func TestEvidenceOfNamesThatWereNotGiven(t *testing.T) {
	sim := graphsim.New(graphsim.Config{Partners: 30})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	fault, err := graphsim.ParseFault("429,path=findTenant,nth=6,retry-after=200s")
	if err != nil {
		t.Fatal(err)
	}
	sim.Inject(fault)
	dir := t.TempDir()
	file, store := filepath.Join(dir, "partners.csv"), filepath.Join(dir, "store")
	if err := os.WriteFile(file, []byte("tenantId,isSyncAllowed\n0a1b2c3d-1111-4a5b-8c9d-0e1f2a3b4c01,true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	p := &process{in: strings.NewReader(""), out: &out, messages: messages{stderr: &errs}, getenv: func(name string) string {
		return map[string]string{"BULKSYNC_ACCESS_TOKEN": sim.Token(graphsim.TokenOptions{})}[name]
	}}
	if code := p.run(always(t), []string{"audit", file, "--graph-url", server.URL, "--evidence", store}); code != exitDiffers {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	if n := strings.Count(errs.String(), "are unknown: GET /tenantRelationships/"); n != 1 {
		t.Errorf("told %d times:\n%s", n, errs.String())
	}
	if named := strings.Count(out.String(), ".example"); named == 0 {
		t.Error("no name was learned")
	}
	if code := p.run(always(t), []string{"verify", store}); code != exitDone {
		t.Errorf("verify: exit code %d: %s%s", code, out.String(), errs.String())
	}
}
