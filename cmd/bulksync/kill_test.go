package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph/graphsim"
)

// victim is the program running against Graph over real HTTP, in a process that
// is killed now and then.
type victim struct {
	t     *testing.T
	sim   *graphsim.Sim
	url   string
	token string
	asked atomic.Int64 // requests so far
	kills int
	// killed is set when the process that runs now is killed: on Windows its exit code
	// does not say so.
	killed atomic.Bool
	until  time.Time // no kills after that
}

const (
	killPartners = 60
	killsWanted  = 40
	killTime     = 10 * time.Second
)

// TestARunSurvivesBeingKilled applies a plan and its undo with a process that
// is killed at random moments, resumes until done, and checks what the
// tenant saw: everything in the end, nothing twice, and the old state after the
// undo.
func TestARunSurvivesBeingKilled(t *testing.T) {
	v := &victim{t: t, until: time.Now().Add(killTime)}
	rounds := 0
	for ; v.kills < killsWanted && time.Now().Before(v.until) || rounds == 0; rounds++ {
		v.stage()
		before := v.state()
		file := v.csv()
		v.must("plan", file, "--create-partners", "--out", "plan.json")
		run := v.survive("plan.json")
		if out := v.must("plan", file, "--create-partners", "--format", "json"); !strings.Contains(out, `"create":0,"update":0,"delete":0`) {
			t.Errorf("a plan after the run is not empty:\n%.2000s", out)
		}
		v.survive(filepath.Join(run, "undo.json"))
		if diff := cmp.Diff(before, v.state()); diff != "" {
			t.Errorf("the undo did not bring the old state back (-old +now):\n%s", diff)
		}
	}
	t.Logf("%d kills in %d rounds of a run and its undo, %d writes a round", v.kills, rounds, killPartners*5/2)
}

// stage sets up a tenant that occasionally loses an answer.
func (v *victim) stage() {
	v.sim = graphsim.New(graphsim.Config{Seed: rand.Int64(), PageSize: 20, Latency: 10 * time.Millisecond})
	for i := range killPartners / 2 {
		v.sim.SetPartner(graphsim.Partner{TenantID: killTenant(i), IdentitySynchronization: graphsim.SyncAllowed("Old", false)})
	}
	v.sim.Inject(graphsim.Fault{Kind: graphsim.FaultResetAfter, Method: "WRITE", P: 0.03}, graphsim.Fault{Kind: graphsim.FaultTimeoutAfter, Method: "WRITE", P: 0.03})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.asked.Add(1)
		v.sim.ServeHTTP(w, r)
	}))
	v.t.Cleanup(server.Close)
	v.url, v.token = server.URL, v.sim.Token(graphsim.TokenOptions{})
	v.t.Chdir(v.t.TempDir())
}

func killTenant(i int) string { return fmt.Sprintf("%08d-aaaa-4bbb-8ccc-%012d", i+1, i+1) }

func (v *victim) csv() string {
	var b strings.Builder
	b.WriteString("tenantId,displayName,isSyncAllowed,inboundConsent\n")
	for i := range killPartners {
		fmt.Fprintf(&b, "%s,Fabrikam,yes,yes\n", killTenant(i))
	}
	if err := os.WriteFile("partners.csv", []byte(b.String()), 0o600); err != nil {
		v.t.Fatal(err)
	}
	return "partners.csv"
}

func (v *victim) state() string {
	text, err := json.MarshalIndent(v.sim.Partners(), "", " ")
	if err != nil {
		v.t.Fatal(err)
	}
	return string(text)
}

// survive applies a plan in spite of all kills and returns the run folder.
func (v *victim) survive(plan string) string {
	v.t.Helper()
	v.sim.ResetRequests()
	for n := 0; ; n++ {
		run := fmt.Sprintf("%s.run%d", strings.TrimSuffix(plan, ".json"), n)
		done := v.start(rand.N(300*time.Millisecond), "apply", plan, "--yes", "--run-dir", run)
		if !done && !v.begun(run) {
			continue // killed before the run began
		}
		for !done {
			done = v.start(rand.N(300*time.Millisecond), "resume", run)
		}
		v.nothingTwice()
		return run
	}
}

// begun reports whether a killed process left a run to resume.
func (v *victim) begun(run string) bool {
	journal, err := os.ReadFile(filepath.Join(run, "journal.jsonl"))
	if err == nil && bytes.IndexByte(journal, '\n') >= 0 {
		return true
	}
	if n := len(v.sim.Writes()); n > 0 {
		v.t.Fatalf("%d writes without a journal", n)
	}
	return false
}

// start runs the program until it ends or is killed, some time after its first
// request arrived, and reports whether it ended well.
func (v *victim) start(after time.Duration, args ...string) bool {
	v.t.Helper()
	cmd := v.command(args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	v.killed.Store(false)
	if err := cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	ended := make(chan struct{})
	go v.hunt(cmd.Process, v.asked.Load(), after, ended)
	err := cmd.Wait()
	close(ended)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return true
	case errors.As(err, &exit) && (exit.ExitCode() == -1 || runtime.GOOS == "windows" && exit.ExitCode() == 1 && v.killed.Load()):
		v.kills++
		return false
	default:
		v.t.Fatalf("bulksync %s: %v\n%s", strings.Join(args, " "), err, errs.String())
		return false
	}
}

// hunt kills the process some time after its first request, unless it has
// ended.
func (v *victim) hunt(p *os.Process, asked int64, after time.Duration, ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case <-time.After(time.Millisecond):
		}
		if v.asked.Load() == asked {
			continue
		}
		select {
		case <-ended:
		case <-time.After(after):
			if time.Now().Before(v.until) {
				v.killed.Store(true)
				p.Kill()
			}
		}
		return
	}
}

func (v *victim) must(args ...string) string {
	v.t.Helper()
	var errs bytes.Buffer
	cmd := v.command(args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		v.t.Fatalf("bulksync %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

func (v *victim) command(args ...string) *exec.Cmd {
	cmd := exec.Command("bulksync", append(args, "--graph-url", v.url, "--quiet")...)
	cmd.Env = append(os.Environ(), "BULKSYNC_ACCESS_TOKEN="+v.token, noCache)
	return cmd
}

// nothingTwice checks that no write took effect twice.
func (v *victim) nothingTwice() {
	landed := map[string]int{}
	for _, w := range v.sim.Writes() {
		if key := w.Method + " " + w.Path + " " + w.Body; w.Committed {
			if landed[key]++; landed[key] > 1 {
				v.t.Errorf("%s took effect %d times", key, landed[key])
			}
		}
	}
}
