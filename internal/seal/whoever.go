package seal

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"
)

// Whoever returns the principals of the line that lets the key of the signature
// sign in the namespace at this time: whoever they are, the file names them.
// Otherwise it says why no line does.
func (s *Signers) Whoever(namespace string, sig *Signature, at time.Time) (principals string, err error) {
	var reasons []error
	for _, l := range s.list {
		if !l.holds(sig.key) {
			continue
		}
		if principals, err = l.whoever(namespace, sig.key, at); err == nil {
			return principals, nil
		}
		reasons = append(reasons, fmt.Errorf("%s:%d: %w", s.name, l.line, err))
	}
	if len(reasons) > 0 {
		return "", errors.Join(reasons...)
	}
	return "", fmt.Errorf("the key %s is not one that %s names", sig.Fingerprint(), s.name)
}

// whoever returns whom the line gives the key to. A certificate names its own
// principals, and one of them must be among those of the line.
func (l *signer) whoever(namespace string, key ssh.PublicKey, at time.Time) (string, error) {
	cert, ok := key.(*ssh.Certificate)
	if !ok {
		return l.principals, l.allows("", namespace, key, at)
	}
	err := errors.New("the certificate names none of the principals of the line")
	for _, principal := range cert.ValidPrincipals {
		if !matchList(principal, l.principals) {
			continue
		}
		if err = l.allows(principal, namespace, key, at); err == nil {
			return principal, nil
		}
	}
	return "", err
}
