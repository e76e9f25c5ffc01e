package graphsim

import (
	"crypto/rand"
	"crypto/sha256"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"bulksync/graph"
)

// authorizePath ends the path of the page where a person signs in.
const authorizePath = "/oauth2/v2.0/authorize"

// loginCode is what a browser brings back to the client, once.
type loginCode struct{ redirect, challenge string }

// signedIn sends the browser back to the client.
var signedIn = template.Must(template.New("signedIn").Parse(`<!DOCTYPE html><title>Signed in</title>
<body onload="document.forms[0].submit()"><form method="post" action="{{.Redirect}}">
<input type="hidden" name="code" value="{{.Code}}"><input type="hidden" name="state" value="{{.State}}"><button>Continue</button></form>
`))

// authorize is the page where a person signs in: whoever opens it is the user.
func (h *SignIn) authorize(w http.ResponseWriter, r *http.Request) {
	c := &signInCall{r: r, tenant: authorityOf(r.URL.Path)}
	query := r.URL.Query()
	back, err := url.Parse(query.Get("redirect_uri"))
	switch {
	case h.checkTenant(c) != nil, !strings.EqualFold(query.Get("client_id"), h.cfg.AppID):
		http.Error(w, "AADSTS700016: no such app", http.StatusBadRequest)
		return
	case err != nil || back.Scheme != "http" || !graph.IsLoopback(back.Hostname()):
		http.Error(w, "AADSTS50011: The redirect URI does not match one of the app", http.StatusBadRequest)
		return
	case query.Get("response_mode") != "form_post" || query.Get("code_challenge_method") != "S256":
		http.Error(w, "AADSTS900144: form_post and a challenge are needed", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	h.mu.Lock()
	h.logins[code] = loginCode{back.String(), query.Get("code_challenge")}
	h.mu.Unlock()
	h.keepSecrets(code)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = signedIn.Execute(w, map[string]string{"Redirect": back.String(), "Code": code, "State": query.Get("state")})
}

// redeemLogin checks what a browser brought back.
func (h *SignIn) redeemLogin(form url.Values) *signInError {
	h.mu.Lock()
	login, known := h.logins[form.Get("code")]
	delete(h.logins, form.Get("code"))
	h.mu.Unlock()
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	switch {
	case !known:
		return aadsts("invalid_grant", "AADSTS70008: The provided authorization code has expired or was used already.")
	case login.challenge != encode(sum[:]):
		return aadsts("invalid_grant", "AADSTS501481: The Code_Verifier does not match the code_challenge supplied in the authorization request.")
	case login.redirect != form.Get("redirect_uri"):
		return aadsts("invalid_grant", "AADSTS500112: The reply address does not match the one of the authorization code.")
	}
	return nil
}
