package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"bulksync/graph/graphsim"
)

// stage is a built-in Graph with partners that have no sync policy yet, and a
// plan that gives each of them one.
type stage struct {
	program    string   // the program as shipped: users do not run the test binary
	dir        string   // of its own
	partners   []string // that have no sync policy yet
	url, token string   // where Graph is

	arrived atomic.Int64 // writes, at a Graph in this process
}

// build compiles the program and returns its path.
func build(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "bulksync.exe")
	out, err := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "../../cmd/bulksync").CombinedOutput()
	if err != nil {
		b.Fatalf("building the program: %v\n%s", err, out)
	}
	return path
}

// stageHere serves Graph in the process of the benchmark, over a real
// connection.
func stageHere(b *testing.B, program string, c graphsim.Config, partners int) (*stage, *graphsim.Sim) {
	b.Helper()
	s := &stage{program: program, dir: b.TempDir(), partners: ids(partners)}
	c.State = stateOf(s.partners)
	sim := graphsim.New(c)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			s.arrived.Add(1)
		}
		sim.ServeHTTP(w, r)
	}))
	b.Cleanup(server.Close)
	s.url, s.token = server.URL, sim.Token(graphsim.TokenOptions{})
	return s, sim
}

// where is what bulksync simulate prints about itself.
var where = regexp.MustCompile(`(?s)partners, at (\S+)\n.*BULKSYNC_ACCESS_TOKEN=(\S+)\n`)

// stageApart serves Graph in a separate process: bulksync simulate with these
// flags.
func stageApart(b *testing.B, program string, partners int, flags ...string) *stage {
	b.Helper()
	s := &stage{program: program, dir: b.TempDir(), partners: ids(partners)}
	state := filepath.Join(s.dir, "state.json")
	text, err := json.Marshal(stateOf(s.partners))
	err = errors.Join(err, os.WriteFile(state, text, 0o600))
	if err != nil {
		b.Fatal(err)
	}
	graph := exec.CommandContext(b.Context(), program, append([]string{"simulate", "--write-quota", "none", "--state", state}, flags...)...)
	out, err := graph.StdoutPipe()
	if err == nil {
		err = graph.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { graph.Process.Kill(); graph.Wait() })
	var said bytes.Buffer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		fmt.Fprintln(&said, lines.Text())
		if m := where.FindStringSubmatch(said.String()); m != nil {
			s.url, s.token = m[1], m[2]
			return s
		}
	}
	b.Fatalf("bulksync simulate said no more than:\n%s", &said)
	return nil
}

// ids are generated tenant IDs, the same every time.
func ids(n int) []string {
	random := rand.NewChaCha8([32]byte{3})
	all := make([]string, n)
	for i := range all {
		all[i] = uuid.Must(uuid.NewRandomFromReader(random)).String()
	}
	return all
}

func stateOf(partners []string) *graphsim.State {
	s := &graphsim.State{}
	for _, id := range partners {
		s.Partners = append(s.Partners, graphsim.Partner{TenantID: id})
	}
	return s
}

// csv writes a file that gives these partners a sync policy, and returns its path.
func (s *stage) csv(partners []string) (string, error) {
	f, err := os.CreateTemp(s.dir, "*.csv")
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "tenantId,displayName,isSyncAllowed")
	for i, id := range partners {
		fmt.Fprintf(w, "%s,Partner %d,true\n", id, i)
	}
	return f.Name(), errors.Join(w.Flush(), f.Close())
}

// plan makes the plan of such a file, and returns its path.
func (s *stage) plan(ctx context.Context, partners []string) (string, error) {
	csv, err := s.csv(partners)
	if err != nil {
		return "", err
	}
	_, err = s.run(ctx, s.token, "plan", csv, "--out", csv+".json", "--names", "off", "--quiet")
	return csv + ".json", err
}

// apply runs a plan as a person would, with these additional flags.
func (s *stage) apply(ctx context.Context, token, plan string, flags ...string) (*spent, error) {
	return s.run(ctx, token, append([]string{"apply", plan, "--yes", "--quiet", "--run-dir", plan + ".run"}, flags...)...)
}
