package seal

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// openAgentKey finds the private half of a public key, or of a certificate, in
// the SSH agent.
func openAgentKey(public ssh.PublicKey, path string) (*Key, error) {
	if kind := plainKey(public).Type(); !supportedType(kind) {
		return nil, unsupportedType(kind)
	}
	conn, err := dialAgent()
	if err != nil {
		return nil, err
	}
	signer, err := findSigner(conn, public, path)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &Key{signer: sha2Signer{signer, public}, agent: conn}, nil
}

// findSigner asks an agent for its keys. A certificate may be held as such, or by
// its key alone. The client must not see that the connection can be closed: it
// would read in the background, which blocks writing to a pipe of Windows.
func findSigner(conn io.ReadWriter, public ssh.PublicKey, path string) (ssh.AlgorithmSigner, error) {
	signers, err := agent.NewClient(struct{ io.ReadWriter }{conn}).Signers()
	if err != nil {
		return nil, fmt.Errorf("the SSH agent does not list its keys: %w", err)
	}
	for _, wanted := range []ssh.PublicKey{public, plainKey(public)} {
		for _, s := range signers {
			if bytes.Equal(s.PublicKey().Marshal(), wanted.Marshal()) {
				return s.(ssh.AlgorithmSigner), nil
			}
		}
	}
	private := strings.TrimSuffix(strings.TrimSuffix(path, ".pub"), "-cert")
	return nil, fmt.Errorf("the SSH agent does not hold the key %s: run \"ssh-add %s\" first",
		ssh.FingerprintSHA256(plainKey(public)), private)
}
