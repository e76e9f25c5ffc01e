package desired

import "testing"

// The table has each hazard once, with a sentence, and first those that take
// something away.
func TestTheTableOfHazardsIsWellFormed(t *testing.T) {
	for i, h := range hazards {
		if h.Hazard.Rank() != i || h.Hazard.Info() != h {
			t.Errorf("%s appears twice", h.Hazard)
		}
		if len(h.Words) < 30 {
			t.Errorf("%s: %q", h.Hazard, h.Words)
		}
		if i > 0 && h.TakesAway && !hazards[i-1].TakesAway {
			t.Errorf("%s takes something away, and stands after one that does not", h.Hazard)
		}
	}
	if again := NewPartner.Info(); again.Meaning(true) == again.Meaning(false) || SyncOff.Info().Meaning(true) != SyncOff.Info().Words {
		t.Errorf("what a hazard means in an undo: %q, %q", again.Meaning(true), SyncOff.Info().Meaning(true))
	}
	unknown := Hazard("other")
	if got, want := unknown.Info(), (HazardInfo{Hazard: unknown, Words: "other"}); got != want || unknown.Rank() != len(hazards) {
		t.Errorf("an unknown hazard: %+v at %d", got, unknown.Rank())
	}
}
