package audit

import (
	"time"

	"bulksync/graph"
	"bulksync/internal/seal"
	"bulksync/plan"
)

// Finding is one thing that is not as the file or a rule wants it.
type Finding struct {
	// ID is the same in every audit that finds the same thing: it follows from the
	// home tenant, the tenant, the object, the kind and, for Changed, the property.
	ID string
	// TenantID is empty for the template.
	TenantID    string
	DisplayName string
	Kind        Kind
	Object      plan.Object
	// Fields hold what is there (Before) and what is wanted (After). Changed has
	// exactly one: each property that differs is a finding of its own.
	Fields []plan.Field
	// Problem says why the partner could not be read; empty unless Kind is Unreadable.
	Problem string
	// Absent marks a finding that is extra because a row says that it must be removed.
	Absent bool
	Note   string
	// Row is the line of the CSV that names the partner; 0 if none does.
	Row int
	// State and Since are known only if earlier audits are: Since is when the first
	// of the audits that found it in a row was made.
	State State
	Since time.Time
	// Reopened marks a finding that continues and was waived in the earlier audit.
	Reopened bool
	// Waiver is the one that waives the finding or, for one that is not waived,
	// the one that did so until it expired.
	Waiver *Waiver
	// ChangedBy are the changes of the object that the directory's audit log tells
	// of, the newest first.
	ChangedBy []Edit
}

// State says whether an earlier audit found the same.
type State string

// The states of a finding beside the newest earlier complete audit.
const (
	StateNew        State = "new"
	StateContinuing State = "continuing"
)

// Scope says which partners are judged.
type Scope string

// The scopes, as --scope spells them: all partners of the tenant, or those that
// the file names.
const (
	ScopeAll  Scope = "all"
	ScopeFile Scope = "file"
)

// Edit is a change of an object that the directory's audit log tells of.
type Edit struct {
	// By names who made it: a user principal name, or the name of an application.
	// ByID is the ID of that user or application.
	By   string `json:"by"`
	ByID string `json:"byId,omitempty"`
	// App means that an application made it.
	App           bool      `json:"app,omitempty"`
	At            time.Time `json:"at"`
	Activity      string    `json:"activity"`
	CorrelationID string    `json:"correlationId"`
}

// findingField is a field of a finding in its JSON. Before and After say the same
// as Present and Wanted, for readers that know those names.
type findingField struct {
	Path    string `json:"path"`
	Present any    `json:"present"`
	Wanted  any    `json:"wanted"`
	Before  any    `json:"before"`
	After   any    `json:"after"`
}

// MarshalJSON gives the two sides of a field the names that fit an audit, in
// which nothing comes before or after anything.
func (f Finding) MarshalJSON() ([]byte, error) {
	fields := make([]findingField, len(f.Fields))
	for i, d := range f.Fields {
		fields[i] = findingField{Path: d.Path, Present: d.Before, Wanted: d.After, Before: d.Before, After: d.After}
	}
	return seal.Marshal(struct {
		TenantID    string         `json:"tenantId"`
		DisplayName string         `json:"displayName"`
		Kind        Kind           `json:"kind"`
		Object      plan.Object    `json:"object"`
		Fields      []findingField `json:"fields"`
		Problem     string         `json:"problem,omitempty"`
		Absent      bool           `json:"absent,omitempty"`
		Note        string         `json:"note"`
	}{f.TenantID, f.DisplayName, f.Kind, f.Object, fields, f.Problem, f.Absent, f.Note})
}

// Result is the verdict of an audit.
type Result string

// The verdicts. Incomplete means that the tenant could not be read completely, so
// nothing is claimed.
const (
	Clean      Result = "clean"
	Drift      Result = "drift"
	Incomplete Result = "incomplete"
)

// Totals counts objects that are as wanted and findings by kind.
type Totals struct {
	OK         int `json:"ok"`
	Missing    int `json:"missing"`
	Changed    int `json:"changed"`
	Extra      int `json:"extra"`
	Unreadable int `json:"unreadable"`
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
	// Scope says which partners were judged. OutOfScope counts those that have a
	// policy and no row, and were not judged.
	Scope      Scope `json:"scope,omitempty"`
	OutOfScope int   `json:"outOfScope,omitempty"`
	// Waivers identifies the file of waivers; nil if there is none.
	Waivers *Input `json:"waivers,omitempty"`
	// Earlier is the newest earlier complete audit; nil if none is known.
	Earlier *Link `json:"earlier,omitempty"`
	// Findings are what is open; Waived is what a waiver waives.
	Findings []Finding `json:"findings"`
	Waived   []Finding `json:"waived,omitempty"`
	// Fixed are the findings of the earlier audit that are gone. Unjudged are those
	// that this audit cannot speak of: the row is gone, or the partner is out of
	// scope or could not be read.
	Fixed    []Finding `json:"fixed,omitempty"`
	Unjudged []Finding `json:"unjudged,omitempty"`
	// UnusedWaivers match no finding.
	UnusedWaivers []Waiver `json:"unusedWaivers,omitempty"`
	// History is nil unless it was asked who changed what.
	History *History `json:"history,omitempty"`
	// BareRows counts the rows that name no property: for these the audit only
	// checked whether the partner exists.
	BareRows int `json:"bareRows,omitempty"`
}

// Input identifies the file that an audit compared with the tenant.
type Input struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"`
}
