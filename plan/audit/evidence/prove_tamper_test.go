package evidence_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bulksync/internal/seal"
	"bulksync/plan/audit/evidence"
)

// snapshot is what a store holds, by the paths of its files below it.
type snapshot map[string][]byte

func snapshotOf(t testing.TB, path string) snapshot {
	t.Helper()
	s := snapshot{}
	if err := filepath.WalkDir(path, func(full string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(path, full)
		s[filepath.ToSlash(rel)], err = os.ReadFile(full)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// disk is a store as it is on disk.
type disk struct {
	path string
	now  snapshot
}

// become writes what differs: writing all of it takes most of the time.
func (d *disk) become(t interface{ Fatal(...any) }, want snapshot) {
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range d.now {
		full := filepath.Join(d.path, filepath.FromSlash(name))
		if _, stays := want[name]; !stays {
			must(os.Remove(full))
			for dir := filepath.Dir(full); dir != d.path && os.Remove(dir) == nil; {
				dir = filepath.Dir(dir)
			}
		}
	}
	for name, text := range want {
		if was, there := d.now[name]; there && bytes.Equal(was, text) {
			continue
		}
		full := filepath.Join(d.path, filepath.FromSlash(name))
		must(os.MkdirAll(filepath.Dir(full), 0o700))
		must(os.WriteFile(full, text, 0o600))
	}
	d.now = want.clone()
}

func (s snapshot) clone() snapshot {
	c := snapshot{}
	for name, text := range s {
		c[name] = bytes.Clone(text)
	}
	return c
}

// folders are the audits, the oldest first; they are a minute apart.
func (s snapshot) folders() (all []string) {
	for name := range s {
		if folder, ok := strings.CutSuffix(name, "/"+evidence.ManifestName); ok {
			all = append(all, folder)
		}
	}
	slices.Sort(all)
	return all
}

func (s snapshot) names(keep func(string) bool) (all []string) {
	for name := range s {
		if keep(name) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// move gives an audit the name of another folder.
func (s snapshot) move(from, to string) {
	for _, name := range s.names(func(n string) bool { return strings.HasPrefix(n, from+"/") }) {
		s[to+strings.TrimPrefix(name, from)] = s[name]
		delete(s, name)
	}
}

// Whatever is done to a store, byte by byte or file by file, is noticed.
func TestATamperedStoreIsNotProved(t *testing.T) {
	a := history(t)
	a.key, _ = keyOf(t, "ada")
	a.audit()
	whole := snapshotOf(t, a.path)
	d := &disk{a.path, whole.clone()}
	folders := whole.folders()
	real := whole.names(func(n string) bool { return n != evidence.LockName })
	tampers := map[string]func(*rapid.T, snapshot){
		"flip": func(rt *rapid.T, s snapshot) {
			name := rapid.SampledFrom(whole.names(func(n string) bool { return len(whole[n]) > 0 })).Draw(rt, "file")
			s[name][rapid.IntRange(0, len(s[name])-1).Draw(rt, "at")] ^= byte(rapid.IntRange(1, 255).Draw(rt, "by"))
		},
		"cut": func(rt *rapid.T, s snapshot) {
			name := rapid.SampledFrom(whole.names(func(n string) bool { return len(whole[n]) > 0 })).Draw(rt, "file")
			s[name] = s[name][:rapid.IntRange(0, len(s[name])-1).Draw(rt, "at")]
		},
		"append": func(rt *rapid.T, s snapshot) {
			name := rapid.SampledFrom(real).Draw(rt, "file")
			s[name] = append(s[name], rapid.SampledFrom([]string{"\n", " ", "x", "{}"}).Draw(rt, "text")...)
		},
		"take out": func(rt *rapid.T, s snapshot) { delete(s, rapid.SampledFrom(real).Draw(rt, "file")) },
		"add": func(rt *rapid.T, s snapshot) {
			at := rapid.SampledFrom(append([]string{"."}, folders...)).Draw(rt, "folder")
			name := rapid.SampledFrom([]string{"x", "graph/page-0099.json", "input/policy.yaml", "deep/er/x", "audit.xml", "manifest.json.sig"}).Draw(rt, "name")
			s[strings.TrimPrefix(at+"/"+name, "./")] = []byte("{}")
		},
		"swap files": func(rt *rapid.T, s snapshot) {
			x, y := rapid.SampledFrom(real).Draw(rt, "one"), rapid.SampledFrom(real).Draw(rt, "other")
			if bytes.Equal(s[x], s[y]) {
				rt.Skip()
			}
			s[x], s[y] = s[y], s[x]
		},
		"take an audit out": func(rt *rapid.T, s snapshot) {
			folder := rapid.SampledFrom(folders).Draw(rt, "audit")
			s.move(folder, "gone")
			for _, name := range s.names(func(n string) bool { return strings.HasPrefix(n, "gone/") }) {
				delete(s, name)
			}
		},
		"swap audits": func(rt *rapid.T, s snapshot) {
			x, y := rapid.SampledFrom(folders).Draw(rt, "one"), rapid.SampledFrom(folders).Draw(rt, "other")
			if x == y {
				rt.Skip()
			}
			s.move(x, "other")
			s.move(y, x)
			s.move("other", y)
		},
		"copy an audit": func(rt *rapid.T, s snapshot) {
			folder := rapid.SampledFrom(folders).Draw(rt, "audit")
			for _, name := range whole.names(func(n string) bool { return strings.HasPrefix(n, folder+"/") }) {
				s[folder+"-2"+strings.TrimPrefix(name, folder)] = s[name]
			}
		},
	}
	kinds := slices.Sorted(maps.Keys(tampers))
	rapid.Check(t, func(rt *rapid.T) {
		kind, s := rapid.SampledFrom(kinds).Draw(rt, "tamper"), whole.clone()
		tampers[kind](rt, s)
		if sig := folders[len(folders)-1] + "/" + evidence.SignatureName; bytes.Equal(bytes.TrimSpace(s[sig]), bytes.TrimSpace(whole[sig])) {
			s[sig] = whole[sig] // the space around a signature says nothing
		}
		if reflect.DeepEqual(s, whole) {
			return
		}
		d.become(rt, s)
		if p := provenStore(rt.Context(), rt, a.path, options()); verdictOf(p) == evidence.Proved {
			rt.Errorf("not noticed:\n%s", told(p))
		}
	})
}

// forger makes the hashes anew after something was altered.
type forger struct {
	t testing.TB
	snapshot
}

// reseal makes the manifest and the sums of an audit anew, and everything in the
// later audits that rests on them: their links, in every file.
func (f forger) reseal(folder string) {
	f.t.Helper()
	name := folder + "/" + evidence.ManifestName
	was := sumOfText(f.snapshot[name])
	var m evidence.Manifest
	if err := json.Unmarshal(f.snapshot[name], &m); err != nil {
		f.t.Fatal(err)
	}
	for i := range m.Files {
		text := f.snapshot[folder+"/"+m.Files[i].Name]
		m.Files[i].Size, m.Files[i].SHA256 = int64(len(text)), sumOfText(text)
	}
	f.put(folder, &m)
	now := sumOfText(f.snapshot[name])
	folders := f.folders()
	for _, later := range folders[slices.Index(folders, folder)+1:] {
		for _, n := range f.names(func(n string) bool { return strings.HasPrefix(n, later+"/") }) {
			f.snapshot[n] = bytes.ReplaceAll(f.snapshot[n], []byte(was), []byte(now))
		}
	}
	f.snapshot[evidence.IndexName] = bytes.ReplaceAll(f.snapshot[evidence.IndexName], []byte(was), []byte(now))
	if at := slices.Index(folders, folder); at+1 < len(folders) {
		f.reseal(folders[at+1])
	}
}

// put writes a manifest and its sums.
func (f forger) put(folder string, m *evidence.Manifest) {
	var b bytes.Buffer
	enc := seal.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		f.t.Fatal(err)
	}
	f.snapshot[folder+"/"+evidence.ManifestName] = b.Bytes()
	sums := sumOfText(b.Bytes()) + "  " + evidence.ManifestName + "\n"
	for _, file := range m.Files {
		sums += file.SHA256 + "  " + file.Name + "\n"
	}
	f.snapshot[folder+"/"+evidence.SumsName] = []byte(sums)
}

func sumOfText(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// replace alters a file of an audit, which must hold the text.
func (f forger) replace(name, old, new string) {
	f.t.Helper()
	if !bytes.Contains(f.snapshot[name], []byte(old)) {
		f.t.Fatalf("%s lacks %q:\n%s", name, old, f.snapshot[name])
	}
	f.snapshot[name] = bytes.ReplaceAll(f.snapshot[name], []byte(old), []byte(new))
}

// A forger who makes every hash anew, in the audit and in all that follow it, is
// found out: what is told does not follow from the answers and the input.
func TestAForgedAuditIsNotProved(t *testing.T) {
	a := history(t)
	whole := snapshotOf(t, a.path)
	d := &disk{a.path, whole.clone()}
	folders := whole.folders()
	changed := "" // a partner that is found to be changed in each audit
	for _, p := range a.sim.Partners()[:1] {
		changed = p.TenantID
	}
	forgeries := map[string]func(f forger, dir string){
		"nothing, but the hashes anew": func(forger, string) {},
		"a finding": func(f forger, dir string) {
			f.replace(dir+evidence.AuditName, changed, "99999999-1111-4111-8111-111111111111")
		},
		"the name of a tenant": func(f forger, dir string) {
			f.replace(dir+evidence.AuditName, `"directoryName": "`, `"directoryName": "Not `)
		},
		"the domain of a tenant": func(f forger, dir string) {
			f.replace(dir+evidence.AuditName, `"domain": "`, `"domain": "not-`)
		},
		"what a look-up answered": func(f forger, dir string) {
			for _, n := range f.names(func(n string) bool { return strings.HasPrefix(n, dir+"graph/answer-") }) {
				f.snapshot[n] = bytes.ReplaceAll(f.snapshot[n], []byte(`"displayName":"`), []byte(`"displayName":"Not `))
			}
			f.relate(dir)
		},
		"what a look-up asked": func(f forger, dir string) {
			f.replace(dir+evidence.RequestsName, "ByTenantId(tenantId='"+changed, "ByTenantId(tenantId='99999999-1111-4111-8111-111111111111")
		},
		"the name of the home tenant": func(f forger, dir string) {
			f.replace(dir+evidence.AuditName, "Adatum Corporation", "Woodgrove Bank")
			f.edit(dir, func(m *evidence.Manifest) { m.HomeTenant.Name = "Woodgrove Bank" })
		},
		"the name of the home tenant in the manifest": func(f forger, dir string) {
			f.edit(dir, func(m *evidence.Manifest) { m.HomeTenant.Name = "" })
		},
		"a member that nothing knows": func(f forger, dir string) {
			f.replace(dir+evidence.AuditName, `"formatVersion": 1,`, `"formatVersion": 1, "x": 1,`)
		},
		"the JSON's spaces": func(f forger, dir string) {
			f.replace(dir+evidence.AuditName, `"formatVersion": 1`, `"formatVersion":  1`)
		},
		"the CSV report": func(f forger, dir string) {
			f.replace(dir+"audit.csv", changed, "99999999-1111-4111-8111-111111111111")
		},
		"the page": func(f forger, dir string) { f.replace(dir+"audit.html", "<title>", "<title>Forged ") },
		"the text": func(f forger, dir string) { f.snapshot[dir+"audit.md"] = []byte("# Clean\n") },
		"a report more": func(f forger, dir string) {
			f.snapshot[dir+"audit.xml"] = []byte("<x/>")
			f.list(dir, "audit.xml")
		},
		"an answer": func(f forger, dir string) {
			for _, n := range f.names(func(n string) bool { return strings.HasPrefix(n, dir+"graph/page-") }) {
				f.snapshot[n] = bytes.ReplaceAll(f.snapshot[n], []byte(changed), []byte("99999999-1111-4111-8111-111111111111"))
			}
			f.relate(dir)
		},
		"an answer, and not what was asked": func(f forger, dir string) { f.replace(dir+"graph/page-0001.json", "tenantId", "tenantID") },
		"a request":                         func(f forger, dir string) { f.replace(dir+evidence.RequestsName, "/partners?", "/partners?x=1&") },
		"no requests":                       func(f forger, dir string) { f.snapshot[dir+evidence.RequestsName] = nil },
		"the input":                         func(f forger, dir string) { f.replace(dir+evidence.CSVName, "CHG0", "CHG9") },
		"a row of the input":                func(f forger, dir string) { f.replace(dir+evidence.CSVName, "Partner 0,true", "Partner 0,false") },
		"the name of the input":             func(f forger, dir string) { f.edit(dir, func(m *evidence.Manifest) { m.Options.CSV = "other.csv" }) },
		"the scope":                         func(f forger, dir string) { f.edit(dir, func(m *evidence.Manifest) { m.Options.Scope = "file" }) },
		"the result":                        func(f forger, dir string) { f.edit(dir, func(m *evidence.Manifest) { m.Result = "clean" }) },
		"the totals":                        func(f forger, dir string) { f.edit(dir, func(m *evidence.Manifest) { m.Totals.Changed = 0 }) },
		"the news":                          func(f forger, dir string) { f.edit(dir, func(m *evidence.Manifest) { m.News.Fixed = 7 }) },
		"the home tenant":                   func(f forger, dir string) { f.edit(dir, func(m *evidence.Manifest) { m.HomeTenant.ID = changed }) },
		"the number":                        func(f forger, dir string) { f.edit(dir, func(m *evidence.Manifest) { m.Number += 7 }) },
		"the version": func(f forger, dir string) {
			f.edit(dir, func(m *evidence.Manifest) { m.Tool.Version = "1.0.0" })
			f.replace(dir+"audit.html", "<title>", "<title>Forged ")
		},
		"the signer": func(f forger, dir string) { f.edit(dir, func(m *evidence.Manifest) { m.Signer = "SHA256:x" }) },
		"who audited": func(f forger, dir string) {
			f.edit(dir, func(m *evidence.Manifest) { m.Identity.TenantID = changed })
		},
		"when it began": func(f forger, dir string) {
			f.edit(dir, func(m *evidence.Manifest) { m.StartedAt = m.FinishedAt })
		},
		"the offset of the clock": func(f forger, dir string) {
			f.edit(dir, func(m *evidence.Manifest) { *m.ClockOffsetMs++ })
		},
		"that it failed on": func(f forger, dir string) { f.edit(dir, func(m *evidence.Manifest) { m.Options.FailOn = "x" }) },
		"that it asked who": func(f forger, dir string) { f.edit(dir, func(m *evidence.Manifest) { m.Options.Who = !m.Options.Who }) },
		"that it read twice": func(f forger, dir string) {
			f.edit(dir, func(m *evidence.Manifest) { m.Options.ReadTwice = !m.Options.ReadTwice })
		},
		"that it had a policy": func(f forger, dir string) { f.edit(dir, func(m *evidence.Manifest) { m.Options.Policy = "p.yaml" }) },
		"a policy": func(f forger, dir string) {
			f.snapshot[dir+evidence.PolicyName] = []byte("limits: {}\n")
			f.list(dir, evidence.PolicyName)
		},
		"an input more": func(f forger, dir string) {
			f.snapshot[dir+"input/x"] = []byte("x")
			f.list(dir, "input/x")
		},
		"a report less": func(f forger, dir string) {
			delete(f.snapshot, dir+"audit.csv")
			f.edit(dir, func(m *evidence.Manifest) {
				m.Files = slices.DeleteFunc(m.Files, func(x evidence.File) bool { return x.Name == "audit.csv" })
			})
		},
		"the order of the files": func(f forger, dir string) {
			f.edit(dir, func(m *evidence.Manifest) { slices.Reverse(m.Files) })
		},
		"a broken chain that holds": func(f forger, dir string) {
			f.edit(dir, func(m *evidence.Manifest) { m.Broken = &evidence.Break{Folder: "x", Problem: "the disk was bad"} })
		},
		"a write": func(f forger, dir string) {
			f.request(dir, func(r *evidence.Request) { r.Method, r.Status = "PATCH", 204 })
		},
		"a request to another host": func(f forger, dir string) {
			f.request(dir, func(r *evidence.Request) { r.URL, r.Status = "https://graph.microsoft.com.example/v1.0/me", 0 })
		},
		"a request at another time": func(f forger, dir string) {
			f.request(dir, func(r *evidence.Request) { r.Status, r.SentAt = 0, r.SentAt.AddDate(-1, 0, 0) })
		},
		"a member of a request": func(f forger, dir string) {
			f.replace(dir+evidence.RequestsName, `{"seq":1,`, `{"x":1,"seq":1,`)
		},
		"a file below a file": func(f forger, dir string) {
			f.edit(dir, func(m *evidence.Manifest) { m.Files = append(m.Files, evidence.File{Name: "audit.json/x"}) })
		},
		"a name that no system has": func(f forger, dir string) {
			f.edit(dir, func(m *evidence.Manifest) {
				m.Files = append(m.Files, evidence.File{Name: "graph/" + strings.Repeat("x", 300)})
			})
		},
		"a file outside": func(f forger, dir string) {
			f.edit(dir, func(m *evidence.Manifest) { m.Files = append(m.Files, evidence.File{Name: "../x"}) })
		},
	}
	for name, forge := range forgeries {
		for i, folder := range folders {
			if i == 2 { // the incomplete one claims nothing
				continue
			}
			t.Run(name+" in "+folder, func(t *testing.T) {
				f := forger{t, whole.clone()}
				forge(f, folder+"/")
				f.reseal(folder)
				d.become(t, f.snapshot)
				p := provenStore(t.Context(), t, a.path, options())
				want := name == "nothing, but the hashes anew"
				if got := verdictOf(p); (got == evidence.Proved) != want {
					t.Errorf("%s:\n%s", got, told(p))
				}
			})
		}
	}
}

// edit alters a manifest.
func (f forger) edit(dir string, how func(*evidence.Manifest)) {
	f.t.Helper()
	var m evidence.Manifest
	if err := json.Unmarshal(f.snapshot[dir+evidence.ManifestName], &m); err != nil {
		f.t.Fatal(err)
	}
	was := sumOfText(f.snapshot[dir+evidence.ManifestName])
	how(&m)
	f.put(strings.TrimSuffix(dir, "/"), &m)
	now := sumOfText(f.snapshot[dir+evidence.ManifestName])
	for n, text := range f.snapshot {
		f.snapshot[n] = bytes.ReplaceAll(text, []byte(was), []byte(now))
	}
}

// request adds a request without an answer that is like the last one but for this.
func (f forger) request(dir string, but func(*evidence.Request)) {
	f.t.Helper()
	name := dir + evidence.RequestsName
	lines := bytes.Split(bytes.TrimSpace(f.snapshot[name]), []byte("\n"))
	var r evidence.Request
	if err := json.Unmarshal(lines[len(lines)-1], &r); err != nil {
		f.t.Fatal(err)
	}
	r.Seq, r.Bytes, r.SHA256, r.File, r.Date = r.Seq+1, 0, "", "", ""
	but(&r)
	text, err := seal.Marshal(r)
	if err != nil {
		f.t.Fatal(err)
	}
	f.snapshot[name] = append(append(slices.Clip(f.snapshot[name]), text...), '\n')
}

// list adds a file to the manifest.
func (f forger) list(dir, name string) {
	f.edit(dir, func(m *evidence.Manifest) {
		m.Files = append(m.Files, evidence.File{Name: name})
		slices.SortFunc(m.Files, func(a, b evidence.File) int { return strings.Compare(a.Name, b.Name) })
	})
}

// relate makes the sums in requests.jsonl anew.
func (f forger) relate(dir string) {
	var out bytes.Buffer
	for line := range bytes.Lines(f.snapshot[dir+evidence.RequestsName]) {
		var r evidence.Request
		if err := json.Unmarshal(line, &r); err != nil {
			f.t.Fatal(err)
		}
		if r.File != "" {
			text := f.snapshot[dir+r.File]
			r.Bytes, r.SHA256 = int64(len(text)), sumOfText(text)
		}
		text, err := seal.Marshal(r)
		if err != nil {
			f.t.Fatal(err)
		}
		out.Write(append(text, '\n'))
	}
	f.snapshot[dir+evidence.RequestsName] = out.Bytes()
}

// An audit that could not read the tenant looks no name up, so it can tell none.
func TestAForgedNameOfAnIncompleteAudit(t *testing.T) {
	a := history(t)
	f := forger{t, snapshotOf(t, a.path)}
	d := &disk{a.path, f.clone()}
	folder := f.folders()[2]
	f.replace(folder+"/"+evidence.AuditName, `"cloud": "global",`, `"cloud": "global", "name": "Woodgrove Bank",`)
	f.edit(folder+"/", func(m *evidence.Manifest) { m.HomeTenant.Name = "Woodgrove Bank" })
	f.reseal(folder)
	d.become(t, f.snapshot)
	if p := provenStore(t.Context(), t, a.path, options()); verdictOf(p) == evidence.Proved {
		t.Errorf("not noticed:\n%s", told(p))
	} else if !strings.Contains(told(p), "claims something all the same") {
		t.Errorf("noticed otherwise:\n%s", told(p))
	}
}
