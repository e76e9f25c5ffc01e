package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bulksync/execute/journal"
	"bulksync/graph/graphsim"
	"bulksync/plan/desired"
)

// TestEveryCommandOfTheReadmeRuns types the commands of the README in order, as
// somebody with a new checkout would.
func TestEveryCommandOfTheReadmeRuns(t *testing.T) {
	readme, makefile := readRepo(t, "README.md"), readRepo(t, "Makefile")
	sim := graphsim.New(graphsim.Config{})
	server := httptest.NewServer(sim)
	defer server.Close()
	t.Chdir(t.TempDir())
	csv := regexp.MustCompile("(?s)```csv\n(.*?)```").FindStringSubmatch(readme)
	if csv == nil {
		t.Fatal("the README shows no CSV")
	}
	if err := os.WriteFile("partners.csv", []byte(dedent(csv[1])), 0o600); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(readme, -1) {
		for line := range strings.Lines(dedent(block[1])) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
			switch fields := strings.Fields(line); fields[0] {
			case "make":
				if !strings.Contains(makefile, "\n"+fields[1]+":") {
					t.Errorf("the Makefile has no target %s", fields[1])
				}
			case "bulksync":
				ran++
				runReadme(t, sim, server.URL, fields[1:])
			default:
				t.Errorf("no case runs %q", line)
			}
		}
	}
	if ran < 7 {
		t.Errorf("only %d commands were found in the README", ran)
	}
}

func runReadme(t *testing.T, sim *graphsim.Sim, url string, args []string) {
	t.Helper()
	if args, out, ok := redirected(args); ok {
		runInto(t, sim, out, args)
		return
	}
	switch args[0] {
	case "export", "doctor", "plan", "apply", "audit", "resume":
		args = append(args, "--graph-url", url)
	}
	runInto(t, sim, "", args)
}

func redirected(args []string) (rest []string, file string, ok bool) {
	if n := len(args); n > 2 && args[n-2] == ">" {
		return args[:n-2], args[n-1], true
	}
	return nil, "", false
}

func runInto(t *testing.T, sim *graphsim.Sim, file string, args []string) {
	t.Helper()
	var out, err bytes.Buffer
	p := &process{in: strings.NewReader(""), out: &out, messages: messages{stderr: &err}, getenv: func(name string) string {
		if name == "BULKSYNC_ACCESS_TOKEN" {
			return sim.Token(graphsim.TokenOptions{})
		}
		return ""
	}}
	if code := p.run(always(t), args); code != exitDone {
		t.Fatalf("bulksync %s: exit code %d\n%s", strings.Join(args, " "), code, err.String())
	}
	if file != "" {
		if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
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

func dedent(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimLeft(line, " "))
	}
	return b.String()
}
