package plan

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"bulksync/internal/seal"
)

// encodeMembers writes what encoding/json writes.
func TestEncodeMembersAsTheLibrary(t *testing.T) {
	values := rapid.Map(rapid.SampledFrom([]string{
		"null", " true ", "{ }", `{"b": [1, 2], "a": " x "}`, `"<&> \u2028"`, "1.50", "[\n]",
	}), func(s string) json.RawMessage { return json.RawMessage(s) })
	rapid.Check(t, func(t *rapid.T) {
		members := rapid.MapOfN(rapid.String(), values, 0, 5).Draw(t, "members")
		want, err := seal.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		if got := encodeMembers(members); string(got) != string(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
