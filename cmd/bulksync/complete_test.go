package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"bulksync/execute/rundir"
)

// A name that the script of a shell would take for another is not completed.
func TestTypedNames(t *testing.T) {
	for name, want := range map[string]string{
		"plan.json": "plan.json", "my plan.json": "my plan.json", "-p.json": "./-p.json", "\u00fc.json": "\u00fc.json",
		"a\nb.json": "", "a\tb.json": "", "a\x1b[31m.json": "", "a\xff.json": "", activeHelp + "a.json": "",
	} {
		if got, ok := asTyped("", name); got != want || ok != (want != "") {
			t.Errorf("%q is typed %q, want %q", name, got, want)
		}
	}
	if got := cobra.AppendActiveHelp(nil, "text")[0]; got != activeHelp+"text" {
		t.Errorf("a message is %q", got)
	}
}

// Files that cannot be a plan do not hide one from its completion.
func TestPlanAmongManyFiles(t *testing.T) {
	dir := t.TempDir() + "/"
	for i := range maxLooked + 1 {
		write(t, fmt.Sprintf("%s%d.csv", dir, i), "")
	}
	write(t, dir+"z.json", "{}")
	all, _ := paths(func(path string) bool { return filepath.Base(path) == "z.json" }, nil)(nil, nil, dir)
	if !slices.Equal(all, []string{dir + "z.json"}) {
		t.Errorf("%q", all)
	}
}

// The newest run comes first, also of more than are completed.
func TestNewestOfManyRuns(t *testing.T) {
	dir := t.TempDir() + "/"
	for i := range maxLooked + 5 {
		path := fmt.Sprintf("%s20260101T%06dZ-0", dir, i)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		journal := filepath.Join(path, rundir.JournalName)
		write(t, journal, "{}")
		if err := os.Chtimes(journal, time.Time{}, time.Unix(int64(i), 0)); err != nil {
			t.Fatal(err)
		}
	}
	all := runFolders(dir)
	if newest := fmt.Sprintf("%06d", maxLooked+4); len(all) != maxLooked || !strings.Contains(all[0], newest) {
		t.Errorf("%d runs, the first is %s", len(all), all[0])
	}
}
