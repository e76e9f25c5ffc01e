package graphsim

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DevicePath is the page where a code is entered: with code= in its query.
const DevicePath = "/devicelogin"

// enterCode is the page where a person enters a code.
func (h *SignIn) enterCode(c *signInCall) (map[string]any, *signInError) {
	if !h.Enter(enteredCode(c.r.URL)) {
		return nil, &signInError{http.StatusBadRequest, "invalid_code", "There is no such code. Give it as in " + DevicePath + "?code=ABCDEFGHI"}
	}
	return map[string]any{"message": "You have signed in. You can close this window."}, nil
}

// enteredCode is the code in the address of the page.
func enteredCode(u *url.URL) string { return strings.ToUpper(strings.TrimSpace(u.Query().Get("code"))) }

// deviceCode is a code that a person has to enter.
type deviceCode struct {
	user    string
	ends    time.Time
	entered bool
}

// deviceCode gives a code.
func (h *SignIn) deviceCode(c *signInCall) (map[string]any, *signInError) {
	if err := c.r.ParseForm(); err != nil {
		return nil, aadsts("invalid_request", "AADSTS900144: The request body must be form encoded.")
	}
	if bad := h.checkTenant(c); bad != nil {
		return nil, bad
	}
	if id := c.r.PostForm.Get("client_id"); !strings.EqualFold(id, h.cfg.AppID) {
		return nil, aadsts("unauthorized_client", "AADSTS700016: Application with identifier '"+id+"' was not found in the directory '"+h.sim.Home().DisplayName+"'.")
	}
	device, user := rand.Text(), rand.Text()[:9]
	h.mu.Lock()
	h.codes[device] = &deviceCode{user: user, ends: time.Now().Add(h.cfg.CodeLifetime)}
	h.mu.Unlock()
	return map[string]any{
		"device_code": device, "user_code": user, "verification_uri": h.cfg.Page, "interval": 5, "expires_in": int(h.cfg.CodeLifetime.Seconds()),
		"message": "To sign in, use a web browser to open the page " + h.cfg.Page + " and enter the code " + user + " to authenticate.",
	}, nil
}

// Enter enters a code, as a person does. It reports whether there is such a
// code.
func (h *SignIn) Enter(code string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.byUser(code)
	if d != nil {
		d.entered = true
	}
	return d != nil
}

// gave reports whether there is such a code.
func (h *SignIn) gave(code string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.byUser(code) != nil
}

// byUser is the code that a person was told, or nil. The caller holds the mutex.
func (h *SignIn) byUser(code string) *deviceCode {
	for _, d := range h.codes {
		if d.user == code {
			return d
		}
	}
	return nil
}

// redeem reports whether a code was entered; it works once.
func (h *SignIn) redeem(device string) *signInError {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.codes[device]
	switch {
	case d == nil:
		return aadsts("invalid_grant", "AADSTS70000: The provided device code is not valid.")
	case !time.Now().Before(d.ends):
		return &signInError{http.StatusBadRequest, "expired_token", "AADSTS70020: The provided value for the device code is not valid. The device code has expired."}
	case !d.entered:
		return &signInError{http.StatusBadRequest, "authorization_pending", "AADSTS70016: OAuth 2.0 device flow error. Authorization is pending. Continue polling."}
	}
	delete(h.codes, device)
	return nil
}
