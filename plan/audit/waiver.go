package audit

import (
	"time"
)

// AnyFinding is a waiver's finding that stands for every kind but Unreadable.
const AnyFinding = "any"

// TemplateTenant stands for the template where a waiver names a tenant.
const TemplateTenant = "template"

// Waiver accepts a finding until it expires.
type Waiver struct {
	// Row is the line in the file of waivers.
	Row int `json:"row"`
	// TenantID is in lower case, or TemplateTenant.
	TenantID string `json:"tenantId"`
	// Finding is a Kind or AnyFinding.
	Finding string `json:"finding"`
	// Property is the path of a property; empty means all of the object.
	Property string `json:"property,omitempty"`
	Reason   string `json:"reason"`
	Approver string `json:"approver"`
	Ticket   string `json:"ticket,omitempty"`
	// Expires is the last day on which it holds, in UTC, as YYYY-MM-DD.
	Expires string `json:"expires"`
}

// Ends is the moment at which the waiver ends: the end of its last day.
func (w *Waiver) Ends() time.Time {
	day, err := time.Parse(time.DateOnly, w.Expires)
	if err != nil {
		return time.Time{}
	}
	return day.AddDate(0, 0, 1)
}

// Covers reports whether the waiver is for the finding, expired or not.
func (w *Waiver) Covers(f *Finding) bool {
	switch {
	case w.TenantID != f.subject():
		return false
	case w.Property != "" && w.Property != f.Property():
		return false
	default:
		return w.Finding == string(f.Kind) || w.Finding == AnyFinding && f.Kind != Unreadable
	}
}

// subject is the tenant ID, or TemplateTenant.
func (f *Finding) subject() string {
	if f.TenantID == "" {
		return TemplateTenant
	}
	return f.TenantID
}

// Waivers is a file of waivers that was read and checked completely.
type Waivers struct {
	File File
	List []Waiver
}

// waive sets aside the findings that a waiver accepts. One whose waiver has
// expired stays open, and keeps the waiver to tell of it.
func (c *comparison) waive(ws *Waivers) {
	if ws == nil {
		return
	}
	file := ws.File
	c.Waivers = &file
	byTenant := map[string][]*Waiver{}
	for i := range ws.List {
		w := &ws.List[i]
		byTenant[w.TenantID] = append(byTenant[w.TenantID], w)
	}
	used := map[*Waiver]bool{}
	open := make([]Finding, 0, len(c.Findings))
	for _, f := range c.Findings {
		if f.Waiver = longest(&f, byTenant, used); f.Waiver != nil && c.CreatedAt.Before(f.Waiver.Ends()) {
			c.Waived = append(c.Waived, f)
		} else {
			open = append(open, f)
		}
	}
	c.Findings = open
	for i := range ws.List {
		if w := &ws.List[i]; !used[w] && c.sees(w.TenantID) {
			c.UnusedWaivers = append(c.UnusedWaivers, *w)
		}
	}
}

// longest is the waiver of a finding that holds longest, the first of them if
// several do; nil if there is none. It marks all that cover the finding as used.
func longest(f *Finding, byTenant map[string][]*Waiver, used map[*Waiver]bool) (best *Waiver) {
	for _, w := range byTenant[f.subject()] {
		if !w.Covers(f) {
			continue
		}
		if used[w] = true; best == nil || w.Ends().After(best.Ends()) {
			best = w
		}
	}
	return best
}
