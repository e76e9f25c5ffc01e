package graph_test

import (
	"encoding/json"
	"testing"

	"bulksync/graph"
)

// A kind is one word in JSON and reads back as itself.
func TestKindInJSON(t *testing.T) {
	for kind, word := range map[graph.Kind]string{
		graph.NotFound: `"not-found"`, graph.NotVisible: `"not-visible"`, graph.Throttled: `"throttled"`, "": `""`,
	} {
		text, err := json.Marshal(kind)
		if err != nil || string(text) != word {
			t.Errorf("%q is written as %s, %v; want %s", kind, text, err, word)
		}
		var back graph.Kind
		if err := json.Unmarshal(text, &back); err != nil || back != kind {
			t.Errorf("%s reads as %q, %v", text, back, err)
		}
	}
}
