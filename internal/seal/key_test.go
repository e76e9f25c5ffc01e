package seal_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"bulksync/internal/seal"
)

// A private key signs, and ssh-keygen accepts the signature and knows the key by
// the same fingerprint.
func TestKeySignsForKeygen(t *testing.T) {
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		t.Run(kind, func(t *testing.T) {
			private := newPrivate(t, kind)
			path := writeKey(t, private, "")
			key := opened(t, path)
			armored := signed(t, key, "hello")
			if got := read(t, armored, "hello").Fingerprint(); got != key.Fingerprint() {
				t.Errorf("signed by %s, the key is %s", got, key.Fingerprint())
			}
			signers := "alice " + keyLine(t, private) + "\n"
			if ok, out := keygenVerifies(t, signers, "alice", armored, "hello", time.Now()); !ok {
				t.Error(out)
			}
			if ok, out := keygenVerifies(t, signers, "alice", armored, "hallo", time.Now()); ok {
				t.Error(out)
			}
			if list := mustKeygen(t, "-l", "-f", path+".pub"); !strings.Contains(list, " "+key.Fingerprint()+" ") {
				t.Errorf("%s is not in %s", key.Fingerprint(), list)
			}
		})
	}
}

// A signature of ssh-keygen is read, whatever hash it is over.
func TestReadKeygenSignature(t *testing.T) {
	for _, args := range [][]string{
		{"-t", "ed25519"}, {"-t", "rsa", "-b", "2048"},
		{"-t", "ecdsa", "-b", "256"}, {"-t", "ecdsa", "-b", "384"}, {"-t", "ecdsa", "-b", "521"},
	} {
		for _, hash := range []string{"sha256", "sha512"} {
			t.Run(strings.Join(args, "")+hash, func(t *testing.T) {
				dir := t.TempDir()
				id, file := filepath.Join(dir, "id"), filepath.Join(dir, "file")
				mustKeygen(t, append(args, "-q", "-N", "", "-f", id)...)
				writeFile(t, file, []byte("hello\n"))
				mustKeygen(t, "-q", "-Y", "sign", "-O", "hashalg="+hash, "-n", namespace, "-f", id, file)
				armored, err := os.ReadFile(file + ".sig")
				if err != nil {
					t.Fatal(err)
				}
				sig := read(t, armored, "hello\n")
				if key := opened(t, id); sig.Fingerprint() != key.Fingerprint() {
					t.Errorf("signed by %s, the key is %s", sig.Fingerprint(), key.Fingerprint())
				}
			})
		}
	}
}

// The passphrase of a key is asked for once, with a prompt that names the file,
// and is cleared afterwards.
func TestPassphrase(t *testing.T) {
	path := writeKey(t, newPrivate(t, "ed25519"), "open sesame")
	given := []byte("open sesame")
	prompts := []string{}
	key, err := seal.OpenKey(path, func(prompt string) ([]byte, error) {
		prompts = append(prompts, prompt)
		return given, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	read(t, signed(t, key, "hello"), "hello")
	if len(prompts) != 1 || prompts[0] != "Passphrase of "+path+": " {
		t.Errorf("prompts: %q", prompts)
	}
	if strings.Trim(string(given), "\x00") != "" {
		t.Errorf("the passphrase is still there: %q", given)
	}
	if err := key.Close(); err != nil {
		t.Error(err)
	}
}

// A passphrase that does not open the key is one error, which does not hold it.
func TestPassphraseRefused(t *testing.T) {
	path := writeKey(t, newPrivate(t, "ed25519"), "open sesame")
	cancelled := errors.New("cancelled")
	for _, c := range []struct {
		ask  func(string) ([]byte, error)
		want string
	}{
		{func(string) ([]byte, error) { return []byte("guess-1234"), nil }, ": wrong passphrase"},
		{func(string) ([]byte, error) { return nil, nil }, ": the key has a passphrase, and none was given"},
		{func(string) ([]byte, error) { return nil, cancelled }, ": asking for the passphrase: cancelled"},
		{nil, ": the key has a passphrase, and nobody can be asked for it here: give the public key of one that an SSH agent holds"},
	} {
		key, err := seal.OpenKey(path, c.ask)
		if key != nil || err == nil || err.Error() != path+c.want {
			t.Errorf("%v, %v, want %s", key, err, c.want)
		}
	}
	_, err := seal.OpenKey(path, func(string) ([]byte, error) { return nil, cancelled })
	if !errors.Is(err, cancelled) {
		t.Errorf("%v does not wrap the error of the prompt", err)
	}
}

// An older file with a passphrase is opened too.
func TestOldKeyFormat(t *testing.T) {
	private := newPrivate(t, "rsa").(*rsa.PrivateKey)
	//lint:ignore SA1019 such files exist
	block, err := x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private), []byte("old"), x509.PEMCipherAES128)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "id")
	writeFile(t, path, pem.EncodeToMemory(block))
	key, err := seal.OpenKey(path, func(string) ([]byte, error) { return []byte("old"), nil })
	if err != nil {
		t.Fatal(err)
	}
	read(t, signed(t, key, "hello"), "hello")
}

// What is no key that can sign is an error that names the file and holds nothing
// of it.
func TestOpenKeyRefuses(t *testing.T) {
	dir := t.TempDir()
	whole, err := os.ReadFile(writeKey(t, newPrivate(t, "ed25519"), ""))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]struct{ text, want string }{
		"empty":   {"", "neither a private nor a public SSH key"},
		"text":    {"hunter2 is my password\n", "neither a private nor a public SSH key"},
		"long":    {strings.Repeat("k", 64<<10+1), "longer than a key can be, which is 65536 bytes"},
		"at most": {strings.Repeat("k", 64<<10), "neither a private nor a public SSH key"},
		"cut":     {string(whole[:len(whole)/2]), "neither a private nor a public SSH key"},
		"broken":  {strings.Replace(string(whole), "b3BlbnNzaC1rZXkt", "b3BlbnNzaC1rZXks", 1), "invalid openssh private key format"},
		"pem":     {"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", `unsupported key type "CERTIFICATE"`},
		"dsa":     {string(pem.EncodeToMemory(dsaKey(t))), `keys of type "ssh-dss" are not supported: use ed25519, ecdsa, rsa, ed25519-sk or ecdsa-sk`},
	}
	for name, f := range files {
		path := filepath.Join(dir, name)
		writeFile(t, path, []byte(f.text))
		if key, err := seal.OpenKey(path, nil); key != nil || err == nil || err.Error() != path+": "+f.want {
			t.Errorf("%s: %v, %v", name, key, err)
		}
	}
	if _, err := seal.OpenKey(filepath.Join(dir, "absent"), nil); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), dir) {
		t.Errorf("absent: %v", err)
	}
	if _, err := seal.OpenKey(dir, nil); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a directory: %v", err)
	}
}

// dsaKey is a private key of a kind that is no longer safe. Its numbers are only
// of the right size: a real one would take long to make.
func dsaKey(t *testing.T) *pem.Block {
	t.Helper()
	der, err := asn1.Marshal(struct {
		Version       int
		P, Q, G, Y, X *big.Int
	}{0, big.NewInt(0).SetBit(big.NewInt(1), 1023, 1), big.NewInt(0).SetBit(big.NewInt(1), 159, 1),
		big.NewInt(2), big.NewInt(4), big.NewInt(2)})
	if err != nil {
		t.Fatal(err)
	}
	return &pem.Block{Type: "DSA PRIVATE KEY", Bytes: der}
}

// dsaPublic is the public key of dsaKey.
func dsaPublic(t *testing.T) ssh.PublicKey {
	t.Helper()
	signer, err := ssh.ParsePrivateKey(pem.EncodeToMemory(dsaKey(t)))
	if err != nil {
		t.Fatal(err)
	}
	return signer.PublicKey()
}

// A signature needs a namespace.
func TestSignNeedsNamespace(t *testing.T) {
	key := opened(t, writeKey(t, newPrivate(t, "ed25519"), ""))
	if got, err := key.Sign([]byte("hello"), ""); got != nil || err == nil || err.Error() != "a signature needs a namespace" {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := seal.ReadSignature(signed(t, key, "hello"), []byte("hello"), ""); got != nil || err == nil {
		t.Errorf("read: %v, %v", got, err)
	}
}
