package plan

import (
	"bytes"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"bulksync/internal/seal"
)

// An object that is taken apart and put together again is what encoding/json
// makes of it.
func TestMembersEncodeAsTheLibrary(t *testing.T) {
	values := rapid.Map(rapid.SampledFrom([]string{
		"null", " true ", "{ }", `{"b": [1, 2], "a": " x "}`, `"<&> \u2028"`, "1.50", "[\n]",
	}), func(s string) json.RawMessage { return json.RawMessage(s) })
	rapid.Check(t, func(t *rapid.T) {
		want, err := seal.Marshal(rapid.MapOfN(rapid.String(), values, 0, 5).Draw(t, "members"))
		if err != nil {
			t.Fatal(err)
		}
		var spaced bytes.Buffer
		if err := json.Indent(&spaced, want, " ", " "); err != nil {
			t.Fatal(err)
		}
		if got := membersOf(compact(spaced.Bytes())).encode(); string(got) != string(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
