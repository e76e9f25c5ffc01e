package plan

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"bulksync/internal/seal"
	"bulksync/plan/desired"
)

// Policy is what an organisation asks of a plan before it may be applied. A plan
// carries the policy that it was made under, and is held to that one. Package
// approval reads policies and judges by them.
type Policy struct {
	// Name is that of the file, without folders; BuiltInName if there was none.
	Name string `json:"name"`
	// SHA256 is that of the file's bytes, in hex; empty for the built-in policy.
	SHA256 string `json:"sha256,omitempty"`
	// Limits are those that are set, in the order of AllLimits.
	Limits []Limit `json:"limits"`
	// Protected partners are never written.
	Protected []Protected `json:"protected,omitempty"`
	// Approvals is nil if the policy asks for none.
	Approvals *Approvals `json:"approvals,omitempty"`
	// Window is nil if a plan may be applied at any time.
	Window *Window `json:"window,omitempty"`
	// PlanMaxAgeMs is the age, in milliseconds, above which a plan is not applied;
	// 0: any age will do.
	PlanMaxAgeMs int64 `json:"planMaxAgeMs,omitempty"`
	// Overridable are the limits that a person may lift.
	Overridable []LimitName `json:"overridable"`
}

// BuiltInName is the name of the policy that holds where no other is given.
const BuiltInName = "built-in"

// Protected is a partner that is never written.
type Protected struct {
	TenantID string `json:"tenantId"`
	Reason   string `json:"reason"`
}

// Approvals says how many approvals a plan needs, and whose.
type Approvals struct {
	// Required approvals are of different people with different keys.
	Required int `json:"required"`
	// Signers is the text of the file that SignersName and SignersSHA256 identify,
	// in the format of OpenSSH's allowed_signers.
	Signers       string `json:"signers"`
	SignersName   string `json:"signersName"`
	SignersSHA256 string `json:"signersSha256"`
}

// Window is the time in which a plan may be applied, by the clocks of a time
// zone.
type Window struct {
	// Days are those on which the window begins, as mon, tue, wed, thu, fri, sat
	// and sun.
	Days []string `json:"days"`
	// From and To are times of day such as 22:00. Where To is not after From the
	// window ends on the next day.
	From string `json:"from"`
	To   string `json:"to"`
	// Timezone is a name of the IANA database, such as Europe/Berlin.
	Timezone string `json:"timezone"`
}

// weekdays are the days of a window, in the order of time.Weekday.
var weekdays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// maxPlanMaxAge is the longest age that a policy can name: a longer one might not
// be a time.Duration.
const maxPlanMaxAge = 99_999 * 24 * time.Hour

// maxSigners is the longest file of signers, in bytes, and maxProtected the most
// partners that a policy may protect.
const (
	maxSigners   = 1 << 20
	maxProtected = 100_000
)

// BuiltInPolicy is the policy that holds where no other is given: a plan that
// stops many partners at once is looked at twice.
func BuiltInPolicy() *Policy {
	count, percent := 10, 30.0
	return &Policy{
		Name: BuiltInName, Overridable: AllLimits(),
		Limits: []Limit{{Name: LimitStopped, Count: &count, Percent: &percent}, {Name: LimitConsentOff, Count: &count, Percent: &percent}},
	}
}

// PlanMaxAge is the age above which a plan is not applied; 0: any age will do.
func (p *Policy) PlanMaxAge() time.Duration { return time.Duration(p.PlanMaxAgeMs) * time.Millisecond }

// NeedsApproval reports whether a plan needs signed approvals.
func (p *Policy) NeedsApproval() bool { return p.Approvals != nil && p.Approvals.Required > 0 }

// reasons maps each protected partner to the reason of a change that is blocked
// for it.
func (p *Policy) reasons() map[string]string {
	reasons := make(map[string]string, len(p.Protected))
	for _, one := range p.Protected {
		reasons[one.TenantID] = reasonProtected + one.Reason
	}
	return reasons
}

// Check refuses a policy that no plan can carry. Its errors name the member.
func (p *Policy) Check() error {
	if reflect.DeepEqual(p, &Policy{}) {
		return errors.New("there is none")
	}
	if p.Name == BuiltInName && p.SHA256 == "" {
		if !reflect.DeepEqual(p, BuiltInPolicy()) {
			return errors.New("it is not the built-in policy of this program")
		}
		return nil
	}
	if err := desired.CheckSource("the policy", p.Name, p.SHA256); err != nil {
		return err
	}
	for _, check := range []func() error{p.checkLimits, p.checkProtected, p.checkApprovals, p.checkWindow} {
		if err := check(); err != nil {
			return err
		}
	}
	switch {
	case p.PlanMaxAgeMs < 0:
		return errors.New("planMaxAge is negative")
	case p.PlanMaxAgeMs > maxPlanMaxAge.Milliseconds():
		return fmt.Errorf("planMaxAge is longer than %d days", int(maxPlanMaxAge.Hours()/24))
	}
	return nil
}

func (p *Policy) checkProtected() error {
	if len(p.Protected) > maxProtected {
		return fmt.Errorf("protected names %d partners, at most %d are read", len(p.Protected), maxProtected)
	}
	seen := map[string]bool{}
	for _, one := range p.Protected {
		switch {
		case !desired.IsCanonicalGUID(one.TenantID):
			return fmt.Errorf("protected: %s is not a tenant ID", desired.Quote(one.TenantID))
		case seen[one.TenantID]:
			return fmt.Errorf("protected: %s appears twice", one.TenantID)
		case strings.TrimSpace(one.Reason) == "":
			return fmt.Errorf("protected: %s has no reason", one.TenantID)
		case len(one.Reason) > maxReason-len(reasonProtected):
			return fmt.Errorf("protected: the reason of %s is too long", one.TenantID)
		}
		seen[one.TenantID] = true
	}
	return nil
}

func (p *Policy) checkApprovals() error {
	a := p.Approvals
	switch {
	case a == nil:
		return nil
	case a.Required < 0:
		return fmt.Errorf("approvals: required is %d", a.Required)
	case a.Required > 0 && a.Signers == "":
		return fmt.Errorf("approvals: required is %d, but no signers are named", a.Required)
	case len(a.Signers) > maxSigners:
		return fmt.Errorf("approvals: the signers take %d bytes, at most %d are read", len(a.Signers), maxSigners)
	case a.Signers == "" && a.SignersName == "" && a.SignersSHA256 == "":
		return nil
	}
	if err := desired.CheckSource("approvals: signers", a.SignersName, a.SignersSHA256); err != nil {
		return err
	}
	if seal.Sum([]byte(a.Signers)) != a.SignersSHA256 {
		return errors.New("approvals: the signers are not those of signersSha256")
	}
	return nil
}

func (p *Policy) checkWindow() error {
	w := p.Window
	if w == nil {
		return nil
	}
	if len(w.Days) == 0 {
		return errors.New("window: no days are named")
	}
	for i, day := range w.Days {
		if !slices.Contains(weekdays[:], day) {
			return fmt.Errorf("window: %s is not a day: write mon, tue, wed, thu, fri, sat or sun", desired.Quote(day))
		}
		if slices.Contains(w.Days[:i], day) {
			return fmt.Errorf("window: %s appears twice", day)
		}
	}
	for _, clock := range []string{w.From, w.To} {
		if _, err := time.Parse("15:04", clock); err != nil || len(clock) != len("15:04") {
			return fmt.Errorf("window: %s is not a time of day: write it as 22:00", desired.Quote(clock))
		}
	}
	if w.From == w.To {
		return fmt.Errorf("window: it begins and ends at %s", w.From)
	}
	_, err := w.Location()
	return err
}

// Location is the time zone of the window.
func (w *Window) Location() (*time.Location, error) {
	if w.Timezone == "" || w.Timezone == "Local" { // Local is another zone on each machine
		return nil, fmt.Errorf("window: %s is not a time zone: write one such as Europe/Berlin or UTC", desired.Quote(w.Timezone))
	}
	zone, err := time.LoadLocation(w.Timezone)
	if err != nil {
		return nil, fmt.Errorf("window: %s is not a time zone: write one such as Europe/Berlin or UTC", desired.Quote(w.Timezone))
	}
	return zone, nil
}

// Contains reports whether a time is within the window, by the clocks of its
// zone, in which zone must be: an hour that comes twice in autumn is in it twice.
func (w *Window) Contains(t time.Time) bool {
	clock, day := t.Format("15:04"), t.Weekday()
	begins := func(d time.Weekday) bool { return slices.Contains(w.Days, weekdays[d]) }
	if w.From < w.To {
		return begins(day) && w.From <= clock && clock < w.To
	}
	yesterday := (day + 6) % 7
	return begins(day) && w.From <= clock || begins(yesterday) && clock < w.To
}
