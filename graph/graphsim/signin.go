package graphsim

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// SignInConfig says who may sign in, and how. The zero value lets nobody in but
// the machine's managed identity, workloads with an assertion of its own, and
// people.
type SignInConfig struct {
	AppID        string // of the app; default DefaultAppID
	Secret       string // the app's secret; empty for none
	Certificates []*x509.Certificate
	// Authority is whose certificates are accepted if the chain is sent.
	Authority *x509.Certificate
	// Subject is whose assertions are trusted; default DefaultSubject.
	Subject string
	// User is who enters a device code, on Page; the default is Microsoft's.
	User, Page string
	// Key is what GitHub Actions and Azure Pipelines ask a job for; empty for
	// any.
	Key           string
	TokenLifetime time.Duration // default an hour
	CodeLifetime  time.Duration // of a device code; default 15 minutes
	Token         TokenOptions  // what tokens are like, beside app, user, audience and life
}

// DefaultSubject is whose assertions a SignIn trusts.
const DefaultSubject = "repo:contoso/sync:ref:refs/heads/main"

// SignIn is the sign-in host beside a Sim, over real connections: Entra's
// discovery, token and device code endpoints for the simulated tenant, the
// metadata service of an Azure machine, and the services that give jobs of
// GitHub Actions and Azure Pipelines their assertions. Unlike the Sim it checks
// signatures: that is what a sign-in is about.
//
// It serves any host name, so that one address can play all hosts; what is not
// about signing in, it leaves to the Sim.
type SignIn struct {
	sim *Sim
	cfg SignInConfig
	key []byte // of its own assertions

	mu       sync.Mutex
	requests []SignInRequest
	faults   []SignInFault
	codes    map[string]*deviceCode
	refresh  map[string]bool
	logins   map[string]loginCode
	numbers  int
	secrets  []string
}

// SignInRequest is what a client asked for, without what must stay secret.
type SignInRequest struct {
	// Host was asked, at Path.
	Host, Path string
	// By is the kind of proof: secret, certificate, assertion, device, browser,
	// refresh, or machine; empty for a request without one.
	By string
	// Assertion is the number of the SignIn's own assertion, Chain means that a
	// certificate came with its chain, and Claims are those of a challenge.
	Assertion, Claims string
	Chain             bool
	Status            int
}

// SignInFault is a failure of some token requests.
type SignInFault struct {
	// Path is what the path of the request must hold; empty for token requests.
	Path   string
	Times  int // how many requests; 0 means all
	Status int // 0 means no answer at all
	// Error is the text of Entra, such as "AADSTS90033: A transient error".
	Error      string
	RetryAfter time.Duration
	// Delay passes before the answer.
	Delay time.Duration
}

// NewSignIn is a sign-in host for the tenant of a Sim.
func NewSignIn(s *Sim, cfg SignInConfig) *SignIn {
	cfg.AppID = cmp.Or(cfg.AppID, DefaultAppID)
	cfg.Subject = cmp.Or(cfg.Subject, DefaultSubject)
	cfg.User, cfg.Page = cmp.Or(cfg.User, "ada@contoso.example"), cmp.Or(cfg.Page, "https://microsoft.com"+DevicePath)
	cfg.TokenLifetime = cmp.Or(cfg.TokenLifetime, time.Hour)
	cfg.CodeLifetime = cmp.Or(cfg.CodeLifetime, 15*time.Minute)
	return &SignIn{sim: s, cfg: cfg, key: []byte(rand.Text()), codes: map[string]*deviceCode{}, refresh: map[string]bool{}, logins: map[string]loginCode{}}
}

// Inject makes requests fail, in the order given.
func (h *SignIn) Inject(faults ...SignInFault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(h.faults, faults...)
}

// Requests are those for tokens, codes and assertions, in order.
func (h *SignIn) Requests() []SignInRequest {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.requests)
}

// Secrets are all proofs that were shown and all tokens that were given: what no
// client may print.
func (h *SignIn) Secrets() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.secrets)
}

// keepSecrets remembers the secrets among some values.
func (h *SignIn) keepSecrets(values ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, v := range values {
		if v != "" {
			h.secrets = append(h.secrets, v)
		}
	}
}

// signInCall is one request.
type signInCall struct {
	r      *http.Request
	tenant string
	rec    SignInRequest
}

// signInError is a refusal in Entra's words.
type signInError struct {
	status            int
	name, description string
}

func aadsts(name, description string) *signInError {
	status := http.StatusBadRequest
	if name == "invalid_client" {
		status = http.StatusUnauthorized
	}
	return &signInError{status, name, description}
}

// ServeHTTP serves the sign-in host.
func (h *SignIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &signInCall{r: r, rec: SignInRequest{Host: r.Host, Path: r.URL.Path}}
	c.tenant = authorityOf(r.URL.Path)
	if strings.HasSuffix(r.URL.Path, authorizePath) {
		h.authorize(w, r)
		return
	}
	operation := operationOf(r.URL.Path)
	if operation == nil {
		h.sim.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body)) // read, so that r's context ends with the connection
	if f, ok := h.strike(r.URL.Path); ok && h.fail(w, r, f) {
		c.rec.Status = f.Status
		h.record(c)
		return
	}
	answer, bad := operation(h, c)
	status := http.StatusOK
	if bad != nil {
		status, answer = bad.status, h.errorBody(bad)
	}
	c.rec.Status = status
	h.record(c)
	for _, name := range []string{"access_token", "refresh_token", "id_token", "device_code", "value", "oidcToken"} {
		given, _ := answer[name].(string)
		h.keepSecrets(given)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

// discoveryPath is where clients ask which hosts belong together.
const discoveryPath = "/common/discovery/instance"

// authorityOf is the tenant that a path names.
func authorityOf(path string) string {
	tenant, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return tenant
}

// isShared reports whether an authority stands for whatever tenant a person is of.
func isShared(authority string) bool { return authority == "organizations" || authority == "common" }

// isSignIn reports whether a path is about signing in.
func isSignIn(path string) bool {
	return operationOf(path) != nil || strings.HasSuffix(path, authorizePath)
}

// operationOf is what a path asks for; nil for nothing.
func operationOf(path string) func(*SignIn, *signInCall) (map[string]any, *signInError) {
	if own := ownOperation(path); own != nil {
		return own
	}
	switch {
	case path == discoveryPath:
		return (*SignIn).instances
	case strings.HasSuffix(path, "/v2.0/.well-known/openid-configuration"):
		return (*SignIn).configuration
	case strings.HasSuffix(path, "/oauth2/v2.0/token"):
		return (*SignIn).token
	case strings.HasSuffix(path, "/oauth2/v2.0/devicecode"):
		return (*SignIn).deviceCode
	default:
		return nil
	}
}

// ownOperation is what a path asks for that is below no authority; nil for nothing.
func ownOperation(path string) func(*SignIn, *signInCall) (map[string]any, *signInError) {
	switch path {
	case metadataPath:
		return (*SignIn).machine
	case DevicePath:
		return (*SignIn).enterCode
	case GitHubPath:
		return (*SignIn).githubAssertion
	case PipelinesPath:
		return (*SignIn).pipelinesAssertion
	default:
		return nil
	}
}

// record keeps requests for proofs; discovery is not one.
func (h *SignIn) record(c *signInCall) {
	if strings.Contains(c.rec.Path, "discovery") || strings.Contains(c.rec.Path, ".well-known") {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, c.rec)
}

// strike takes the fault for a request, if there is one.
func (h *SignIn) strike(path string) (SignInFault, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.faults {
		f := &h.faults[i]
		if !strings.Contains(path, cmp.Or(f.Path, "token")) {
			continue
		}
		struck := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				h.faults = slices.Delete(h.faults, i, i+1)
			}
		}
		return struck, true
	}
	return SignInFault{}, false
}

// fail delivers a fault. It reports false if the fault only delays.
func (h *SignIn) fail(w http.ResponseWriter, r *http.Request, f SignInFault) bool {
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
		if f.Status == 0 {
			return false
		}
	}
	if f.Status == 0 {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(f.Status)
	if f.Error != "" {
		_ = json.NewEncoder(w).Encode(h.errorBody(&signInError{f.Status, "invalid_request", f.Error}))
	}
	return true
}

// errorBody is how Entra refuses.
func (h *SignIn) errorBody(e *signInError) map[string]any {
	h.sim.mu.Lock()
	trace, correlation := h.sim.newGUID(), h.sim.newGUID()
	h.sim.mu.Unlock()
	code, _, _ := strings.Cut(strings.TrimPrefix(e.description, "AADSTS"), ":")
	number, _ := strconv.Atoi(code)
	now := time.Now().UTC().Format("2006-01-02 15:04:05Z")
	return map[string]any{
		"error": e.name, "error_codes": []int{number}, "timestamp": now, "trace_id": trace, "correlation_id": correlation,
		"error_description": e.description + " Trace ID: " + trace + " Correlation ID: " + correlation + " Timestamp: " + now,
	}
}

// base is the address that the client used.
func (c *signInCall) base() string { return "https://" + c.r.Host }

func (h *SignIn) instances(c *signInCall) (map[string]any, *signInError) {
	return map[string]any{
		"tenant_discovery_endpoint": c.base() + "/" + h.sim.cfg.HomeTenant + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []any{map[string]any{
			"preferred_network": c.r.Host, "preferred_cache": c.r.Host, "aliases": []string{c.r.Host},
		}},
	}, nil
}

func (h *SignIn) configuration(c *signInCall) (map[string]any, *signInError) {
	if bad := h.checkTenant(c); bad != nil {
		return nil, bad
	}
	root := c.base() + "/" + c.tenant
	return map[string]any{
		"issuer":                        c.base() + "/" + h.sim.cfg.HomeTenant + "/v2.0",
		"authorization_endpoint":        root + authorizePath,
		"token_endpoint":                root + "/oauth2/v2.0/token",
		"device_authorization_endpoint": root + "/oauth2/v2.0/devicecode",
	}, nil
}

func (h *SignIn) checkTenant(c *signInCall) *signInError {
	if !h.sim.isDoor && (strings.EqualFold(c.tenant, h.sim.cfg.HomeTenant) || isShared(c.tenant)) {
		return nil
	}
	return aadsts("invalid_request", "AADSTS90002: Tenant '"+c.tenant+"' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.")
}
