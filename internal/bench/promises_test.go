package bench

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every figure of the table that make bench prints comes from a benchmark or a
// test that exists: one that was renamed would only be missing from the table.
func TestThePromisesAreMeasured(t *testing.T) {
	promises, makefile := read(t, "tools/benchtable/promises.go"), read(t, "Makefile")
	keys := regexp.MustCompile(`"([a-z]+)\.([A-Z][A-Za-z]*)[/"]`).FindAllStringSubmatch(promises, -1)
	if len(keys) < 20 {
		t.Fatalf("only %d figures were found in the table", len(keys))
	}
	for _, key := range keys {
		if !hasFunc(t, key[1], "Benchmark"+key[2]) {
			t.Errorf("no package %s has the benchmark %s", key[1], key[2])
		}
	}
	runs := regexp.MustCompile(`virtualRuns = "(\w+)/"`).FindStringSubmatch(promises)
	pattern := regexp.MustCompile(`go test -run (\w+) .*\./ratelimit`).FindStringSubmatch(makefile)
	if runs == nil || pattern == nil || !strings.Contains(runs[1], pattern[1]) || !hasFunc(t, "ratelimit", runs[1]) {
		t.Errorf("make bench runs %q, and the table reads %q", pattern, runs)
	}
}

// The table of what commands need has the same rows in docs/performance.md as in
// the output of make bench, and each is measured.
func TestThePageHasEveryCommand(t *testing.T) {
	page, needs, benchmark := read(t, "docs/performance.md"), read(t, "tools/benchtable/needs.go"), read(t, "internal/bench/commands_test.go")
	rows := regexp.MustCompile(`\{"([a-z-]+)", "([^"]+)"\}`).FindAllStringSubmatch(needs, -1)
	if len(rows) < 8 {
		t.Fatalf("only %d commands were found in the table", len(rows))
	}
	for _, row := range rows {
		if !strings.Contains(page, "\n| "+row[2]+" |") {
			t.Errorf("docs/performance.md has no row %s", row[2])
		}
		if !strings.Contains(benchmark, `t.command("`+row[1]+`"`) {
			t.Errorf("BenchmarkCommands does not run %s", row[1])
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// hasFunc reports whether the tests of a package of that name define a function.
func hasFunc(t *testing.T, pkg, name string) (found bool) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, _ os.DirEntry, err error) error {
		if err != nil || found || !strings.HasSuffix(path, "_test.go") || filepath.Base(filepath.Dir(path)) != pkg {
			return err
		}
		text, err := os.ReadFile(path)
		found = strings.Contains(string(text), "\nfunc "+name+"(")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
