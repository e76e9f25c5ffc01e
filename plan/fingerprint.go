package plan

import (
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"bulksync/internal/seal"
)

// batch is how many changes one goroutine works on at a time.
const batch = 256

// seal computes the fingerprint.
func (p *Plan) seal() error {
	members := p.members()
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	d := seal.NewDigest()
	for _, m := range members {
		if m.name == "changes" {
			d.List(m.name)
			if err := digestChanges(d, p.Changes); err != nil {
				return err
			}
			d.EndList()
			continue
		}
		text, err := seal.Canonical(m.value)
		if err != nil {
			return err
		}
		d.Member(m.name, text)
	}
	p.Fingerprint = d.Sum()
	return nil
}

// digestChanges adds changes to a list, a few batches at once.
func digestChanges(d *seal.Digest, changes []Change) error {
	for wave := range slices.Chunk(changes, batch*runtime.GOMAXPROCS(0)) {
		parts := make([][]byte, (len(wave)+batch-1)/batch)
		var g errgroup.Group
		for i := range parts {
			g.Go(func() (err error) {
				parts[i], err = seal.Canonical(wave[i*batch : min(len(wave), (i+1)*batch)])
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for _, part := range parts {
			d.Elements(part)
		}
	}
	return nil
}
