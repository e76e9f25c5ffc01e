package seal_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"bulksync/internal/seal"
)

// issued is when the certificates of these tests become valid, for one hour.
var issued = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// newCertificate certifies a key for alice; change may alter what is signed.
func newCertificate(t testing.TB, private, authority any, change func(*ssh.Certificate)) *ssh.Certificate {
	t.Helper()
	c := &ssh.Certificate{
		Key: signerOf(t, private).PublicKey(), CertType: ssh.UserCert, ValidPrincipals: []string{"carol", "alice"},
		ValidAfter: uint64(issued.Unix()), ValidBefore: uint64(issued.Add(time.Hour).Unix()),
	}
	if change != nil {
		change(c)
	}
	if err := c.SignCert(rand.Reader, signerOf(t, authority)); err != nil {
		t.Fatal(err)
	}
	return c
}

// certified signs "hello" with a certificate.
func certified(t testing.TB, private any, c *ssh.Certificate) []byte {
	t.Helper()
	s, err := ssh.NewCertSigner(c, signerOf(t, private))
	if err != nil {
		t.Fatal(err)
	}
	sig, err := sshsig.Sign(strings.NewReader("hello"), s, sshsig.HashSHA512, namespace)
	if err != nil {
		t.Fatal(err)
	}
	return sshsig.Armor(sig)
}

// A certificate counts for the names in it while it is valid, if an authority
// that the file names for them signed it. ssh-keygen says the same.
func TestCertificate(t *testing.T) {
	private, authority, other := newPrivate(t, "ed25519"), newPrivate(t, "ecdsa"), newPrivate(t, "ed25519")
	option := func(name string) func(*ssh.Certificate) {
		return func(c *ssh.Certificate) { c.CriticalOptions = map[string]string{name: "x"} }
	}
	lineOf := func(key any) string { return "alice,bob cert-authority " + keyLine(t, key) }
	for _, c := range []struct {
		name, principal string
		change          func(*ssh.Certificate)
		signers         string
		late            time.Duration
		want            string // "" if it counts
	}{
		{"good", "alice", nil, lineOf(authority), 0, ""},
		{"last second", "alice", nil, lineOf(authority), time.Hour - time.Second, ""},
		{"too late", "alice", nil, lineOf(authority), time.Hour, "s:1: the certificate does not count at 2026-03-01T13:00:00Z: cert has expired"},
		{"too early", "alice", nil, lineOf(authority), -time.Second, "s:1: the certificate does not count at 2026-03-01T11:59:59Z: cert is not yet valid"},
		{"not in the certificate", "bob", nil, lineOf(authority), 0, `s:1: the certificate does not count at 2026-03-01T12:00:00Z: principal "bob" not in the set`},
		{"not in the file", "carol", nil, lineOf(authority), 0, `s names no signer "carol"`},
		{"another authority", "alice", nil, lineOf(other), 0, `is not one that s gives to "alice"`},
		{"authority without the option", "alice", nil, "alice " + keyLine(t, authority), 0, `is not one that s gives to "alice"`},
		{"its key without it", "alice", nil, "alice " + keyLine(t, private), 0, `is not one that s gives to "alice"`},
		{"of a host", "alice", func(c *ssh.Certificate) { c.CertType = ssh.HostCert }, lineOf(authority), 0, "s:1: the certificate is not one of a user"},
		{"for all", "alice", func(c *ssh.Certificate) { c.ValidPrincipals = nil }, lineOf(authority), 0, "s:1: the certificate names no principals"},
		{"for ever", "alice", func(c *ssh.Certificate) { c.ValidBefore = ssh.CertTimeInfinity }, lineOf(authority), 24 * 365 * time.Hour, ""},
		{"for logins", "alice", option("force-command"), lineOf(authority), 0, ""},
		{"from an address", "alice", option("source-address"), lineOf(authority), 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			armored := certified(t, private, newCertificate(t, private, authority, c.change))
			at := issued.Add(c.late)
			checkLikeKeygen(t, c.signers, c.principal, armored, at, c.want)
		})
	}
}

// checkLikeKeygen checks a signature of "hello" here, and with ssh-keygen, which
// must come to the same verdict.
func checkLikeKeygen(t *testing.T, text, principal string, armored []byte, at time.Time, want string) {
	t.Helper()
	signers, err := seal.ReadSigners(text, "s")
	if err == nil {
		err = signers.Check(principal, namespace, read(t, armored, "hello"), at)
	}
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	if ok, out := keygenVerifies(t, text, principal, armored, "hello", at); ok != (err == nil) {
		t.Errorf("got %v, but ssh-keygen says %s", err, out)
	}
}

// What makes a certificate unsafe is refused, even where ssh-keygen lets it pass.
func TestUnsafeCertificate(t *testing.T) {
	private, authority := newPrivate(t, "ed25519"), newPrivate(t, "rsa")
	signers, err := seal.ReadSigners("alice cert-authority "+keyLine(t, authority), "s")
	if err != nil {
		t.Fatal(err)
	}
	unknown := newCertificate(t, private, authority, func(c *ssh.Certificate) { c.CriticalOptions = map[string]string{"moon": "full"} })
	forged := newCertificate(t, private, newPrivate(t, "ed25519"), nil)
	forged.SignatureKey = signerOf(t, authority).PublicKey()
	for want, c := range map[string]*ssh.Certificate{
		`unsupported critical option "moon" in certificate`: unknown,
		"certificate signature does not verify":             forged,
		"signed by RSA with SHA-1":                          sha1Certificate(t, private, authority),
	} {
		sig := read(t, certified(t, private, c), "hello")
		if err := signers.Check("alice", namespace, sig, issued); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// sha1Certificate is a certificate that an RSA key signed with SHA-1.
func sha1Certificate(t *testing.T, private, authority any) *ssh.Certificate {
	t.Helper()
	s, err := ssh.NewSignerWithAlgorithms(signerOf(t, authority).(ssh.AlgorithmSigner), []string{ssh.KeyAlgoRSA})
	if err != nil {
		t.Fatal(err)
	}
	c := newCertificate(t, private, authority, nil)
	if err := c.SignCert(rand.Reader, s); err != nil {
		t.Fatal(err)
	}
	return c
}
