package evidence_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"bulksync/internal/seal"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// program finds a program. Without it the test is skipped, unless it runs in CI.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return path
}

// sha256sum finds every file of an audit as it was written, and notices a byte.
func TestSumsForSha256sum(t *testing.T) {
	check := program(t, "sha256sum")
	dir := filepath.Join(storeOf(t, 1), first)
	run := func() (string, error) {
		cmd := exec.CommandContext(t.Context(), check, "--strict", "-c", evidence.SumsName)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run()
	want := "manifest.json: OK\naudit.json: OK\ngraph/page-0001.json: OK\ngraph/requests.jsonl: OK\ninput/partners.csv: OK\n"
	if err != nil || out != want {
		t.Errorf("%v:\n%s", err, out)
	}
	write(t, `{"value":[ ]}`, dir, "graph/page-0001.json")
	if out, err := run(); err == nil || !strings.Contains(out, "graph/page-0001.json: FAILED") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// newKey makes a key, and returns its line in a file of signers too.
func newKey(t testing.TB) (*seal.Key, string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key")
	write(t, string(pem.EncodeToMemory(block)), path)
	key, err := seal.OpenKey(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { key.Close() })
	line, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(ssh.MarshalAuthorizedKey(line))
}

// signWith signs manifests with a key.
func signWith(k *seal.Key) func([]byte) ([]byte, error) {
	return func(text []byte) ([]byte, error) { return k.Sign(text, evidence.Namespace) }
}

// signed adds a signed audit to a store.
func signed(t testing.TB, s *evidence.Store, key *seal.Key, at time.Time) audit.Link {
	t.Helper()
	b := begun(t, s)
	filled(t, b, at, audit.Clean)
	m := manifest(at, audit.Clean)
	m.Signer = key.Fingerprint()
	l, err := b.Seal(t.Context(), m, signWith(key))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// ssh-keygen accepts the signature of a manifest.
func TestSignatureForKeygen(t *testing.T) {
	keygen := program(t, "ssh-keygen")
	key, line := newKey(t)
	path := filepath.Join(t.TempDir(), "audits")
	l := signed(t, opened(t, path), key, noon)
	dir := filepath.Join(path, l.Folder)
	signers := filepath.Join(t.TempDir(), "allowed_signers")
	write(t, "auditor@example.com "+line, signers)
	verify := func(text string) (string, error) {
		cmd := exec.CommandContext(t.Context(), keygen, "-Y", "verify", "-f", signers, "-I", "auditor@example.com", "-n", evidence.Namespace, "-s", evidence.SignatureName)
		cmd.Dir, cmd.Stdin = dir, bytes.NewReader([]byte(text))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	text := read(t, dir, evidence.ManifestName)
	if out, err := verify(text); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := verify(text + " "); err == nil {
		t.Errorf("another text: %s", out)
	}
	if got := read(t, dir, evidence.SumsName); strings.Contains(got, evidence.SignatureName) {
		t.Errorf("the signature is among the sums:\n%s", got)
	}
}

// A manifest and its signature belong together, or the audit is not sealed.
func TestSignaturesThatDoNotFit(t *testing.T) {
	key, _ := newKey(t)
	other, _ := newKey(t)
	refused := errors.New("the agent refused")
	for name, tc := range map[string]struct {
		signer string
		sign   func([]byte) ([]byte, error)
		want   string
	}{
		"nobody signs":      {key.Fingerprint(), nil, "must name the key"},
		"no signer":         {"", signWith(key), "must name the key"},
		"another key":       {key.Fingerprint(), signWith(other), "the manifest names " + key.Fingerprint()},
		"another namespace": {key.Fingerprint(), func(text []byte) ([]byte, error) { return key.Sign(text, "file") }, "the namespace"},
		"another text":      {key.Fingerprint(), func([]byte) ([]byte, error) { return key.Sign([]byte("{}"), evidence.Namespace) }, "not of this text"},
		"a refusal":         {key.Fingerprint(), func([]byte) ([]byte, error) { return nil, refused }, "signing manifest.json: the agent refused"},
	} {
		path := filepath.Join(t.TempDir(), "audits")
		b := begun(t, opened(t, path))
		m := manifest(noon, audit.Clean)
		m.Signer = tc.signer
		if _, err := b.Seal(t.Context(), m, tc.sign); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		if got := names(t, path); len(got) != 1 {
			t.Errorf("%s: left behind %q", name, got)
		}
	}
}

// A signed audit is continued only while its signature is there and fits.
func TestANewestAuditWithoutItsSignature(t *testing.T) {
	key, _ := newKey(t)
	for name, tc := range map[string]struct {
		alter func(t *testing.T, path, folder string)
		want  string
	}{
		"as it was": {func(*testing.T, string, string) {}, ""},
		"gone":      {func(t *testing.T, path, folder string) { remove(folder, evidence.SignatureName)(t, path) }, "no such file"},
		"broken":    {func(t *testing.T, path, folder string) { write(t, "x", path, folder, evidence.SignatureName) }, "not a signature"},
		"of another key": {func(t *testing.T, path, folder string) {
			other, _ := newKey(t)
			armored, err := other.Sign([]byte(read(t, path, folder, evidence.ManifestName)), evidence.Namespace)
			if err != nil {
				t.Fatal(err)
			}
			write(t, string(armored), path, folder, evidence.SignatureName)
		}, "the manifest names " + key.Fingerprint()},
	} {
		path := filepath.Join(t.TempDir(), "audits")
		s := opened(t, path)
		l := signed(t, s, key, noon)
		s.Close()
		tc.alter(t, path, l.Folder)
		if told := strings.Join(opened(t, path).Problems(), "\n"); (told == "") != (tc.want == "") || !strings.Contains(told, tc.want) {
			t.Errorf("%s: told %q", name, told)
		}
	}
}

// The same audit gives the same bytes.
func TestTheSameBytes(t *testing.T) {
	one, two := storeOf(t, 2), storeOf(t, 2)
	for _, folder := range []string{first, second} {
		for _, name := range []string{evidence.ManifestName, evidence.SumsName, evidence.RequestsName} {
			if read(t, one, folder, name) != read(t, two, folder, name) {
				t.Errorf("%s of %s differs", name, folder)
			}
		}
	}
}

// A context that has ended ends the audit, before it is in the store.
func TestAnEndBeforeSeal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audits")
	b := begun(t, opened(t, path))
	filled(t, b, noon, audit.Clean)
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := b.Seal(ctx, manifest(noon, audit.Clean), nil); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	if got := names(t, path); len(got) != 1 {
		t.Errorf("left behind %q", got)
	}
}

// What the caller knows better stays as it is, and times are in UTC.
func TestWhatTheCallerSays(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "audits"))
	b := begun(t, s)
	b.Record(page("{}"))
	m, offset := manifest(noon.In(time.FixedZone("", 3600)), audit.Clean), int64(7)
	m.ClockOffsetMs, m.StartedAt, m.Findings = &offset, time.Time{}, []evidence.Count{{Kind: audit.Missing, State: audit.StateNew, N: 2}}
	if _, err := b.Seal(t.Context(), m, nil); err != nil {
		t.Fatal(err)
	}
	got := s.History()[0].Manifest
	if *got.ClockOffsetMs != 7 || got.StartedAt != noon.Add(-time.Minute) || got.FinishedAt != noon || len(got.Findings) != 1 || got.FormatVersion != evidence.FormatVersion {
		t.Errorf("got %+v", got)
	}
}
