package report

import (
	"io"

	"bulksync/plan/audit"
)

// waiverLine is a line of a file of waivers; the tags are its header.
type waiverLine struct {
	TenantID    string `csv:"tenantId"`
	DisplayName string `csv:"displayName"`
	Finding     string `csv:"finding"`
	Property    string `csv:"property"`
	Reason      string `csv:"reason"`
	Approver    string `csv:"approver"`
	Ticket      string `csv:"ticket"`
	Expires     string `csv:"expires"`
}

// SuggestedWaivers writes a file of waivers with a row for each open finding that
// counts. Reason, approver and expiry stay empty for a person to fill in: without
// them the file is refused.
func SuggestedWaivers(w io.Writer, a *audit.Audit) error {
	if err := checkAudit(a); err != nil {
		return err
	}
	var open []*audit.Finding
	for i := range a.Findings {
		if f := &a.Findings[i]; f.Severity() != audit.Notice {
			open = append(open, f)
		}
	}
	return writeCSV(w, len(open), func(i int) (waiverLine, error) {
		f := open[i]
		l := waiverLine{TenantID: f.TenantID, DisplayName: cell(f.DisplayName), Finding: string(f.Kind), Property: f.Property()}
		if l.TenantID == "" {
			l.TenantID = audit.TemplateTenant
		}
		return l, nil
	})
}
