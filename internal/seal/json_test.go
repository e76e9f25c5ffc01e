package seal_test

import (
	"encoding/json"
	"testing"

	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"

	"bulksync/internal/seal"
)

func TestMarshalWritesAsPeopleDo(t *testing.T) {
	got, err := seal.Marshal(map[string]any{"b": "A&B <Ltd>", "a": nil})
	if want := `{"a":null,"b":"A&B <Ltd>"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if _, err := seal.Marshal(func() {}); err == nil {
		t.Error("a function became JSON")
	}
}

// values draws any JSON value.
var values = anyValue(3)

func anyValue(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(), rapid.Float64Range(-1e21, 1e21).AsAny(), rapid.IntRange(-1<<53, 1<<53).AsAny(),
	}
	if depth > 0 {
		kinds = append(kinds, rapid.SliceOfN(anyValue(depth-1), 0, 3).AsAny(), rapid.MapOfN(rapid.String(), anyValue(depth-1), 0, 3).AsAny())
	}
	return rapid.OneOf(kinds...)
}

// The canonical form is the same as that of another implementation of RFC 8785.
func TestCanonicalFollowsTheStandard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values.Draw(t, "value")
		got, err := seal.Canonical(v)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if text[0] != '{' && text[0] != '[' { // the other one reads no other values
			text, got = []byte("["+string(text)+"]"), []byte("["+string(got)+"]")
		}
		if want, err := jcs.Transform(text); err != nil || string(got) != string(want) {
			t.Errorf("got %s, want %s, %v", got, want, err)
		}
	})
}

func TestCanonicalizeRefuses(t *testing.T) {
	for _, text := range []string{`{"a":1,"a":2}`, `{"a":}`, "\"\xff\"", ""} {
		if got, err := seal.Canonicalize([]byte(text)); err == nil {
			t.Errorf("%s: got %s", text, got)
		}
	}
	if got, err := seal.Canonical(func() {}); err == nil {
		t.Errorf("got %s", got)
	}
}

func TestSame(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"", "", true}, {"", "{}", false}, {"null", "", false},
		{`{"a":1}`, `{"a":1}`, true}, {`{"a":1,"b":[]}`, ` { "b" : [ ] , "a" : 1.0 } `, true},
		{`{"a":1}`, `{"a":2}`, false}, {`{"a":1}`, `{"A":1}`, false}, {`{"a":1}`, `{`, false}, {`{`, `{"a":1}`, false},
		{`"\u0041"`, `"A"`, true},
	} {
		a, b := []byte(c.a), []byte(c.b)
		if got := seal.Same(a, b); got != c.want {
			t.Errorf("%s and %s: got %v", c.a, c.b, got)
		}
		if string(a) != c.a || string(b) != c.b {
			t.Errorf("%s and %s were written over", c.a, c.b)
		}
	}
}

func TestUnmarshalIsStrict(t *testing.T) {
	var v struct{ A, B int }
	if err := seal.Unmarshal([]byte(`{"A":1,"b":2,"c":{}}`), &v); err != nil || v.A != 1 || v.B != 0 {
		t.Errorf("got %+v, %v", v, err)
	}
	for _, text := range []string{`{"A":1,"A":2}`, `{"A":"x"}`, `{"A":1}{}`} {
		if err := seal.Unmarshal([]byte(text), &v); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}
