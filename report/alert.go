package report

import (
	"strings"

	"bulksync/internal/words"
)

const (
	// alertPartners bounds the partners that an alert names.
	alertPartners = 1000
	// alertGroups bounds the alerts of one kind, for a plan with a thousand
	// different reasons.
	alertGroups = 8
)

// alert is a group of rows that a reader must see first.
type alert struct {
	Tone     tone
	Title    string // "sync-off", "failed: 403 Authorization_RequestDenied"
	Words    string
	Hint     string
	Partners []partner
	// More is how many partners are not in Partners.
	More  int
	rows  int
	home  bool // the home tenant is among them
	seen  map[string]bool
	mixed bool // the words are not those of every row
}

// add counts a row of the alert and keeps its partner, each once.
func (a *alert) add(p partner) {
	a.rows++
	id := strings.ToLower(p.TenantID)
	if a.seen[id] {
		return
	}
	if a.seen == nil {
		a.seen = map[string]bool{}
	}
	a.seen[id] = true
	a.home = a.home || id == ""
	if len(a.Partners) < alertPartners {
		a.Partners = append(a.Partners, p)
		return
	}
	a.More++
}

// Count says how many rows and partners the alert is about: "2 partners", or
// "3 changes to 2 partners" where these are different numbers.
func (a *alert) Count(noun string) string {
	partners := len(a.seen)
	if a.home {
		partners--
	}
	switch rows := words.Count(a.rows, noun); {
	case partners == 0:
		return rows
	case partners == a.rows:
		return words.Count(partners, "partner")
	case a.home:
		return rows + " to " + words.Count(partners, "partner") + " and the home tenant"
	case noun == "finding":
		return rows + " on " + words.Count(partners, "partner")
	default:
		return rows + " to " + words.Count(partners, "partner")
	}
}

// otherKey is the key of the alert for what has none of its own.
const otherKey = "…"

// groups collects alerts by key, in the order in which the keys come.
type groups struct {
	keys   []string
	alerts map[string]*alert
}

// at returns the alert of key, made by mk if it is new. Past the bound all
// new keys share one alert.
func (g *groups) at(key string, mk func() alert) *alert {
	if a := g.alerts[key]; a != nil {
		return a
	}
	if len(g.keys) >= alertGroups {
		key = otherKey
		if a := g.alerts[key]; a != nil {
			return a
		}
	}
	if g.alerts == nil {
		g.alerts = map[string]*alert{}
	}
	a := mk()
	if key == otherKey {
		a = alert{Tone: a.Tone, Title: "other", Words: "for other reasons; each row has its own"}
	}
	g.keys, g.alerts[key] = append(g.keys, key), &a
	return &a
}

func (g *groups) list() []*alert {
	var out []*alert
	for _, k := range g.keys {
		a := g.alerts[k]
		if a.mixed && k != otherKey {
			a.Words = "for one, " + a.Words + "; each row has its own message"
		}
		out = append(out, a)
	}
	return out
}
