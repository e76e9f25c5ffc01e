package graph

import "strings"

// MarshalText writes a kind as one stable word, for files that machines read:
// "not-found".
func (k Kind) MarshalText() ([]byte, error) {
	return []byte(strings.ReplaceAll(string(k), " ", "-")), nil
}

// UnmarshalText reads what MarshalText writes. A word that this version does not
// know is kept unchanged.
func (k *Kind) UnmarshalText(text []byte) error {
	*k = Kind(strings.ReplaceAll(string(text), "-", " "))
	return nil
}
