package seal_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"bulksync/internal/seal"
)

// namespace is that of the signatures in these tests.
const namespace = "bulksync-test"

// newPrivate makes a private key: "ed25519", "ecdsa" or "rsa".
func newPrivate(t testing.TB, kind string) (key any) {
	t.Helper()
	var err error
	switch kind {
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case "ecdsa":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "rsa":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signerOf is what signs with a private key.
func signerOf(t testing.TB, private any) ssh.Signer {
	t.Helper()
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// writeKey writes a private key, with a passphrase unless that is empty, and its
// public key beside it.
func writeKey(t testing.TB, private any, passphrase string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "id")
	block, err := ssh.MarshalPrivateKey(private, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, pem.EncodeToMemory(block))
	writeFile(t, path+".pub", ssh.MarshalAuthorizedKey(signerOf(t, private).PublicKey()))
	return path
}

func writeFile(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// keyLine is the public key of a private one, as in a file of signers.
func keyLine(t testing.TB, private any) string {
	t.Helper()
	return string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(signerOf(t, private).PublicKey())))
}

// opened opens a key, which must work.
func opened(t testing.TB, path string) *seal.Key {
	t.Helper()
	key, err := seal.OpenKey(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := key.Close(); err != nil {
			t.Error(err)
		}
	})
	return key
}

// signed signs a message, which must work.
func signed(t testing.TB, key *seal.Key, message string) []byte {
	t.Helper()
	armored, err := key.Sign([]byte(message), namespace)
	if err != nil {
		t.Fatal(err)
	}
	return armored
}

// read reads a signature, which must be good.
func read(t testing.TB, armored []byte, message string) *seal.Signature {
	t.Helper()
	sig, err := seal.ReadSignature(armored, []byte(message), namespace)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// openSSH finds a program of OpenSSH. Without it the test is skipped, unless it
// runs in CI.
func openSSH(t testing.TB, name string) string {
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

// keygen runs ssh-keygen with a text as its input.
func keygen(t testing.TB, input string, args ...string) (output string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), openSSH(t, "ssh-keygen"), args...)
	cmd.Stdin = bytes.NewReader([]byte(input))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// mustKeygen runs ssh-keygen, which must work.
func mustKeygen(t testing.TB, args ...string) string {
	t.Helper()
	out, err := keygen(t, "", args...)
	if err != nil {
		t.Fatalf("ssh-keygen %q: %v\n%s", args, err, out)
	}
	return out
}

// keygenVerifies asks ssh-keygen whether a signature of the message is good under
// a file of signers at a time.
func keygenVerifies(t testing.TB, signers, principal string, armored []byte, message string, at time.Time) (bool, string) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "signers"), []byte(signers))
	writeFile(t, filepath.Join(dir, "sig"), armored)
	out, err := keygen(t, message, "-Y", "verify", "-I", principal, "-n", namespace,
		"-f", filepath.Join(dir, "signers"), "-s", filepath.Join(dir, "sig"),
		"-Overify-time="+at.UTC().Format("20060102150405Z"))
	return err == nil, out
}
