package fleet_test

import (
	"strings"
	"testing"

	"bulksync/internal/fleet"
)

func TestCheckName(t *testing.T) {
	for name, fits := range map[string]bool{
		"contoso": true, "a": true, "0": true, "a.b": true, "a_b": true, "a-b": true, "con-toso": true, "console": true, "com": true, "com10": true, "nul1": true,
		strings.Repeat("x", 63): true, strings.Repeat("x", 64): false,
		"": false, "Contoso": false, "a b": false, "a/b": false, `a\b`: false, ".": false, "..": false, ".a": false, "a.": false, "-a": false, "a-": false, "_": false, "a..b": false,
		"é": false, "a\nb": false, "a\n": false, "$x": false, "*": false,
		"con": false, "prn": false, "aux": false, "nul": false, "com1": false, "com0": false, "lpt9": false, "nul.txt": false, "com1.a.b": false,
	} {
		if err := fleet.CheckName(name); (err == nil) != fits {
			t.Errorf("%q: %v", name, err)
		}
	}
}
