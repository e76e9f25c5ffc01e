package words_test

import (
	"testing"

	"bulksync/internal/words"
)

func TestCount(t *testing.T) {
	for n, want := range map[int]string{
		0: "0 changes", 1: "1 change", 2: "2 changes", 999: "999 changes", 1000: "1,000 changes", 1_020_030: "1,020,030 changes", -1200: "-1,200 changes",
	} {
		if got := words.Count(n, "change"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}
