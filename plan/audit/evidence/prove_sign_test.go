package evidence_test

import (
	"crypto/ed25519"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"bulksync/graph/graphsim"
	"bulksync/internal/seal"
	"bulksync/plan/audit/evidence"
)

// keyOf makes a key, and the line of a file of signers that names it.
func keyOf(t testing.TB, who string) (*seal.Key, string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), who)
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := seal.OpenKey(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { key.Close() })
	line, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key, who + " " + string(ssh.MarshalAuthorizedKey(line))
}

// signers are those of lines.
func signers(t testing.TB, lines ...string) *seal.Signers {
	t.Helper()
	s, err := seal.ReadSigners(strings.Join(lines, ""), "allowed_signers")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Where signatures are demanded, each audit must have one, of its manifest, by a
// key that the file names.
func TestSignaturesThatAreDemanded(t *testing.T) {
	ada, adas := keyOf(t, "ada")
	_, eves := keyOf(t, "eve")
	a := newAuditor(t, 5)
	a.key = ada
	a.audit()
	verdict := func(path string, lines ...string) (evidence.Status, string) {
		o := options()
		if lines != nil {
			o.Signers = signers(t, lines...)
		}
		s := provenStore(t.Context(), t, path, o)
		return verdictOf(s), told(s)
	}
	if got, says := verdict(a.path); got != evidence.Proved || !strings.Contains(says, "signed with SHA256:") || !strings.Contains(says, "whose key signed the audits") || strings.Contains(says, "not signed") {
		t.Errorf("not demanded: %s\n%s", got, says)
	}
	if got, says := verdict(a.path, adas); got != evidence.Proved || !strings.Contains(says, "the key of ada") || strings.Contains(says, "whose key") {
		t.Errorf("ada's: %s\n%s", got, says)
	}
	if got, says := verdict(a.path, eves); got != evidence.NotProved || !strings.Contains(says, "is not one that allowed_signers names") {
		t.Errorf("eve's: %s\n%s", got, says)
	}
	whole := snapshotOf(t, a.path)
	sig := whole.folders()[0] + "/" + evidence.SignatureName
	d := &disk{a.path, whole.clone()}
	without := whole.clone()
	delete(without, sig)
	d.become(t, without)
	if got, says := verdict(a.path); got != evidence.Altered || !strings.Contains(says, "the manifest says that SHA256:") {
		t.Errorf("taken away: %s\n%s", got, says)
	}
	d.become(t, whole)
	a.key = nil
	a.audit()
	if got, says := verdict(a.path, adas); got != evidence.NotProved || !strings.Contains(says, "the audit is not signed") {
		t.Errorf("unsigned: %s\n%s", got, says)
	}
	if got, says := verdict(a.path); got != evidence.Proved || !strings.Contains(says, "1 of 2 is not signed") {
		t.Errorf("one is unsigned: %s\n%s", got, says)
	}
}

// Who makes the newest audit anew in all its parts is found out by a signature
// alone, and the proof says so.
func TestAConsistentForgeryNeedsASignature(t *testing.T) {
	ada, adas := keyOf(t, "ada")
	eve, _ := keyOf(t, "eve")
	a := newAuditor(t, 5)
	a.key = ada
	a.audit()
	before := snapshotOf(t, a.path)
	a.audit()
	d := &disk{a.path, snapshotOf(t, a.path)}
	d.become(t, before)
	for _, p := range a.sim.Partners() {
		a.sim.Edit(p.TenantID, func(p *graphsim.Partner) { p.IdentitySynchronization = graphsim.SyncAllowed("forged", false) })
	}
	a.key = nil
	a.audit()
	s := provenStore(t.Context(), t, a.path, options())
	if verdictOf(s) != evidence.Proved || !strings.Contains(told(s), "Only a signature shows that, or the SHA-256 of a later manifest") {
		t.Errorf("%s", told(s))
	}
	o := options()
	o.Signers = signers(t, adas)
	if s := provenStore(t.Context(), t, a.path, o); verdictOf(s) == evidence.Proved {
		t.Errorf("unsigned: %s", told(s))
	}
	d.become(t, before)
	os.RemoveAll(filepath.Join(a.path, s.Audits[1].Folder))
	a.key = eve
	a.audit()
	if s := provenStore(t.Context(), t, a.path, o); verdictOf(s) == evidence.Proved {
		t.Errorf("signed by another: %s", told(s))
	}
}
