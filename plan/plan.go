package plan

import (
	"errors"
	"time"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// FormatVersion is the version of the plan file that this program writes, and
// the only one that it reads.
const FormatVersion = 1

// The refusals of a plan file that callers distinguish from a broken file.
var (
	// ErrAltered means that the content does not match the fingerprint, or says
	// something that this program would never have written.
	ErrAltered = errors.New("the plan was altered after it was made")
	// ErrFormat means that the file has another format version.
	ErrFormat = errors.New("the plan has another format version")
)

// Plan is the artefact between a dry run and an apply. It holds everything
// that apply needs besides credentials, and everything that a reader needs to
// approve it. Apply is driven by Changes alone; the other members identify,
// prove and summarize.
type Plan struct {
	FormatVersion int              `json:"formatVersion"`
	Tool          Tool             `json:"tool"`
	CreatedAt     time.Time        `json:"createdAt"`
	HomeTenant    graph.HomeTenant `json:"homeTenant"`
	Input         desired.Input    `json:"input"`
	// Template identifies the template file; nil if the plan has none.
	Template *TemplateInput `json:"template,omitempty"`
	Read     Read           `json:"read"`
	Changes  []Change       `json:"changes"`
	Summary  Summary        `json:"summary"`
	// Fingerprint is "sha256:" and the hex SHA-256 over the canonical JSON
	// (RFC 8785) of the plan without this member.
	Fingerprint string `json:"fingerprint"`
}

// Tool names the program that made a plan or a run.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// TemplateInput identifies the template file that a plan was made from.
type TemplateInput struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Read proves that the plan was made from a complete reading.
type Read struct {
	Pages    int  `json:"pages"`
	Partners int  `json:"partners"`
	Complete bool `json:"complete"`
}

// Summary counts the changes by action.
type Summary struct {
	Create  int `json:"create"`
	Update  int `json:"update"`
	Delete  int `json:"delete"`
	NoOp    int `json:"noop"`
	Blocked int `json:"blocked"`
}

// Writes is how many changes send a write.
func (s Summary) Writes() int { return s.Create + s.Update + s.Delete }

// all is how many changes there are.
func (s Summary) all() int { return s.Writes() + s.NoOp + s.Blocked }

// Differs reports whether anything may not be as wanted. A blocked change counts.
func (s Summary) Differs() bool { return s.Writes()+s.Blocked > 0 }

// BareRows counts the rows that name no property and whose partner is there.
func (p *Plan) BareRows() (n int) {
	for i := range p.Changes {
		if p.Changes[i].IsBare() {
			n++
		}
	}
	return n
}

// Summarize counts changes by action.
func Summarize(changes []Change) Summary {
	var s Summary
	for i := range changes {
		switch changes[i].Action {
		case Create:
			s.Create++
		case Update:
			s.Update++
		case Delete:
			s.Delete++
		case NoOp:
			s.NoOp++
		case Blocked:
			s.Blocked++
		}
	}
	return s
}
