package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// TestAReleaseIsReproducible makes the release of one platform in two clones of this
// repository, as it is in the working tree, and then looks at what it made.
func TestAReleaseIsReproducible(t *testing.T) {
	source := copyOfThisRepository(t)
	one, two := releaseOf(t, source, "one"), releaseOf(t, source, "a longer name, with spaces")
	if len(one) != 5 || len(two) != len(one) {
		t.Fatalf("%d files, and %d the second time", len(one), len(two))
	}
	for i := range one {
		if one[i].name != two[i].name || !bytes.Equal(one[i].data, two[i].data) {
			t.Errorf("%s has other bytes the second time", one[i].name)
		}
	}
	if listed := fileNamed(t, one, sumsName); !bytes.Equal(listed.data, sums(except(one, sumsName))) {
		t.Errorf("%s is\n%s", sumsName, listed.data)
	}
	checkBOM(t, fileNamed(t, one, "*.cdx.json").data)
	unpacked := untar(t, fileNamed(t, one, "bulksync_9.8.7_linux_amd64.tar.gz").data)
	t.Run("program", func(t *testing.T) { checkProgram(t, unpacked) })
	t.Run("links", func(t *testing.T) { checkLinks(t, unpacked) })
	t.Run("image", func(t *testing.T) { checkImage(t, unpacked, "samples/Containerfile") })
	t.Run("image for Kubernetes", func(t *testing.T) { checkImage(t, unpacked, "samples/kubernetes/Dockerfile") })
	t.Run("install", func(t *testing.T) { checkInstall(t, one, unpacked) })
	t.Run("manual", func(t *testing.T) { checkManual(t, unpacked) })
}

// copyOfThisRepository is a repository of one commit, a release of 9.8.7.
func copyOfThisRepository(t *testing.T) string {
	t.Helper()
	here, err := readCommit(t.Context(), filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range here.files {
		text, err := os.ReadFile(filepath.Join(here.root, f.path))
		if os.IsNotExist(err) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		files[f.path] = string(text)
	}
	files["CHANGELOG.md"] += "\n## [9.8.7] - 2026-11-21\n\n- all\n"
	root := repository(t, files)
	git(t, root, "tag", "v9.8.7")
	return root
}

// releaseOf makes a release in a clone of a repository, and returns its files.
func releaseOf(t *testing.T, source, name string) (files []file) {
	t.Helper()
	root, out := filepath.Join(t.TempDir(), name), filepath.Join(t.TempDir(), "dist")
	git(t, source, "clone", "-q", source, root)
	if err := run(context.Background(), []string{"-root", root, "-out", out, "-platforms", "linux/amd64"}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(out, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, machine := range []string{root, out, goroot(t), os.Getenv("HOME") + "/"} {
			if machine != "/" && bytes.Contains(data, []byte(machine)) {
				t.Errorf("%s holds the path %s", e.Name(), machine)
			}
		}
		files = append(files, file{e.Name(), 0o644, data})
	}
	return files
}

func goroot(t *testing.T) string {
	t.Helper()
	out, err := output(t.Context(), "go", "env", "GOROOT")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func except(files []file, name string) (rest []file) {
	for _, f := range files {
		if f.name != name {
			rest = append(rest, f)
		}
	}
	return rest
}

// untar returns the files of an archive, without the folder that they are in.
func untar(t *testing.T, data []byte) (files []file) {
	t.Helper()
	compressed, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(compressed); ; {
		head, err := r.Next()
		if err == io.EOF {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		dir, name, _ := strings.Cut(head.Name, "/")
		if dir != "bulksync_9.8.7_linux_amd64" {
			t.Errorf("%s is not in the folder of the archive", head.Name)
		}
		files = append(files, file{name, head.FileInfo().Mode(), text})
	}
}

// checkProgram looks for what the machine may have left in the program, and runs it.
func checkProgram(t *testing.T, unpacked []file) {
	program := fileNamed(t, unpacked, "bulksync")
	for _, machine := range []string{os.TempDir() + "/", goroot(t) + "/", os.Getenv("HOME") + "/go/"} {
		if bytes.Contains(program.data, []byte(machine)) {
			t.Errorf("the program holds the path %s", machine)
		}
	}
	if host().String() != "linux/amd64" {
		t.Skip("it runs on linux/amd64")
	}
	path := filepath.Join(t.TempDir(), "bulksync")
	if err := os.WriteFile(path, program.data, program.mode); err != nil {
		t.Fatal(err)
	}
	out, err := output(t.Context(), path, "version")
	if want := fmt.Sprintf("bulksync 9.8.7 (%s, linux/amd64)\n", runtime.Version()); err != nil || string(out) != want {
		t.Errorf("version prints %q, %v", out, err)
	}
}

// checkLinks follows each link of a page of the archive into it.
func checkLinks(t *testing.T, unpacked []file) {
	there := map[string]bool{}
	for _, f := range unpacked {
		for name := f.name; name != "."; name = path.Dir(name) {
			there[name] = true
		}
	}
	links := 0
	for _, f := range unpacked {
		if path.Ext(f.name) != ".md" {
			continue
		}
		for _, to := range linksOf(t, f.data) {
			to, _, _ = strings.Cut(to, "#")
			if to == "" || strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
				continue
			}
			if links++; !there[path.Join(path.Dir(f.name), to)] {
				t.Errorf("%s links to %s, which is not in the archive", f.name, to)
			}
		}
	}
	if links < 20 {
		t.Errorf("found %d links: where are they?", links)
	}
}

func linksOf(t *testing.T, page []byte) (to []string) {
	t.Helper()
	doc := goldmark.New().Parser().Parse(text.NewReader(page))
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Link:
			to = append(to, string(n.Destination))
		case *ast.Image:
			to = append(to, string(n.Destination))
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// checkImage looks for what the recipe of an image copies from the archive.
func checkImage(t *testing.T, unpacked []file, recipe string) {
	copied := 0
	for line := range strings.Lines(string(fileNamed(t, unpacked, recipe).data)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != "COPY" {
			continue
		}
		for _, name := range words[1 : len(words)-1] {
			if !strings.HasPrefix(name, "--") {
				fileNamed(t, unpacked, name)
				copied++
			}
		}
	}
	if copied == 0 {
		t.Errorf("%s copies nothing", recipe)
	}
}

// checkManual reads some pages, and lets mandoc judge all.
func checkManual(t *testing.T, unpacked []file) {
	page := string(fileNamed(t, unpacked, "man/man1/bulksync-plan.1").data)
	for _, want := range []string{`"BULKSYNC-PLAN" "1" "2026-11-21" "bulksync 9.8.7"`, "\n.SH OPTIONS\n.TP\n", "\n.TP\n\\fB--out\\fP=FILE.json\n", "\n.TP\n\\fB--create-partners\\fP\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in\n%s", want, page)
		}
	}
	if apply := fileNamed(t, unpacked, "man/man1/bulksync-apply.1"); !strings.Contains(string(apply.data), "bulksync-runs/<time>-<fingerprint>") {
		t.Errorf("a placeholder was taken for HTML:\n%s", apply.data)
	}
	if fileNamed(t, unpacked, "man/man1/bulksync-fleet-audit.1"); strings.Contains(page, "\t") {
		t.Error("the page has a tab in filled text")
	}
	for name, want := range map[string]string{
		"man/man1/bulksync.1":       `\fBbulksync COMMAND [flags]\fP|  apply       Apply a reviewed plan|  exit-codes  What the exit`,
		"man/man1/bulksync-fleet.1": `\fBbulksync fleet COMMAND [flags]\fP|  collect     Make one roll-up`,
	} {
		page := string(fileNamed(t, unpacked, name).data)
		for part := range strings.SplitSeq(want, "|") {
			if !strings.Contains(strings.ReplaceAll(page, `\-`, "-"), part) {
				t.Errorf("%q is not in\n%s", part, page)
			}
		}
	}
	topic := string(fileNamed(t, unpacked, "man/man7/bulksync-exit-codes.7").data)
	if !strings.Contains(topic, "\\fBbulksync(1)\\fP") || strings.Contains(topic, "(7)") || strings.Contains(topic, "OPTIONS") || strings.Contains(topic, "SYNOPSIS") {
		t.Errorf("a topic is about no command, and belongs to bulksync(1):\n%s", topic)
	}
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Skip("there is no mandoc here")
	}
	for _, f := range unpacked {
		if !strings.HasPrefix(f.name, "man/") {
			continue
		}
		judge := exec.CommandContext(t.Context(), mandoc, "-T", "lint", "-W", "warning")
		judge.Stdin = bytes.NewReader(f.data)
		if said, err := judge.CombinedOutput(); err != nil || len(said) > 0 {
			t.Errorf("%s: %v\n%s", f.name, err, said)
		}
	}
}
