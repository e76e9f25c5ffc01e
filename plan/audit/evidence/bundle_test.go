package evidence_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// partial is the folder of the audit that is being written.
func partial(t testing.TB, path string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(path, ".partial-*"))
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	return all[0]
}

// A tee keeps what was read, and tells its reader what the original tells.
func TestTee(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audits")
	b := begun(t, opened(t, path))
	text, torn := strings.Repeat("tenantId\r\n", 20000), errors.New("torn")
	got, err := io.ReadAll(b.Tee(evidence.CSVName, io.MultiReader(iotest.OneByteReader(strings.NewReader("\xef\xbb\xbf")), strings.NewReader(text))))
	if err != nil || string(got) != "\xef\xbb\xbf"+text {
		t.Errorf("read %d bytes: %v", len(got), err)
	}
	if _, err := io.ReadAll(b.Tee(evidence.TemplateName, iotest.ErrReader(torn))); !errors.Is(err, torn) {
		t.Errorf("got %v", err)
	}
	l, err := b.Seal(t.Context(), manifest(noon, audit.Incomplete), nil)
	if err != nil {
		t.Fatal(err)
	}
	if read(t, path, l.Folder, evidence.CSVName) != "\xef\xbb\xbf"+text || read(t, path, l.Folder, evidence.TemplateName) != "" {
		t.Error("other bytes were kept than were read")
	}
}

// Whatever goes wrong while an audit is written, Seal refuses it, and nothing is
// left of it.
func TestAnErrorEndsSeal(t *testing.T) {
	torn := errors.New("torn")
	twice := func(b *evidence.Bundle, name string) {
		b.Tee(name, strings.NewReader(""))
		b.Tee(name, strings.NewReader(""))
	}
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, b *evidence.Bundle, dir string)
		want  string
	}{
		"a report that cannot be rendered": {func(t *testing.T, b *evidence.Bundle, _ string) {
			if err := b.Write("audit.md", func(io.Writer) error { return torn }); !errors.Is(err, torn) {
				t.Errorf("got %v", err)
			}
		}, "writing audit.md of the evidence: torn"},
		"a page that cannot be written": {func(t *testing.T, b *evidence.Bundle, dir string) {
			if err := os.Mkdir(filepath.Join(dir, "graph", "page-0001.json"), 0o700); err != nil {
				t.Fatal(err)
			}
			b.Record(page("{}"))
			b.Record(page("{}"))
		}, "writing graph/page-0001.json of the evidence: file exists"},
		"a folder that is a file": {func(t *testing.T, b *evidence.Bundle, dir string) {
			write(t, "", dir, "input")
			if got, err := io.ReadAll(b.Tee(evidence.CSVName, strings.NewReader("x"))); err != nil || string(got) != "x" {
				t.Errorf("read %q: %v", got, err)
			}
		}, "writing input/partners.csv of the evidence: " + belowAFile()},
		"the same name twice": {func(_ *testing.T, b *evidence.Bundle, _ string) { twice(b, "input/a") }, "file exists"},
		"a name above":        {func(_ *testing.T, b *evidence.Bundle, _ string) { twice(b, "../a") }, "not a name for a file of an audit"},
		"a deep name":         {func(_ *testing.T, b *evidence.Bundle, _ string) { twice(b, "a/b/c") }, "not a name for a file of an audit"},
		"the folder itself":   {func(_ *testing.T, b *evidence.Bundle, _ string) { twice(b, ".") }, "not a name for a file of an audit"},
		"no name":             {func(_ *testing.T, b *evidence.Bundle, _ string) { twice(b, "") }, "not a name for a file of an audit"},
		"a newline":           {func(_ *testing.T, b *evidence.Bundle, _ string) { twice(b, "a\nb") }, "not a name for a file of an audit"},
		"a backslash":         {func(_ *testing.T, b *evidence.Bundle, _ string) { twice(b, `a\b`) }, "not a name for a file of an audit"},
		"a long way":          {func(_ *testing.T, b *evidence.Bundle, _ string) { twice(b, "a/../b") }, "not a name for a file of an audit"},
		"the manifest":        {func(_ *testing.T, b *evidence.Bundle, _ string) { twice(b, evidence.ManifestName) }, "written at the end"},
		"the sums":            {func(_ *testing.T, b *evidence.Bundle, _ string) { twice(b, evidence.SumsName) }, "written at the end"},
		"the signature":       {func(_ *testing.T, b *evidence.Bundle, _ string) { twice(b, evidence.SignatureName) }, "written at the end"},
		"a manifest of others": {func(t *testing.T, _ *evidence.Bundle, dir string) {
			write(t, "", dir, evidence.ManifestName)
		}, "writing manifest.json of the evidence: file exists"},
		"sums of others": {func(t *testing.T, _ *evidence.Bundle, dir string) {
			write(t, "", dir, evidence.SumsName)
		}, "writing SHA256SUMS of the evidence: file exists"},
		"a folder that is gone": {func(t *testing.T, _ *evidence.Bundle, dir string) {
			if runtime.GOOS == "windows" {
				t.Skip("nobody can remove a folder with an open file in it")
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}, "of the evidence: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := storeOf(t, 1)
			s := opened(t, path)
			before := names(t, path)
			b := begun(t, s)
			tc.spoil(t, b, partial(t, path))
			if _, err := b.Seal(t.Context(), manifest(noon, audit.Clean), nil); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v", err)
			}
			if err := b.Write("audit.csv", func(io.Writer) error { return nil }); err == nil {
				t.Error("a report was added to an audit that has ended")
			}
			if got := names(t, path); strings.Join(got, " ") != strings.Join(before, " ") {
				t.Errorf("left behind: %q", got)
			}
			if len(s.History()) != 1 {
				t.Error("an audit that failed counts")
			}
		})
	}
}

// After the first error, nothing more is rendered.
func TestNothingIsRenderedAfterAnError(t *testing.T) {
	b := begun(t, opened(t, filepath.Join(t.TempDir(), "audits")))
	torn := errors.New("torn")
	b.Write("audit.md", func(io.Writer) error { return torn })
	if err := b.Write("audit.csv", func(io.Writer) error { t.Error("rendered"); return nil }); !errors.Is(err, torn) {
		t.Errorf("got %v", err)
	}
}

// An audit that was sealed stays, and takes nothing more.
func TestAfterSeal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audits")
	s := opened(t, path)
	b := begun(t, s)
	filled(t, b, noon, audit.Clean)
	tee := b.Tee(evidence.WaiversName, strings.NewReader("tenantId\n"))
	l, err := b.Seal(t.Context(), manifest(noon, audit.Clean), nil)
	if err != nil {
		t.Fatal(err)
	}
	b.Record(page("{}"))
	b.Discard()
	if text, err := io.ReadAll(tee); err != nil || string(text) != "tenantId\n" {
		t.Errorf("read %q: %v", text, err)
	}
	checkEnded(t, b)
	if all := s.History(); len(all) != 1 || all[0].Folder != l.Folder || read(t, path, l.Folder, evidence.WaiversName) != "" {
		t.Errorf("got\n%s", story(all))
	}
	if got := names(t, filepath.Join(path, l.Folder, evidence.GraphDir)); len(got) != 2 {
		t.Errorf("the answers are %q", got)
	}
}

// A discarded audit leaves nothing, and takes nothing more.
func TestDiscard(t *testing.T) {
	path := storeOf(t, 1)
	s := opened(t, path)
	before := names(t, path)
	b := begun(t, s)
	filled(t, b, noon, audit.Clean)
	b.Tee(evidence.WaiversName, strings.NewReader(""))
	b.Discard()
	b.Record(page("{}"))
	if got := names(t, path); len(got) != len(before) {
		t.Errorf("left behind: %q", got)
	}
	checkEnded(t, b)
}

// checkEnded fails unless an audit says that it takes nothing more.
func checkEnded(t *testing.T, b *evidence.Bundle) {
	t.Helper()
	if _, err := b.Seal(t.Context(), manifest(noon, audit.Clean), nil); err == nil || err.Error() != "the audit has ended" {
		t.Errorf("sealed: %v", err)
	}
}
