package audit

import (
	"fmt"
	"time"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// Scope says which partners are judged.
type Scope string

// The scopes, as --scope spells them: all partners of the tenant, or those that
// the file names.
const (
	ScopeAll  Scope = "all"
	ScopeFile Scope = "file"
)

// ParseScope reads the value of --scope.
func ParseScope(word string) (Scope, error) {
	switch s := Scope(word); s {
	case ScopeAll, ScopeFile:
		return s, nil
	default:
		return "", fmt.Errorf("unknown scope %q: use %s or %s", word, ScopeAll, ScopeFile)
	}
}

// FailOn says which open findings make an audit fail.
type FailOn string

// What an audit fails on, as --fail-on spells it: any open finding, only news, or
// nothing. A notice never counts.
const (
	FailOnAny  FailOn = "any"
	FailOnNew  FailOn = "new"
	FailOnNone FailOn = "none"
)

// ParseFailOn reads the value of --fail-on.
func ParseFailOn(word string) (FailOn, error) {
	switch on := FailOn(word); on {
	case FailOnAny, FailOnNew, FailOnNone:
		return on, nil
	default:
		return "", fmt.Errorf("unknown value %q: fail on %s, %s or %s", word, FailOnAny, FailOnNew, FailOnNone)
	}
}

// Result is the verdict of an audit.
type Result string

// The verdicts. Drift means that something is open that is more than a notice.
// Incomplete means that the tenant could not be read completely, so nothing is
// claimed.
const (
	Clean      Result = "clean"
	Drift      Result = "drift"
	Incomplete Result = "incomplete"
)

// Totals counts objects that are as wanted, open findings by kind, and findings
// that are waived.
type Totals struct {
	OK                 int `json:"ok"`
	Missing            int `json:"missing"`
	Changed            int `json:"changed"`
	Extra              int `json:"extra"`
	Unreadable         int `json:"unreadable"`
	SyncWithoutConsent int `json:"syncWithoutConsent"`
	ConsentWithoutSync int `json:"consentWithoutSync"`
	Waived             int `json:"waived"`
}

// Open is the number of open findings, notices included.
func (t *Totals) Open() (n int) {
	for _, r := range Rules() {
		n += *t.Of(r.Kind)
	}
	return n
}

// Of is the count of open findings of a kind; nil if the kind is unknown.
func (t *Totals) Of(k Kind) *int {
	switch k {
	case Missing:
		return &t.Missing
	case Changed:
		return &t.Changed
	case Extra:
		return &t.Extra
	case Unreadable:
		return &t.Unreadable
	case SyncWithoutConsent:
		return &t.SyncWithoutConsent
	case ConsentWithoutSync:
		return &t.ConsentWithoutSync
	default:
		return nil
	}
}

// Link names an audit in a store: its folder, and the SHA-256 of its manifest.
type Link struct {
	Folder string `json:"folder"`
	SHA256 string `json:"sha256"`
}

// History is what is known of who changed what.
type History struct {
	// Since is how far back the directory's audit log was read.
	Since time.Time `json:"since"`
	// Records counts the records that were read.
	Records int `json:"records"`
	// Problem says why the log could not be read; nothing is known then.
	Problem string `json:"problem,omitempty"`
}

// Input identifies the file that an audit compared with the tenant.
type Input struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"`
	// Dialect is how a CSV of partners is written, and with it the CSV files of the
	// audit.
	Dialect desired.Dialect `json:"dialect,omitzero"`
}

// InputOf identifies a CSV of partners.
func InputOf(in *desired.Input) Input {
	return Input{Name: in.Name, SHA256: in.SHA256, Rows: in.Rows, Dialect: in.Dialect}
}

// File identifies a table of rows, such as a file of waivers.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"`
}

// Audit is the comparison of a tenant with a file, at one moment. Totals and
// all lists of findings are empty if Result is Incomplete.
type Audit struct {
	FormatVersion int              `json:"formatVersion"`
	Tool          plan.Tool        `json:"tool"`
	CreatedAt     time.Time        `json:"createdAt"`
	HomeTenant    graph.HomeTenant `json:"homeTenant"`
	Input         Input            `json:"input"`
	Result        Result           `json:"result"`
	// Problem says why the result is incomplete.
	Problem string    `json:"problem,omitempty"`
	Read    plan.Read `json:"read"`
	Totals  Totals    `json:"totals"`
	// Scope says which partners were judged. OutOfScope counts those that no row
	// names, and that have a policy or could not be read: they were not judged.
	Scope      Scope `json:"scope,omitempty"`
	OutOfScope int   `json:"outOfScope,omitempty"`
	// Waivers identifies the file of waivers; nil if there is none.
	Waivers *File `json:"waivers,omitempty"`
	// Earlier is the newest earlier complete audit; nil if none is known.
	Earlier *Link `json:"earlier,omitempty"`
	// Findings are what is open; Waived is what a waiver waives.
	Findings []Finding `json:"findings"`
	Waived   []Finding `json:"waived,omitempty"`
	// Fixed are the findings of the earlier audit that are gone. Unjudged are those
	// that this audit cannot speak of: the row is gone or asks for something else,
	// the partner is out of scope or could not be read, or something else is wrong
	// in the same place.
	Fixed    []Finding `json:"fixed,omitempty"`
	Unjudged []Finding `json:"unjudged,omitempty"`
	// UnusedWaivers match no finding, although what they name was judged.
	UnusedWaivers []Waiver `json:"unusedWaivers,omitempty"`
	// History is nil unless it was asked who changed what.
	History *History `json:"history,omitempty"`
	// BareRows counts the rows that name no property: for these the audit only
	// checked whether the partner exists.
	BareRows int `json:"bareRows,omitempty"`
}

// New returns an audit that claims nothing yet. If the tenant could not be read,
// the caller adds the problem and reports it.
func New(h plan.Head, in Input, r plan.Read) *Audit {
	return &Audit{
		FormatVersion: plan.FormatVersion, Tool: h.Tool, CreatedAt: h.CreatedAt.UTC().Truncate(time.Second),
		HomeTenant: h.HomeTenant, Input: in, Result: Incomplete, Read: r, Findings: []Finding{},
	}
}

// Fails reports whether the open findings make the audit fail. A partner that could
// not be read may hide anything, so it fails on news as long as it lasts. Nothing is
// said of an audit that is incomplete.
func (a *Audit) Fails(on FailOn) bool {
	if on == FailOnNone {
		return false
	}
	for i := range a.Findings {
		if f := &a.Findings[i]; f.Severity() != Notice && (on == FailOnAny || f.isNews() || f.Kind == Unreadable) {
			return true
		}
	}
	return false
}
