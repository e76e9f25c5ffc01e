package seal

import (
	"cmp"
	"fmt"
	"io"
	"os"
)

// agentPipe is where the SSH agent that comes with Windows listens.
const agentPipe = `\\.\pipe\openssh-ssh-agent`

// dialAgent connects to the SSH agent at SSH_AUTH_SOCK, or to that of Windows.
func dialAgent() (io.ReadWriteCloser, error) {
	conn, err := os.OpenFile(cmp.Or(os.Getenv("SSH_AUTH_SOCK"), agentPipe), os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("the SSH agent does not answer; start its service and run ssh-add, "+
			"or give the private key: %w", err)
	}
	return conn, nil
}
