package seal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"bulksync/internal/seal"
)

// A file of signers and ssh-keygen come to the same verdict: "" in want is a good
// signature. KEY stands for the signer's key, OTHER for somebody else's.
func TestSignersLikeKeygen(t *testing.T) {
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	time.Local = time.FixedZone("", 3*60*60)
	t.Setenv("TZ", "XXX-3")
	private, other := newPrivate(t, "ed25519"), newPrivate(t, "rsa")
	armored := signed(t, opened(t, writeKey(t, private, "")), "hello")
	fill := strings.NewReplacer("KEY", keyLine(t, private), "OTHER", keyLine(t, other))
	fingerprint := read(t, armored, "hello").Fingerprint()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ text, principal, want string }{
		{"alice KEY", "alice", ""},
		{"# x\n\n   \t\n#alice OTHER\n  alice\t KEY with a comment\n", "alice", ""},
		{"alice KEY\r\nbob OTHER\r\n", "alice", ""},
		{"alice KEY", "Alice", `s names no signer "Alice"`},
		{"bob OTHER", "bob", "the key " + fingerprint + ` is not one that s gives to "bob"`},
		{"bob OTHER\nalice,carol KEY", "bob", "the key " + fingerprint + ` is not one of "bob": s:2 gives it to "alice,carol"`},
		{"alice OTHER\nalice KEY", "alice", ""},
		// Patterns.
		{"bob,alice KEY", "alice", ""},
		{"*@example.com KEY", "alice@example.com", ""},
		{"*@example.com KEY", "alice@example.org", "s names no signer"},
		{"*@example.com KEY", "@example.com", ""},
		{"a?ice KEY", "alice", ""},
		{"alice? KEY", "alice", "s names no signer"},
		{"a*c*e KEY", "abcde", ""},
		{"a*bc KEY", "abbbc", ""},
		{"a*bc KEY", "abcb", "s names no signer"},
		{"*a*b*c*** KEY", "xxaxxbxxabc", ""},
		{"*,!alice KEY", "alice", "s names no signer"},
		{"!alice,* KEY", "alice", "s names no signer"},
		{"*,!alice KEY", "bob", ""},
		{"!bob KEY", "alice", "s names no signer"},
		{"!bob,,alice, KEY", "alice", ""},
		{"!a*,*ice KEY", "alice", "s names no signer"},
		// Quotes.
		{`"Alice Doe" KEY`, "Alice Doe", ""},
		{`"Alice Doe,bob"  KEY`, "bob", ""},
		{`Al"ice Doe" KEY`, "Alice Doe", ""},
		{`"alice"KEY`, "alice", ""},
		{`"Alice Doe KEY`, "Alice Doe", "s:1: the quote of the name is not closed"},
		// Namespaces.
		{`alice namespaces="bulksync-test" KEY`, "alice", ""},
		{`alice NameSpaces="file,bulksync-*" KEY`, "alice", ""},
		{`alice namespaces="a b,bulksync-test"` + "\tKEY", "alice", ""},
		{`alice namespaces="q\"q,bulksync-test" KEY`, "alice", ""},
		{`alice namespaces="file,git" KEY`, "alice", `s:1: the key may not sign in the namespace "bulksync-test", but in "file,git"`},
		{`alice namespaces="*,!bulksync-test" KEY`, "alice", "s:1: the key may not sign"},
		{`alice namespaces="" KEY`, "alice", "s:1: the key may not sign"},
		{"alice namespaces=\"file\" KEY\nalice namespaces=\"git\" KEY", "alice", "s:2: the key may not sign"},
		{"alice namespaces=\"file\" KEY\nalice KEY", "alice", ""},
		{`alice namespaces=bulksync-test KEY`, "alice", "s:1: the option namespaces: its value must stand in double quotes"},
		{`alice namespaces="bulksync-test KEY`, "alice", "s:1: "},
		{`alice namespaces="bulksync-test"x KEY`, "alice", "s:1: the option namespaces: its value must stand in double quotes"},
		// Times.
		{`alice valid-after="20260301" KEY`, "alice", ""},
		{`alice valid-after="20260301120000Z" KEY`, "alice", ""},
		{`alice valid-after="20260301120001Z" KEY`, "alice", "s:1: the key is not yet valid at 2026-03-01T12:00:00Z, but from 2026-03-01T12:00:01Z"},
		{`alice valid-after="202603011200z" KEY`, "alice", ""},
		{`alice valid-after="202603011201UTC" KEY`, "alice", "s:1: the key is not yet valid"},
		{`alice valid-after="202603011500" KEY`, "alice", ""},
		{`alice valid-after="202603011501" KEY`, "alice", "s:1: the key is not yet valid"},
		{`alice VALID-BEFORE="20260301120000Z" KEY`, "alice", ""},
		{`alice valid-before="20260301115959Z" KEY`, "alice", "s:1: the key has expired at 2026-03-01T12:00:00Z: it was valid until 2026-03-01T11:59:59Z"},
		{`alice valid-before="20260301150000" KEY`, "alice", ""},
		{`alice valid-before="20260301145959" KEY`, "alice", "s:1: the key has expired"},
		{`alice valid-before="20260302Z",valid-after="20260301Z",namespaces="*" KEY`, "alice", ""},
		{`alice valid-before="20260301Z",valid-after="20260301Z" KEY`, "alice", "s:1: valid-before is not later than valid-after"},
		{`alice valid-after=20260101 KEY`, "alice", "s:1: the option valid-after: its value must stand in double quotes"},
		{`alice valid-after="2026" KEY`, "alice", `s:1: the option valid-after: "2026" is not a time, which is YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS`},
		{`alice valid-after="20260101000000.5" KEY`, "alice", "is not a time"},
		{`alice valid-after="20260101UTCZ" KEY`, "alice", "is not a time"},
		{`alice valid-before="20261301" KEY`, "alice", "s:1: the option valid-before: "},
		{`alice valid-after="" KEY`, "alice", "is not a time"},
		{`alice valid-after="19700101000001Z" KEY`, "alice", ""},
		{`alice valid-after="19700101Z" KEY`, "alice", "is not a time"},
		{`alice valid-before="19691231Z" KEY`, "alice", "is not a time"},
		// Faults, which ssh-keygen skips: it then finds no line for the key.
		{"alice", "alice", "s:1: there is no key behind the name"},
		{`"" KEY`, "alice", "s:1: the name is empty"},
		{"alice ssh-ed25519", "alice", "s:1: there is no key on the line"},
		{"alice cert-authority", "alice", "s:1: there is no key on the line"},
		{"alice touch-required KEY", "alice", `s:1: unknown option "touch-required"; known are cert-authority, namespaces, valid-after and valid-before`},
		{`alice cert-authority="x" KEY`, "alice", "s:1: the option cert-authority has no value"},
		{`alice namespaces="*",NAMESPACES="*" KEY`, "alice", "s:1: the option namespaces appears twice"},
		{`alice valid-after="20250101",valid-after="20250101" KEY`, "alice", "s:1: the option valid-after appears twice"},
		{`alice namespaces="*", KEY`, "alice", `s:1: unknown option ""`},
		{"ssh-ed25519 AAAAC3 alice", "alice", "s:1: the line begins with a key: write the name of its owner before it"},
		{"alice ssh-ed25519 AAAA!", "alice", "s:1: the key is broken: illegal base64 data at input byte 4"},
		{"alice ssh-ed25519 AAAA", "alice", "s:1: the key is broken: short read"},
		{"alice ssh-foo AAAA", "alice", `s:1: keys of type "ssh-foo" are not supported`},
		{"alice ssh-rsa" + strings.TrimPrefix(keyLine(t, private), "ssh-ed25519"), "alice", `s:1: the key is of type "ssh-ed25519", not "ssh-rsa"`},
		{"", "alice", "s: the file names no signer"},
		{"# nobody\n\n", "alice", "s: the file names no signer"},
		{"\ufeffalice KEY", "alice", "s:1: the file begins with a byte order mark: save it without one"},
	} {
		t.Run(c.text+" "+c.principal, func(t *testing.T) {
			checkLikeKeygen(t, fill.Replace(c.text), c.principal, armored, at, c.want)
		})
	}
}

// All faults of a file are told at once, with their lines, and no key beside them.
func TestSignersFaults(t *testing.T) {
	line := keyLine(t, newPrivate(t, "ed25519"))
	certificate := ssh.MarshalAuthorizedKey(newCertificate(t, newPrivate(t, "ed25519"), newPrivate(t, "ed25519"), nil))
	text := "alice " + line + "\nbob\n\ncarol ssh-dss AAAA\n# fine\n\x00dave " + line + "\neve " + string(certificate) +
		"f\rg " + line + "\n-----BEGIN OPENSSH PRIVATE KEY-----"
	signers, err := seal.ReadSigners(text, "allowed_signers")
	want := `allowed_signers:2: there is no key behind the name
allowed_signers:4: keys of type "ssh-dss" are not supported: use ed25519, ecdsa, rsa, ed25519-sk or ecdsa-sk
allowed_signers:6: a control character
allowed_signers:7: a certificate: name the key of its authority here, with the option cert-authority
allowed_signers:8: a control character
allowed_signers:9: unknown option "openssh"; known are cert-authority, namespaces, valid-after and valid-before`
	if signers != nil || err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A key must be valid at each of the times, though not by the same line, and a
// part of a second does not count.
func TestCheckTimes(t *testing.T) {
	private := newPrivate(t, "ed25519")
	sig := read(t, signed(t, opened(t, writeKey(t, private, "")), "hello"), "hello")
	line := keyLine(t, private)
	signers, err := seal.ReadSigners(fmt.Sprintf("alice valid-before=\"20260301Z\" %s\nalice valid-after=\"20260401Z\" %s\n", line, line), "s")
	if err != nil {
		t.Fatal(err)
	}
	first, second := time.Date(2026, 3, 1, 0, 0, 0, 999, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	if err := signers.Check("alice", namespace, sig, first, second); err != nil {
		t.Error(err)
	}
	want := `s:1: the key has expired at 2026-03-15T00:00:00Z: it was valid until 2026-03-01T00:00:00Z
s:2: the key is not yet valid at 2026-03-15T00:00:00Z, but from 2026-04-01T00:00:00Z`
	between := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	for _, times := range [][]time.Time{{between}, {first, between}, {between, second}} {
		if err := signers.Check("alice", namespace, sig, times...); err == nil || err.Error() != want {
			t.Errorf("%v: %v", times, err)
		}
	}
	if err := signers.Check("alice", namespace, sig); err == nil {
		t.Error("valid at no time")
	}
}

// Whatever the text is, reading it ends with an error or with signers.
func FuzzReadSigners(f *testing.F) {
	line := keyLine(f, newPrivate(f, "ed25519"))
	sig := read(f, signed(f, opened(f, writeKey(f, newPrivate(f, "ed25519"), "")), "hello"), "hello")
	for _, seed := range []string{"", "alice " + line, "\"a b\" namespaces=\"x\\\"\",valid-after=\"20260101\" " + line, "a \"", "*,!? cert-authority " + line} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		signers, err := seal.ReadSigners(text, "s")
		if (signers == nil) != (err != nil) {
			t.Errorf("%v, %v", signers, err)
		}
		if signers != nil && signers.Check("alice", namespace, sig, issued) == nil {
			t.Error("the key is in no file")
		}
	})
}
