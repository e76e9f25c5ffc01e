package seal_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"bulksync/internal/seal"
)

// Whoever finds a signer where "ssh-keygen -Y find-principals" finds one. That
// knows no namespaces, so no line here has one.
func TestWhoeverLikeKeygen(t *testing.T) {
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	time.Local = time.UTC
	t.Setenv("TZ", "UTC")
	private, authority := newPrivate(t, "ed25519"), newPrivate(t, "ecdsa")
	plain := signed(t, opened(t, writeKey(t, private, "")), "hello")
	cert := certified(t, private, newCertificate(t, private, authority, nil)) // of carol and alice
	host := certified(t, private, newCertificate(t, private, authority, func(c *ssh.Certificate) { c.CertType = ssh.HostCert }))
	fill := strings.NewReplacer("KEY", keyLine(t, private), "OTHER", keyLine(t, newPrivate(t, "rsa")), "CA", "cert-authority "+keyLine(t, authority))
	for _, c := range []struct {
		text    string
		armored []byte
		late    time.Duration
		want    string // what Whoever returns; empty for an error
	}{
		{"alice KEY", plain, 0, "alice"},
		{"bob OTHER\nalice,carol KEY", plain, 0, "alice,carol"},
		{"bob OTHER", plain, 0, ""},
		{"alice KEY\nbob KEY", plain, 0, "alice"},
		{`alice valid-before="20200101" KEY`, plain, 0, ""},
		{"alice valid-before=\"20200101\" KEY\nbob KEY", plain, 0, "bob"},
		{`alice valid-after="20260301120001Z" KEY`, plain, 0, ""},
		{`alice valid-after="20260301120001Z" KEY`, plain, time.Second, "alice"},
		{"alice CA", plain, 0, ""},
		{"alice CA", cert, 0, "alice"},
		{"* CA", cert, 0, "carol"},
		{"*,!carol CA", cert, 0, "alice"},
		{"bob CA", cert, 0, ""},
		{"alice CA", cert, 2 * time.Hour, ""},
		{"alice CA", host, 0, ""},
		{"alice KEY", cert, 0, ""},
	} {
		at := issued.Add(c.late)
		text := fill.Replace(c.text)
		signers, err := seal.ReadSigners(text, "s")
		if err != nil {
			t.Fatal(c.text, err)
		}
		got, err := signers.Whoever(namespace, read(t, c.armored, "hello"), at)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: got %q, %v", c.text, got, err)
		}
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "signers"), []byte(text))
		writeFile(t, filepath.Join(dir, "sig"), c.armored)
		out, errKeygen := keygen(t, "", "-Y", "find-principals", "-f", filepath.Join(dir, "signers"), "-s", filepath.Join(dir, "sig"),
			"-Overify-time="+at.UTC().Format("20060102150405Z"))
		if (errKeygen == nil) != (err == nil) {
			t.Errorf("%s: got %q, %v, but ssh-keygen says %s", c.text, got, err, out)
		}
	}
}
