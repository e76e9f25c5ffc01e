package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"runtime"
	"slices"
	"strings"

	"bulksync/internal/seal"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/sync/errgroup"
)

// batch is how many changes one goroutine works on at a time.
const batch = 256

// seal computes the fingerprint.
func (p *Plan) seal() error {
	members := p.members()
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	d := newDigest()
	for _, m := range members {
		d.name(m.name)
		if m.name == "changes" {
			if err := d.changes(p.Changes); err != nil {
				return err
			}
			continue
		}
		text, err := canonical(m.value)
		if err != nil {
			return err
		}
		d.Write(text)
	}
	p.Fingerprint = d.sum()
	return nil
}

// digest is SHA-256 over the canonical JSON of an object, which is written to it
// member by member in the order of their names. The canonical form of a list is
// that of its elements with commas between, so that a plan of 100,000 changes
// never has to stand in memory as one text.
type digest struct {
	hash.Hash
	members int
}

func newDigest() *digest { return &digest{Hash: sha256.New()} }

// name begins a member. Names are in ASCII without escapes.
func (d *digest) name(name string) {
	fmt.Fprintf(d, "%s%q:", []string{"{", ","}[min(d.members, 1)], name)
	d.members++
}

func (d *digest) sum() string {
	io.WriteString(d, "}")
	return "sha256:" + hex.EncodeToString(d.Hash.Sum(nil))
}

// changes writes the list of changes, a few batches at once.
func (d *digest) changes(changes []Change) error {
	io.WriteString(d, "[")
	comma := false
	for wave := range slices.Chunk(changes, batch*runtime.GOMAXPROCS(0)) {
		parts := make([][]byte, (len(wave)+batch-1)/batch)
		var g errgroup.Group
		for i := range parts {
			g.Go(func() (err error) {
				parts[i], err = canonical(wave[i*batch : min(len(wave), (i+1)*batch)])
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for _, part := range parts {
			d.elements(part[1:len(part)-1], &comma) // without its brackets
		}
	}
	io.WriteString(d, "]")
	return nil
}

// elements writes some elements of a list; comma says whether others came
// before.
func (d *digest) elements(part []byte, comma *bool) {
	if *comma {
		io.WriteString(d, ",")
	}
	*comma = true
	d.Write(part)
}

// canonical is the canonical JSON (RFC 8785) of a value.
func canonical(v any) ([]byte, error) {
	raw, err := seal.Marshal(v)
	if err != nil {
		return nil, err
	}
	text := jsontext.Value(raw)
	err = text.Canonicalize()
	return text, err
}
