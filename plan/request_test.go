package plan

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bulksync/internal/seal"
	"bulksync/plan/desired"
)

// A body is written without a map of its members in between. Its twin is built
// from one, and says the same; the members are in the order of the fields.
func TestABodySaysWhatAMapOfItsFieldsSays(t *testing.T) {
	objects := append(desired.PartnerObjects[:], SyncTemplate)
	value := rapid.OneOf(rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(), rapid.SampledFrom([]any{"", "a\"b", `a\b`, "<&>", "\u2028", "\xff"}))
	rapid.Check(t, func(t *rapid.T) {
		var fields []Field
		twin := map[string]any{}
		for _, p := range rapid.SampledFrom(objects).Draw(t, "object").Properties() {
			if !rapid.Bool().Draw(t, "with "+p.Path) {
				continue
			}
			v := value.Draw(t, p.Path)
			fields = append(fields, Field{Path: p.Path, After: v})
			outer, inner, nested := strings.Cut(p.Path, ".")
			if !nested {
				twin[outer] = v
				continue
			}
			if twin[outer] == nil {
				twin[outer] = map[string]any{}
			}
			twin[outer].(map[string]any)[inner] = v
		}
		got := body(fields)
		want, err := seal.Marshal(twin)
		if err != nil {
			t.Fatal(err)
		}
		if !seal.Same(got, want) || !json.Valid(got) {
			t.Errorf("got %s, want %s", got, want)
		}
		at := -1
		for _, f := range fields {
			leaf := f.Path[strings.LastIndex(f.Path, ".")+1:]
			next := strings.Index(string(got), `"`+leaf+`":`)
			if next <= at {
				t.Errorf("%s stands out of order in %s", f.Path, got)
			}
			at = next
		}
	})
}

func TestAValueIsWrittenAsTheEncoderWritesIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(),
			rapid.StringOf(rapid.SampledFrom([]rune("aZ \"\\/<>&\x00\x1f~\x7f\u00a0\u2028€😀"))).AsAny(), rapid.SliceOf(rapid.Bool()).AsAny()).Draw(t, "value")
		want, err := seal.Marshal(v)
		if got := jsonValue(v); err != nil || got != string(want) {
			t.Errorf("got %s, want %s, %v", got, want, err)
		}
	})
}
