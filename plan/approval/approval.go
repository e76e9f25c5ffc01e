package approval

import "time"

// Verdict is what a person decided.
type Verdict string

// The verdicts.
const (
	Approve Verdict = "approve"
	Reject  Verdict = "reject"
)

// Approval is a decision that was judged: who decided what, when, and by which
// file. It is what journals and reports keep.
type Approval struct {
	Decision Verdict `json:"decision"`
	// By is the name that the person gave. Only if Key is set is it proved.
	By string    `json:"by"`
	At time.Time `json:"at"`
	// ExpiresAt is zero for a rejection.
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
	Ticket    string    `json:"ticket,omitempty"`
	Comment   string    `json:"comment,omitempty"`
	// SHA256 is that of the file's bytes, in hex.
	SHA256 string `json:"sha256"`
	// Key is the fingerprint of the key that signed the file, as ssh-keygen shows
	// it; empty if it is not signed.
	Key    string      `json:"key,omitempty"`
	Except []Exception `json:"except"`
}

// Exception is a partner that an approval leaves out.
type Exception struct {
	// TenantID is the partner's, or TemplateException.
	TenantID string `json:"tenantId"`
	Reason   string `json:"reason"`
}

// TemplateException stands for the template where a tenant ID is expected.
const TemplateException = "template"
