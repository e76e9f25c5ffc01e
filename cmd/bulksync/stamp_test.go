package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"bulksync/graph/graphsim"
)

// TestAReleaseIsNamedInEveryRecord builds the program as a release is built, and
// looks for its version wherever a person or the host may read it.
func TestAReleaseIsNamedInEveryRecord(t *testing.T) {
	program := buildRelease(t, "9.8.7")
	t.Chdir(t.TempDir())
	sim := graphsim.New(graphsim.Config{})
	sim.SetPartner(graphsim.Partner{TenantID: killTenant(0)})
	agents := agentsOf{}
	server := httptest.NewServer(agents.before(sim))
	t.Cleanup(server.Close)
	if err := os.WriteFile("partners.csv", []byte("tenantId,displayName,isSyncAllowed\n"+killTenant(0)+",Fabrikam,yes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), program, append(args, "--graph-url", server.URL)...)
		cmd.Env = append(os.Environ(), "BULKSYNC_ACCESS_TOKEN="+sim.Token(graphsim.TokenOptions{}))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
		return string(out)
	}
	for _, word := range []string{"version", "--version"} {
		if out := run(word); !strings.HasPrefix(out, "bulksync 9.8.7 (go1.") {
			t.Errorf("%s prints %s", word, out)
		}
	}
	run("plan", "partners.csv", "--out", "plan.json")
	run("apply", "plan.json", "--yes", "--run-dir", "run")
	run("audit", "partners.csv", "--fail-on", "none", "--evidence", "store", "--out-dir", "audit")
	for _, pattern := range []string{"plan.json", "run/journal.jsonl", "store/*/manifest.json", "audit/audit.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		text, err := os.ReadFile(files[0])
		if err != nil || !strings.Contains(strings.ReplaceAll(string(text), " ", ""), `"version":"9.8.7"`) {
			t.Errorf("%s does not name the version: %.300s, %v", pattern, text, err)
		}
	}
	if got := agents.seen(); !slices.Equal(got, []string{"bulksync/9.8.7"}) {
		t.Errorf("the user agents are %q", got)
	}
}

// buildRelease builds the program with a version. It shares with this test what is
// compiled already, and so has to be built for the race detector where this is.
func buildRelease(t *testing.T, version string) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil { // as where tests run that were built elsewhere
		t.Skip(err)
	}
	args := []string{"build", "-buildvcs=false", "-ldflags", "-X main.release=" + version, "-o", filepath.Join(t.TempDir(), "bulksync.exe")}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		args = append(args, "-race")
	}
	if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return args[5]
}

// agentsOf counts the requests of each user agent.
type agentsOf struct{ sync.Map }

func (a *agentsOf) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.Store(r.UserAgent(), true)
		next.ServeHTTP(w, r)
	})
}

func (a *agentsOf) seen() (names []string) {
	a.Range(func(name, _ any) bool {
		names = append(names, name.(string))
		return true
	})
	return names
}
