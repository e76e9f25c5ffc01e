package report

import (
	"fmt"
	"io"
	"time"

	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// findingLine is a line of an audit's CSV; the tags are its header. Before and
// after are the older names of present and wanted, for scripts that know them.
type findingLine struct {
	TenantID    string `csv:"tenantId"`
	DisplayName string `csv:"displayName"`
	Kind        string `csv:"kind"`
	Object      string `csv:"object"`
	Before      string `csv:"before"`
	After       string `csv:"after"`
	Note        string `csv:"note"`
	Present     string `csv:"present"`
	Wanted      string `csv:"wanted"`
	Problem     string `csv:"problem"`
	ID          string `csv:"id"`
	Severity    string `csv:"severity"`
	// Status is open, waived, fixed or unjudged.
	Status   string `csv:"status"`
	State    string `csv:"state"`
	Since    string `csv:"since"`
	Reopened string `csv:"reopened"`
	Row      string `csv:"row"`
	// The waiver is the one that waives the finding or, for an open one, the one
	// that did so until it expired.
	WaiverRow      string `csv:"waiverRow"`
	WaiverReason   string `csv:"waiverReason"`
	WaiverApprover string `csv:"waiverApprover"`
	WaiverTicket   string `csv:"waiverTicket"`
	WaiverExpires  string `csv:"waiverExpires"`
	// The change is the newest one of the object that the audit log tells of.
	ChangedBy     string `csv:"changedBy"`
	ChangedAt     string `csv:"changedAt"`
	CorrelationID string `csv:"correlationId"`
	// What the tenant is called in its directory.
	DirectoryName string `csv:"directoryName"`
	Domain        string `csv:"domain"`
}

// The values of findingLine.Status.
const (
	statusOpen     = "open"
	statusWaived   = "waived"
	statusFixed    = "fixed"
	statusUnjudged = "unjudged"
)

// auditCSV writes the open findings and, after them, the waived ones and those
// of the earlier audit that are fixed or not judged. An incomplete audit has a
// line that says so: a header alone would look like a clean tenant.
func auditCSV(w io.Writer, a *audit.Audit, like *desired.Dialect) error {
	if a.Result == audit.Incomplete {
		return writeCSV(w, like, 1, func(int) (findingLine, error) {
			return findingLine{Kind: string(audit.Incomplete), Problem: cell(a.Problem)}, nil
		})
	}
	lists := []struct {
		status string
		list   []audit.Finding
	}{{statusOpen, a.Findings}, {statusWaived, a.Waived}, {statusFixed, a.Fixed}, {statusUnjudged, a.Unjudged}}
	n := 0
	for _, l := range lists {
		n += len(l.list)
	}
	return writeCSV(w, like, n, func(i int) (findingLine, error) {
		for _, l := range lists {
			if i < len(l.list) {
				return lineOf(&l.list[i], l.status)
			}
			i -= len(l.list)
		}
		return findingLine{}, fmt.Errorf("no finding at %d", i)
	})
}

func lineOf(f *audit.Finding, status string) (findingLine, error) {
	present, wanted, err := sides(f.Fields)
	if err != nil {
		return findingLine{}, fmt.Errorf("finding on partner %s: %w", f.TenantID, err)
	}
	l := findingLine{
		TenantID: cell(f.TenantID), DisplayName: cell(f.DisplayName), Kind: string(f.Kind), Object: cell(string(f.Object)),
		Before: present, After: wanted, Note: cell(f.Note), Present: present, Wanted: wanted, Problem: cell(f.Problem),
		ID: cell(f.ID), Severity: string(f.Severity()), Status: status, State: cell(string(f.State)), Since: utc(f.Since),
		DirectoryName: cell(f.DirectoryName), Domain: cell(f.Domain),
	}
	if f.Reopened {
		l.Reopened = "true"
	}
	if f.Row > 0 {
		l.Row = fmt.Sprint(f.Row)
	}
	if w := f.Waiver; w != nil {
		l.WaiverRow, l.WaiverReason, l.WaiverApprover, l.WaiverTicket, l.WaiverExpires = fmt.Sprint(w.Row), cell(w.Reason), cell(w.Approver), cell(w.Ticket), cell(w.Expires)
	}
	if len(f.ChangedBy) > 0 {
		e := f.ChangedBy[0]
		l.ChangedBy, l.ChangedAt, l.CorrelationID = cell(e.By), utc(e.At), cell(e.CorrelationID)
	}
	return l, nil
}

// utc is a time for machines; empty for none.
func utc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
