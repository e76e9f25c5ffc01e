package seal

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// maxSignature is more than the longest signature with the longest certificate
// needs.
const maxSignature = 64 << 10

// Signature is an SSH signature that was found to match its message.
type Signature struct {
	key ssh.PublicKey // the signer's, or the certificate that holds it
}

// ReadSignature reads the armored signature of a message, as "ssh-keygen -Y sign"
// and Key.Sign write it. It must be whole, the only thing in its text, made for
// this namespace, and match the message under the key inside it. Whose key that
// is, Signers.Check says. ssh-keygen tolerates text after the armor; here that
// would be a second text that no signature covers.
func ReadSignature(armored, message []byte, namespace string) (*Signature, error) {
	if namespace == "" {
		return nil, errNamespace
	}
	s, err := unarmor(armored)
	if err != nil {
		return nil, err
	}
	if s.Namespace != namespace {
		return nil, fmt.Errorf("the signature was made for the namespace %.60q, not for %q", s.Namespace, namespace)
	}
	if err := checkAlgorithm(s.PublicKey, s.Signature); err != nil {
		return nil, fmt.Errorf("the signature does not count: %w", err)
	}
	if err := sshsig.Verify(bytes.NewReader(message), s, s.PublicKey, s.HashAlgorithm, namespace); err != nil {
		return nil, fmt.Errorf("the signature is not of this text: %w", withoutPrefix(err))
	}
	return &Signature{key: s.PublicKey}, nil
}

// Fingerprint is that of the key that signed, as "ssh-keygen -l" prints it. It
// is the same whether the key signed with a certificate or without one.
func (s *Signature) Fingerprint() string { return ssh.FingerprintSHA256(plainKey(s.key)) }

// errNamespace means that a signature would count wherever no namespace is asked
// for.
var errNamespace = errors.New("a signature needs a namespace")

// unarmor reads the one signature of a text.
func unarmor(text []byte) (*sshsig.Signature, error) {
	switch {
	case len(text) > maxSignature:
		return nil, fmt.Errorf("longer than a signature can be, which is %d bytes", maxSignature)
	case !bytes.HasPrefix(text, []byte("-----BEGIN "+sshsig.PEMType+"-----")):
		return nil, errors.New(`not a signature as "ssh-keygen -Y sign" writes it`)
	case bytes.Count(text, []byte("-----BEGIN ")) > 1:
		return nil, errors.New("more than one signature")
	}
	block, rest := pem.Decode(text)
	switch {
	case block == nil || len(block.Headers) > 0:
		return nil, errors.New("the armor of the signature is broken")
	case len(bytes.TrimSpace(rest)) > 0:
		return nil, errors.New("text follows the signature")
	}
	s, err := sshsig.ParseSignature(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the signature is broken: %w", withoutPrefix(err))
	}
	return s, nil
}

// checkAlgorithm refuses what ssh-keygen refuses and the library lets pass: RSA
// with SHA-1 under a certificate, and bytes behind a signature. Only a security
// key adds something there, its flags and its counter, which the library reads.
func checkAlgorithm(key ssh.PublicKey, s *ssh.Signature) error {
	kind := plainKey(key).Type()
	switch {
	case !supportedType(kind):
		return unsupportedType(kind)
	case s.Format == ssh.KeyAlgoRSA:
		return errors.New("RSA with SHA-1, which can be forged")
	case len(s.Rest) > 0 && !isSecurityKey(kind):
		return errors.New("bytes follow it")
	}
	return nil
}

// plainKey is the key that a certificate certifies, and any other key itself.
func plainKey(key ssh.PublicKey) ssh.PublicKey {
	if cert, ok := key.(*ssh.Certificate); ok {
		return cert.Key
	}
	return key
}

// supportedType reports whether keys of this type, which is not a certificate's,
// may sign.
func supportedType(kind string) bool {
	switch kind {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSA:
		return true
	}
	return isSecurityKey(kind)
}

// isSecurityKey reports whether keys of this type live in a hardware key.
func isSecurityKey(kind string) bool {
	return kind == ssh.KeyAlgoSKED25519 || kind == ssh.KeyAlgoSKECDSA256
}

func unsupportedType(kind string) error {
	return fmt.Errorf("keys of type %.40q are not supported: use ed25519, ecdsa, rsa, ed25519-sk or ecdsa-sk", kind)
}

// withoutPrefix takes the name of the library off its error.
func withoutPrefix(err error) error {
	if text, ok := strings.CutPrefix(err.Error(), "ssh: "); ok {
		return errors.New(text)
	}
	return err
}
