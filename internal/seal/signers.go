package seal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// Signers says whose key may sign under which name: OpenSSH's allowed_signers
// file. It allows what ssh-keygen allows by the same file.
type Signers struct {
	name string // of the file
	list []signer
}

// signer is a line of the file.
type signer struct {
	line       int
	principals string // patterns
	options    signerOptions
	key        ssh.PublicKey // the signer's, or that of a certificate authority
}

// ReadSigners reads the text of an allowed_signers file, described under ALLOWED
// SIGNERS in the manual of ssh-keygen. Where ssh-keygen skips a line that it does
// not understand, ReadSigners returns an error that names each of them as
// name:line.
func ReadSigners(text, name string) (*Signers, error) {
	s := &Signers{name: name}
	var faults []error
	fault := func(line int, err error) { faults = append(faults, fmt.Errorf("%s:%d: %w", name, line, err)) }
	text, marked := strings.CutPrefix(text, "\ufeff")
	if marked {
		fault(1, errors.New("the file begins with a byte order mark: save it without one"))
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.Trim(line, " \t\r")
		if line == "" || line[0] == '#' {
			continue
		}
		got, err := readSigner(line)
		if err != nil {
			fault(i+1, err)
			continue
		}
		got.line = i + 1
		s.list = append(s.list, got)
	}
	if len(s.list)+len(faults) == 0 {
		return nil, fmt.Errorf("%s: the file names no signer", name)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return s, nil
}

// Check returns nil if the key of the signature may sign for the principal, which
// is the signer's name, in the namespace at each of the times. Otherwise it says
// why not. A time counts in whole seconds, as it does for ssh-keygen.
func (s *Signers) Check(principal, namespace string, sig *Signature, at ...time.Time) error {
	if len(at) == 0 {
		return errors.New("a signature is valid at a time, and none is given")
	}
	for _, t := range at {
		if err := s.checkAt(principal, namespace, sig, t); err != nil {
			return err
		}
	}
	return nil
}

// checkAt is Check for one time: one line must allow it.
func (s *Signers) checkAt(principal, namespace string, sig *Signature, at time.Time) error {
	named := false
	var reasons []error
	for _, l := range s.list {
		if !matchList(principal, l.principals) {
			continue
		}
		named = true
		if !l.holds(sig.key) {
			continue
		}
		err := l.allows(principal, namespace, sig.key, at)
		if err == nil {
			return nil
		}
		reasons = append(reasons, fmt.Errorf("%s:%d: %w", s.name, l.line, err))
	}
	switch {
	case len(reasons) > 0:
		return errors.Join(reasons...)
	case !named:
		return fmt.Errorf("%s names no signer %q", s.name, principal)
	}
	return s.otherKey(principal, sig)
}

// otherKey says that the key is not one of the principal's, and whose it is.
func (s *Signers) otherKey(principal string, sig *Signature) error {
	for _, l := range s.list {
		if l.holds(sig.key) {
			return fmt.Errorf("the key %s is not one of %q: %s:%d gives it to %q",
				sig.Fingerprint(), principal, s.name, l.line, l.principals)
		}
	}
	return fmt.Errorf("the key %s is not one that %s gives to %q", sig.Fingerprint(), s.name, principal)
}

// holds reports whether the line is about this key, or about the authority that
// signed this certificate.
func (l *signer) holds(key ssh.PublicKey) bool {
	if l.options.authority {
		cert, ok := key.(*ssh.Certificate)
		return ok && sameKey(cert.SignatureKey, l.key)
	}
	return sameKey(key, l.key)
}

// allows returns nil if a key that the line holds may sign in this namespace at
// this time.
func (l *signer) allows(principal, namespace string, key ssh.PublicKey, at time.Time) error {
	if cert, ok := key.(*ssh.Certificate); ok {
		if err := checkCertificate(cert, principal, at); err != nil {
			return err
		}
	}
	return l.options.allow(namespace, at)
}

func sameKey(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }
