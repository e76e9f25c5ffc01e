//go:build !windows

package seal_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// What is said where there is no agent.
const (
	noAgentNamed = "the private half of a public key comes from an SSH agent, and SSH_AUTH_SOCK names none: " +
		"start ssh-agent and run ssh-add, or give the private key"
	agentIsSilent = "the SSH agent at SSH_AUTH_SOCK does not answer: "
)

// listenAgent is where an agent can be reached.
func listenAgent(t *testing.T) (net.Listener, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	return listener, socket
}
