package main

import (
	"strings"
	"testing"
)

// A plan is known by its members, in any order and encoding, and without reading on
// once they are there. Every other JSON of ours lacks one of them.
func TestAPlanIsKnownByItsMembers(t *testing.T) {
	for text, want := range map[string]bool{
		`{"formatVersion":1,"homeTenant":{},"summary":{},"changes":[ cut`:                true,
		"\ufeff" + `{"summary":{"noop":1},"homeTenant":null,"a":[{}],"formatVersion":2}`: true,
		`{"formatVersion":1,"homeTenant":{},"totals":{"summary":1}}`:                     false,
		`{"formatVersion":1,"summary":{}}`:                                               false,
		`["formatVersion","homeTenant","summary"]`:                                       false,
		`{"x":"formatVersion","y":"homeTenant","z":"summary"}`:                           false,
		`{"formatVersion":1,"homeTenant":{`:                                              false,
		`{"formatVersion":1 "homeTenant":1,"summary":1}`:                                 false,
		"PK\x03\x04": false,
		"limits: {}": false,
	} {
		if got := isPlan(strings.NewReader(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
