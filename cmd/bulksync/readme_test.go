package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulksync/execute/journal"
	"bulksync/plan/desired"
)

// TestEveryCommandOfTheReadmeRuns types the commands of the README in order, as
// somebody with a new checkout would.
func TestEveryCommandOfTheReadmeRuns(t *testing.T) {
	newTypist(t, "README.md").readAloud(10)
}

// TestTheReadmeListsEveryExitCode compares the README's table with the code.
func TestTheReadmeListsEveryExitCode(t *testing.T) {
	readme := readRepo(t, "README.md")
	for _, row := range []string{
		"| 0 | done", "| 1 | could not run", "| 2 | differences", "| 3 | finished", "| 4 | refused", "| 5 | the tenant", "| 130 | interrupted",
	} {
		if !strings.Contains(readme, row) {
			t.Errorf("the README has no row %q", row)
		}
	}
}

// TestTheReadmeListsEveryColumn holds the README's table of columns against the
// table of properties.
func TestTheReadmeListsEveryColumn(t *testing.T) {
	rows := map[string]string{}
	for line := range strings.Lines(readRepo(t, "README.md")) {
		if cells := strings.Split(line, "|"); len(cells) > 3 {
			rows[strings.Trim(cells[1], " `")] = cells[2]
		}
	}
	for _, o := range desired.PartnerObjects {
		for _, p := range o.Properties() {
			also, listed := rows[p.Path]
			if !listed {
				t.Errorf("the README has no row for %s", p.Path)
			}
			for _, alias := range p.Aliases {
				if !slices.Contains(strings.Split(strings.TrimSpace(also), ", "), alias) {
					t.Errorf("the README does not say that %s may be called %s", p.Path, alias)
				}
			}
		}
	}
}

// TestTheGlossaryListsEveryStatus holds the glossary against the table of
// statuses.
func TestTheGlossaryListsEveryStatus(t *testing.T) {
	_, entry, _ := strings.Cut(readRepo(t, "docs/glossary.md"), "| status |")
	entry, _, _ = strings.Cut(entry, "\n")
	for _, s := range journal.Statuses() {
		if !strings.Contains(entry, "`"+string(s.Status)+"`") {
			t.Errorf("the glossary does not list %s", s.Status)
		}
	}
}

// TestEverySampleIsAccepted reads each CSV of partners that people are told to
// copy.
func TestEverySampleIsAccepted(t *testing.T) {
	samples, err := filepath.Glob(filepath.Join("..", "..", "samples", "*.csv"))
	if err != nil || len(samples) < 3 {
		t.Fatalf("%d samples, %v", len(samples), err)
	}
	e := &env{process: process{messages: messages{stderr: &bytes.Buffer{}}}}
	for _, name := range samples {
		if filepath.Base(name) == "waivers.csv" {
			continue
		}
		if _, _, err := e.read(t.Context(), wanted{csv: name, template: filepath.Join("..", "..", "samples", "template.json")}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func readRepo(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}
