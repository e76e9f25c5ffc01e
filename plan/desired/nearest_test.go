package desired

import "testing"

func TestNearest(t *testing.T) {
	names := []string{"limits", "protected", "planMaxAge"}
	for word, want := range map[string]string{"limit": "limits", "PLANMAXAGE": "planMaxAge", "protect": "protected", "": "limits"} {
		if got := Nearest(word, names); got != want {
			t.Errorf("%q: got %s, want %s", word, got, want)
		}
	}
}
