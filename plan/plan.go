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
	// Selection says which part of the input the plan is about; nil if all of it.
	Selection *Selection `json:"selection,omitempty"`
	Read      Read       `json:"read"`
	// Policy is the one that the plan was made under; every plan has one.
	Policy  Policy   `json:"policy"`
	Changes []Change `json:"changes"`
	Summary Summary  `json:"summary"`
	// Estimate is nil if nothing was known, or nothing is written.
	Estimate *Estimate `json:"estimate,omitempty"`
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
	// Synchronizing counts the partners whose synchronization is allowed, and
	// Consenting those of which one of the two consents is automatic: what a share
	// in a limit is of. A partner that could not be read counts for neither.
	Synchronizing int `json:"synchronizing"`
	Consenting    int `json:"consenting"`
}

// Estimate is how long the writes of a plan may take, as a range: the pace that a
// tenant allows is found during the run.
type Estimate struct {
	LowMs  int64 `json:"lowMs"`
	HighMs int64 `json:"highMs"`
	// LatencyMs is how long an answer took on average while the tenant was read.
	LatencyMs int64 `json:"latencyMs"`
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

// Reverts reports whether the plan reverts a run, even one that changed nothing:
// any other plan has the header of its input, or a template and a change of it.
func (p *Plan) Reverts() bool {
	if len(p.Changes) > 0 {
		return p.Changes[0].Reverts()
	}
	return len(p.Input.Header) == 0 && p.Template == nil
}

// BareRows counts the rows that name no property and whose partner is there.
func (p *Plan) BareRows() (n int) {
	for i := range p.Changes {
		if p.Changes[i].IsBare() {
			n++
		}
	}
	return n
}

// IdleRows lists the rows for which the plan allows synchronization that cannot
// work, since the invitations of the partner are not redeemed automatically: neither
// the plan nor what is there turns that on.
func (p *Plan) IdleRows(cur *Current) (rows []int) {
	for i := range p.Changes {
		c := &p.Changes[i]
		if !c.AllowsSync() {
			continue
		}
		id := c.Partner.TenantID
		consents := isOn(cur.Partners[id].InboundAllowed)
		for j := i + 1; j < len(p.Changes) && p.Changes[j].Partner.TenantID == id; j++ {
			if f := p.Changes[j].field(pathInbound); f != nil {
				consents = f.After == true
			}
		}
		if !consents {
			rows = append(rows, c.Row)
		}
	}
	return rows
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
