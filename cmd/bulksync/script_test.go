package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"bulksync/graph/graphsim"
	"bulksync/internal/atomicfile"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/script")

// TestMain lets the test binary act as the program, for the scripts and for
// tests that need a process to kill.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", "atexit_sleep_ms=0") // otherwise each process lingers for a second under the race detector
	testscript.Main(m, map[string]func(){"bulksync": main, "crash": crashMain})
}

// TestScripts runs the specification of the command line: each script in
// testdata/script types commands as a person would, with a Graph of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup:               setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": cmdExits, "sim": cmdSim, "wire": cmdWire, "nofile": cmdNoFile, "mode": cmdMode, "sub": cmdSub, "append": cmdAppend, "fill": cmdFill, "count": cmdCount, "token": cmdToken, "nosecret": cmdNoSecret,
		},
	})
}

// TestEveryVerbHasAScript finds a verb that no script runs. Two serve a Graph
// of their own, and have Go tests.
func TestEveryVerbHasAScript(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join("..", "..", "testdata", "script", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	var typed strings.Builder
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		typed.Write(text)
	}
	root := rootCommand(&commandLine{})
	for _, cmd := range append(root.Commands(), ofFleet(root)...) {
		switch line := cmd.CommandPath(); {
		case cmd.Name() == "demo", cmd.Name() == "simulate", isTopic(cmd):
		case !regexp.MustCompile(` ` + line + `\b`).MatchString(typed.String()):
			t.Errorf("no script in testdata/script runs %s", line)
		}
	}
}

// ofFleet are the verbs for many home tenants.
func ofFleet(root *cobra.Command) []*cobra.Command {
	fleet, _, err := root.Find([]string{fleetName})
	if err != nil {
		return nil
	}
	return fleet.Commands()
}

// scene is the Graph of one script.
type scene struct {
	sim  *graphsim.Sim
	echo atomic.Bool // answer like a server that repeats what it was sent
	// others are further home tenants by name, at the same address, and tokens are all
	// that the script has.
	others *farm
	tokens []string
}

// ServeHTTP is the Graph of the script, or a server that repeats every request.
func (s *scene) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.echo.Load() {
		if other := s.others.of(r); other != nil {
			other.ServeHTTP(w, r)
			return
		}
		s.sim.ServeHTTP(w, r)
		return
	}
	got := r.Header.Get("Authorization")
	w.Header().Set("Request-Id", got)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": "BadRequest", "message": "you sent " + got}})
}

// answered counts the writes that got an answer.
func (s *scene) answered() (n int) {
	for _, w := range s.sim.Writes() {
		if w.Status != 0 {
			n++
		}
	}
	return n
}

type sceneKey struct{}

// setupScript starts an empty tenant and sets how to reach it. A script fills
// it with sim commands.
func setupScript(env *testscript.Env) error {
	sim := graphsim.New(graphsim.Config{PageSize: 2})
	s := &scene{sim: sim, others: newFarm()}
	server := httptest.NewServer(s)
	env.Defer(server.Close)
	env.Values[sceneKey{}] = s
	env.Setenv("GRAPH", server.URL)
	env.Setenv("HOME_TENANT", sim.HomeTenant())
	s.tokens = []string{sim.Token(graphsim.TokenOptions{})}
	env.Setenv("BULKSYNC_ACCESS_TOKEN", s.tokens[0])
	env.Setenv("OPEN_HOURS", hours(-time.Hour))
	env.Setenv("SHUT_HOURS", hours(3*time.Hour))
	samples, err := filepath.Abs(filepath.Join("..", "..", "samples"))
	env.Setenv("SAMPLES", samples)
	env.Setenv("TMPDIR", env.WorkDir)
	env.Setenv("XDG_CACHE_HOME", os.DevNull) // a script that wants a cache has one of its own
	env.Setenv("GORACE", os.Getenv("GORACE"))
	return err
}

// hours are the members of a policy's window that begins after a time and lasts
// two hours, by the clocks of UTC.
func hours(after time.Duration) string {
	from := time.Now().UTC().Add(after)
	return fmt.Sprintf("from: '%s'\n  to: '%s'", from.Format("15:04"), from.Add(2*time.Hour).Format("15:04"))
}

func sceneOf(ts *testscript.TestScript) *scene { return ts.Value(sceneKey{}).(*scene) }

// cmdExits runs a program and requires its exit code: exits 2 bulksync plan ...
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		if _, err := fmt.Sscanf(err.Error(), "exit status %d", &got); err != nil {
			ts.Fatalf("%v", err)
		}
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// cmdSim changes the Graph of the script:
//
//	sim partner ID [NAME ALLOWED]     a partner, with a policy if named; then consent for inbound consent
//	sim owned ID                      a partner of a service provider
//	sim edit ID NAME ALLOWED          the same, by somebody else
//	sim remove ID                     removes a partner
//	sim tenant ID DOMAIN [NAME]       a tenant that can be looked up
//	sim template LEVEL                the level of the template
//	sim fault SPEC                    see graphsim.ParseFault
//	sim calm                          no more faults
//	sim quota N/TIME                  of writes, or none
//	sim await N                       wait until N writes have been answered
//	sim revoke                        the tokens given so far
//	sim echo                          answer every request by repeating its token
//	sim check ID JSON                 what the policy must be now; null for none
//	sim home NAME                     another home tenant; sets NAME_ID and NAME_TOKEN
//	sim @NAME ...                     any of the above in that tenant
func cmdSim(ts *testscript.TestScript, neg bool, args []string) {
	s := sceneOf(ts)
	if name, ok := strings.CutPrefix(args[0], "@"); ok {
		s, args = &scene{sim: s.others.sim(name)}, args[1:]
	}
	arg := func(i int) string {
		if i >= len(args) {
			ts.Fatalf("sim %s: too few arguments", args[0])
		}
		return args[i]
	}
	switch arg(0) {
	case "home":
		sim := s.others.add(arg(1), graphsim.Config{PageSize: 2})
		s.tokens = append(s.tokens, sim.Token(graphsim.TokenOptions{}))
		ts.Setenv(arg(1)+"_ID", sim.HomeTenant())
		ts.Setenv(arg(1)+"_TOKEN", s.tokens[len(s.tokens)-1])
	case "partner":
		p := graphsim.Partner{TenantID: arg(1)}
		if len(args) > 2 {
			p.IdentitySynchronization = graphsim.SyncAllowed(arg(2), arg(3) == "true")
		}
		if len(args) > 4 {
			p.AutomaticUserConsentSettings.InboundAllowed = new(arg(4) == "consent")
		}
		s.sim.SetPartner(p)
	case "owned":
		yes := true
		s.sim.SetPartner(graphsim.Partner{TenantID: arg(1), IsServiceProvider: &yes})
	case "edit":
		s.sim.Edit(arg(1), func(p *graphsim.Partner) {
			p.IdentitySynchronization = graphsim.SyncAllowed(arg(2), arg(3) == "true")
		})
	case "remove":
		s.sim.RemovePartner(arg(1))
	case "tenant":
		name := arg(2)
		if len(args) > 3 {
			name = arg(3)
		}
		s.sim.AddTenant(graphsim.Tenant{TenantID: arg(1), DefaultDomainName: arg(2), DisplayName: name})
	case "template":
		s.sim.SetTemplate(graphsim.Template{TemplateApplicationLevel: arg(1)})
	case "fault":
		f, err := graphsim.ParseFault(arg(1))
		ts.Check(err)
		s.sim.Inject(f)
	case "calm":
		s.sim.ClearFaults()
	case "quota":
		q := graphsim.Quota{}
		if arg(1) != "none" {
			var err error
			q, err = graphsim.ParseQuota(arg(1))
			ts.Check(err)
		}
		s.sim.SetWriteQuota(q)
	case "await":
		n, err := strconv.Atoi(arg(1))
		ts.Check(err)
		for s.answered() < n {
			runtime.Gosched()
		}
	case "echo":
		s.echo.Store(true)
	case "revoke":
		s.sim.Revoke()
	case "check":
		p, _ := s.sim.Partner(arg(1))
		got, err := json.Marshal(p.IdentitySynchronization)
		ts.Check(err)
		if (string(got) != arg(2)) != neg {
			ts.Fatalf("the policy of %s is %s", arg(1), got)
		}
	default:
		ts.Fatalf("sim has no command %q", args[0])
	}
}

// cmdWire requires the writes that were sent, one per line, since the last
// check: wire FILE, or wire none.
func cmdWire(ts *testscript.TestScript, neg bool, args []string) {
	var got strings.Builder
	for _, w := range sceneOf(ts).sim.Writes() {
		fmt.Fprintln(&got, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", w.Status, w.Method, w.Path, w.Body)))
	}
	sceneOf(ts).sim.ResetRequests()
	want := ""
	if args[0] != "none" {
		want = ts.ReadFile(args[0])
	}
	if (got.String() == want) == neg {
		ts.Fatalf("sent:\n%swant:\n%s", got.String(), want)
	}
}

// cmdNoFile requires that the working folder holds exactly these files.
func cmdNoFile(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs("."))
	ts.Check(err)
	for _, e := range entries {
		known := false
		for _, name := range args {
			known = known || e.Name() == name
		}
		if !known {
			ts.Fatalf("%s was left behind", e.Name())
		}
	}
}

// cmdMode requires that files are readable by their owner alone. The modes of Windows
// say nothing about that.
func cmdMode(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 || !atomicfile.IsPrivate(ts.MkAbs(name)) {
			ts.Fatalf("%s has the mode %o, or others can read it", name, info.Mode().Perm())
		}
	}
}

// cmdNoSecret requires that the token is in no file of the working folder, and
// not in the last output.
func cmdNoSecret(ts *testscript.TestScript, _ bool, _ []string) {
	tokens := append([]string{ts.Getenv("BULKSYNC_ACCESS_TOKEN")}, sceneOf(ts).tokens...)
	for part := range strings.SplitSeq(strings.Join(tokens, "."), ".") {
		for _, stream := range []string{"stdout", "stderr"} {
			if strings.Contains(ts.ReadFile(stream), part) {
				ts.Fatalf("a part of the token is on %s", stream)
			}
		}
		ts.Check(filepath.WalkDir(ts.MkAbs("."), func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err == nil && strings.Contains(string(text), part) {
				err = fmt.Errorf("a part of the token is in %s", path)
			}
			return err
		}))
	}
}

// cmdSub rewrites files: sub PATTERN OLD NEW.
func cmdSub(ts *testscript.TestScript, _ bool, args []string) {
	paths := matches(ts, args[0])
	if len(paths) == 0 {
		ts.Fatalf("there is no %s", args[0])
	}
	for _, path := range paths {
		text := ts.ReadFile(path)
		if !strings.Contains(text, args[1]) {
			ts.Fatalf("%s has no %q", path, args[1])
		}
		ts.Check(os.WriteFile(path, []byte(strings.ReplaceAll(text, args[1], args[2])), 0o600))
	}
}

// cmdAppend adds text to a file: append FILE TEXT.
func cmdAppend(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(ts.ReadFile(args[0])+args[1]), 0o600))
}

// cmdFill puts the variables of the script into files: fill FILE...
func cmdFill(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(os.Expand(ts.ReadFile(name), ts.Getenv)), 0o600))
	}
}

// cmdCount requires how many files match a pattern: count N PATTERN.
func cmdCount(ts *testscript.TestScript, _ bool, args []string) {
	if got := matches(ts, args[1]); strconv.Itoa(len(got)) != args[0] {
		ts.Fatalf("there are %d of %s: %q", len(got), args[1], got)
	}
}

// matches are the files that match a pattern.
func matches(ts *testscript.TestScript, pattern string) []string {
	paths, err := filepath.Glob(ts.MkAbs(pattern))
	ts.Check(err)
	return paths
}

// cmdToken puts another token in the environment:
//
//	token write                one that may read and write, as at the start
//	token read                 one that may only read
//	token audit                the same, and the audit log
//	token tenant GUID          one of another tenant
//	token expired              an expired one
//	token powerless            one without any permission
//	token person               a person's that may only read
//	token nameless             one that names no permissions, and has none
func cmdToken(ts *testscript.TestScript, _ bool, args []string) {
	o := graphsim.TokenOptions{}
	switch args[0] {
	case "write":
	case "read":
		o.Permissions = []string{graphsim.PermissionRead}
	case "audit":
		o.Permissions = []string{graphsim.PermissionRead, graphsim.PermissionAudit}
	case "tenant":
		o.TenantID = args[1]
	case "expired":
		o.Lifetime = -time.Hour
	case "person":
		o.Permissions, o.User = []string{graphsim.PermissionRead}, "ada@contoso.example"
	case "nameless":
		o.Permissions = []string{}
	case "powerless":
		o.Permissions = []string{"User.Read"}
	default:
		ts.Fatalf("token has no kind %q", args[0])
	}
	ts.Setenv("BULKSYNC_ACCESS_TOKEN", sceneOf(ts).sim.Token(o))
}

// crashMain is a program that crashes, with our preparation.
func crashMain() {
	crashLoudly()
	switch os.Args[1] {
	case "other":
		go func() { panic("a fault") }()
		select {}
	case "memory":
		m := map[int]int{}
		for {
			go func() {
				for {
					m[1]++
				}
			}()
		}
	}
	panic("a fault")
}
