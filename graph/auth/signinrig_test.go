package auth_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
)

// The canaries of a sign-in, which nothing may print.
const (
	secretCanary = "cl1ent-s3cret-c4n4ry"
	jobCanary    = "j0b-key-c4n4ry"
	pfxCanary    = "pfx-p4ssw0rd-c4n4ry"
)

// signInRig is a tenant and its sign-in host, which the real identity library
// reaches over real TLS, in process: it works in a testing/synctest bubble.
type signInRig struct {
	*graphsim.SignIn
	sim *graphsim.Sim
	// base carries requests to the sign-in host, whatever its name.
	base http.RoundTripper
	env  map[string]string
	// prompt is what a person is told.
	prompt func(string)
	// patience is how long a host is waited for.
	patience time.Duration
	way      auth.Way
	cloud    graph.Cloud
}

// machines counts the rigs of managed identities.
var machines atomic.Int64

// newSignInRig serves until the test ends. Its environment has a tenant and an
// app.
func newSignInRig(t *testing.T, way auth.Way, cfg graphsim.SignInConfig) *signInRig {
	t.Helper()
	return newCloudRig(t, graph.Global, way, cfg)
}

func newCloudRig(t *testing.T, cloud graph.Cloud, way auth.Way, cfg graphsim.SignInConfig) *signInRig {
	t.Helper()
	cleanEnvironment(t, nil)
	if way == auth.ByManagedIdentity {
		// The library keeps the tokens of a machine for the whole process: let those of other tests expire.
		time.Sleep(time.Duration(machines.Add(1)) * 24 * time.Hour)
	}
	sim := graphsim.New(graphsim.Config{Cloud: cloud, Partners: 1})
	r := &signInRig{SignIn: graphsim.NewSignIn(sim, cfg), sim: sim, way: way, cloud: cloud}
	authority, err := graphsim.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	r.base = overPipes(t, r.SignIn, authority)
	r.env = map[string]string{"AZURE_TENANT_ID": sim.HomeTenant(), "AZURE_CLIENT_ID": graphsim.DefaultAppID}
	return r
}

func (r *signInRig) options() auth.Options {
	return auth.Options{Way: r.way, Cloud: r.cloud, Base: r.base, Prompt: r.prompt, Patience: r.patience, Getenv: func(name string) string { return r.env[name] }}
}

func (r *signInRig) signIn(ctx context.Context) (*auth.Session, error) {
	cred, err := auth.New(r.options())
	if err != nil {
		return nil, err
	}
	return auth.Acquire(ctx, cred, r.cloud.Scope())
}

// tokenRequests are the requests that carried a proof to the token endpoint or
// the metadata service.
func (r *signInRig) tokenRequests() (all []graphsim.SignInRequest) {
	for _, q := range r.Requests() {
		if q.By != "" {
			all = append(all, q)
		}
	}
	return all
}

// pipes is a network within the process.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// overPipes serves h over TLS under every host name, and in clear on port 80, as
// a metadata service is.
func overPipes(t *testing.T, h http.Handler, authority *graphsim.Authority) http.RoundTripper {
	t.Helper()
	secure, clear := newPipes(), newPipes()
	server := &http.Server{Handler: h}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(tls.NewListener(secure, authority.ServerConfig())) })
	served.Go(func() { _ = server.Serve(clear) })
	base := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: authority.Pool()},
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			if strings.HasSuffix(addr, ":80") {
				return clear.dial(ctx)
			}
			return secure.dial(ctx)
		},
	}
	t.Cleanup(func() {
		base.CloseIdleConnections()
		server.Close()
		served.Wait()
	})
	return base
}

// appKey and caKey take long to make.
var (
	appKey = sync.OnceValues(newKey)
	caKey  = sync.OnceValues(newKey)
)

func newKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }

// pair is a certificate with its key; by signs it, or it signs itself.
type pair struct {
	cert *x509.Certificate
	key  *rsa.PrivateKey
}

func newPair(t *testing.T, name string, valid time.Duration, by *pair) pair {
	t.Helper()
	keys, isCA := appKey, strings.Contains(name, "CA")
	if isCA {
		keys = caKey
	}
	key, err := keys()
	if err != nil {
		t.Fatal(err)
	}
	if by == nil {
		by = &pair{key: key}
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, IsCA: isCA, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(valid),
	}
	parent := form
	if by.cert != nil {
		parent = by.cert
	}
	der, err := x509.CreateCertificate(rand.Reader, form, parent, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return pair{cert, key}
}

// pem is the key and the certificate, with others after it.
func (p pair) pem(t *testing.T, others ...*x509.Certificate) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for _, c := range append([]*x509.Certificate{p.cert}, others...) {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return string(text)
}

// file writes a file of the test's own.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "app.file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
