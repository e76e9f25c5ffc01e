package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/internal/atomicfile"
)

// The files of a rehearsal of signing in.
const (
	authorityName = "ca.pem"
	appPairName   = "app.pem"
	federatedName = "federated-token"
	settingsName  = "env.sh"
)

// rehearsal is a built-in Graph with a sign-in host, over TLS and behind a
// proxy.
type rehearsal struct {
	dir       string
	authority *graphsim.Authority
	host      *graphsim.SignIn
	secret    string
	url       string
	proxy     string
	cloud     graph.Cloud // empty if not given
}

// rehearse serves Graph and its sign-in host, and writes what a client needs
// into a folder. The returned function stops it and waits for that.
func (e *env) rehearse(ctx context.Context, sim *graphsim.Sim, o simulateOptions) (r *rehearsal, stop func(), err error) {
	if o.tokenLifetime != 0 && o.tokenLifetime < time.Minute {
		return nil, nil, errors.New("--token-lifetime must be at least a minute")
	}
	r = &rehearsal{dir: o.tls, secret: rand.Text(), cloud: e.cloud}
	cert, pair, err := newAppPair()
	if err != nil {
		return nil, nil, err
	}
	if r.authority, err = graphsim.NewAuthority(); err != nil {
		return nil, nil, err
	}
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return nil, nil, err
	}
	r.url = "https://" + l.Addr().String()
	r.host = graphsim.NewSignIn(sim, graphsim.SignInConfig{
		Secret: r.secret, Certificates: []*x509.Certificate{cert}, Page: r.url + graphsim.DevicePath, TokenLifetime: o.tokenLifetime,
	})
	end := serveOn(tls.NewListener(l, r.authority.ServerConfig()), r.host)
	proxy := graphsim.NewProxy(r.host, r.authority)
	url, endProxy, err := serve(proxy, "127.0.0.1:0")
	if err != nil {
		end()
		proxy.Close()
		return nil, nil, err
	}
	r.proxy, stop = url, func() { end(); endProxy(); proxy.Close() }
	if err = r.write(ctx, e, sim, pair); err != nil {
		stop()
	}
	return r, stop, err
}

// write writes the files of the rehearsal.
func (r *rehearsal) write(ctx context.Context, e *env, sim *graphsim.Sim, pair []byte) error {
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return atomicfile.PathError(err)
	}
	if err := r.refuseOthers(); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		text []byte
	}{
		{authorityName, r.authority.PEM()}, {appPairName, pair},
		{federatedName, []byte(r.host.Assertion(graphsim.AssertionOptions{Lifetime: 24 * time.Hour}))},
		{settingsName, []byte(r.settings(sim))},
	} {
		if err := e.writeFile(ctx, r.file(f.name), func(w io.Writer) error { _, err := w.Write(f.text); return err }); err != nil {
			return err
		}
	}
	return nil
}

// refuseOthers refuses a folder that holds a file of the same name which no rehearsal wrote: a
// certificate of a real app cannot be had again.
func (r *rehearsal) refuseOthers() error {
	if old, err := os.ReadFile(r.file(settingsName)); err == nil && bytes.HasPrefix(old, []byte(settingsHead)) {
		return nil
	}
	for _, name := range []string{settingsName, authorityName, appPairName, federatedName} {
		if _, err := os.Lstat(r.file(name)); err == nil {
			return fmt.Errorf("%s is there already, and is not a rehearsal's: name another folder with --tls", r.file(name))
		}
	}
	return nil
}

func (r *rehearsal) file(name string) string {
	if abs, err := filepath.Abs(r.dir); err == nil {
		return filepath.Join(abs, name)
	}
	return filepath.Join(r.dir, name)
}

// settingsHead begins the file of settings.
const settingsHead = "# How to sign in at the built-in Graph. Nothing here opens anything real.\n"

// leftovers are settings of the shell that would lead past the rehearsal: to a real host, or
// with a real token into it.
const leftovers = "NO_PROXY no_proxy BULKSYNC_CLOUD BULKSYNC_TENANT BULKSYNC_ACCESS_TOKEN IDENTITY_ENDPOINT IDENTITY_HEADER IDENTITY_SERVER_THUMBPRINT IMDS_ENDPOINT MSI_ENDPOINT MSI_SECRET"

// settings are those of every way to sign in, for a POSIX shell.
func (r *rehearsal) settings(sim *graphsim.Sim) string {
	text := settingsHead + "unset " + leftovers + "\n"
	for _, s := range [][2]string{
		{"SSL_CERT_FILE", r.file(authorityName)},
		{"HTTPS_PROXY", r.proxy}, {"HTTP_PROXY", r.proxy},
		{"AZURE_TENANT_ID", sim.HomeTenant()}, {"AZURE_CLIENT_ID", graphsim.DefaultAppID},
		{"AZURE_CLIENT_SECRET", r.secret}, {"AZURE_CLIENT_CERTIFICATE_PATH", r.file(appPairName)},
		{"AZURE_FEDERATED_TOKEN_FILE", r.file(federatedName)},
		{"ACTIONS_ID_TOKEN_REQUEST_URL", r.url + graphsim.GitHubPath}, {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "rehearsal"},
		{"SYSTEM_OIDCREQUESTURI", r.url + graphsim.PipelinesPath}, {"SYSTEM_ACCESSTOKEN", "rehearsal"},
		{"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "rehearsal"},
	} {
		text += "export " + s[0] + "=" + shellQuote(s[1]) + "\n"
	}
	if r.cloud != "" {
		text += "export BULKSYNC_CLOUD=" + string(r.cloud) + "\n"
	}
	return text
}

// tell says how to reach the rehearsal.
func (r *rehearsal) tell(w io.Writer, sim *graphsim.Sim) error {
	_, err := fmt.Fprintf(w, `Graph of home tenant %s (%s), %d partners, with its sign-in host, at %s
In another terminal, with any way to sign in but azure-cli and browser:

  . %s
  bulksync doctor --auth secret --graph-url %s

Ctrl-C ends it.
`, sim.HomeTenant(), edge(sim.Home().DisplayName), len(sim.Partners()), r.url, shellQuote(r.file(settingsName)), r.url)
	return err
}

// newAppPair is a certificate of an app, and the same with its key as PEM.
func newAppPair() (*x509.Certificate, []byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	form := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "bulksync rehearsal"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(30 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	return cert, append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...), err
}

// serveOn serves a handler. The returned function stops it and waits for that.
func serveOn(l net.Listener, h http.Handler) (stop func()) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l) // ends with ErrServerClosed
	}()
	return func() { srv.Close(); <-done }
}
