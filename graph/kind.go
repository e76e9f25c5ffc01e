package graph

import "strings"

// Kind is the one classification of everything that can go wrong with a
// request. It is an error itself, so errors.Is(err, graph.Throttled) works.
type Kind string

// The kinds. Outcomes and hints depend on them; what is tried again depends on what an answer
// proves, see judge.
const (
	// Throttled: 429, or its older code; more was sent than the tenant's quota
	// allows.
	Throttled Kind = "throttled"
	// Transient: the service failed, and the failure will pass.
	Transient Kind = "transient"
	// Unauthorized: 401; the token is missing, expired or of another tenant.
	Unauthorized Kind = "unauthorized"
	// Forbidden: 403; the token is good but does not allow this.
	Forbidden Kind = "forbidden"
	// NotFound: 404 or 410.
	NotFound Kind = "not found"
	// Conflict: 409 or 412; the object already exists, or has changed.
	Conflict Kind = "conflict"
	// Invalid: the request is wrong and will stay wrong.
	Invalid Kind = "invalid"
	// Indeterminate: a write was sent, and no answer proves its result. It may have
	// taken effect.
	Indeterminate Kind = "indeterminate"
	// Unreachable: no connection, or no answer to a read.
	Unreachable Kind = "unreachable"
	// Unreadable: the answer is not what Graph answers.
	Unreadable Kind = "unreadable"
	// NotVisible: a member that was asked for is not in the answer; the caller may not be allowed
	// to see it. Its value is unknown.
	NotVisible Kind = "not visible"
	// Outage: no good answer for longer than Options.Outage; no write of this request is open. The
	// other members of the Error are those of the last answer.
	Outage Kind = "outage"
)

// Error makes a Kind a target of errors.Is.
func (k Kind) Error() string { return string(k) }

// MarshalText writes a kind as one stable word, for files that machines read:
// "not-found".
func (k Kind) MarshalText() ([]byte, error) {
	return []byte(strings.ReplaceAll(string(k), " ", "-")), nil
}

// UnmarshalText reads what MarshalText writes. A word that this version does not
// know is kept unchanged.
func (k *Kind) UnmarshalText(text []byte) error {
	*k = Kind(strings.ReplaceAll(string(text), "-", " "))
	return nil
}
