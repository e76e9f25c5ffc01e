package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bulksync/execute"
	"bulksync/execute/rundir"
	"bulksync/plan/audit/evidence"
)

// verified runs bulksync verify, and returns its exit code and its JSON.
func verified(t interface {
	rapid.TB
	Context() context.Context
}, args ...string) (int, verification) {
	t.Helper()
	var out, stderr bytes.Buffer
	p := &process{in: strings.NewReader(""), out: &out, messages: messages{stderr: &stderr}, getenv: func(string) string { return "" }}
	code := p.run(execute.Stops{Soft: t.Context(), Hard: t.Context()}, append([]string{"verify", "--format", "json"}, args...))
	var v verification
	if err := json.Unmarshal(out.Bytes(), &v); err != nil {
		t.Fatal(code, err, stderr.String())
	}
	return code, v
}

// filesBelow are the regular files below a folder.
func filesBelow(t *testing.T, dir string) (files []string) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

// Whatever is altered in the folder of a run that has ended, or taken out of it,
// is noticed, and without that the run is proved.
func TestAnAlteredRunIsNotProved(t *testing.T) {
	realRun(t)
	for _, dir := range []string{"run", "undone"} {
		if code, v := verified(t, dir); code != exitDone || v.Verdict != isProved {
			t.Fatalf("%s: exit code %d, %+v", dir, code, v.Paths[0])
		}
	}
	files := slices.DeleteFunc(filesBelow(t, "run"), func(path string) bool { return filepath.Base(path) == rundir.LockName })
	rapid.Check(t, func(rt *rapid.T) {
		path := rapid.SampledFrom(files).Draw(rt, "file")
		text, err := os.ReadFile(path)
		if err != nil {
			rt.Fatal(err)
		}
		defer os.WriteFile(path, text, 0o600)
		if len(text) == 0 || rapid.IntRange(0, 9).Draw(rt, "take out") == 0 {
			os.Remove(path)
		} else {
			at := rapid.IntRange(0, len(text)-1).Draw(rt, "at")
			if filepath.Base(path) == rundir.PlanName && strings.ContainsRune(" \n", rune(text[at])) {
				return // the fingerprint is that of what the plan says, however it is spaced
			}
			altered := bytes.Clone(text)
			if altered[at] ^= byte(rapid.IntRange(1, 255).Draw(rt, "flip")); slices.Contains([]byte(" \n\t\r"), altered[at]) {
				return
			}
			os.WriteFile(path, altered, 0o600)
		}
		if code, v := verified(rt, "run"); code != exitRefused || v.Verdict != isAltered && v.Verdict != isNotProved {
			rt.Errorf("%s: exit code %d, %+v", path, code, v.Paths[0])
		}
	})
}

// A run that is still going, or was killed, is said to be that.
func TestAnUnfinishedRunIsNotProved(t *testing.T) {
	realRun(t)
	journal, err := os.ReadFile("run/journal.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(bytes.TrimSpace(journal), []byte("\n"))
	write(t, "run/journal.jsonl", string(bytes.Join(lines[:len(lines)-1], nil))+`{"torn`)
	has := func(v verification, says string) bool {
		return slices.ContainsFunc(v.Paths[0].Checks, func(c evidence.Check) bool {
			return c.Status == evidence.NotProved && strings.Contains(c.Says, says)
		})
	}
	code, v := verified(t, "run")
	if code != exitRefused || v.Verdict != isNotProved || !has(v, "never finished") || !has(v, "of an earlier state of the run") {
		t.Errorf("killed: exit code %d, %+v", code, v.Paths[0])
	}
	dir, err := rundir.Open("run")
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.Lock(); err != nil {
		t.Fatal(err)
	}
	defer dir.Release()
	code, v = verified(t, "run")
	if code != exitRefused || v.Verdict != isNotProved || !has(v, "still going") || has(v, "earlier state") {
		t.Errorf("going: exit code %d, %+v", code, v.Paths[0])
	}
}

// A run in a folder that nothing can be written to is proved, and gets no new
// files.
func TestProvingARunWritesNothing(t *testing.T) {
	realRun(t)
	os.Remove("run/.lock")
	write(t, "run/.bulksync-1", "torn")
	before := filesBelow(t, "run")
	if code, v := verified(t, "run"); code != exitDone {
		t.Errorf("exit code %d, %+v", code, v.Paths[0])
	}
	if after := filesBelow(t, "run"); !slices.Equal(before, after) {
		t.Errorf("the files are %v, and were %v", after, before)
	}
}

// A run by another version, whose reports differ, is not proved rather than
// altered.
func TestReportsOfAnotherVersion(t *testing.T) {
	realRun(t)
	was := release
	t.Cleanup(func() { release = was })
	release = "99.0"
	if code, v := verified(t, "run"); code != exitDone {
		t.Errorf("exit code %d, %+v", code, v.Paths[0])
	}
	write(t, "run/report.md", "# As version 99 writes it\n")
	code, v := verified(t, "run")
	if code != exitRefused || v.Verdict != isNotProved {
		t.Errorf("exit code %d, %+v", code, v.Paths[0])
	}
}
