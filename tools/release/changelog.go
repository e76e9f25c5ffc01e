package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// changes is what CHANGELOG.md says of a version: its section without the heading.
// A release needs one; a snapshot has what is not yet released.
func changes(root, version string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		return "", err
	}
	name := "## [" + version + "]"
	if snapshot(version) {
		name = "## [Unreleased]"
	}
	var section strings.Builder
	inside, found := false, false
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "## ") {
			inside = strings.HasPrefix(line, name)
			found = found || inside
			continue
		}
		if inside {
			section.WriteString(line)
		}
	}
	if !found && !snapshot(version) {
		return "", fmt.Errorf("CHANGELOG.md has no section %s: rename Unreleased, with the date", name)
	}
	return strings.TrimSpace(section.String()) + "\n", nil
}
