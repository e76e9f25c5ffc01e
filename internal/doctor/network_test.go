package doctor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"bulksync/graph/graphsim"
	"bulksync/internal/doctor"
)

// authority issues a certificate for Graph's host, valid for this long from now on,
// and the pool of those who trust it.
func authority(t *testing.T, organization string, from, to time.Duration) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA 1", Organization: []string{organization}},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "graph"}, DNSNames: []string{"graph.microsoft.com", "graph.example"},
		NotBefore: now.Add(from), NotAfter: now.Add(to), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	issued := func(c *x509.Certificate) []byte {
		der, err := x509.CreateCertificate(rand.Reader, c, root, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	trusted, err := x509.ParseCertificate(issued(root))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(trusted)
	return tls.Certificate{Certificate: [][]byte{issued(leaf)}, PrivateKey: key}, pool
}

// Whoever issued the certificate is named, and a proxy that opens TLS is found out,
// whether this machine trusts it or not.
func TestCertificates(t *testing.T) {
	const hour = time.Hour
	for name, tc := range map[string]struct {
		host, organization string
		from, to           time.Duration
		trusted            bool
		want               doctor.Status
		says               string
	}{
		"Graph's own":            {"graph.microsoft.com", "DigiCert Inc", -hour, hour, true, doctor.OK, `^TLS 1\.3, from CA 1 \(DigiCert Inc\) -> $`},
		"a proxy's":              {"graph.microsoft.com", "Contoso IT", -hour, hour, true, doctor.Warn, `^the certificate is from CA 1 \(Contoso IT\), not from .*a proxy seems to open TLS here -> ask who runs the proxy`},
		"another host's":         {"graph.example", "Contoso IT", -hour, hour, true, doctor.OK, `from CA 1 \(Contoso IT\)`},
		"one nobody trusts here": {"graph.microsoft.com", "Contoso IT", -hour, hour, false, doctor.Fail, `^the certificate is from CA 1 \(Contoso IT\), and is not trusted: .*unknown authority -> if a proxy inspects TLS`},
		"one of yesterday":       {"graph.microsoft.com", "DigiCert Inc", -48 * hour, -24 * hour, true, doctor.Fail, `^the certificate from CA 1 \(DigiCert Inc\) is valid from .* and it is .* here -> set the clock`},
		"one of another host":    {"graph.other", "DigiCert Inc", -hour, hour, true, doctor.Fail, "is not trusted: .*graph\\.other"},
	} {
		t.Run(name, func(t *testing.T) {
			sim := graphsim.New(graphsim.Config{Partners: 3})
			cert, pool := authority(t, tc.organization, tc.from, tc.to)
			server := httptest.NewUnstartedServer(sim)
			server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes that are meant to fail
			server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
			server.StartTLS()
			defer server.Close()
			transport := &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: pool},
				DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
				},
			}
			if !tc.trusted {
				transport.TLSClientConfig.RootCAs = x509.NewCertPool()
			}
			defer transport.CloseIdleConnections()
			checks := examine(t, sim, everything, func(o *doctor.Options) {
				o.Session.GraphURL, o.Session.Base = "https://"+tc.host, transport
				o.Resolve = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil }
			})
			c := of(t, checks, "tls")
			if c.Status != tc.want || !regexp.MustCompile(tc.says).MatchString(c.Detail+" -> "+c.Next) {
				t.Errorf("%+v", c)
			}
			if p := of(t, checks, "partners"); (p.Status == doctor.OK) != (tc.want != doctor.Fail) {
				t.Errorf("%+v", p)
			}
		})
	}
}
