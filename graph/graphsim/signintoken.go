package graphsim

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// token is the token endpoint: it finds the proof, checks it, and gives a token.
func (h *SignIn) token(c *signInCall) (map[string]any, *signInError) {
	if c.r.Method != http.MethodPost {
		return nil, aadsts("invalid_request", "AADSTS900561: The endpoint only accepts POST, OPTIONS requests. Received a "+c.r.Method+" request.")
	}
	if err := c.r.ParseForm(); err != nil {
		return nil, aadsts("invalid_request", "AADSTS900144: The request body must be form encoded.")
	}
	form := c.r.PostForm
	c.rec.Claims = challenge(form.Get("claims"))
	h.keepSecrets(form.Get("client_secret"), form.Get("client_assertion"))
	if bad := h.checkTenant(c); bad != nil {
		return nil, bad
	}
	if id := form.Get("client_id"); !strings.EqualFold(id, h.cfg.AppID) {
		return nil, aadsts("unauthorized_client", "AADSTS700016: Application with identifier '"+id+"' was not found in the directory '"+h.sim.Home().DisplayName+"'.")
	}
	audience, bad := h.audience(form.Get("scope"))
	if bad != nil {
		return nil, bad
	}
	return h.redeemed(c, audience, form)
}

// redeemed checks the proof of a grant, and gives a token for it.
func (h *SignIn) redeemed(c *signInCall, audience string, form url.Values) (map[string]any, *signInError) {
	switch form.Get("grant_type") {
	case "client_credentials":
		if !strings.EqualFold(c.tenant, h.sim.cfg.HomeTenant) { // an app on its own has no tenant that could be implied
			return nil, aadsts("invalid_request", "AADSTS50059: No tenant-identifying information found in either the request or implied by any provided credentials.")
		}
		if bad := h.proof(c, form); bad != nil {
			return nil, bad
		}
		return h.grant(audience, ""), nil
	case "urn:ietf:params:oauth:grant-type:device_code", "device_code":
		c.rec.By = "device"
		if bad := h.redeem(form.Get("device_code")); bad != nil {
			return nil, bad
		}
		return h.personal(c, audience, form), nil
	case "authorization_code":
		c.rec.By = "browser"
		if bad := h.redeemLogin(form); bad != nil {
			return nil, bad
		}
		return h.personal(c, audience, form), nil
	case "refresh_token":
		c.rec.By = "refresh"
		if !h.takeRefresh(form.Get("refresh_token")) {
			return nil, aadsts("invalid_grant", "AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed.")
		}
		return h.personal(c, audience, form), nil
	default:
		return nil, aadsts("unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type '"+form.Get("grant_type")+"'.")
	}
}

// challenge is the part of the claims that answers a challenge: clients also put
// there what they are capable of.
func challenge(claims string) string {
	var members struct {
		AccessToken map[string]json.RawMessage `json:"access_token"`
	}
	if json.Unmarshal([]byte(claims), &members) != nil {
		return claims
	}
	delete(members.AccessToken, "xms_cc")
	if len(members.AccessToken) == 0 {
		return ""
	}
	text, _ := json.Marshal(members.AccessToken) // raw JSON always marshals
	return string(text)
}

// proof checks what an app shows for itself.
func (h *SignIn) proof(c *signInCall, form url.Values) *signInError {
	switch {
	case form.Has("client_secret"):
		c.rec.By = "secret"
		if h.cfg.Secret == "" || subtle.ConstantTimeCompare([]byte(form.Get("client_secret")), []byte(h.cfg.Secret)) == 0 {
			return aadsts("invalid_client", "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '"+h.cfg.AppID+"'.")
		}
		return nil
	case form.Has("client_assertion"):
		return h.checkAssertion(c, form.Get("client_assertion"))
	default:
		return aadsts("invalid_client", "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	}
}

// audience is the API that a scope names.
func (h *SignIn) audience(scope string) (string, *signInError) {
	for s := range strings.FieldsSeq(scope) {
		if api, ok := strings.CutSuffix(s, "/.default"); ok {
			return h.knownAPI(api)
		}
	}
	return "", aadsts("invalid_scope", "AADSTS1002012: The provided value for scope "+scope+" is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).")
}

func (h *SignIn) knownAPI(api string) (string, *signInError) {
	if strings.TrimSuffix(api, "/") != h.sim.cfg.Cloud.RootURL() {
		return "", aadsts("invalid_resource", "AADSTS500011: The resource principal named "+api+" was not found in the tenant named "+h.sim.Home().DisplayName+".")
	}
	return api, nil
}

// grant is an answer with a token.
func (h *SignIn) grant(audience, user string) map[string]any {
	o := h.cfg.Token
	o.AppID, o.Audience, o.User, o.Lifetime = h.cfg.AppID, audience, user, h.cfg.TokenLifetime
	return map[string]any{
		"token_type": "Bearer", "expires_in": int(h.cfg.TokenLifetime.Seconds()), "ext_expires_in": int(h.cfg.TokenLifetime.Seconds()),
		"access_token": h.sim.Token(o),
	}
}

// personal is an answer with the token of a person, and all that comes with it.
func (h *SignIn) personal(c *signInCall, audience string, form url.Values) map[string]any {
	answer := h.grant(audience, h.cfg.User)
	refresh := rand.Text()
	h.mu.Lock()
	h.refresh[refresh] = true
	h.mu.Unlock()
	now := time.Now()
	id := map[string]any{
		"aud": h.cfg.AppID, "iss": c.base() + "/" + h.sim.cfg.HomeTenant + "/v2.0", "tid": h.sim.cfg.HomeTenant, "ver": "2.0",
		"oid": "a11ce000-0000-4000-8000-000000000001", "sub": "ada", "preferred_username": h.cfg.User,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	info, _ := json.Marshal(map[string]string{"uid": "a11ce000-0000-4000-8000-000000000001", "utid": h.sim.cfg.HomeTenant})
	payload, _ := json.Marshal(id) // strings and numbers always marshal
	answer["refresh_token"], answer["scope"], answer["client_info"] = refresh, form.Get("scope"), encode(info)
	answer["id_token"] = encode([]byte(`{"typ":"JWT","alg":"none"}`)) + "." + encode(payload) + "." + encode([]byte("not a signature"))
	return answer
}

// takeRefresh uses up a refresh token.
func (h *SignIn) takeRefresh(token string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := h.refresh[token]
	delete(h.refresh, token)
	return known
}

// SignOut revokes what people signed in with; apps are not concerned.
func (h *SignIn) SignOut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.refresh)
}

// metadataPath is where a machine asks for a token of its own identity.
const metadataPath = "/metadata/identity/oauth2/token"

// machine is the metadata service.
func (h *SignIn) machine(c *signInCall) (map[string]any, *signInError) {
	c.rec.By = "machine"
	query := c.r.URL.Query()
	if c.r.Header.Get("Metadata") != "true" {
		return nil, &signInError{http.StatusBadRequest, "invalid_request", "Required metadata header not specified"}
	}
	if id := query.Get("client_id"); id != "" && !strings.EqualFold(id, h.cfg.AppID) {
		return nil, &signInError{http.StatusBadRequest, "invalid_request", "Identity not found"}
	}
	audience, bad := h.knownAPI(cmp.Or(query.Get("resource"), "nothing"))
	if bad != nil {
		return nil, bad
	}
	answer := h.grant(audience, "")
	now := time.Now()
	for name, value := range map[string]any{ // all of them are strings there
		"expires_in": strconv.Itoa(int(h.cfg.TokenLifetime.Seconds())), "expires_on": strconv.FormatInt(now.Add(h.cfg.TokenLifetime).Unix(), 10),
		"not_before": strconv.FormatInt(now.Unix(), 10), "resource": audience, "client_id": h.cfg.AppID,
	} {
		answer[name] = value
	}
	delete(answer, "ext_expires_in")
	return answer, nil
}
