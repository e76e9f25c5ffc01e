package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// Sum is the SHA-256 of a text, as 64 hex digits.
func Sum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Digest computes the fingerprint of an object: SHA-256 over its canonical
// JSON. It takes the object member by member, and a list in parts, so that a
// long document is never in memory as one text. The members come in the order
// of their names, which are ASCII letters.
type Digest struct {
	hash     hash.Hash
	members  int
	elements int // of the list that is being written
}

// NewDigest returns the digest of an object without members.
func NewDigest() *Digest { return &Digest{hash: sha256.New()} }

// Member adds a member with its canonical value.
func (d *Digest) Member(name string, canonical []byte) {
	d.name(name)
	d.hash.Write(canonical)
}

// List begins a member that is a list, or that holds one: before is its canonical
// value up to the bracket that opens the list.
func (d *Digest) List(name string, before []byte) {
	d.name(name)
	d.hash.Write(before)
	d.elements = 0
}

// Elements adds elements in canonical form, at least one, to the list that List
// began.
func (d *Digest) Elements(list []byte) {
	if d.elements > 0 {
		io.WriteString(d.hash, ",")
	}
	d.elements++
	d.hash.Write(list[1 : len(list)-1]) // without its brackets
}

// EndList ends the member that List began: after is its value from the bracket
// that closes the list.
func (d *Digest) EndList(after []byte) { d.hash.Write(after) }

// Sum ends the object and returns its fingerprint: "sha256:" and 64 hex digits.
func (d *Digest) Sum() string {
	if d.members == 0 {
		io.WriteString(d.hash, "{")
	}
	io.WriteString(d.hash, "}")
	return "sha256:" + hex.EncodeToString(d.hash.Sum(nil))
}

func (d *Digest) name(name string) {
	fmt.Fprintf(d.hash, "%s%q:", []string{"{", ","}[min(d.members, 1)], name)
	d.members++
}
