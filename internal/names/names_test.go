package names_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/internal/names"
)

const root = "https://graph.microsoft.com"

// rig is a simulated tenant, a client of it and a cache.
type rig struct {
	*graphsim.Sim
	o names.Options
	t *testing.T
}

func newRig(t *testing.T, cfg graphsim.Config, permissions ...string) *rig {
	sim := graphsim.New(cfg)
	r := &rig{Sim: sim, t: t, o: names.Options{Mode: names.Auto, GraphURL: root}}
	r.o.Cache = filepath.Join(t.TempDir(), "cache", "names-global.json")
	token := "Bearer " + sim.Token(graphsim.TokenOptions{Lifetime: 2000 * time.Hour, Permissions: permissions})
	base := sim.Transport()
	c, err := graph.New(graph.Options{RootURL: root, Base: roundTrip(func(q *http.Request) (*http.Response, error) {
		q = q.Clone(q.Context())
		q.Header.Set("Authorization", token)
		return base.RoundTrip(q)
	})})
	if err != nil {
		t.Fatal(err)
	}
	r.o.Client = c
	return r
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// ids are the tenant IDs of the partners.
func (r *rig) ids() (ids []string) {
	for _, p := range r.Partners() {
		ids = append(ids, p.TenantID)
	}
	return ids
}

// resolve resolves names, and returns how many requests that took.
func (r *rig) resolve(shown names.Shown) (f *names.Found, asked int) {
	r.t.Helper()
	r.ResetRequests()
	f, err := names.Resolve(r.t.Context(), r.o, shown)
	if err != nil {
		r.t.Fatal(err)
	}
	return f, len(r.Requests())
}

// Each mode asks for what it says, and the cache answers the second time.
func TestModes(t *testing.T) {
	for mode, want := range map[names.Mode][2]int{names.Auto: {5, 0}, names.All: {20, 20}, names.Off: {0, 0}} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, graphsim.Config{Partners: 20})
			r.o.Mode = mode
			ids := r.ids()
			shown := names.Shown{First: ids[:5], Rest: ids[5:]}
			for i, wanted := range want {
				f, asked := r.resolve(shown)
				known := max(want[0], want[1])
				if asked != wanted || len(f.Tenants) != known || f.Note() != "" || f.CacheProblem != nil {
					t.Errorf("%s, call %d: asked %d times, want %d; %d names, want %d; %q, %v", mode, i+1, asked, wanted, len(f.Tenants), known, f.Note(), f.CacheProblem)
				}
			}
			if _, err := os.Stat(r.o.Cache); (err == nil) != (mode != names.Off) {
				t.Errorf("%s: the cache: %v", mode, err)
			}
		})
	}
}

// With Auto, what is as wanted has the names that the cache knows; with Off, no
// name comes from there.
func TestTheCacheIsReadAsTheModeSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Partners: 20})
		ids := r.ids()
		r.resolve(names.Shown{First: ids[:8]})
		if f, asked := r.resolve(names.Shown{First: ids[:2], Rest: ids[2:]}); asked != 0 || len(f.Tenants) != 8 {
			t.Errorf("asked %d times for %d names", asked, len(f.Tenants))
		}
		r.o.Mode = names.Off
		if f, asked := r.resolve(names.Shown{First: ids}); asked != 0 || len(f.Tenants) != 0 {
			t.Errorf("off: asked %d times for %d names", asked, len(f.Tenants))
		}
	})
}

// A name is believed for 30 days.
func TestNamesGrowOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Partners: 3})
		shown := names.Shown{First: r.ids()}
		r.resolve(shown)
		time.Sleep(30*24*time.Hour - time.Minute)
		if _, asked := r.resolve(shown); asked != 0 {
			t.Errorf("on the 30th day: asked %d times", asked)
		}
		time.Sleep(2 * time.Minute)
		if f, asked := r.resolve(shown); asked != 3 || len(f.Tenants) != 3 {
			t.Errorf("on the 31st day: asked %d times", asked)
		}
	})
}

// What cannot be resolved is unknown, and is told in one sentence.
func TestWhatIsUnknownIsNoError(t *testing.T) {
	const nobody = "0a1b2c3d-1111-4a5b-8c9d-0e1f2a3b4c09"
	for name, tc := range map[string]struct {
		permissions []string
		fault       graphsim.Fault
		more        []string
		known, most int
		note        string
	}{
		"a tenant that the directory does not know": {more: []string{nobody}, known: 20, most: 21, note: "the name of 1 tenant is unknown: Graph does not give it"},
		"no permission": {permissions: []string{graphsim.PermissionWrite}, most: 1,
			note: "the names of 20 tenants are unknown: the permission CrossTenantInformation.ReadBasic.All is missing, which looking up names needs"},
		"no such function": {fault: graphsim.Fault{Kind: "404"}, most: 20, note: "the names of 20 tenants are unknown: Graph does not give them"},
		"no Graph":         {fault: graphsim.Fault{Kind: "refused"}, most: 100, note: "the names of 20 tenants are unknown: "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{Partners: 20, Latency: 100 * time.Millisecond}, tc.permissions...)
				if tc.fault.Kind != "" {
					r.Inject(tc.fault)
				}
				began := time.Now()
				f, asked := r.resolve(names.Shown{First: append(r.ids(), tc.more...)})
				if len(f.Tenants) != tc.known || asked > tc.most || !strings.HasPrefix(f.Note(), tc.note) || time.Since(began) > time.Minute {
					t.Errorf("%d names, asked %d times in %s: %s", len(f.Tenants), asked, time.Since(began), f.Note())
				}
			})
		})
	}
}

// A refusal of one look-up among others that are answered does not say that the
// permission is missing.
func TestOneRefusalIsAboutOneTenant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Partners: 9})
		fault, err := graphsim.ParseFault("403,path=findTenantInformation,nth=4")
		if err != nil {
			t.Fatal(err)
		}
		r.Inject(fault)
		f, _ := r.resolve(names.Shown{First: r.ids()})
		if len(f.Tenants) != 8 || f.Unknown != 1 || f.Problem != nil || strings.Contains(f.Note(), "permission") {
			t.Errorf("%d names, %d unknown: %v, %s", len(f.Tenants), f.Unknown, f.Problem, f.Note())
		}
	})
}

// A few are looked up at a time, at most 2,000 of them and for a minute at most.
// The next command goes on from there.
func TestLookUpsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Partners: 2100, Latency: 100 * time.Millisecond})
		shown := names.Shown{First: r.ids()}
		f, asked := r.resolve(shown)
		want := "the names of 100 tenants are unknown: a command looks up 2,000 tenants at most unless --names all is given"
		if asked != 2000 || f.Note() != want || r.MaxInFlight() > 8 {
			t.Errorf("asked %d times, %d at once: %s", asked, r.MaxInFlight(), f.Note())
		}
		if f, asked := r.resolve(shown); asked != 100 || len(f.Tenants) != 2100 || f.Note() != "" {
			t.Errorf("asked %d times for the rest: %s", asked, f.Note())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Partners: 100, Latency: 10 * time.Second})
		began := time.Now()
		f, asked := r.resolve(names.Shown{First: r.ids()})
		if took := time.Since(began); took > 61*time.Second || asked == 0 || len(f.Tenants) < 30 || f.Unasked != 100-len(f.Tenants) || !strings.HasSuffix(f.Note(), "took longer than 1m0s") {
			t.Errorf("asked %d times for %d names in %s: %s", asked, len(f.Tenants), took, f.Note())
		}
		r.o.Mode = names.All
		if f, _ := r.resolve(names.Shown{First: r.ids()}); len(f.Tenants) != 100 {
			t.Errorf("all: %d names: %s", len(f.Tenants), f.Note())
		}
	})
}

// A name decides nothing: look-ups that nobody answers, or that Graph asks to send
// much later, end soon in every mode. What is waited for is told meanwhile.
func TestNamesHoldNothingUp(t *testing.T) {
	for fault, want := range map[string]struct {
		known int
		took  time.Duration
		told  int
		note  string
	}{
		"silent,path=findTenant":                     {0, 20 * time.Second, 2, "no look-up was answered for 20s"},
		"silent,path=findTenant,nth=5,times=1":       {39, 23 * time.Second, 2, "no look-up was answered for 20s"},
		"429,path=findTenant,retry-after=200s":       {0, time.Second, 0, "429 TooManyRequests"},
		"429,path=findTenant,nth=9,retry-after=200s": {8, 2 * time.Second, 0, "429 TooManyRequests"},
		"429,path=findTenant,times=1,retry-after=3s": {40, 9 * time.Second, 0, ""},
		"503,path=findTenant,retry-after=30s":        {0, time.Second, 0, "503"},
		"refused,path=findTenant":                    {0, 20 * time.Second, 2, "no look-up was answered for 20s"},
	} {
		for _, mode := range []names.Mode{names.Auto, names.All} {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, graphsim.Config{Partners: 40, Latency: 300 * time.Millisecond})
				f, err := graphsim.ParseFault(fault)
				if err != nil {
					t.Fatal(err)
				}
				r.Inject(f)
				told, began := 0, time.Now()
				r.o.Mode, r.o.Waiting = mode, func(answered, all int) {
					if told++; answered > want.known || all != 40 {
						t.Errorf("%s: told of %d of %d", fault, answered, all)
					}
				}
				found, _ := r.resolve(names.Shown{First: r.ids()})
				if took := time.Since(began); took > want.took || told != want.told || len(found.Tenants) != want.known || !strings.Contains(found.Note(), want.note) || (found.Note() == "") != (want.note == "") {
					t.Errorf("%s, %s: %d names in %s, told %d times: %s", fault, mode, len(found.Tenants), took, told, found.Note())
				}
			})
		}
	}
}

// Only the end of the context is an error, and what was learned is kept.
func TestAnEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Partners: 40, Latency: time.Second})
		enough := errors.New("enough")
		ctx, stop := context.WithTimeoutCause(t.Context(), 3500*time.Millisecond, enough)
		defer stop()
		if _, err := names.Resolve(ctx, r.o, names.Shown{First: r.ids()}); err != enough {
			t.Errorf("got %v", err)
		}
		if _, asked := r.resolve(names.Shown{First: r.ids()}); asked == 0 || asked > 30 {
			t.Errorf("asked %d times afterwards", asked)
		}
	})
}

// The file is its owner's alone, and holds names and nothing else.
func TestTheCacheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Partners: 4})
		shown := names.Shown{First: r.ids()}
		r.resolve(shown)
		info, err := os.Stat(r.o.Cache)
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Fatalf("%v: %v", info.Mode(), err)
		}
		text, err := os.ReadFile(r.o.Cache)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			FormatVersion int
			GraphURL      string
			Tenants       map[string]map[string]string
		}
		if err := json.Unmarshal(text, &file); err != nil || file.FormatVersion != 1 || file.GraphURL != root || len(file.Tenants) != 4 {
			t.Fatalf("%v: %s", err, text)
		}
		for id, e := range file.Tenants {
			if len(e) != 3 || e["name"] == "" || e["domain"] == "" || e["at"] == "" {
				t.Errorf("%s: %v", id, e)
			}
		}
	})
}

// A file that is damaged counts as empty, and is replaced.
func TestADamagedCacheIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Partners: 2})
		ids := r.ids()
		shown := names.Shown{First: ids}
		r.resolve(shown)
		good, err := os.ReadFile(r.o.Cache)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now().UTC().Format(time.RFC3339)
		entry := func(id, e string) string {
			return fmt.Sprintf(`{"formatVersion":1,"graphUrl":%q,"tenants":{%q:%s}}`, root, id, e)
		}
		for _, tc := range []struct {
			name, text string
			asked      int
		}{
			{"as it was", string(good), 0},
			{"empty", "", 2},
			{"cut", string(good[:len(good)/2]), 2},
			{"no JSON", "names", 2},
			{"another form", `[]`, 2},
			{"another version", strings.Replace(string(good), `"formatVersion":1`, `"formatVersion":2`, 1), 2},
			{"another host", strings.Replace(string(good), root, "http://127.0.0.1:1", 1), 2},
			{"no entry", entry(ids[0], `null`), 2},
			{"nothing in an entry", entry(ids[0], `{"at":"`+now+`"}`), 2},
			{"no time", entry(ids[0], `{"name":"A"}`), 2},
			{"a time in the future", entry(ids[0], `{"name":"A","at":"2199-01-01T00:00:00Z"}`), 2},
			{"a name that no tenant has", entry(ids[0], `{"name":"A\u001b[31m","at":"`+now+`"}`), 2},
			{"a domain that no tenant has", entry(ids[0], `{"name":"A","domain":"a b","at":"`+now+`"}`), 2},
			{"one of two", entry(ids[0], `{"name":"A","at":"`+now+`"}`), 1},
		} {
			if err := os.WriteFile(r.o.Cache, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if f, asked := r.resolve(shown); asked != tc.asked || len(f.Tenants) != 2 {
				t.Errorf("%s: asked %d times, want %d", tc.name, asked, tc.asked)
			}
			if _, asked := r.resolve(shown); asked != 0 {
				t.Errorf("%s: asked %d times afterwards", tc.name, asked)
			}
		}
	})
}

// Where no file can be kept, names are resolved all the same.
func TestNoCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, graphsim.Config{Partners: 2})
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		paths := map[string]bool{"": false, filepath.Join(file, "names.json"): true, t.TempDir(): true}
		nowhere := filepath.Join(t.TempDir(), "link") // no folder can be made there
		_ = os.Symlink(filepath.Join(t.TempDir(), "gone", "too"), nowhere)
		if _, err := os.Readlink(nowhere); err == nil { // Windows asks for a privilege
			paths[filepath.Join(nowhere, "bulksync", "names.json")] = true
		}
		for path, problem := range paths {
			r.o.Cache = path
			if f, asked := r.resolve(names.Shown{First: r.ids()}); asked != 2 || len(f.Tenants) != 2 || (f.CacheProblem != nil) != problem {
				t.Errorf("%q: asked %d times: %v", path, asked, f.CacheProblem)
			}
		}
	})
}

// Real and made-up names are in different files, and so are those of clouds.
func TestCacheFile(t *testing.T) {
	var paths []string
	for _, h := range []graph.HomeTenant{
		{Cloud: graph.Global, GraphURL: graph.Global.RootURL()}, {Cloud: graph.China, GraphURL: graph.China.RootURL()},
		{Cloud: graph.Global, GraphURL: "http://127.0.0.1:8080"},
	} {
		paths = append(paths, filepath.Base(names.CacheFile("x", h)))
	}
	if want := []string{"names-global.json", "names-china.json", "names-global-other.json"}; !slices.Equal(paths, want) {
		t.Errorf("got %v, want %v", paths, want)
	}
}
