//go:build unix

package main

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
	"bulksync/internal/fleet"
)

// pageAddress is where docs/fleet.md serves its tenants.
const pageAddress = "127.0.0.1:8080"

// TestTheFleetPageRuns types the commands of docs/fleet.md in order, and requires of
// each the exit code that the page says.
func TestTheFleetPageRuns(t *testing.T) {
	page := readRepo(t, "docs/fleet.md")
	h, dir := newHome(t, graphsim.Config{}), t.TempDir()
	o := newSimulateOptions()
	o.latency, o.fleet = 0, filepath.Join(dir, "rehearsal")
	var address string
	ran := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(block[1]) {
			line, code, _ := strings.Cut(strings.TrimSpace(line), " # exit ")
			if tenants := regexp.MustCompile(`^bulksync simulate --tenants (\d+) --fleet rehearsal --listen ` + pageAddress + `$`).FindStringSubmatch(line); tenants != nil {
				o.tenants, _ = strconv.Atoi(tenants[1])
				_, end := h.simulate(t, o)
				defer end()
				address = strings.TrimPrefix(readFleet(t, o.fleet).Tenants[0].GraphURL, "http://")
				continue
			}
			ran++
			typePage(t, dir, strings.ReplaceAll(line, pageAddress, address), cmp.Or(code, "0"))
		}
	}
	if ran < 15 {
		t.Errorf("only %d commands were found on the page", ran)
	}
}

// typePage types a line of the page, and requires its exit code.
func typePage(t *testing.T, dir, line, want string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", ". rehearsal/env.sh && "+line)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), noCache, "NO_PROXY=*", "no_proxy=*")
	out, err := cmd.CombinedOutput()
	if exited := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != want {
		t.Errorf("%s\nexit code %s, want %s\n%s", line, got, want, out)
	}
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
