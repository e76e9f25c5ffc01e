package seal

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"
)

// checkCertificate returns nil if the certificate lets its key sign for the
// principal at this time. Who issued it has been checked; that they did has not.
//
// It asks for what ssh-keygen asks for, and more: that the authority did not sign
// with SHA-1, and that the certificate has no critical option which is unknown
// here. Those that are known restrict logins, not signatures.
func checkCertificate(cert *ssh.Certificate, principal string, at time.Time) error {
	switch {
	case cert.CertType != ssh.UserCert:
		return errors.New("the certificate is not one of a user")
	case len(cert.ValidPrincipals) == 0:
		return errors.New("the certificate names no principals")
	case cert.Signature.Format == ssh.KeyAlgoRSA:
		return errors.New("the certificate is signed by RSA with SHA-1, which can be forged")
	}
	checker := ssh.CertChecker{
		Clock:                    func() time.Time { return at },
		SupportedCriticalOptions: []string{"force-command", "source-address"},
	}
	if err := checker.CheckCert(principal, cert); err != nil {
		return fmt.Errorf("the certificate does not count at %s: %w", utc(at), withoutPrefix(err))
	}
	return nil
}
