package seal_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"bulksync/internal/seal"
)

// serveAgent lets SSH_AUTH_SOCK name an agent. The test ends only when all its
// clients have hung up.
func serveAgent(t *testing.T, a agent.Agent) {
	t.Helper()
	listener, address := listenAgent(t)
	var clients sync.WaitGroup
	t.Cleanup(func() {
		listener.Close()
		clients.Wait()
	})
	clients.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			clients.Go(func() {
				defer conn.Close()
				_ = agent.ServeAgent(a, conn) // its error is that the client hung up
			})
		}
	})
	t.Setenv("SSH_AUTH_SOCK", address)
}

// held is an agent with this key, and with another one before it.
func held(t *testing.T, key agent.AddedKey) agent.Agent {
	t.Helper()
	ring := agent.NewKeyring()
	for _, k := range []agent.AddedKey{{PrivateKey: newPrivate(t, "ed25519")}, key} {
		if err := ring.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	return ring
}

// Of a public key, the agent holds the private half.
func TestAgentSigns(t *testing.T) {
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		t.Run(kind, func(t *testing.T) {
			private := newPrivate(t, kind)
			serveAgent(t, held(t, agent.AddedKey{PrivateKey: private}))
			path := writeKey(t, private, "")
			key := opened(t, path+".pub")
			if want := opened(t, path).Fingerprint(); key.Fingerprint() != want {
				t.Errorf("the key is %s, want %s", key.Fingerprint(), want)
			}
			armored := signed(t, key, "hello")
			read(t, armored, "hello")
			if ok, out := keygenVerifies(t, "alice "+keyLine(t, private), "alice", armored, "hello", time.Now()); !ok {
				t.Error(out)
			}
		})
	}
}

// The agent of OpenSSH works as well.
func TestOpenSSHAgent(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("ssh-agent is a service there")
	}
	dir, err := os.MkdirTemp("", "agent")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	daemon := exec.Command(openSSH(t, "ssh-agent"), "-D", "-a", socket)
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Signal(syscall.SIGTERM)
		_ = daemon.Wait()
	})
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil { // it says where it listens
		t.Fatal(err)
	}
	t.Setenv("SSH_AUTH_SOCK", socket)
	path := writeKey(t, newPrivate(t, "rsa"), "")
	add := exec.CommandContext(t.Context(), openSSH(t, "ssh-add"), "-q", path)
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	read(t, signed(t, opened(t, path+".pub"), "hello"), "hello")
}

// A key that the agent does not hold is named with its fingerprint and the
// command that adds it.
func TestAgentWithoutKey(t *testing.T) {
	private := newPrivate(t, "ed25519")
	path := writeKey(t, private, "")
	fingerprint := opened(t, path).Fingerprint()
	serveAgent(t, held(t, agent.AddedKey{PrivateKey: newPrivate(t, "ed25519")}))
	key, err := seal.OpenKey(path+".pub", nil)
	want := path + ".pub: the SSH agent does not hold the key " + fingerprint + `: run "ssh-add ` + path + `" first`
	if key != nil || err == nil || err.Error() != want {
		t.Errorf("%v, %v, want %s", key, err, want)
	}
	certificate := path + "-cert.pub"
	writeFile(t, certificate, ssh.MarshalAuthorizedKey(newCertificate(t, private, newPrivate(t, "ed25519"), nil)))
	if _, err := seal.OpenKey(certificate, nil); err == nil || !strings.HasSuffix(err.Error(), want[strings.Index(want, "the SSH"):]) {
		t.Errorf("a certificate: %v", err)
	}
}

// Without an agent that answers, a public key cannot sign.
func TestNoAgent(t *testing.T) {
	path := writeKey(t, newPrivate(t, "ed25519"), "") + ".pub"
	t.Setenv("SSH_AUTH_SOCK", "")
	_, err := seal.OpenKey(path, nil)
	if err == nil || !strings.HasPrefix(err.Error(), path+": "+noAgentNamed) {
		t.Error(err)
	}
	t.Setenv("SSH_AUTH_SOCK", filepath.Join(t.TempDir(), "none"))
	if _, err := seal.OpenKey(path, nil); err == nil || !strings.HasPrefix(err.Error(), path+": "+agentIsSilent) {
		t.Error(err)
	}
	dropped := agent.NewKeyring()
	if err := dropped.Lock([]byte("x")); err != nil {
		t.Fatal(err)
	}
	serveAgent(t, dropped)
	if _, err := seal.OpenKey(path, nil); err == nil || !strings.Contains(err.Error(), "the SSH agent does not hold the key SHA256:") {
		t.Errorf("a locked agent: %v", err)
	}
}

// badAgent is an agent that does not do what it is asked for.
type badAgent struct {
	agent.ExtendedAgent
	private any
	sign    func(s ssh.AlgorithmSigner, data []byte) (*ssh.Signature, error)
}

func (a badAgent) SignWithFlags(_ ssh.PublicKey, data []byte, _ agent.SignatureFlags) (*ssh.Signature, error) {
	s, err := ssh.NewSignerFromKey(a.private)
	if err != nil {
		return nil, err
	}
	return a.sign(s.(ssh.AlgorithmSigner), data)
}

// A signature by an agent that signs with SHA-1, signs something else or refuses
// is not handed out.
func TestAgentSignsOtherwise(t *testing.T) {
	private := newPrivate(t, "rsa")
	path := writeKey(t, private, "") + ".pub"
	type sign = func(ssh.AlgorithmSigner, []byte) (*ssh.Signature, error)
	sha1 := func(s ssh.AlgorithmSigner, data []byte) (*ssh.Signature, error) {
		return s.SignWithAlgorithm(nil, data, ssh.KeyAlgoRSA)
	}
	otherText := func(s ssh.AlgorithmSigner, _ []byte) (*ssh.Signature, error) {
		return s.SignWithAlgorithm(nil, []byte("else"), ssh.KeyAlgoRSASHA512)
	}
	refuses := func(ssh.AlgorithmSigner, []byte) (*ssh.Signature, error) { return nil, os.ErrPermission }
	for _, c := range []struct {
		sign sign
		want string
	}{
		{sha1, ` did not sign as it was asked to: the signature is broken: invalid signature format "ssh-rsa": expected "rsa-sha2-256" or "rsa-sha2-512"`},
		{otherText, ` did not sign as it was asked to: the signature is not of this text: crypto/rsa: verification error`},
		{refuses, " did not sign: agent: failed to sign challenge"},
	} {
		serveAgent(t, badAgent{held(t, agent.AddedKey{PrivateKey: private}).(agent.ExtendedAgent), private, c.sign})
		key := opened(t, path)
		if got, err := key.Sign([]byte("hello"), namespace); got != nil || err == nil || err.Error() != "the key "+key.Fingerprint()+c.want {
			t.Errorf("%s, %v, want %s", got, err, c.want)
		}
	}
}

// A certificate signs with its key, which the agent holds with or without it. An
// RSA key does not fall back to SHA-1 there.
func TestCertificateSigns(t *testing.T) {
	for _, kind := range []string{"ed25519", "rsa"} {
		for _, withCertificate := range []bool{false, true} {
			t.Run(kind+strconv.FormatBool(withCertificate), func(t *testing.T) {
				private, authority := newPrivate(t, kind), newPrivate(t, "ed25519")
				certificate := newCertificate(t, private, authority, nil)
				added := agent.AddedKey{PrivateKey: private}
				if withCertificate {
					added.Certificate = certificate
				}
				serveAgent(t, held(t, added))
				path := writeKey(t, private, "")
				writeFile(t, path+"-cert.pub", ssh.MarshalAuthorizedKey(certificate))
				key := opened(t, path+"-cert.pub")
				if want := opened(t, path).Fingerprint(); key.Fingerprint() != want {
					t.Errorf("the fingerprint is %s, want that of the key, %s", key.Fingerprint(), want)
				}
				armored := signed(t, key, "hello")
				sig := read(t, armored, "hello")
				if sig.Fingerprint() != key.Fingerprint() {
					t.Errorf("signed by %s", sig.Fingerprint())
				}
				text := "alice cert-authority " + keyLine(t, authority)
				signers, err := seal.ReadSigners(text, "signers")
				if err != nil {
					t.Fatal(err)
				}
				if err := signers.Check("alice", namespace, sig, issued); err != nil {
					t.Error(err)
				}
				if ok, out := keygenVerifies(t, text, "alice", armored, "hello", issued); !ok {
					t.Error(out)
				}
			})
		}
	}
}
