package doctor

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"bulksync/graph"
)

// proxy is the proxy that the environment names for Graph; nil for none.
func (x *examination) proxy() (*url.URL, error) {
	req, err := http.NewRequest(http.MethodGet, x.root, nil)
	if err != nil {
		return nil, err
	}
	proxy, err := http.ProxyFromEnvironment(req)
	if err != nil {
		return nil, errors.New("the proxy's URL in the environment (HTTPS_PROXY) cannot be read") // the cause shows its password
	}
	return proxy, nil
}

// dns says whether the name of Graph's host, or of the proxy that stands before it,
// is known here.
func (x *examination) dns(ctx context.Context) Check {
	u, err := url.Parse(x.root)
	if err != nil {
		return fail("", "%v", err)
	}
	host, by := u.Hostname(), ""
	proxy, err := x.proxy()
	switch {
	case err != nil:
		return fail("correct HTTPS_PROXY", "%v", err)
	case proxy != nil:
		host, by = proxy.Hostname(), fmt.Sprintf(" (the proxy for %s)", u.Hostname())
	}
	if net.ParseIP(host) != nil {
		return ok("%s is an address%s", host, by)
	}
	resolve := x.Resolve
	if resolve == nil {
		resolve = net.DefaultResolver.LookupHost
	}
	found, err := resolve(ctx, host)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fail(nextNames, "no answer to the question for %s%s in %s", host, by, Limit)
	case err != nil:
		return fail(nextNames, "%s%s is not known here: %v", host, by, err)
	case len(found) == 0:
		return fail(nextNames, "%s%s has no address", host, by)
	case len(found) > 1:
		by = fmt.Sprintf(", and %d more%s", len(found)-1, by)
	}
	return ok("%s is %s%s", host, found[0], by)
}

const nextNames = "check the network and the name server of this machine; where only a proxy leads out, set HTTPS_PROXY"

// tls says whether Graph can be reached, and who vouches for its certificate: a
// proxy that looks into the traffic shows its own. It sends no token.
func (x *examination) tls(ctx context.Context) Check {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, x.root+"/v1.0/", nil)
	if err != nil {
		return fail("", "%v", err)
	}
	req.Header.Set("User-Agent", x.Session.UserAgent)
	base := x.Session.Base
	if base == nil {
		base = &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	}
	resp, err := base.RoundTrip(req)
	if err != nil {
		return untrusted(err)
	}
	resp.Body.Close()
	x.probe, x.probed = resp, time.Now()
	if resp.Header.Get("Request-Id") == "" {
		return fail("check that --graph-url is Graph itself, and that no proxy or sign-in page answers in its place",
			"%s answered %d, but not as Graph does", x.root, resp.StatusCode)
	}
	if resp.TLS == nil || len(resp.TLS.PeerCertificates) == 0 {
		return ok("reached, without TLS: plain http to this machine, as in a rehearsal")
	}
	cert := resp.TLS.PeerCertificates[0]
	if x.root == x.Session.Cloud.RootURL() && !isIssuerOfGraph(cert) {
		return warn("ask who runs the proxy: it can read the token and change what is sent; have Graph's hosts exempted from inspection",
			"the certificate is from %s, not from Microsoft or DigiCert: a proxy seems to open TLS here", issuer(cert))
	}
	return ok("%s, from %s", tls.VersionName(resp.TLS.Version), issuer(cert))
}

// untrusted is a connection that was not made, or whose certificate is not trusted.
func untrusted(err error) Check {
	var bad *tls.CertificateVerificationError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fail(nextNetwork, "no answer in %s", Limit)
	case !errors.As(err, &bad) || len(bad.UnverifiedCertificates) == 0:
		return fail(nextNetwork, "no connection: %v", err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		cert := bad.UnverifiedCertificates[0]
		return fail("set the clock of this machine; if it is right, the host or a proxy has an expired certificate",
			"the certificate from %s is valid from %s to %s, and it is %s here", issuer(cert),
			cert.NotBefore.UTC().Format(time.DateOnly), cert.NotAfter.UTC().Format(time.DateOnly), time.Now().UTC().Format(time.DateTime))
	default:
		return fail("if a proxy inspects TLS here, let this machine trust its certificate authority (SSL_CERT_FILE); else check --graph-url",
			"the certificate is from %s, and is not trusted: %v", issuer(bad.UnverifiedCertificates[0]), bad.Err)
	}
}

// issuer names who issued a certificate.
func issuer(cert *x509.Certificate) string {
	name, organization := cert.Issuer.CommonName, strings.Join(cert.Issuer.Organization, ", ")
	if name == "" || organization == "" || strings.Contains(name, organization) {
		return cmp.Or(name, organization, "nobody who is named")
	}
	return name + " (" + organization + ")"
}

// isIssuerOfGraph reports whether a certificate is from one of the authorities that
// Graph's hosts have theirs from (Azure Certificate Authority details).
func isIssuerOfGraph(cert *x509.Certificate) bool {
	all := strings.Join(append(cert.Issuer.Organization, cert.Issuer.CommonName), " ")
	return strings.Contains(all, "Microsoft") || strings.Contains(all, "DigiCert")
}

// How far the clock may be off. Entra refuses an assertion and a token whose times
// are off by more than five minutes.
const (
	clockOdd   = 30 * time.Second
	clockWrong = 5 * time.Minute
)

// clock compares this machine's clock with Graph's Date, which counts whole seconds.
func (x *examination) clock(context.Context) Check {
	const next = "set the clock of this machine by a time server (NTP)"
	date, err := http.ParseTime(x.probe.Header.Get("Date"))
	if err != nil {
		return warn("compare the clock of this machine with a time server (NTP)", "Graph's answer has no time to compare with")
	}
	off := x.probed.Sub(date)
	side := "ahead of"
	if off < 0 {
		off, side = -off, "behind"
	}
	off = off.Round(time.Second)
	switch {
	case off > clockWrong:
		return fail(next, "%s %s Graph's: sign-ins, windows and deadlines go wrong", off, side)
	case off > clockOdd:
		return warn(next, "%s %s Graph's", off, side)
	default:
		return ok("within %s of Graph's", max(off, time.Second))
	}
}

// otherCloud is the cloud, other than this one, whose Graph is at a URL.
func otherCloud(audience string) (graph.Cloud, bool) {
	for _, c := range []graph.Cloud{graph.Global, graph.USGov, graph.USGovDoD, graph.China} {
		if strings.EqualFold(strings.TrimRight(audience, "/"), c.RootURL()) {
			return c, true
		}
	}
	return "", false
}
