package auth

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"software.sslmate.com/src/go-pkcs12"
)

// byCertificate signs in with a certificate and its private key, from a PEM or PFX file.
func (s *signIn) byCertificate() (azcore.TokenCredential, error) {
	path := s.setting(varCertificate)
	certs, key, err := readCertificate(path, s.Getenv(varPassword))
	if err != nil {
		return nil, err
	}
	chain := s.setting(varSendChain)
	return azidentity.NewClientCertificateCredential(s.setting(varTenant), s.setting(varClient), certs, key,
		&azidentity.ClientCertificateCredentialOptions{
			ClientOptions: s.client(), SendCertificateChain: chain == "1" || strings.EqualFold(chain, "true"),
		})
}

// readCertificate reads a key, its certificate and the chain above it. Its errors hold nothing of
// the file but its name and the dates of the certificate.
func readCertificate(path, password string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", varCertificate, err)
	}
	data = plainText(data)
	read := readPFX
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		read = readPEM
	}
	certs, key, err := read(data, password)
	if err == nil {
		err = usable(certs, key)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the certificate in %s: %w", path, err)
	}
	return certs, key, nil
}

// plainText is a text file without its byte order mark, and in UTF-8: PowerShell writes others.
// What is no text stays as it is.
func plainText(data []byte) []byte {
	if rest, marked := bytes.CutPrefix(data, []byte("\xef\xbb\xbf")); marked {
		return rest
	}
	if len(data) < 2 {
		return data
	}
	var order binary.ByteOrder
	switch string(data[:2]) {
	case "\xff\xfe":
		order = binary.LittleEndian
	case "\xfe\xff":
		order = binary.BigEndian
	default:
		return data
	}
	var units []uint16
	for rest := data[2:]; len(rest) > 1; rest = rest[2:] {
		units = append(units, order.Uint16(rest))
	}
	return []byte(string(utf16.Decode(units)))
}

// readPEM needs no password: a key that needs one cannot be read.
func readPEM(data []byte, _ string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.Contains(block.Type, "ENCRYPTED") || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return nil, nil, errors.New("its key is encrypted, which works in a PFX file only: openssl pkcs12 -export makes one")
		}
		if block.Type == "EC PRIVATE KEY" {
			return nil, nil, errNotRSA
		}
	}
	certs, key, err := azidentity.ParseCertificates(data, nil)
	if err != nil {
		return nil, nil, plain(err)
	}
	return certs, key, nil
}

// readPFX reads a PKCS#12 file of any age. The identity library's own reader knows only the ciphers
// of old ones.
func readPFX(data []byte, password string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	key, leaf, chain, err := pkcs12.DecodeChain(data, password)
	switch {
	case len(data) == 0:
		return nil, nil, errors.New("the file is empty")
	case bytes.HasPrefix(data, []byte("MII")): // a Key Vault hands it out like that
		return nil, nil, errors.New("it is base64 of a PFX or DER file: decode it first, as with base64 -d")
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && password == "":
		return nil, nil, fmt.Errorf("it needs a password: set %s", varPassword)
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, nil, fmt.Errorf("%s is not its password", varPassword)
	case err != nil:
		return nil, nil, plain(err)
	}
	return append([]*x509.Certificate{leaf}, chain...), key, nil
}

// plain is the error of a reader in words that help. Readers quote the structure of a file, never a
// key.
func plain(err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "no private key"), strings.Contains(text, "private key missing"):
		return errors.New("the file holds no private key: export the certificate with its key")
	case strings.Contains(text, "no certificate"), strings.Contains(text, "certificate missing"):
		return errors.New("the file holds no certificate")
	default:
		return fmt.Errorf("neither PEM nor PFX with a certificate and its key: %s", text)
	}
}

var errNotRSA = errors.New("its key is not an RSA key, and Entra takes only RSA keys")

// usable refuses what Entra would refuse.
func usable(certs []*x509.Certificate, key crypto.PrivateKey) error {
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return errNotRSA
	}
	now := time.Now()
	for _, c := range certs {
		if !private.PublicKey.Equal(c.PublicKey) {
			continue
		}
		if now.After(c.NotAfter) {
			return fmt.Errorf("it expired at %s: get a new one, and add it to the app registration", c.NotAfter.UTC().Format(time.RFC3339))
		}
		if now.Before(c.NotBefore) {
			return fmt.Errorf("it is not valid before %s: is this machine's clock right?", c.NotBefore.UTC().Format(time.RFC3339))
		}
		return nil
	}
	return errors.New("the private key belongs to none of the certificates in the file")
}
