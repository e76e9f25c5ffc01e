package seal_test

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"bulksync/internal/seal"
)

// A signature counts by whichever line holds its key and lets it sign there and
// then.
func TestWhoeverTheFileNames(t *testing.T) {
	private, other, authority := newPrivate(t, "ed25519"), newPrivate(t, "rsa"), newPrivate(t, "ed25519")
	plain := read(t, signed(t, opened(t, writeKey(t, private, "")), "hello"), "hello")
	cert := read(t, certified(t, private, newCertificate(t, private, authority, func(*ssh.Certificate) {})), "hello")
	fill := strings.NewReplacer("KEY", keyLine(t, private), "OTHER", keyLine(t, other), "CA", keyLine(t, authority))
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		text string
		sig  *seal.Signature
		want string // a part of the error; empty for none
	}{
		{"alice KEY", plain, ""},
		{"bob OTHER\nalice,carol KEY", plain, ""},
		{"bob OTHER", plain, "the key SHA256:"},
		{`alice namespaces="file" KEY`, plain, "s:1: the key may not sign in the namespace"},
		{"alice namespaces=\"file\" KEY\nbob KEY", plain, ""},
		{`alice valid-before="20200101" KEY`, plain, "s:1: the key has expired"},
		{"* cert-authority CA", cert, ""},
		{"nobody cert-authority CA", cert, "s:1: the certificate names none of the principals"},
	} {
		s, err := seal.ReadSigners(fill.Replace(c.text), "s")
		if err != nil {
			t.Fatal(c.text, err)
		}
		who, err := s.Whoever("bulksync-test", c.sig, at)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || err == nil && who == "" {
			t.Errorf("%s: %q, %v, want %q", c.text, who, err, c.want)
		}
	}
}
