package seal

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// maxKey is more than the longest file of a key needs.
const maxKey = 64 << 10

// Key signs: a private key, or one that an SSH agent or a hardware key holds.
type Key struct {
	signer ssh.Signer
	agent  io.Closer // nil for a private key
}

// OpenKey opens the key in a file. A private key may have a passphrase, for which
// ask is called; ask may be nil if nobody can be asked. Of a public key, or a
// certificate, the SSH agent must hold the private half. The private file of a
// hardware key holds only a handle, so it is opened through the agent too. The
// caller closes the key.
func OpenKey(path string, ask func(prompt string) ([]byte, error)) (*Key, error) {
	text, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	key, err := openKey(text, path, ask)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// Close ends the connection to the agent, if there is one.
func (k *Key) Close() error {
	if k.agent == nil {
		return nil
	}
	return k.agent.Close()
}

// Fingerprint is the key's, as "ssh-keygen -l" prints it.
func (k *Key) Fingerprint() string { return ssh.FingerprintSHA256(plainKey(k.signer.PublicKey())) }

// Sign signs a message, which "ssh-keygen -Y verify" with the same namespace
// accepts. The signature is checked before it is returned, since an agent may
// sign with something else than it was asked for.
func (k *Key) Sign(message []byte, namespace string) (armored []byte, err error) {
	if namespace == "" {
		return nil, errNamespace
	}
	s, err := sshsig.Sign(bytes.NewReader(message), k.signer, sshsig.HashSHA512, namespace)
	if err != nil {
		return nil, fmt.Errorf("the key %s did not sign: %w", k.Fingerprint(), withoutPrefix(err))
	}
	armored = sshsig.Armor(s)
	if _, err := ReadSignature(armored, message, namespace); err != nil {
		return nil, fmt.Errorf("the key %s did not sign as it was asked to: %w", k.Fingerprint(), err)
	}
	return armored, nil
}

// readKeyFile reads a file that is no longer than that of a key.
func readKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKey+1))
	if err == nil && len(text) > maxKey {
		err = fmt.Errorf("%s: longer than a key can be, which is %d bytes", path, maxKey)
	}
	return text, err
}

// openKey opens the key in the text of a file.
func openKey(text []byte, path string, ask func(prompt string) ([]byte, error)) (*Key, error) {
	if block, _ := pem.Decode(text); block != nil {
		if handle := publicHalf(block); handle != nil && isSecurityKey(handle.Type()) {
			return openAgentKey(handle, path)
		}
		return openPrivateKey(text, path, ask)
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil, errors.New("neither a private nor a public SSH key")
	}
	return openAgentKey(public, path)
}

// publicHalf is the public key that OpenSSH's file of a private key holds in the
// clear, and nil in other formats.
func publicHalf(block *pem.Block) ssh.PublicKey {
	body, ok := bytes.CutPrefix(block.Bytes, []byte("openssh-key-v1\x00"))
	var head struct {
		Cipher, KDF, Options string
		Keys                 uint32
		Public               []byte
		Rest                 []byte `ssh:"rest"`
	}
	if !ok || ssh.Unmarshal(body, &head) != nil {
		return nil
	}
	key, err := ssh.ParsePublicKey(head.Public)
	if err != nil {
		return nil
	}
	return key
}

// openPrivateKey opens a private key, and asks for its passphrase if it has one.
func openPrivateKey(text []byte, path string, ask func(prompt string) ([]byte, error)) (*Key, error) {
	private, err := ssh.ParseRawPrivateKey(text)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		private, err = decryptKey(text, path, ask)
	}
	if err != nil {
		return nil, withoutPrefix(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, withoutPrefix(err)
	}
	if kind := signer.PublicKey().Type(); !supportedType(kind) {
		return nil, unsupportedType(kind)
	}
	return &Key{signer: sha2Signer{signer.(ssh.AlgorithmSigner), signer.PublicKey()}}, nil
}

// decryptKey opens a private key with the passphrase that ask returns.
func decryptKey(text []byte, path string, ask func(prompt string) ([]byte, error)) (any, error) {
	if ask == nil {
		return nil, errors.New("the key has a passphrase, and nobody can be asked for it here: " +
			"give the public key of one that an SSH agent holds")
	}
	passphrase, err := ask("Passphrase of " + path + ": ")
	if err != nil {
		return nil, fmt.Errorf("asking for the passphrase: %w", err)
	}
	defer clear(passphrase)
	if len(passphrase) == 0 {
		return nil, errors.New("the key has a passphrase, and none was given")
	}
	private, err := ssh.ParseRawPrivateKeyWithPassphrase(text, passphrase)
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, errors.New("wrong passphrase")
	}
	return private, err
}

// sha2Signer makes RSA keys sign with SHA-512, where a certificate's key would
// use SHA-1. The public key, or the certificate, is what the signature names.
type sha2Signer struct {
	ssh.AlgorithmSigner
	public ssh.PublicKey
}

// PublicKey is the key or the certificate that the signature names.
func (s sha2Signer) PublicKey() ssh.PublicKey { return s.public }

// Sign signs with the algorithm that ssh-keygen uses for such a key.
func (s sha2Signer) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	algorithm := ""
	if plainKey(s.public).Type() == ssh.KeyAlgoRSA {
		algorithm = ssh.KeyAlgoRSASHA512
	}
	return s.SignWithAlgorithm(rand, data, algorithm)
}
