package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"time"

	"bulksync/graph/graphsim"
)

// The files of a rehearsal of signing in.
const (
	authorityName = "ca.pem"
	appPairName   = "app.pem"
	federatedName = "federated-token"
)

// rehearsal is a built-in Graph with a sign-in host, over TLS and behind a
// proxy.
type rehearsal struct {
	simulated
	dir       string
	authority *graphsim.Authority
	proxy     string
	// host and secret are those of the first tenant.
	host   *graphsim.SignIn
	secret string
}

// rehearse serves Graph and its sign-in host, and writes what a client needs
// into a folder. The returned function stops it and waits for that.
func (e *env) rehearse(ctx context.Context, farm *graphsim.Farm, o simulateOptions) (r *rehearsal, stop func(), err error) {
	if o.tokenLifetime != 0 && o.tokenLifetime < time.Minute {
		return nil, nil, errors.New("--token-lifetime must be at least a minute")
	}
	r = &rehearsal{dir: o.tls, simulated: simulated{cloud: e.cloud, signIn: true}}
	r.tenants = simulatedTenants(farm, func(*graphsim.Sim) string { return rand.Text() })
	r.secret = r.tenants[0].secret
	cert, pair, err := newAppPair()
	if err != nil {
		return nil, nil, err
	}
	if r.authority, err = graphsim.NewAuthority(); err != nil {
		return nil, nil, err
	}
	if stop, err = r.serve(farm, cert, o); err != nil {
		return nil, nil, err
	}
	if err = e.writeFolders(ctx, r.folders(pair, o)); err != nil {
		stop()
	}
	return r, stop, err
}

// serve serves Graph and its sign-in host under an address of their own, and behind a
// proxy under any name.
func (r *rehearsal) serve(farm *graphsim.Farm, cert *x509.Certificate, o simulateOptions) (stop func(), err error) {
	l, err := listenOn(o.listen)
	if err != nil {
		return nil, err
	}
	r.url = "https://" + l.Addr().String()
	host := graphsim.NewSignInFarm(farm, r.signIns(cert, o.tokenLifetime))
	r.host = host.Hosts()[0]
	end := serveOn(tls.NewListener(l, r.authority.ServerConfig()), host)
	proxy := graphsim.NewProxy(host, r.authority)
	url, endProxy, err := serve(proxy, "127.0.0.1:0")
	if err != nil {
		end()
		proxy.Close()
		return nil, err
	}
	r.proxy = url
	return func() { end(); endProxy(); proxy.Close() }, nil
}

// signIns say who may sign in to each tenant: one app, with a secret for each.
func (r *rehearsal) signIns(cert *x509.Certificate, lifetime time.Duration) func(*graphsim.Sim) graphsim.SignInConfig {
	secrets := map[*graphsim.Sim]string{}
	for _, t := range r.tenants {
		secrets[t.sim] = t.secret
	}
	return func(s *graphsim.Sim) graphsim.SignInConfig {
		return graphsim.SignInConfig{
			Secret: secrets[s], Certificates: []*x509.Certificate{cert}, Page: r.url + graphsim.DevicePath, TokenLifetime: lifetime,
		}
	}
}

// folders are the files of the rehearsal, and those of its fleet, which may be in the
// same folder.
func (r *rehearsal) folders(pair []byte, o simulateOptions) []rehearsalFolder {
	settings := r.settings(o.isFleet())
	own := rehearsalFolder{"--tls", o.tls, []rehearsalFile{
		{settingsName, []byte(settings)}, {authorityName, r.authority.PEM()}, {appPairName, pair},
		{federatedName, []byte(r.host.Assertion(graphsim.AssertionOptions{Lifetime: 24 * time.Hour}))},
	}}
	if o.fleet == "" {
		return []rehearsalFolder{own}
	}
	files := r.fleetFiles(settings)
	if realPath(o.fleet) == realPath(o.tls) {
		own.files = append(own.files, files[1:]...) // it has the settings
		return []rehearsalFolder{own}
	}
	return []rehearsalFolder{own, {"--fleet", o.fleet, files}}
}

func (r *rehearsal) file(name string) string { return absolute(r.dir, name) }

// leftovers are settings of the shell that would lead past the rehearsal: to a real host, or
// with a real token into it.
const leftovers = "NO_PROXY no_proxy " + ownLeftovers + " IDENTITY_ENDPOINT IDENTITY_HEADER IDENTITY_SERVER_THUMBPRINT IMDS_ENDPOINT MSI_ENDPOINT MSI_SECRET"

// settings are those of every way to sign in to the first tenant, for a POSIX shell.
// Those of a fleet hold the secret of each tenant besides.
func (r *rehearsal) settings(isFleet bool) string {
	variables := [][2]string{
		{"SSL_CERT_FILE", r.file(authorityName)},
		{"HTTPS_PROXY", r.proxy}, {"HTTP_PROXY", r.proxy},
		{"AZURE_TENANT_ID", r.tenants[0].sim.HomeTenant()}, {"AZURE_CLIENT_ID", graphsim.DefaultAppID},
		{"AZURE_CLIENT_SECRET", r.secret}, {"AZURE_CLIENT_CERTIFICATE_PATH", r.file(appPairName)},
		{"AZURE_FEDERATED_TOKEN_FILE", r.file(federatedName)},
		{"ACTIONS_ID_TOKEN_REQUEST_URL", r.url + graphsim.GitHubPath}, {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "rehearsal"},
		{"SYSTEM_OIDCREQUESTURI", r.url + graphsim.PipelinesPath}, {"SYSTEM_ACCESSTOKEN", "rehearsal"},
		{"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "rehearsal"},
	}
	if r.cloud != "" {
		variables = append(variables, [2]string{"BULKSYNC_CLOUD", string(r.cloud)})
	}
	if isFleet {
		variables = append(variables, r.secrets()...)
	}
	return settingsText(leftovers, variables)
}

// told says how to reach the rehearsal.
func (r *rehearsal) told() string {
	others := ""
	if n := len(r.tenants); n > 1 {
		_, variable := r.secretOf(r.tenants[n-1])
		others = fmt.Sprintf(`
That is the first tenant. Another one, such as the last:

  %s
`, userShell().with([]setting{
			{"AZURE_TENANT_ID", userShell().value(r.tenants[n-1].sim.HomeTenant())},
			{"AZURE_CLIENT_SECRET", userShell().variable(variable)},
		}, "bulksync doctor --auth secret --graph-url "+r.url))
	}
	return fmt.Sprintf(`%s
In another terminal, with --auth secret, certificate, workload-identity,
managed-identity, github, azure-pipelines or device-code:

  %s
  bulksync doctor --auth secret --graph-url %s
%s
Ctrl-C ends it.
`, r.what(), userShell().source(r.file(settingsName)), r.url, others)
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
