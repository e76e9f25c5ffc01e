package evidence

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"bulksync/internal/seal"
	"bulksync/plan/audit"
)

// told holds the manifest against the audit, which says the same in full, and
// against the requests.
func (p *auditProof) told(a *audit.Audit) {
	m, was := *p.Manifest, p.Manifest
	m.Summarize(a)
	same := m.Result == was.Result && m.Totals == was.Totals && m.News == was.News && fmt.Sprint(m.Findings) == fmt.Sprint(was.Findings)
	late := p.outOfTime()
	switch wrong := p.contradiction(); {
	case was.HomeTenant != p.head.HomeTenant, was.Tool != p.head.Tool:
		p.add(Altered, OfManifest, ManifestName, "it is about another home tenant or program than %s", AuditName)
	case !same:
		p.add(Altered, OfManifest, ManifestName, "it counts other findings than %s", AuditName)
	case wrong != "":
		p.differs(OfManifest, ManifestName, "%s", wrong)
	case late != "":
		p.add(NotProved, OfManifest, ManifestName, "%s", late)
	default:
		p.add(Proved, OfManifest, ManifestName, "it says the same as %s: %s", AuditName, was.Result)
	}
}

// outOfTime says what did not happen between the times of the manifest; empty if
// everything did. A clock that was set during the audit can be the reason.
func (p *auditProof) outOfTime() string {
	from, to := p.Manifest.StartedAt.Truncate(time.Second), p.Manifest.FinishedAt
	const outside = ", which is not between its times"
	if made := p.head.CreatedAt; made.Before(from) || made.After(to) {
		return fmt.Sprintf("the tenant had been read at %s"+outside, made.Format(time.RFC3339))
	}
	for i := range p.requests {
		if sent := p.requests[i].SentAt; sent.Before(from) || sent.After(to) {
			return fmt.Sprintf("request %d was sent at %s"+outside, p.requests[i].Seq, sent.Format(time.RFC3339))
		}
	}
	return ""
}

// contradiction says what the manifest says that the rest contradicts; empty if
// there is nothing.
func (p *auditProof) contradiction() string {
	m := p.Manifest
	complete := m.Result != audit.Incomplete
	_, hasPolicy := p.sums[PolicyName]
	switch {
	case m.Identity.TenantID != "" && !strings.EqualFold(m.Identity.TenantID, m.HomeTenant.ID):
		return "who audited is of another home tenant"
	case !sameOffset(m.ClockOffsetMs, p.clockOffset()):
		return fmt.Sprintf("the offset of the clock is not that of %s", RequestsName)
	case !isOption(m.Options):
		return "an audit has no such options"
	case hasPolicy != (m.Options.Policy != ""):
		return fmt.Sprintf("the name of the policy and %s go together, and one is not there", PolicyName)
	case complete && m.Options.Who != (p.head.History != nil):
		return fmt.Sprintf("--who is told otherwise than in %s", AuditName)
	case p.isOurs() && !p.isPlain():
		return "it is not written as this program writes it"
	}
	return ""
}

// clockOffset is the offset of the clock, from the requests.
func (p *auditProof) clockOffset() *int64 {
	var all []int64
	for i := range p.requests {
		if ms, ok := p.requests[i].clockOffset(); ok {
			all = append(all, ms)
		}
	}
	return median(all)
}

func sameOffset(a, b *int64) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

// isOption reports whether options are some that an audit can have.
func isOption(o Options) bool {
	_, errScope := audit.ParseScope(string(o.Scope))
	_, errFail := audit.ParseFailOn(string(o.FailOn))
	return errScope == nil && errFail == nil
}

// readingsOf are the numbers of the readings of a complete audit.
func readingsOf(o Options) []int {
	if o.ReadTwice {
		return []int{1, 2}
	}
	return []int{1}
}

// isPlain reports whether the text of the manifest is the one that this version
// writes: that has no members of which nothing is known.
func (p *auditProof) isPlain() bool {
	var b bytes.Buffer
	return p.Manifest.encode(&b) == nil && bytes.Equal(b.Bytes(), p.text) &&
		slices.IsSortedFunc(p.Manifest.Files, byName)
}

// encode writes the text of the manifest.
func (m *Manifest) encode(w io.Writer) error {
	enc := seal.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(m)
}

func byName(x, y File) int { return strings.Compare(x.Name, y.Name) }
