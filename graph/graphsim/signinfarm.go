package graphsim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// SignInFarm is the sign-in host beside a Farm: the authority, which is the first part
// of a path, says whose endpoints a client asks. Each tenant has a SignIn of its own,
// so that what one accepts is nothing to another; only the issuer of assertions is one
// for all, as a cluster is.
//
// What names no tenant is of the first one: its machine, and the authorities common and
// organizations.
type SignInFarm struct {
	farm  *Farm
	hosts []*SignIn
	byID  map[string]*SignIn
	door  *SignIn // of authorities that are not there
}

// NewSignInFarm is a sign-in host for the tenants of a Farm, of which there must be one.
// Who may sign in to a tenant, config says.
func NewSignInFarm(f *Farm, config func(*Sim) SignInConfig) *SignInFarm {
	h := &SignInFarm{farm: f, byID: make(map[string]*SignIn, len(f.sims)), door: NewSignIn(f.door, SignInConfig{})}
	for _, s := range f.sims {
		host := NewSignIn(s, config(s))
		host.key = h.door.key
		h.hosts, h.byID[s.HomeTenant()] = append(h.hosts, host), host
	}
	return h
}

// Hosts are those of the tenants, in the order of Farm.Sims. They share one address: a
// request over a connection is for the SignInFarm.
func (h *SignInFarm) Hosts() []*SignIn { return slices.Clone(h.hosts) }

// ServeHTTP serves the sign-in host, and leaves to the Farm what is not about signing in.
func (h *SignInFarm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !isSignIn(r.URL.Path) {
		h.farm.ServeHTTP(w, r)
		return
	}
	h.of(r.URL).ServeHTTP(w, r)
}

// of is the host of the tenant that an address is about.
func (h *SignInFarm) of(u *url.URL) *SignIn {
	path := u.Path
	if path == discoveryPath { // asks about an authority
		about, err := url.Parse(u.Query().Get("authorization_endpoint"))
		if err != nil || about.Path == "" {
			return h.hosts[0]
		}
		path = about.Path
	}
	if path == DevicePath {
		return h.thatGave(enteredCode(u))
	}
	switch tenant := authorityOf(path); {
	case h.byID[strings.ToLower(tenant)] != nil:
		return h.byID[strings.ToLower(tenant)]
	case isShared(tenant) || ownOperation(path) != nil:
		return h.hosts[0]
	default:
		return h.door
	}
}

// thatGave is the host that gave a device code to a client, or else any.
func (h *SignInFarm) thatGave(code string) *SignIn {
	i := slices.IndexFunc(h.hosts, func(host *SignIn) bool { return host.gave(code) })
	return h.hosts[max(i, 0)]
}
