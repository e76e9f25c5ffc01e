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

// A name is offered only where it may well be meant.
func TestSimilar(t *testing.T) {
	names := []string{"Fabrikam", "Tailspin Toys", "90e29127-71ad-49c7-9ce8-db3f41ea06f1", "Überlingen AG"}
	for word, want := range map[string]string{
		"fabricam": "Fabrikam", "tailspin": "Tailspin Toys", "Contoso": "", "": "", "üb": names[3],
		"90e29127-71ad-49c7-9ce8-db3f41ea06f2": names[2], "11111111-1111-1111-1111-111111111111": "",
	} {
		if got := Similar(word, names); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
	if got := Similar("x", nil); got != "" {
		t.Errorf("got %q of none", got)
	}
}
