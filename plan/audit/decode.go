package audit

import (
	"errors"
	"fmt"
	"io"

	"bulksync/internal/seal"
	"bulksync/plan"
)

// ErrFormat means that an audit has another format version.
var ErrFormat = errors.New("the audit has another format version")

// Decode reads the JSON of an audit, to its end. It is as strict as the reading
// of a plan: a name that occurs twice in an object is refused, and so is another
// format version (ErrFormat). Members that this program does not know are ignored.
func Decode(r io.Reader) (*Audit, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var head struct {
		FormatVersion int `json:"formatVersion"`
	}
	if err := seal.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("not an audit: %w", err)
	}
	switch head.FormatVersion {
	case plan.FormatVersion:
	case 0:
		return nil, errors.New("not an audit: it has no formatVersion")
	default:
		return nil, fmt.Errorf("%w: it has %d, and this program reads %d", ErrFormat, head.FormatVersion, plan.FormatVersion)
	}
	var a Audit
	if err := seal.Unmarshal(text, &a); err != nil {
		return nil, fmt.Errorf("not an audit: %w", err)
	}
	if err := a.checkKinds(); err != nil {
		return nil, err
	}
	if a.Findings == nil {
		a.Findings = []Finding{}
	}
	return &a, nil
}

// checkKinds refuses a finding of a kind that this program does not know.
func (a *Audit) checkKinds() error {
	for _, list := range [][]Finding{a.Findings, a.Waived, a.Fixed, a.Unjudged} {
		for i := range list {
			if f := &list[i]; new(Totals).Of(f.Kind) == nil {
				return fmt.Errorf("not an audit: partner %s has the unknown finding %q", f.TenantID, f.Kind)
			}
		}
	}
	return nil
}
