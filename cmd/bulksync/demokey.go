package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"io"

	"bulksync/internal/atomicfile"
)

// makeKey makes a private key for the tour and returns its line in a file of
// signers. People make theirs with ssh-keygen.
func makeKey(path string) (line string, err error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", err
	}
	const kind = "ssh-ed25519"
	var blob []byte
	for _, part := range [][]byte{[]byte(kind), public} { // each with its length before it
		blob = append(binary.BigEndian.AppendUint32(blob, uint32(len(part))), part...)
	}
	err = atomicfile.Replace(path, func(w io.Writer) error { return pem.Encode(w, &pem.Block{Type: "PRIVATE KEY", Bytes: text}) })
	return kind + " " + base64.StdEncoding.EncodeToString(blob), atomicfile.PathError(err)
}
