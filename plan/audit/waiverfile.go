package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"bulksync/plan"
	"bulksync/plan/desired"
)

// The columns of a file of waivers. The name of a partner is there for people
// alone.
const (
	colTenantID = iota
	colFinding
	colProperty
	colReason
	colApprover
	colTicket
	colExpires
	colDisplayName
)

// waiverColumns are the columns of a file of waivers, in the order in which one is
// written.
func waiverColumns() []desired.TableColumn {
	return []desired.TableColumn{
		colTenantID:    {Name: "tenantId", Required: true},
		colFinding:     {Name: "finding", Required: true},
		colProperty:    {Name: "property"},
		colReason:      {Name: "reason", Required: true},
		colApprover:    {Name: "approver", Required: true},
		colTicket:      {Name: "ticket"},
		colExpires:     {Name: "expires", Required: true},
		colDisplayName: {Name: "displayName"},
	}
}

// ReadWaivers reads a file of waivers from r and checks all of it. Messages call
// the file name. If the content is wrong, the error is a desired.RowErrors with
// every problem; any other error comes from r or ctx. A file without rows is fine:
// nothing is waived yet.
func ReadWaivers(ctx context.Context, r io.Reader, name string) (*Waivers, error) {
	sum := sha256.New()
	ws, seen := &Waivers{}, map[waiverKey]int{}
	err := desired.ReadTable(ctx, io.TeeReader(r, sum), name, waiverColumns(), func(row *desired.TableRow) {
		w := readWaiver(row)
		key := waiverKey{w.TenantID, w.Finding, w.Property}
		switch first := seen[key]; {
		case row.IsRefused():
		case first > 0:
			row.Refuse(colTenantID, fmt.Errorf("line %d has a waiver of the same tenantId, finding and property: keep one of them", first))
		default:
			seen[key] = row.Line
			ws.List = append(ws.List, w)
		}
	})
	if err != nil {
		return nil, err
	}
	ws.File = File{Name: name, SHA256: hex.EncodeToString(sum.Sum(nil)), Rows: len(ws.List)}
	return ws, nil
}

// waiverKey is what two waivers must not have in common.
type waiverKey struct{ tenantID, finding, property string }

// readWaiver reads a row, and refuses the cells that are wrong.
func readWaiver(row *desired.TableRow) Waiver {
	w := Waiver{
		Row: row.Line, Finding: readKind(row), Reason: row.Cell(colReason), Approver: row.Cell(colApprover), Ticket: row.Cell(colTicket),
		Expires: row.Cell(colExpires),
	}
	if strings.EqualFold(row.Cell(colTenantID), TemplateTenant) {
		w.TenantID = TemplateTenant
	} else {
		w.TenantID = row.TenantID(colTenantID)
	}
	if w.TenantID == TemplateTenant && w.Finding != "" && w.Finding != AnyFinding && w.Finding != string(Changed) {
		row.Refuse(colFinding, fmt.Errorf("the template cannot be %s: use %s or %s", w.Finding, Changed, AnyFinding))
		w.Finding = ""
	}
	w.Property = readProperty(row, w.TenantID == TemplateTenant, w.Finding)
	if _, err := time.Parse(time.DateOnly, w.Expires); err != nil {
		row.Refuse(colExpires, fmt.Errorf("expires is %s: give the last day of the waiver as YYYY-MM-DD, such as 2027-03-31; no other form is read", desired.Quote(w.Expires)))
	}
	return w
}

// readKind reads the cell that names a kind of finding; empty if it names none.
func readKind(row *desired.TableRow) string {
	cell := row.Cell(colFinding)
	known := []string{AnyFinding}
	for _, r := range Rules() {
		known = append(known, string(r.Kind))
	}
	i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, cell) })
	if i < 0 {
		row.Refuse(colFinding, fmt.Errorf("unknown finding %s: the nearest known one is %s; all are %s", desired.Quote(cell), desired.Nearest(cell, known), strings.Join(known, ", ")))
		return ""
	}
	return known[i]
}

// readProperty reads the cell that names a property, by its path or as a column of
// partners is called. If the finding is unknown, any property will do.
func readProperty(row *desired.TableRow, ofTemplate bool, finding string) string {
	cell := row.Cell(colProperty)
	if cell == "" {
		return ""
	}
	path, names := "", []string{}
	for _, p := range waivable(ofTemplate) {
		for _, name := range append([]string{p.Path}, p.Aliases...) {
			if names = append(names, name); strings.EqualFold(name, cell) {
				path = p.Path
			}
		}
	}
	switch kind := Kind(finding); {
	case path == "":
		of := ""
		if ofTemplate {
			of = " of the template"
		}
		row.Refuse(colProperty, fmt.Errorf("unknown property%s %s: the nearest known one is %s", of, desired.Quote(cell), desired.Nearest(cell, names)))
	case kind == Missing, kind == Extra, kind == Unreadable:
		row.Refuse(colProperty, fmt.Errorf("a finding that is %s is about all of its object: leave the property empty", finding))
	case kind.isAboutConsent() && path != inboundAllowed:
		row.Refuse(colProperty, fmt.Errorf("%s is about %s alone: leave the property empty", finding, inboundAllowed))
	}
	return path
}

// waivable are the properties that a finding may be about.
func waivable(ofTemplate bool) (all []desired.Property) {
	if ofTemplate {
		return plan.SyncTemplate.Properties()
	}
	for _, o := range desired.PartnerObjects {
		if o != plan.PartnerConfiguration {
			all = append(all, o.Properties()...)
		}
	}
	return all
}
