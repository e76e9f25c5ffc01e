package graphsim

import (
	"cmp"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bulksync/graph"
)

// The paths where jobs get their assertions.
const (
	GitHubPath    = "/actions/idtoken"
	PipelinesPath = "/pipelines/oidctoken"
)

// AssertionOptions describe an assertion of another issuer. The zero value is
// one that the sign-in host trusts, for five minutes.
type AssertionOptions struct {
	Subject, Audience string
	Lifetime          time.Duration // a negative one has expired
}

// Assertion is what a cluster or a pipeline says about a workload.
func (h *SignIn) Assertion(o AssertionOptions) string {
	h.mu.Lock()
	h.numbers++
	number := h.numbers
	h.mu.Unlock()
	now := time.Now()
	payload, _ := json.Marshal(map[string]any{ // strings and numbers always marshal
		"iss": "https://issuer.example", "sub": cmp.Or(o.Subject, h.cfg.Subject), "aud": cmp.Or(o.Audience, exchange(h.sim.cfg.Cloud)),
		"iat": now.Unix(), "exp": now.Add(cmp.Or(o.Lifetime, 5*time.Minute)).Unix(), "jti": strconv.Itoa(number),
	})
	signed := encode([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + encode(payload)
	return signed + "." + encode(h.sign(signed))
}

func (h *SignIn) sign(signed string) []byte {
	mac := hmac.New(sha256.New, h.key)
	mac.Write([]byte(signed))
	return mac.Sum(nil)
}

// exchange is the audience of assertions in a cloud.
func exchange(c graph.Cloud) string {
	switch c {
	case graph.USGov, graph.USGovDoD:
		return "api://AzureADTokenExchangeUSGov"
	case graph.China:
		return "api://AzureADTokenExchangeChina"
	default:
		return "api://AzureADTokenExchange"
	}
}

// jobKey refuses a job that does not show its key.
func (h *SignIn) jobKey(c *signInCall) *signInError {
	key, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !ok || key == "" || h.cfg.Key != "" && key != h.cfg.Key {
		return &signInError{http.StatusUnauthorized, "unauthorized", "the job's token is not valid"}
	}
	return nil
}

func (h *SignIn) githubAssertion(c *signInCall) (map[string]any, *signInError) {
	if bad := h.jobKey(c); bad != nil {
		return nil, bad
	}
	audience := c.r.URL.Query().Get("audience")
	return map[string]any{"count": 1, "value": h.Assertion(AssertionOptions{Audience: cmp.Or(audience, "https://github.com/contoso")})}, nil
}

func (h *SignIn) pipelinesAssertion(c *signInCall) (map[string]any, *signInError) {
	if bad := h.jobKey(c); bad != nil {
		return nil, bad
	}
	if c.r.Method != http.MethodPost || c.r.URL.Query().Get("serviceConnectionId") == "" {
		return nil, &signInError{http.StatusBadRequest, "invalid_request", "serviceConnectionId is missing"}
	}
	return map[string]any{"oidcToken": h.Assertion(AssertionOptions{})}, nil
}

// assertionHead and assertionClaims are what matters of an assertion.
type assertionHead struct {
	Alg        string   `json:"alg"`
	Thumbprint string   `json:"x5t#S256"`
	Chain      []string `json:"x5c"`
}

type assertionClaims struct {
	Iss, Sub, Aud, Jti string
	Exp, Nbf           int64
}

// checkAssertion checks an app's assertion: one that it signed with its
// certificate, or one of an issuer that it trusts.
func (h *SignIn) checkAssertion(c *signInCall, assertion string) *signInError {
	parts := strings.Split(assertion, ".")
	var head assertionHead
	var claims assertionClaims
	if len(parts) != 3 || !decodeInto(parts[0], &head) || !decodeInto(parts[1], &claims) {
		return aadsts("invalid_client", "AADSTS50027: JWT token is invalid or malformed.")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return aadsts("invalid_client", "AADSTS50027: JWT token is invalid or malformed.")
	}
	signed := parts[0] + "." + parts[1]
	now := time.Now().Unix()
	if head.Alg == "HS256" {
		c.rec.By, c.rec.Assertion = "assertion", claims.Jti
		return h.checkFederated(claims, now, hmac.Equal(signature, h.sign(signed)))
	}
	c.rec.By, c.rec.Chain = "certificate", len(head.Chain) > 0
	cert := h.certificate(head)
	if cert == nil {
		return aadsts("invalid_client", "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application.")
	}
	if !signedBy(cert, head.Alg, signed, signature) || claims.Iss != h.cfg.AppID || claims.Sub != h.cfg.AppID || claims.Aud != c.base()+c.r.URL.Path {
		return aadsts("invalid_client", "AADSTS700027: Client assertion failed signature validation.")
	}
	if now >= claims.Exp || now < claims.Nbf || time.Now().After(cert.NotAfter) {
		return aadsts("invalid_client", "AADSTS700024: Client assertion is not within its valid time range.")
	}
	return nil
}

func (h *SignIn) checkFederated(claims assertionClaims, now int64, genuine bool) *signInError {
	switch {
	case !genuine:
		return aadsts("invalid_client", "AADSTS700211: No matching federated identity record found for presented assertion issuer '"+claims.Iss+"'.")
	case claims.Sub != h.cfg.Subject:
		return aadsts("invalid_client", "AADSTS700213: No matching federated identity record found for presented assertion subject '"+claims.Sub+"'.")
	case claims.Aud != exchange(h.sim.cfg.Cloud):
		return aadsts("invalid_client", "AADSTS700212: No matching federated identity record found for presented assertion audience '"+claims.Aud+"'.")
	case now >= claims.Exp:
		return aadsts("invalid_client", "AADSTS700024: Client assertion is not within its valid time range.")
	}
	return nil
}

// certificate is the app's certificate that an assertion names, or the one that
// it brings if its authority is trusted.
func (h *SignIn) certificate(head assertionHead) *x509.Certificate {
	for _, cert := range h.cfg.Certificates {
		sum := sha256.Sum256(cert.Raw)
		if head.Thumbprint == base64.StdEncoding.EncodeToString(sum[:]) || head.Thumbprint == encode(sum[:]) {
			return cert
		}
	}
	if h.cfg.Authority == nil || len(head.Chain) == 0 {
		return nil
	}
	der, err := base64.StdEncoding.DecodeString(head.Chain[0])
	if err != nil {
		return nil
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil || cert.CheckSignatureFrom(h.cfg.Authority) != nil {
		return nil
	}
	return cert
}

func signedBy(cert *x509.Certificate, alg, signed string, signature []byte) bool {
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	sum := sha256.Sum256([]byte(signed))
	switch {
	case !ok:
		return false
	case alg == "PS256":
		return rsa.VerifyPSS(key, crypto.SHA256, sum[:], signature, nil) == nil
	default:
		return alg == "RS256" && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
	}
}

// decodeInto reads a part of a JSON web token.
func decodeInto(part string, v any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, v) == nil
}
