package plan

import "time"

// FindingKind says how a partner differs from what the file wants.
type FindingKind string

// The kinds of finding. Extra is a partner with a synchronization policy that
// the file does not name, or names with ensure=absent.
const (
	Missing FindingKind = "missing"
	Changed FindingKind = "changed"
	Extra   FindingKind = "extra"
)

// Finding is one object that is not as the file wants it.
type Finding struct {
	TenantID    string      `json:"tenantId"`
	DisplayName string      `json:"displayName"`
	Kind        FindingKind `json:"kind"`
	Object      Object      `json:"object"`
	// Fields hold what is there (Before) and what is wanted (After).
	Fields []Field `json:"fields"`
	Note   string  `json:"note"`
}

// AuditResult is the verdict of an audit.
type AuditResult string

// The verdicts. Incomplete means that the tenant could not be read whole, so
// nothing is claimed.
const (
	Clean      AuditResult = "clean"
	Drift      AuditResult = "drift"
	Incomplete AuditResult = "incomplete"
)

// AuditTotals counts objects that are as wanted and findings by kind.
type AuditTotals struct {
	OK      int `json:"ok"`
	Missing int `json:"missing"`
	Changed int `json:"changed"`
	Extra   int `json:"extra"`
}

// Audit is what a tenant looks like beside a file, at one moment. Totals and
// Findings are empty when Result is Incomplete.
type Audit struct {
	FormatVersion int         `json:"formatVersion"`
	Tool          Tool        `json:"tool"`
	CreatedAt     time.Time   `json:"createdAt"`
	HomeTenant    HomeTenant  `json:"homeTenant"`
	Input         AuditInput  `json:"input"`
	Result        AuditResult `json:"result"`
	// Problem says why the result is incomplete.
	Problem  string      `json:"problem,omitempty"`
	Read     Read        `json:"read"`
	Totals   AuditTotals `json:"totals"`
	Findings []Finding   `json:"findings"`
}

// AuditInput identifies the file that an audit held against the tenant.
type AuditInput struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"`
}
