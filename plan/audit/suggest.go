package audit

import (
	"context"
	"errors"
	"io"
	"strings"
	"unicode"

	"bulksync/plan/desired"
)

// SuggestWaivers writes the open findings that count, which notices do not, as a
// file of waivers to be filled in, in the dialect of the input. Reason, approver and date are empty, so that it cannot be used as it is: somebody
// has to decide on each row.
func SuggestWaivers(w io.Writer, a *Audit) error {
	var header []string
	for _, c := range waiverColumns() {
		header = append(header, c.Name)
	}
	records, seen := [][]string{header}, map[waiverKey]bool{}
	for i := range a.Findings {
		f := &a.Findings[i]
		if f.Severity() == Notice {
			continue
		}
		key := waiverKey{f.subject(), string(f.Kind), ""}
		if f.Kind == Changed {
			key.property = f.Property()
		}
		if seen[key] { // such as two objects that are missing
			continue
		}
		seen[key] = true
		cells := make([]string, len(header))
		cells[colTenantID], cells[colFinding], cells[colProperty], cells[colDisplayName] = key.tenantID, key.finding, key.property, plainName(f.DisplayName)
		records = append(records, cells)
	}
	return a.Input.Dialect.Write(w, records)
}

// AreWaivers reports whether a text is a file of waivers, by its header. An error
// comes from r or ctx.
func AreWaivers(ctx context.Context, r io.Reader) (bool, error) {
	return desired.IsTable(ctx, r, waiverColumns())
}

// IsFilledIn reports whether somebody has written into a file of waivers who accepts
// a finding, why or until when. The file may have any faults.
func IsFilledIn(ctx context.Context, r io.Reader) (filled bool, err error) {
	err = desired.ReadTable(ctx, r, "", waiverColumns(), func(row *desired.TableRow) {
		filled = filled || row.Cell(colReason)+row.Cell(colApprover)+row.Cell(colTicket)+row.Cell(colExpires) != ""
	})
	if errors.As(err, new(desired.RowErrors)) {
		err = nil
	}
	return filled, err
}

// plainName is a name as a help for people; empty if a spreadsheet would take it
// for a formula, or a terminal or a CI runner might obey it.
func plainName(name string) string {
	name = strings.TrimSpace(name)
	if strings.IndexAny(name, "=+-@＝＋－＠") == 0 || strings.Contains(name, "##") || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ""
	}
	return name
}
