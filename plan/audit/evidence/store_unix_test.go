//go:build unix

package evidence_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bulksync/internal/atomicfile"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// A folder that others may write to is refused: they could replace the evidence.
func TestAnUnsafeStore(t *testing.T) {
	for mode, safe := range map[fs.FileMode]bool{0o700: true, 0o755: true, 0o770: false, 0o702: false, 0o777 | fs.ModeSticky: true} {
		path := t.TempDir()
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		s, err := evidence.Open(t.Context(), path, nil)
		var unsafe *atomicfile.UnsafeError
		switch {
		case safe && err != nil:
			t.Errorf("mode %v: %v", mode, err)
		case safe:
			s.Close()
		case !errors.As(err, &unsafe) || !unsafe.Writable || unsafe.Path != path || !strings.HasSuffix(err.Error(), "is not safe: other users may write to it"):
			t.Errorf("mode %v: %v", mode, err)
		}
		if got := names(t, path); len(got) != 0 {
			t.Errorf("mode %v: left behind %q", mode, got)
		}
	}
}

func TestAStoreOfAnotherUser(t *testing.T) {
	path := t.TempDir()
	if err := os.Chown(path, 65534, -1); err != nil {
		t.Skip(err)
	}
	var unsafe *atomicfile.UnsafeError
	if _, err := evidence.Open(t.Context(), path, nil); !errors.As(err, &unsafe) || unsafe.Writable {
		t.Errorf("got %v", err)
	}
}

// What others can write to was not left behind by an audit.
func TestLeftoversOfOthers(t *testing.T) {
	path := storeOf(t, 1)
	for _, name := range []string{".partial-1", ".bulksync-1"} {
		if err := os.Mkdir(filepath.Join(path, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(path, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	opened(t, path)
	if got := names(t, path); len(got) != 4 {
		t.Errorf("the store holds %q", got)
	}
}

// Nothing but a regular file is read: reading a pipe would block, and a link leads
// elsewhere.
func TestAPipeForAManifest(t *testing.T) {
	path := storeOf(t, 3)
	manifest := filepath.Join(path, third, evidence.ManifestName)
	text := read(t, manifest)
	elsewhere := filepath.Join(t.TempDir(), "m")
	write(t, text, elsewhere)
	for _, replace := range []func() error{
		func() error { return syscall.Mkfifo(manifest, 0o600) },
		func() error { return os.Symlink(elsewhere, manifest) },
	} {
		if err := errors.Join(os.Remove(manifest), replace()); err != nil {
			t.Fatal(err)
		}
		all, err := evidence.ReadHistory(t.Context(), path)
		if err != nil || all[2].Manifest != nil || !strings.Contains(all[2].Problem, "not a file") {
			t.Errorf("got\n%s%v", story(all), err)
		}
	}
}

// On a disk that takes no more, no audit appears, whatever it was that did not
// fit.
func TestAFullDisk(t *testing.T) {
	path := os.Getenv(storeEnv)
	if path == "" {
		path = storeOf(t, 1)
		for _, role := range []string{"page", "report", "manifest"} {
			p := other(t, t.Name(), role, path)
			text, _ := io.ReadAll(p.out)
			if err := p.Wait(); err != nil {
				t.Errorf("%s: %v\n%s", role, err, text)
			}
			if got := names(t, path); len(got) != 2 {
				t.Errorf("%s: left behind %q", role, got)
			}
		}
		return
	}
	s := opened(t, path)
	b := begun(t, s)
	filled(t, b, noon, audit.Clean)
	limit, role, m := 4096, os.Getenv(roleEnv), manifest(noon, audit.Clean)
	switch role {
	case "manifest":
		m.Options.CSV = strings.Repeat("x", limit)
	}
	limitFiles(t, uint64(limit))
	switch role {
	case "page":
		b.Record(page(strings.Repeat("x", 2*limit)))
	case "report":
		b.Write("audit.md", func(w io.Writer) error { _, err := io.WriteString(w, strings.Repeat("x", 2*limit)); return err })
	}
	if _, err := b.Seal(t.Context(), m, nil); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("got %v", err)
	}
}

// limitFiles lets no file of this process grow beyond a size.
func limitFiles(t *testing.T, size uint64) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: size}); err != nil {
		t.Fatal(err)
	}
}

// A store that cannot be written to keeps what it has.
func TestAnUnwritableStore(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	path := storeOf(t, 1)
	s := opened(t, path)
	b := begun(t, s)
	filled(t, b, noon, audit.Clean)
	if err := os.Chmod(path, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(path, 0o700)
	if _, err := b.Seal(t.Context(), manifest(noon, audit.Clean), nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Begin(noon); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}
