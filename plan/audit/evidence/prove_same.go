package evidence

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"bulksync/internal/atomicfile"
)

// DifferenceError says where a file is not what was rendered again.
type DifferenceError struct {
	// Line is the first line that differs.
	Line int
}

// Error names the line.
func (e *DifferenceError) Error() string { return fmt.Sprintf("it differs from line %d on", e.Line) }

// CompareFile renders a file again and compares it with what is there, byte for
// byte and without keeping either in memory. It returns a *DifferenceError if they
// differ, and an *atomicfile.KindError if there is no regular file.
func CompareFile(ctx context.Context, path string, render func(io.Writer) error) error {
	f, err := atomicfile.Open(path, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	c := &comparer{file: bufio.NewReaderSize(atomicfile.NewReader(ctx, f), 1<<16), line: 1}
	b := bufio.NewWriterSize(c, 1<<16)
	if err = render(b); err == nil {
		err = b.Flush()
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case c.err != nil: // a renderer may hide it
		return c.err
	case err != nil:
		return err
	}
	if _, err := c.file.ReadByte(); !errors.Is(err, io.EOF) {
		return c.differs(err)
	}
	return nil
}

// comparer is a writer that compares what is written with a file.
type comparer struct {
	file *bufio.Reader
	buf  [1 << 12]byte
	line int // of the next byte
	err  error
}

// Write returns a *DifferenceError from the first byte on that differs.
func (c *comparer) Write(p []byte) (n int, err error) {
	for n < len(p) && c.err == nil {
		want := p[n:min(len(p), n+len(c.buf))]
		got, err := io.ReadFull(c.file, c.buf[:len(want)])
		if same := commonPrefix(want, c.buf[:got]); same < len(want) {
			c.line += bytes.Count(want[:same], []byte{'\n'})
			c.err = c.differs(err)
			break
		}
		c.line += bytes.Count(want, []byte{'\n'})
		n += len(want)
	}
	return n, c.err
}

// differs is the error for the byte after the last one that was the same; err
// came from reading it.
func (c *comparer) differs(err error) error {
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return &DifferenceError{c.line}
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
