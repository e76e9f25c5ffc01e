package evidence_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// The other process of a test is this test binary again, which finds the store in
// the environment.
const (
	storeEnv = "BULKSYNC_TEST_STORE"
	roleEnv  = "BULKSYNC_TEST_ROLE"
)

// process is one of this package's tests in another process.
type process struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader // what it prints
}

// other starts a test in another process, where it plays a role on a store.
func other(t testing.TB, test, role, path string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$")}
	temp := t.TempDir() // a process that is killed cannot remove its own
	p.Env = append(os.Environ(), storeEnv+"="+path, roleEnv+"="+role, "TMPDIR="+temp, "TMP="+temp)
	p.Stderr = os.Stderr
	out, errOut := p.StdoutPipe()
	in, errIn := p.StdinPipe()
	p.in, p.out = in, bufio.NewReader(out)
	if err := errors.Join(errOut, errIn, p.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// kill ends the process at once.
func (p *process) kill() {
	p.Process.Kill()
	p.Wait()
}

// Two audits at once wait for each other, and both are in the chain.
func TestTwoAuditsAtOnce(t *testing.T) {
	if path := os.Getenv(storeEnv); path != "" {
		s := opened(t, path)
		b := begun(t, s)
		filled(t, b, noon, audit.Clean)
		fmt.Println("locked")
		io.Copy(io.Discard, os.Stdin)
		if _, err := b.Seal(t.Context(), manifest(noon, audit.Clean), nil); err != nil {
			t.Error(err)
		}
		s.Close()
		return
	}
	path := filepath.Join(t.TempDir(), "audits")
	p := other(t, t.Name(), "", path)
	if line, err := p.out.ReadString('\n'); err != nil || line != "locked\n" {
		t.Fatalf("%q %v", line, err)
	}
	waits := 0
	s, err := evidence.Open(t.Context(), path, func() { waits++; p.in.Close() })
	if err != nil || waits != 1 {
		t.Fatalf("waited %d times: %v", waits, err)
	}
	defer s.Close()
	sealed(t, s, noon, audit.Clean)
	if all := s.History(); len(all) != 2 || !all[1].Linked {
		t.Errorf("got\n%s", story(all))
	}
}

// Who has to wait is told so once, and the end of the context ends the wait.
func TestTheEndOfAWait(t *testing.T) {
	path := storeOf(t, 1)
	s := opened(t, path)
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	waits := 0
	if _, err := evidence.Open(ctx, path, func() { waits++; cancel(why) }); !errors.Is(err, why) || waits != 1 {
		t.Errorf("waited %d times: %v", waits, err)
	}
	sealed(t, s, noon.Add(time.Hour), audit.Clean) // the store is still ours
}

// A process that gives up removes the empty store that it made. One that waits for
// the same store makes it again.
func TestAStoreThatIsRemovedMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some", "audits")
	first := opened(t, path)
	second, err := evidence.Open(t.Context(), path, first.Close)
	if err != nil {
		t.Fatal(err)
	}
	sealed(t, second, noon, audit.Clean)
	second.Close()
	if all := opened(t, path).History(); len(all) != 1 {
		t.Errorf("got\n%s", story(all))
	}
}

// What an audit left behind that died is removed by the next one, and nothing
// else is.
func TestLeftovers(t *testing.T) {
	path := storeOf(t, 1)
	for _, name := range []string{".partial-1/graph", ".partial-2", "partial-3"} {
		if err := os.MkdirAll(filepath.Join(path, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, "{", path, ".partial-1/graph/page-0001.json")
	write(t, "", path, ".bulksync-1")
	write(t, "", path, ".partial-file")
	opened(t, path)
	if got, want := names(t, path), []string{evidence.LockName, ".partial-file", first, "partial-3"}; len(got) != len(want) {
		t.Errorf("the store holds %q, not %q", got, want)
	}
}
