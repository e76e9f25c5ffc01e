//go:build !windows

package seal

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

// dialAgent connects to the SSH agent at SSH_AUTH_SOCK.
func dialAgent() (io.ReadWriteCloser, error) {
	path := os.Getenv("SSH_AUTH_SOCK")
	if path == "" {
		return nil, errors.New("the private half of a public key comes from an SSH agent, and SSH_AUTH_SOCK names none: " +
			"start ssh-agent and run ssh-add, or give the private key")
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		return nil, fmt.Errorf("the SSH agent at SSH_AUTH_SOCK does not answer: %w", err)
	}
	return conn, nil
}
