package audit

import "time"

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

// Waivers is a file of waivers that was read and checked completely.
type Waivers struct {
	Input Input
	List  []Waiver
}
