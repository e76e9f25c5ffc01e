package plan_test

import (
	"encoding/json"
	"testing"

	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"

	"bulksync/plan"
)

// FuzzCanonical holds the short way against the library, which is the
// definition: the same text or both refuse.
func FuzzCanonical(f *testing.F) {
	for _, text := range []string{
		`{}`, `[]`, `null`, ` [ 1 , -2, true ] `, `{"b":1,"a":{"d":[],"c":null}}`, `{"a":1,"a":2}`, `{"a":1,"b":2,"a":3}`,
		`{"a!":1,"a":2}`, `{"a\"":1,"a":2}`, `{"é":1,"z":2}`, `{"\ud83d\ude00":1,"\ufb33":2}`, `{"\u0061":1}`,
		`"\u00e9\/\n\t\"\\"`, `"\u2028"`, "\"\u2028é\"", `"\ud800"`, "\"\xff\"", `-0`, `1.0`, `1e2`, `0.1`, `9007199254740993`,
		`123456789012345`, `[1e400]`, `{"":0}`, `[[[{"x":[{}]}]]]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			t.Skip()
		}
		want, wantErr := jcs.Transform(text)
		got, err := plan.Canonical([]byte("x"), text)
		if (err == nil) != (wantErr == nil) || err == nil && string(got) != "x"+string(want) {
			t.Errorf("%q: got %q, %v; want %q, %v", text, got, err, want, wantErr)
		}
	})
}

func TestTheShortWayToCanonicalJSONIsTheLibrarys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.MarshalIndent(anyJSON(3).Draw(t, "value"), " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		want, err := jcs.Transform(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := plan.Canonical(nil, text); err != nil || string(got) != string(want) {
			t.Errorf("%s: got %s, %v; want %s", text, got, err, want)
		}
	})
}

func anyJSON(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(), rapid.Int64().AsAny(),
		rapid.Float64().AsAny(), rapid.SampledFrom([]string{"", "Fabrikam", `"quoted"`, "two\nlines", "é"}).AsAny(),
	}
	if depth == 0 {
		return rapid.OneOf(leaves...)
	}
	return rapid.OneOf(append(leaves,
		rapid.SliceOfN(anyJSON(depth-1), 0, 4).AsAny(),
		rapid.MapOfN(rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-c!"]{0,3}`)), anyJSON(depth-1), 0, 5).AsAny(),
	)...)
}
