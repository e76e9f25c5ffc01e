package seal_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows"
)

// What is said where there is no agent: Windows has one at an address of its own.
const (
	noAgentNamed   = "the SSH agent does not answer; start its service and run ssh-add, or give the private key: "
	agentIsSilent  = noAgentNamed
	agentPipeBytes = 1 << 16
)

// pipeListener is an agent's named pipe, which is what its clients open on Windows.
type pipeListener struct {
	name string
	next windows.Handle
	done bool
}

// listenAgent is where an agent can be reached.
func listenAgent(t *testing.T) (*pipeListener, string) {
	t.Helper()
	p := &pipeListener{name: `\\.\pipe\bulksync-` + filepath.Base(t.TempDir()) + filepath.Base(filepath.Dir(t.TempDir()))}
	if err := p.prepare(); err != nil {
		t.Fatal(err)
	}
	return p, p.name
}

// prepare makes the end that the next client will be connected to.
func (p *pipeListener) prepare() error {
	name, err := windows.UTF16PtrFromString(p.name)
	if err != nil {
		return err
	}
	p.next, err = windows.CreateNamedPipe(name, windows.PIPE_ACCESS_DUPLEX, windows.PIPE_TYPE_BYTE|windows.PIPE_WAIT,
		windows.PIPE_UNLIMITED_INSTANCES, agentPipeBytes, agentPipeBytes, 0, nil)
	return err
}

// Accept waits for a client.
func (p *pipeListener) Accept() (io.ReadWriteCloser, error) {
	if err := windows.ConnectNamedPipe(p.next, nil); err != nil && !errors.Is(err, windows.ERROR_PIPE_CONNECTED) {
		return nil, err
	}
	client := os.NewFile(uintptr(p.next), p.name)
	if p.done {
		client.Close()
		return nil, os.ErrClosed
	}
	return client, p.prepare()
}

// Close ends the wait of Accept by connecting to it.
func (p *pipeListener) Close() error {
	p.done = true
	last, err := os.OpenFile(p.name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return last.Close()
}
