package seal_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"bulksync/internal/seal"
)

// readAll reads a document whose member l is a list, and returns the first error.
func readAll(r io.Reader) error {
	doc, err := seal.NewDocument(r)
	if err != nil {
		return err
	}
	for {
		name, more, err := doc.Next()
		if more && err != nil {
			return errors.New("there is more, behind an error")
		}
		if err != nil || !more {
			return err
		}
		if name == "l" {
			err = doc.List(func([]byte) {})
		} else {
			_, err = doc.Value()
		}
		if err != nil {
			return err
		}
	}
}

func TestADocumentIsReadOnlyOneWay(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{}`, ""}, {` { "a" : 1 , "l" : [ ] } `, ""}, {`{"l":[1,{"x":[]}],"":2}`, ""},
		{`{"a":1,"a":2}`, `the member "a" appears twice`},
		{`{"l":[{"x":1},{"x":1,"x":2}]}`, `the member "l/1/x" appears twice`},
		{`[]`, "another kind of value"}, {`7`, "another kind of value"}, {`{"l":{}}`, "another kind of value"}, {`{"l":7}`, "another kind of value"}, {`{}{}`, "another kind of value"},
		{`{} x`, "at byte 3"}, {`{"a":01}`, "at byte 6"}, {"{\"a\":\"\xff\"}", "at byte 6"}, {"{\"l\":[\xff]}", "at byte 6"}, {`{"l":[1 2]}`, "at byte 8"}, {`x`, "at byte 0"},
	} {
		err := readAll(strings.NewReader(c.text))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasSuffix(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.text, err, c.want)
		}
	}
}

func TestATruncatedTextIsEOF(t *testing.T) {
	const text = `{"a":"x","l":[1,{}]}`
	for n := range len(text) {
		err := readAll(strings.NewReader(text[:n]))
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %v", text[:n], err)
		}
	}
	broken := errors.New("the disk is gone")
	if err := readAll(io.MultiReader(strings.NewReader(text[:9]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
