package seal

import (
	"bytes"
	"crypto/sha256"
	"errors"
)

// ErrChain is a line whose sum does not match, or that does not follow from the
// line before it.
var ErrChain = errors.New("it was altered, or does not follow from the line before")

// Chain writes or proves lines that each hold the sum of the line before, so
// that a line that was altered, moved or removed is noticed. The zero Chain is
// before the first line.
//
// A line is a JSON object. Its first member, prev, is the sum of the line
// before and empty in the first line; its last member, sum, is the hex SHA-256
// of the line up to its own value. The members between are up to the caller.
type Chain struct {
	// Sum is the sum of the last line.
	Sum string
}

// The parts of a line around its members.
const (
	beforePrev = `{"prev":"`
	afterPrev  = `",`
	beforeSum  = `,"sum":"`
	afterSum   = `"}`
	sumLength  = 2 * sha256.Size
)

// Append adds a line to b, without a newline. write adds the members between
// prev and sum, at least one, to b.
func (c *Chain) Append(b *bytes.Buffer, write func(*bytes.Buffer)) {
	start := b.Len()
	b.WriteString(beforePrev)
	b.WriteString(c.Sum)
	b.WriteString(afterPrev)
	write(b)
	b.WriteString(beforeSum)
	c.Sum = Sum(b.Bytes()[start:])
	b.WriteString(c.Sum)
	b.WriteString(afterSum)
}

// Prove checks that line, without its newline, is the next one, and returns the
// members between prev and sum. The chain advances only then.
func (c *Chain) Prove(line []byte) (members []byte, err error) {
	head := len(beforePrev) + len(c.Sum) + len(afterPrev)
	at := len(line) - len(afterSum) - sumLength // where the sum begins
	end := at - len(beforeSum)
	if end < head || !bytes.HasSuffix(line, []byte(afterSum)) || string(line[end:at]) != beforeSum ||
		string(line[:head]) != beforePrev+c.Sum+afterPrev {
		return nil, ErrChain
	}
	text := Sum(line[:at])
	if string(line[at:at+sumLength]) != text {
		return nil, ErrChain
	}
	c.Sum = text
	return line[head:end], nil
}
