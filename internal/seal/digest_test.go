package seal_test

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"

	"bulksync/internal/seal"
)

// digestOf computes a digest part by part, two elements of a list at a time.
func digestOf(t *rapid.T, parts map[string]any) string {
	d := seal.NewDigest()
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		elements, isList := parts[name].([]string)
		if !isList {
			d.Member(name, canonical(t, parts[name].(string)))
			continue
		}
		d.List(name, []byte("["))
		for some := range slices.Chunk(elements, 2) {
			d.Elements(canonical(t, "["+strings.Join(some, ",")+"]"))
		}
		d.EndList([]byte("]"))
	}
	return d.Sum()
}

func canonical(t *rapid.T, text string) []byte {
	got, err := seal.Canonicalize([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// wholeDigest is the fingerprint as computed with common tools.
func wholeDigest(t interface{ Fatal(...any) }, text []byte) string {
	whole, err := jcs.Transform(text)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(whole)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func TestTheDigestOfAnEmptyObject(t *testing.T) {
	if got, want := seal.NewDigest().Sum(), wholeDigest(t, []byte("{}")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	d := seal.NewDigest()
	d.List("a", []byte("["))
	d.EndList([]byte("]"))
	d.List("b", []byte("["))
	d.Elements([]byte("[1]"))
	d.Elements([]byte("[2,3]"))
	d.EndList([]byte("]"))
	d.List("c", []byte("["))
	d.Elements([]byte("[4]"))
	d.EndList([]byte("]"))
	if got, want := d.Sum(), wholeDigest(t, []byte(`{"a":[],"b":[1,2,3],"c":[4]}`)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// member is a name that a document may have.
var member = rapid.StringMatching("[a-zA-Z]{1,8}")

// TestADocumentIsReadAndProvedInParts writes random documents, reads them
// member by member, and compares the digest with that of the whole text.
func TestADocumentIsReadAndProvedInParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOfN(member, values, 0, 4).Draw(t, "document")
		text, err := seal.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		parts := readParts(t, string(text), want)
		if len(parts) != len(want) {
			t.Errorf("%d members, want %d", len(parts), len(want))
		}
		if got, whole := digestOf(t, parts), wholeDigest(t, text); got != whole {
			t.Errorf("got %s, want %s of %s", got, whole, text)
		}
	})
}

// readParts reads the members of a document; a list is the texts of its elements.
func readParts(t *rapid.T, text string, want map[string]any) map[string]any {
	doc, err := seal.NewDocument(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]any{}
	for {
		name, more, err := doc.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return parts
		}
		if _, isList := want[name].([]any); isList {
			elements := []string{}
			if err := doc.List(func(e []byte) { elements = append(elements, string(e)) }); err != nil {
				t.Fatal(err)
			}
			parts[name] = elements
			continue
		}
		value, err := doc.Value()
		if err != nil {
			t.Fatal(err)
		}
		parts[name] = string(value)
	}
}
