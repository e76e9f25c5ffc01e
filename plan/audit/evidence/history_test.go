package evidence_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

const (
	first  = "20261121T120000Z-clean"
	second = "20261121T120100Z-clean"
	third  = "20261121T120200Z-clean"
)

// The audits of these tests are altered in all ways. The next audit continues the
// chain unless the newest one cannot be relied on; then it begins a new one, and
// says why. In both cases, all after it is well again.
func TestABrokenChain(t *testing.T) {
	for name, tc := range map[string]struct {
		alter     func(t *testing.T, path string)
		continues bool
		problem   string // that is told
		gap       string // where the chain does not hold
	}{
		"nothing":                 {func(*testing.T, string) {}, true, "", ""},
		"the newest is no JSON":   {alterManifest(third, "{", "["), false, "is broken", ""},
		"the newest has no end":   {alterManifest(third, "}\n", "\n"), false, "is broken", ""},
		"a member twice":          {alterManifest(third, `"number": 3`, `"number": 3, "number": 3`), false, "is broken", ""},
		"the newest is altered":   {alterManifest(third, `"token"`, `"other"`), false, "SHA256SUMS names another sum of manifest.json", ""},
		"the newest has no sums":  {remove(third, evidence.SumsName), false, "no such file", ""},
		"the newest has none":     {remove(third, evidence.ManifestName), false, "manifest.json cannot be read", ""},
		"the newest is renamed":   {rename(third, "20261121T120202Z-clean"), false, "its folder was named " + third, ""},
		"an older format":         {alterManifest(third, `"formatVersion": 1`, `"formatVersion": 0`), false, "its format is 0, not 1", ""},
		"a number that is none":   {alterManifest(third, `"number": 3`, `"number": 0`), false, "its number is 0", ""},
		"a forged folder":         {forge("20261121T110000Z-clean"), false, "manifest.json cannot be read", ""},
		"the second is altered":   {alterManifest(second, `"token"`, `"other"`), true, "does not hold at " + third, "has another sum now"},
		"the second is no JSON":   {alterManifest(second, "{", "["), true, "does not hold at " + third, "has another sum now"},
		"the second is gone":      {remove(second, ""), true, "does not hold at " + third, second + ", is not in the store"},
		"the first is gone":       {remove(first, ""), true, "", first + ", is not in the store"},
		"the second is renamed":   {rename(second, "20261121T120101Z-clean"), true, "does not hold at " + third, "is not in the store"},
		"the second is the third": {swap(second, third), false, "its folder was named", "has another sum now"},
		"a number is left out":    {forgedManifest(third, `"number": 3`, `"number": 4`), true, "does not hold at " + third, "its number does not follow that of " + second},
		"no number is higher":     {forgedManifest(third, `"number": 3`, `"number": 9223372036854775807`), false, "its number is 9223372036854775807", "manifest.json is broken"},
		"a forged beginning":      {forgedManifest(third, `"previous": {`, `"previous": null, "was": {`), true, "does not hold at " + third, "it names no audit before it, and it is not the first"},
		"the first is no first":   {forgedManifest(first, `"number": 1`, `"number": 0`), true, "does not hold at " + second, "has another sum now"},
		"it follows garbage": {func(t *testing.T, path string) {
			write(t, "[", path, second, evidence.ManifestName)
			forgedManifest(third, previousSum(t, path, third), sumOf("["))(t, path)
		}, true, "does not hold at " + third, "its number does not follow that of " + second},
		"a copy": {copied(second, second+"-2"), true, second + " follows " + first + " too", second + " follows " + first + " too"},
	} {
		t.Run(name, func(t *testing.T) {
			path := storeOf(t, 3)
			tc.alter(t, path)
			s := opened(t, path)
			told := strings.Join(s.Problems(), "\n")
			if told != "" != (tc.problem != "") || !strings.Contains(told, tc.problem) {
				t.Errorf("told %q", told)
			}
			if got := story(s.History()); !strings.Contains(got, tc.gap) {
				t.Errorf("the history:\n%s", got)
			}
			sealed(t, s, noon.Add(time.Hour), audit.Clean)
			if after := strings.Join(s.Problems(), "\n"); after != told {
				t.Errorf("told %q, and %q after the audit", told, after)
			}
			s.Close()
			s = opened(t, path)
			all := s.History()
			e := all[len(all)-1]
			if e.Folder != "20261121T130000Z-clean" || e.Problem != "" || e.Linked != tc.continues || (e.Manifest.Broken == nil) != tc.continues {
				t.Errorf("the next audit:\n%s", story(all))
			}
			if !tc.continues && (e.Manifest.Previous != nil || !strings.Contains(e.Gap, tc.problem)) {
				t.Errorf("the next audit:\n%s", story(all))
			}
			sealed(t, s, noon.Add(2*time.Hour), audit.Clean)
			all = s.History()
			if last := all[len(all)-1]; !last.Linked || last.Manifest.Number != e.Manifest.Number+1 {
				t.Errorf("the audit after it:\n%s", story(all))
			}
		})
	}
}

func alterManifest(folder, old, with string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		text := read(t, path, folder, evidence.ManifestName)
		if !strings.Contains(text, old) {
			t.Fatalf("no %q in %s", old, text)
		}
		write(t, strings.Replace(text, old, with, 1), path, folder, evidence.ManifestName)
	}
}

// forgedManifest alters a manifest, and its sum in SHA256SUMS with it.
func forgedManifest(folder, old, with string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		before := sumOf(read(t, path, folder, evidence.ManifestName))
		alterManifest(folder, old, with)(t, path)
		after := sumOf(read(t, path, folder, evidence.ManifestName))
		write(t, strings.Replace(read(t, path, folder, evidence.SumsName), before, after, 1), path, folder, evidence.SumsName)
	}
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// previousSum is the sum of the audit before it that a manifest names.
func previousSum(t *testing.T, path, folder string) string {
	var m evidence.Manifest
	if err := json.Unmarshal([]byte(read(t, path, folder, evidence.ManifestName)), &m); err != nil {
		t.Fatal(err)
	}
	return m.Previous.SHA256
}

func remove(folder, name string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		if err := os.RemoveAll(filepath.Join(path, folder, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func rename(from, to string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		if err := os.Rename(filepath.Join(path, from), filepath.Join(path, to)); err != nil {
			t.Fatal(err)
		}
	}
}

func swap(a, b string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		for _, step := range [][2]string{{a, "x"}, {b, a}, {"x", b}} {
			rename(step[0], step[1])(t, path)
		}
	}
}

func copied(from, to string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		if err := os.CopyFS(filepath.Join(path, to), os.DirFS(filepath.Join(path, from))); err != nil {
			t.Fatal(err)
		}
	}
}

func forge(folder string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		if err := os.Mkdir(filepath.Join(path, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// Earlier is the newest audit that is complete and unaltered.
func TestEarlier(t *testing.T) {
	path := storeOf(t, 3)
	s := opened(t, path)
	sealed(t, s, noon.Add(time.Hour), audit.Incomplete)
	for _, step := range []struct {
		alter func(*testing.T, string)
		want  string
		told  string
	}{
		{func(*testing.T, string) {}, third, ""},
		{func(t *testing.T, path string) { write(t, "{}", path, third, evidence.AuditName) }, second, third + ": audit.json was altered"},
		{remove(second, evidence.AuditName), first, second + ": "},
		{remove(first, evidence.AuditName), "", first + ": "},
	} {
		step.alter(t, path)
		a, l, err := s.Earlier(t.Context())
		switch {
		case err != nil:
			t.Fatal(err)
		case step.want == "" && (a != nil || l != nil), step.want != "" && (a == nil || l.Folder != step.want || a.HomeTenant != home):
			t.Errorf("%s: got %+v", step.want, l)
		}
		if told := strings.Join(s.Problems(), "\n"); !strings.Contains(told, step.told) || step.told == "" && told != "" {
			t.Errorf("%s: told %q", step.want, told)
		}
	}
}

// Other files and folders in a store are not its audits.
func TestOtherNamesInAStore(t *testing.T) {
	path := storeOf(t, 1)
	write(t, "", path, "20261121T120300Z-clean")
	for _, name := range []string{"notes", "20261121T120000Z-other", "20261121T120000Z", "20261121T120000Z-clean-1", "20261121T120000Z-clean-02", "20261121T120000Z-clean-x", "20261121-clean", "2026112AT120000Z-clean"} {
		if err := os.Mkdir(filepath.Join(path, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := opened(t, path)
	if all := s.History(); len(all) != 1 || len(s.Problems()) > 0 {
		t.Errorf("got\n%s%q", story(all), s.Problems())
	}
}
