package graph

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Cloud names one of the Microsoft clouds that offer Graph. Tokens, partners and templates of one
// cloud mean nothing in another, so a plan records the cloud in which it was made.
type Cloud string

// The clouds of the Graph "national cloud deployments" page. Global includes
// GCC; USGov is GCC High (L4), USGovDoD is L5, China is operated by 21Vianet.
const (
	Global   Cloud = "global"
	USGov    Cloud = "usgov"
	USGovDoD Cloud = "usgov-dod"
	China    Cloud = "china"
)

// clouds is in the order in which help texts name them.
var clouds = []Cloud{Global, USGov, USGovDoD, China}

// Clouds lists the clouds in the order in which help texts name them.
func Clouds() []Cloud { return slices.Clone(clouds) }

// ParseCloud returns the cloud that s names, or an error that lists the names.
func ParseCloud(s string) (Cloud, error) {
	for _, c := range clouds {
		if strings.EqualFold(s, string(c)) {
			return c, nil
		}
	}
	return "", fmt.Errorf("unknown cloud %q: use global, usgov, usgov-dod or china", s)
}

// RootURL is the Graph host of the cloud, without a version.
func (c Cloud) RootURL() string {
	switch c {
	case USGov:
		return "https://graph.microsoft.us"
	case USGovDoD:
		return "https://dod-graph.microsoft.us"
	case China:
		return "https://microsoftgraph.chinacloudapi.cn"
	default:
		return "https://graph.microsoft.com"
	}
}

// Scope is the scope of a token for this cloud's Graph. It follows the cloud even if the requests
// go to another host, as in a rehearsal.
func (c Cloud) Scope() string { return c.RootURL() + "/.default" }

// HasTemplates reports whether the cloud offers multitenant-organization
// templates. The metadata of the national clouds has none.
func (c Cloud) HasTemplates() bool { return c == Global }

// HomeTenant is the tenant whose policy is changed. Apply refuses a token of
// another tenant and a client of another cloud.
type HomeTenant struct {
	ID       string `json:"id"`
	Cloud    Cloud  `json:"cloud"`
	GraphURL string `json:"graphUrl"`
	// Name is for people and decides nothing; empty if it is not known.
	Name string `json:"name,omitempty"`
}

// Named is the tenant ID and, if it is known, the name in brackets.
func (h HomeTenant) Named() string {
	if h.Name == "" {
		return h.ID
	}
	return h.ID + " (" + h.Name + ")"
}

// OnLoopback reports whether Graph is asked on this machine, as in a rehearsal.
func (h HomeTenant) OnLoopback() bool {
	u, err := url.Parse(h.GraphURL)
	return err == nil && IsLoopback(u.Hostname())
}
