package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

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
	// DirectoryName and Domain are the name and the default domain that the tenant
	// has in its own directory; empty if they are not known.
	DirectoryName, Domain string
	Kind                  Kind
	Object                plan.Object
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
	// State and Since are known only if earlier audits are. Since is the time of the
	// first of the audits that found it in a row; one that could not speak of it does
	// not end the row.
	State State
	Since time.Time
	// Reopened marks a finding that continues and was waived in the earlier audit.
	Reopened bool
	// Waiver is the one that waives the finding or, for one that is open or fixed, the
	// one that did so until it expired. One that is not judged has it only if it was
	// waived when it was last found.
	Waiver *Waiver
	// ChangedBy are the changes of the object that the directory's audit log tells
	// of, the newest first.
	ChangedBy []Edit
}

// State says whether an earlier audit found the same.
type State string

// The states of a finding beside the newest earlier complete audit. An extra policy
// that was idle then and lets users in now is new.
const (
	StateNew        State = "new"
	StateContinuing State = "continuing"
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

// Severity is that of the finding's rule.
func (f *Finding) Severity() Severity { return f.Kind.Rule().Severity }

// Property is the path of the only property that the finding is about; empty if
// it is about all of the object.
func (f *Finding) Property() string {
	if len(f.Fields) == 1 && (f.Kind == Changed || f.Kind.isAboutConsent()) {
		return f.Fields[0].Path
	}
	return ""
}

// isNews reports whether the finding must be looked at although an earlier audit
// was. One whose state is unknown may be new.
func (f *Finding) isNews() bool { return f.State != StateContinuing || f.Reopened }

// newID is the ID of the finding in an audit of a home tenant. The property is
// left out unless the kind is Changed: nothing else is found twice on one object.
func (f *Finding) newID(home string) string {
	property := ""
	if f.Kind == Changed {
		property = f.Property()
	}
	// A list of texts always has a canonical form.
	list, _ := seal.Canonical([]string{home, f.subject(), string(f.Object), string(f.Kind), property})
	sum := sha256.Sum256(list)
	return hex.EncodeToString(sum[:8])
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

// findingJSON is a finding in JSON.
type findingJSON struct {
	ID          string         `json:"id"`
	TenantID    string         `json:"tenantId"`
	DisplayName string         `json:"displayName"`
	Kind        Kind           `json:"kind"`
	Severity    Severity       `json:"severity"`
	Object      plan.Object    `json:"object"`
	Fields      []findingField `json:"fields"`
	Problem     string         `json:"problem,omitempty"`
	Absent      bool           `json:"absent,omitempty"`
	Note        string         `json:"note"`
	Row         int            `json:"row,omitempty"`
	State       State          `json:"state,omitempty"`
	Since       time.Time      `json:"since,omitzero"`
	Reopened    bool           `json:"reopened,omitempty"`
	Waiver      *Waiver        `json:"waiver,omitempty"`
	ChangedBy   []Edit         `json:"changedBy,omitempty"`
	// What the tenant is called in its directory.
	DirectoryName string `json:"directoryName,omitempty"`
	Domain        string `json:"domain,omitempty"`
}

// MarshalJSON gives the two sides of a field the names that fit an audit, in
// which nothing comes before or after anything, and adds the severity.
func (f Finding) MarshalJSON() ([]byte, error) {
	fields := make([]findingField, len(f.Fields))
	for i, d := range f.Fields {
		fields[i] = findingField{Path: d.Path, Present: d.Before, Wanted: d.After, Before: d.Before, After: d.After}
	}
	return seal.Marshal(findingJSON{
		ID: f.ID, TenantID: f.TenantID, DisplayName: f.DisplayName, Kind: f.Kind, Severity: f.Severity(), Object: f.Object,
		Fields: fields, Problem: f.Problem, Absent: f.Absent, Note: f.Note, Row: f.Row,
		State: f.State, Since: f.Since, Reopened: f.Reopened, Waiver: f.Waiver, ChangedBy: f.ChangedBy,
		DirectoryName: f.DirectoryName, Domain: f.Domain,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote. The severity follows from the kind,
// and Before and After from Present and Wanted, so none of them is read.
func (f *Finding) UnmarshalJSON(text []byte) error {
	var j findingJSON
	if err := seal.Unmarshal(text, &j); err != nil {
		return err
	}
	fields := make([]plan.Field, len(j.Fields))
	for i, d := range j.Fields {
		if !isValue(d.Present) || !isValue(d.Wanted) {
			return fmt.Errorf("the field %q of a finding has a value that no property can have", d.Path)
		}
		fields[i] = plan.Field{Path: d.Path, Before: d.Present, After: d.Wanted}
	}
	*f = Finding{
		ID: j.ID, TenantID: j.TenantID, DisplayName: j.DisplayName, Kind: j.Kind, Object: j.Object,
		Fields: fields, Problem: j.Problem, Absent: j.Absent, Note: j.Note, Row: j.Row,
		State: j.State, Since: j.Since, Reopened: j.Reopened, Waiver: j.Waiver, ChangedBy: j.ChangedBy,
		DirectoryName: j.DirectoryName, Domain: j.Domain,
	}
	return nil
}

// isValue reports whether v is what a field can hold.
func isValue(v any) bool {
	switch v.(type) {
	case nil, bool, string:
		return true
	default:
		return false
	}
}
