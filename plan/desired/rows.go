package desired

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"sync"
)

// Rows is a CSV that was read and checked whole. Some of its rows may name
// their tenants by domains, so nothing can be compared yet: Resolve makes
// Partners of them.
type Rows struct {
	Input   Input
	Notices []Notice

	rows []Row // each tenant ID and each domain once, in file order
}

// ReadRows reads the CSV from r once, as a stream, and checks all of it. The
// name is what messages call the file. The error is a RefusedRows, and so a
// RowErrors with every fault, when the content is wrong; any other error comes
// from r or ctx.
//
// A cell that breaks the quoting rules in a way that makes the rows below it
// doubtful ends the reading; its message says so.
func ReadRows(ctx context.Context, r io.Reader, name string) (*Rows, error) {
	sum := sha256.New()
	rd := &rowReader{file: name, swallowed: notices{file: name}, sheet: sheet{whole: make(chan *block, 1)}}
	ch, in := newChecker(name, &rd.head), Input{Name: name}
	var checking sync.WaitGroup
	checking.Go(func() {
		for b := range rd.sheet.whole {
			ch.block(b, &in)
		}
	})
	err := rd.readAll(io.TeeReader(&contextReader{ctx, r}, sum))
	rd.sheet.end()
	checking.Wait()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	in.SHA256, in.Rows, in.Header, in.Dialect = hex.EncodeToString(sum.Sum(nil)), rd.sheet.rows, rd.head.cells, rd.dialect
	notices := slices.Concat(rd.notices(), ch.notices.all(), ch.merged.notices.all())
	sortNotices(notices)
	if errs := slices.Concat(rd.errs, ch.errs, ch.merged.errs); len(errs) > 0 {
		errs.sort()
		return nil, &RefusedRows{RowErrors: errs, Notices: notices}
	}
	return &Rows{Input: in, rows: ch.merged.rows, Notices: notices}, nil
}

// contextReader stops a long file when its context is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
