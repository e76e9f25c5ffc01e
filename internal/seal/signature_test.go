package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"bulksync/internal/seal"
)

// Anything but one whole signature of this text in this namespace is refused.
func TestReadSignatureRefuses(t *testing.T) {
	key := opened(t, writeKey(t, newPrivate(t, "ed25519"), ""))
	whole := string(signed(t, key, "hello"))
	other, err := key.Sign([]byte("hello"), "file")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(whole, "\n")
	body := strings.Join(lines[1:len(lines)-2], "")
	for name, c := range map[string]struct{ armored, message, want string }{
		"another text":       {whole, "hallo", "the signature is not of this text: signature did not verify"},
		"no text":            {whole, "", "the signature is not of this text"},
		"another namespace":  {string(other), "hello", `the signature was made for the namespace "file", not for "bulksync-test"`},
		"empty":              {"", "hello", `not a signature as "ssh-keygen -Y sign" writes it`},
		"bytes":              {"\x00\xff\x00", "hello", `not a signature as "ssh-keygen -Y sign" writes it`},
		"text before":        {"x\n" + whole, "hello", `not a signature as "ssh-keygen -Y sign" writes it`},
		"text after":         {whole + "approved", "hello", "text follows the signature"},
		"two":                {whole + whole, "hello", "more than one signature"},
		"one in the other":   {lines[0] + whole, "hello", "more than one signature"},
		"without its end":    {lines[0] + body, "hello", "the armor of the signature is broken"},
		"with a header":      {lines[0] + "Comment: x\n\n" + body + lines[len(lines)-2], "hello", "the armor of the signature is broken"},
		"of no base64":       {lines[0] + "*\n" + lines[len(lines)-2], "hello", "the armor of the signature is broken"},
		"of nothing":         {lines[0] + lines[len(lines)-2], "hello", "the signature is broken: "},
		"of half":            {lines[0] + lines[1] + lines[len(lines)-2], "hello", "the signature is broken: "},
		"of another kind":    {strings.ReplaceAll(whole, "SSH SIGNATURE", "PGP SIGNATURE"), "hello", `not a signature as "ssh-keygen -Y sign" writes it`},
		"too long":           {whole + strings.Repeat("\n", 64<<10+1-len(whole)), "hello", "longer than a signature can be, which is 65536 bytes"},
		"of another version": {armored(withVersion(t, whole, 2)), "hello", "the signature is broken: unsupported signature version 2"},
	} {
		if sig, err := seal.ReadSignature([]byte(c.armored), []byte(c.message), namespace); sig != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v", name, sig, err)
		}
	}
}

// Line ends of Windows, a missing one, blank lines behind the armor, and a text
// of the greatest length are as good.
func TestReadSignatureTolerates(t *testing.T) {
	whole := string(signed(t, opened(t, writeKey(t, newPrivate(t, "ed25519"), "")), "hello"))
	for name, text := range map[string]string{
		"CRLF": strings.ReplaceAll(whole, "\n", "\r\n"), "no newline": strings.TrimSpace(whole),
		"blank lines": whole + "\n \r\n\n", "longest": whole + strings.Repeat("\n", 64<<10-len(whole)),
	} {
		if _, err := seal.ReadSignature([]byte(text), []byte("hello"), namespace); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// armored puts the bytes of a signature in armor.
func armored(raw []byte) string {
	return "-----BEGIN SSH SIGNATURE-----\n" + base64.StdEncoding.EncodeToString(raw) + "\n-----END SSH SIGNATURE-----\n"
}

// withVersion is a signature with another number of its format.
func withVersion(t *testing.T, text string, version uint32) []byte {
	t.Helper()
	s, err := sshsig.Unarmor([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	raw := s.Marshal()
	binary.BigEndian.PutUint32(raw[len("SSHSIG"):], version)
	return raw
}

// signedData is what a key signs, as PROTOCOL.sshsig has it.
func signedData(message string) []byte {
	hash := sha256.Sum256([]byte(message))
	return append([]byte("SSHSIG"), ssh.Marshal(struct{ Namespace, Reserved, Algorithm, Hash string }{
		namespace, "", "sha256", string(hash[:])})...)
}

// byHand puts a signature together.
func byHand(key ssh.PublicKey, s *ssh.Signature) []byte {
	return sshsig.Armor(&sshsig.Signature{
		Version: 1, PublicKey: key, Namespace: namespace, HashAlgorithm: sshsig.HashSHA256, Signature: s})
}

// RSA with SHA-1 is refused, with a certificate too, and so are bytes behind a
// signature.
func TestForgeableSignatures(t *testing.T) {
	private := newPrivate(t, "rsa")
	signer := signerOf(t, private).(ssh.AlgorithmSigner)
	sign := func(algorithm string) *ssh.Signature {
		s, err := signer.SignWithAlgorithm(nil, signedData("hello"), algorithm)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	good, old, longer := sign(ssh.KeyAlgoRSASHA256), sign(ssh.KeyAlgoRSA), sign(ssh.KeyAlgoRSASHA256)
	longer.Rest = []byte{0}
	certificate := newCertificate(t, private, newPrivate(t, "ed25519"), nil)
	read(t, byHand(signer.PublicKey(), good), "hello")
	read(t, byHand(certificate, good), "hello")
	for want, text := range map[string][]byte{
		`the signature is broken: invalid signature format "ssh-rsa"`:           byHand(signer.PublicKey(), old),
		"the signature does not count: RSA with SHA-1, which can be forged":     byHand(certificate, old),
		"the signature does not count: bytes follow it":                         byHand(signer.PublicKey(), longer),
		`the signature does not count: keys of type "ssh-dss" are not supporte`: byHand(dsaPublic(t), good),
	} {
		if sig, err := seal.ReadSignature(text, []byte("hello"), namespace); sig != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v, want %s", sig, err, want)
		}
	}
}

// securityKey is the public key of a hardware key, made of its parts.
func securityKey(t *testing.T, private ed25519.PrivateKey) ssh.PublicKey {
	t.Helper()
	key, err := ssh.ParsePublicKey(ssh.Marshal(struct {
		Type        string
		Key         []byte
		Application string
	}{ssh.KeyAlgoSKED25519, private.Public().(ed25519.PublicKey), "ssh:"}))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// touched signs "hello" as a hardware key does: over its flags and its counter.
func touched(key ssh.PublicKey, private ed25519.PrivateKey, flags byte) []byte {
	application, message := sha256.Sum256([]byte("ssh:")), sha256.Sum256(signedData("hello"))
	state := binary.BigEndian.AppendUint32([]byte{flags}, 7)
	blob := ed25519.Sign(private, bytes.Join([][]byte{application[:], state, message[:]}, nil))
	return byHand(key, &ssh.Signature{Format: key.Type(), Blob: blob, Rest: state})
}

// The signature of a hardware key counts if the key was touched.
func TestSecurityKey(t *testing.T) {
	private := newPrivate(t, "ed25519").(ed25519.PrivateKey)
	key := securityKey(t, private)
	text := "alice " + string(ssh.MarshalAuthorizedKey(key))
	checkLikeKeygen(t, text, "alice", touched(key, private, 1), time.Now(), "")
	if _, err := seal.ReadSignature(touched(key, private, 0), []byte("hello"), namespace); err == nil ||
		!strings.Contains(err.Error(), "signature missing required user presence flag") {
		t.Errorf("untouched: %v", err)
	}
	altered := bytes.Clone(touched(key, private, 1))
	s, err := sshsig.Unarmor(altered)
	if err != nil {
		t.Fatal(err)
	}
	s.Signature.Rest[4]++ // the counter
	if _, err := seal.ReadSignature(sshsig.Armor(s), []byte("hello"), namespace); err == nil {
		t.Error("the counter was altered, and the signature still counts")
	}
}

// The private file of a hardware key holds no private key. It is looked for in the
// agent, also if it has a passphrase.
func TestSecurityKeyFile(t *testing.T) {
	key := securityKey(t, newPrivate(t, "ed25519").(ed25519.PrivateKey))
	for _, cipher := range []string{"none", "aes256-ctr"} {
		raw := append([]byte("openssh-key-v1\x00"), ssh.Marshal(struct {
			Cipher, KDF, Options string
			Keys                 uint32
			Public, Private      []byte
		}{cipher, "bcrypt", "", 1, key.Marshal(), []byte("handle")})...)
		path := filepath.Join(t.TempDir(), "id_sk")
		writeFile(t, path, fmt.Appendf(nil, "-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END OPENSSH PRIVATE KEY-----\n",
			base64.StdEncoding.EncodeToString(raw)))
		t.Setenv("SSH_AUTH_SOCK", "")
		if _, err := seal.OpenKey(path, nil); err == nil || !strings.Contains(err.Error(), noAgentNamed) {
			t.Error(err)
		}
	}
}

// Whatever the bytes are, reading them ends with an error or a signature.
func FuzzReadSignature(f *testing.F) {
	whole := signed(f, opened(f, writeKey(f, newPrivate(f, "ed25519"), "")), "hello")
	s, err := sshsig.Unarmor(whole)
	if err != nil {
		f.Fatal(err)
	}
	raw := s.Marshal()
	for _, seed := range [][]byte{raw, raw[:len(raw)/2], bytes.Repeat([]byte{0xff}, 100), nil} {
		f.Add(seed)
	}
	f.Add(certifiedRaw(f))
	f.Fuzz(func(t *testing.T, raw []byte) {
		sig, err := seal.ReadSignature([]byte(armored(raw)), []byte("hello"), namespace)
		if (sig == nil) != (err != nil) {
			t.Errorf("%v, %v", sig, err)
		}
		if sig == nil {
			return
		}
		if !strings.HasPrefix(sig.Fingerprint(), "SHA256:") {
			t.Errorf("fingerprint %s", sig.Fingerprint())
		}
		if _, err := seal.ReadSignature(raw, []byte("hello"), namespace); err == nil {
			t.Error("read without armor")
		}
	})
}

// certifiedRaw is a signature with a certificate, without its armor.
func certifiedRaw(f *testing.F) []byte {
	f.Helper()
	private := newPrivate(f, "ed25519")
	s, err := sshsig.Unarmor(certified(f, private, newCertificate(f, private, newPrivate(f, "ecdsa"), nil)))
	if err != nil {
		f.Fatal(err)
	}
	return s.Marshal()
}
