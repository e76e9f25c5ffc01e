package audit

import (
	"time"

	"bulksync/graph"
	"bulksync/internal/seal"
	"bulksync/plan"
)

// Kind says how a partner differs from what the file wants.
type Kind string

// The kinds of finding. Extra is a partner with a synchronization policy that the
// file does not name, or names with ensure=absent. Unreadable is a partner that
// Graph listed but that could not be read: how it differs is unknown.
const (
	Missing    Kind = "missing"
	Changed    Kind = "changed"
	Extra      Kind = "extra"
	Unreadable Kind = "unreadable"
)

// Finding is one object that is not as the file wants it.
type Finding struct {
	TenantID    string
	DisplayName string
	Kind        Kind
	Object      plan.Object
	// Fields hold what is there (Before) and what is wanted (After).
	Fields []plan.Field
	// Problem says why the partner could not be read; empty unless Kind is Unreadable.
	Problem string
	// Absent marks a finding that is extra because a row says that it must be removed.
	Absent bool
	Note   string
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

// Audit is the comparison of a tenant with a file, at one moment. Totals and
// Findings are empty if Result is Incomplete.
type Audit struct {
	FormatVersion int              `json:"formatVersion"`
	Tool          plan.Tool        `json:"tool"`
	CreatedAt     time.Time        `json:"createdAt"`
	HomeTenant    graph.HomeTenant `json:"homeTenant"`
	Input         Input            `json:"input"`
	Result        Result           `json:"result"`
	// Problem says why the result is incomplete.
	Problem  string    `json:"problem,omitempty"`
	Read     plan.Read `json:"read"`
	Totals   Totals    `json:"totals"`
	Findings []Finding `json:"findings"`
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
