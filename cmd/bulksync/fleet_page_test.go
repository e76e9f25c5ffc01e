//go:build unix

package main

import (
	"regexp"
	"strings"
	"testing"

	"bulksync/internal/fleet"
)

// TestTheFleetPageRuns types the commands of docs/fleet.md in order.
func TestTheFleetPageRuns(t *testing.T) {
	newTypist(t, "docs/fleet.md").readAloud(15)
}

// The manifest of the page is one.
func TestTheManifestOfThePageIsRead(t *testing.T) {
	text := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(readRepo(t, "docs/fleet.md"))
	if text == nil {
		t.Fatal("the page shows no manifest")
	}
	if m, err := fleet.ReadManifest(strings.NewReader(text[1]), "fleet.yaml"); err != nil || len(m.Tenants) != 2 {
		t.Errorf("%+v: %v", m, err)
	}
}
