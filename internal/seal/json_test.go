package seal_test

import (
	"testing"

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
