package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"path/filepath"
	"strings"

	"bulksync/internal/atomicfile"
	"bulksync/plan"
	"bulksync/report"
)

// planText writes a plan to a file as it is, and to a stream, which may be a
// terminal or the log of a CI runner, as JSON that neither obeys. To a reader of
// JSON both are the same.
func planText(path string, p *plan.Plan) func(io.Writer) error {
	if isKept(path) {
		return p.Encode
	}
	return func(w io.Writer) error { return report.Plan(w, p, report.JSON, report.Options{}) }
}

// readPlan reads and proves a plan file.
func (e *env) readPlan(ctx context.Context, path string) (*plan.Plan, error) {
	return readFile(ctx, &e.process, path, func(r io.Reader) (*plan.Plan, error) { return e.decode(path, r) })
}

func (e *env) decode(path string, r io.Reader) (*plan.Plan, error) {
	p, err := plan.Decode(r)
	if err != nil {
		err = fmt.Errorf("%s: %w", inputPath(path), err)
		if strings.EqualFold(filepath.Ext(path), ".csv") {
			err = hinted(err, "first make a plan of it: "+e.address.command("plan", path)+" --out plan.json")
		}
		return nil, err
	}
	return p, e.checkPlanTenant(p)
}

// provenPlan is a plan with the text that was proved, so that the run folder gets
// exactly what was checked. Close frees the text.
type provenPlan struct {
	*plan.Plan
	text io.Reader
	file io.Closer
}

// Close frees the text.
func (p *provenPlan) Close() error {
	p.text = nil
	return p.file.Close()
}

// readProven reads and proves a plan. A file stays open, and is read again for
// its text: in memory that would be as large as everything else.
func (e *env) readProven(ctx context.Context, path string) (*provenPlan, error) {
	f, err := e.open(ctx, path)
	if err != nil {
		return nil, err
	}
	p := &provenPlan{file: f}
	if file, ok := f.(*atomicfile.Reader); ok {
		proven := &provenFile{Reader: file, sum: sha256.New()}
		p.Plan, err = e.decode(path, proven)
		p.text = proven.again(inputPath(path))
	} else {
		var kept bytes.Buffer
		p.Plan, err = e.decode(path, io.TeeReader(f, &kept))
		p.text = &kept
	}
	if err == nil {
		return p, nil
	}
	f.Close()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return nil, err
}

// provenFile notes the hash of a file while it is read from its beginning to its
// end.
type provenFile struct {
	*atomicfile.Reader
	sum hash.Hash
}

// Read reads on.
func (f *provenFile) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	f.sum.Write(p[:n])
	return n, err
}

// Seek may also go back to the beginning; then the hash begins again.
func (f *provenFile) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekStart {
		f.sum.Reset()
	}
	return f.Reader.Seek(offset, whence)
}

// again is the text once more. Its end is an error if that is not what was read
// before.
func (f *provenFile) again(name string) io.Reader {
	return &sameText{file: io.NewSectionReader(f.File, 0, 1<<62), want: f.sum, sum: sha256.New(), name: name}
}

// sameText reads a text of which the hash is known.
type sameText struct {
	file      io.Reader
	want, sum hash.Hash
	name      string
}

// Read reads on.
func (t *sameText) Read(p []byte) (int, error) {
	n, err := t.file.Read(p)
	t.sum.Write(p[:n])
	if errors.Is(err, io.EOF) && !bytes.Equal(t.sum.Sum(nil), t.want.Sum(nil)) {
		err = refused("apply it again, as it is now", "%s was changed after it was read", t.name)
	}
	return n, err
}
