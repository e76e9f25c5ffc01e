package evidence

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"bulksync/internal/atomicfile"
)

// Bundle is an audit that is being written, in a folder that is not yet one of the
// store's audits. The first error is kept, and makes Seal fail: what was not
// recorded must not look as if it never was. It is for one goroutine, except for
// Record; the readers of Tee may be read by others, until Seal.
type Bundle struct {
	store   *Store
	dir     string
	started time.Time

	mu       sync.Mutex // guards the following fields
	open     map[string]*output
	files    []File
	err      error
	ended    bool
	requests *output
	exchanges
}

// Begin makes the folder of an audit that begins now.
func (s *Store) Begin(now time.Time) (*Bundle, error) {
	dir, err := atomicfile.MkdirTemp(s.path, partialPattern)
	if err != nil {
		return nil, atomicfile.PathError(err)
	}
	b := &Bundle{store: s, dir: dir, started: now, open: map[string]*output{}, exchanges: exchanges{reading: 1}}
	if b.requests, err = b.create(RequestsName, blockSize); err != nil {
		b.Discard()
		return nil, err
	}
	return b, nil
}

// Tee returns a reader of r that keeps what is read from it as a file of the
// audit.
func (b *Bundle) Tee(name string, r io.Reader) io.Reader {
	b.mu.Lock()
	defer b.mu.Unlock()
	out, err := b.create(name, blockSize)
	if err != nil {
		return r // the error is kept
	}
	return io.TeeReader(r, teed{b, out})
}

// teed writes to a file of the bundle, but never fails the reader.
type teed struct {
	b   *Bundle
	out *output
}

func (t teed) Write(p []byte) (int, error) {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	t.b.add(t.out, p) // it keeps the error
	return len(p), nil
}

// Write adds a report.
func (b *Bundle) Write(name string, render func(io.Writer) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	out, err := b.create(name, blockSize)
	if err != nil {
		return err
	}
	if err := render(out); err != nil {
		return b.fail(name, err)
	}
	return b.finish(out)
}

// Discard removes what was written. After Seal it does nothing.
func (b *Bundle) Discard() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	b.ended = true
	for _, out := range b.open {
		out.f.Close()
	}
	os.RemoveAll(b.dir)
}

// fail keeps the first error.
func (b *Bundle) fail(name string, err error) error {
	err = fmt.Errorf("writing %s of the evidence: %w", name, atomicfile.WithoutPath(err))
	if b.err == nil {
		b.err = err
	}
	return err
}

// errEnded means that the audit has its files already.
var errEnded = errors.New("the audit has ended")

// blockSize is how much of a file is written at once.
const blockSize = 1 << 16

// create adds a file with a buffer of this size. Its folder is made with it.
func (b *Bundle) create(name string, size int) (*output, error) {
	if err := b.checkName(name); err != nil {
		return nil, b.fail(name, err)
	}
	full := filepath.Join(b.dir, filepath.FromSlash(name))
	if dir := path.Dir(name); dir != "." {
		if err := atomicfile.Mkdir(filepath.Dir(full)); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, b.fail(name, err)
		}
	}
	f, err := atomicfile.Create(full, 0)
	if err != nil {
		return nil, b.fail(name, err)
	}
	out := &output{name: name, f: f, hash: sha256.New()}
	out.buffer = bufio.NewWriterSize(io.MultiWriter(f, out.hash), size)
	b.open[name] = out
	return out, nil
}

// checkName refuses a name that leads elsewhere, that no audit has, or that the
// audit has another file for.
func (b *Bundle) checkName(name string) error {
	switch {
	case b.ended:
		return errEnded
	case !isPlainName(name):
		return errors.New("not a name for a file of an audit")
	case isOwn(name):
		return errors.New("the name of a file that is written at the end")
	}
	return nil
}

// maxName is longer than any name of a file.
const maxName = 100

// isPlainName reports whether a name stays in its folder, and is one that every
// system has and that sha256sum spells as it is.
func isPlainName(name string) bool {
	odd := func(r rune) bool {
		plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/", r)
		return !plain
	}
	return len(name) <= maxName && !strings.ContainsFunc(name, odd) && filepath.IsLocal(name) &&
		path.Clean(name) == name && name != "." && strings.Count(name, "/") <= 1
}

// finish ends a file.
func (b *Bundle) finish(out *output) error {
	if err := errors.Join(out.buffer.Flush(), out.f.Close()); err != nil {
		return b.fail(out.name, err)
	}
	delete(b.open, out.name)
	b.files = append(b.files, File{Name: out.name, Size: out.size, SHA256: hex.EncodeToString(out.hash.Sum(nil))})
	return nil
}

// output is a file of the bundle that is open.
type output struct {
	name   string
	f      *os.File
	hash   hash.Hash
	buffer *bufio.Writer
	size   int64
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.buffer.Write(p)
	o.size += int64(n)
	return n, err
}
