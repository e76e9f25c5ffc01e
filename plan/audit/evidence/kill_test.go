package evidence_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// A process that is killed at any moment leaves whole audits only. The next one
// removes what is left of a torn audit, and continues the chain.
func TestKilledAtAnyMoment(t *testing.T) {
	if path := os.Getenv(storeEnv); path != "" {
		auditForEver(t, path)
		return
	}
	path, began := filepath.Join(t.TempDir(), "audits"), 0
	for range 15 {
		p := other(t, t.Name(), "", path)
		for range 1 + rand.IntN(3*stepsOfAnAudit) {
			if _, err := p.out.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		p.kill()
		if torn, _ := filepath.Glob(filepath.Join(path, ".partial-*")); len(torn) > 0 {
			began++
		}
		s := opened(t, path)
		checkWhole(t, path, s.History())
		s.Close()
	}
	t.Logf("%d were killed while they wrote an audit", began)
}

// stepsOfAnAudit is how many lines auditForEver prints for each audit.
const stepsOfAnAudit = 14

// auditForEver adds audits to a store, and tells each step that it begins.
func auditForEver(t *testing.T, path string) {
	key, _ := newKey(t)
	sign := func(text []byte) ([]byte, error) {
		fmt.Println("sign")
		return signWith(key)(text)
	}
	for {
		s := opened(t, path)
		b := begun(t, s)
		for i := range 10 {
			fmt.Println("page", i)
			b.Record(page(strings.Repeat("x", 100_000)))
		}
		fmt.Println("write")
		b.Write(evidence.AuditName, func(w io.Writer) error { _, err := io.WriteString(w, "{}"); return err })
		m := manifest(noon, audit.Clean)
		m.Signer = key.Fingerprint()
		fmt.Println("seal")
		if _, err := b.Seal(t.Context(), m, sign); err != nil {
			t.Fatal(err)
		}
		fmt.Println("sealed")
		s.Close()
	}
}

// checkWhole fails unless a store holds nothing but whole audits, in one chain.
func checkWhole(t *testing.T, path string, all []evidence.Entry) {
	t.Helper()
	if got := names(t, path); len(got) != len(all)+1 || got[0] != evidence.LockName {
		t.Errorf("the store holds %q", got)
	}
	for i, e := range all {
		if !e.Linked || e.Problem != "" || e.Manifest.Number != i+1 || len(e.Manifest.Files) != 12 {
			t.Fatalf("the chain does not hold:\n%s", story(all))
		}
		for _, f := range e.Manifest.Files {
			if got := int64(len(read(t, path, e.Folder, f.Name))); got != f.Size {
				t.Errorf("%s of %s has %d bytes, not %d", f.Name, e.Folder, got, f.Size)
			}
		}
	}
}
