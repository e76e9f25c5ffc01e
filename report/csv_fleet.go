package report

import (
	"fmt"
	"io"

	"bulksync/internal/fleet"
)

// tenantLine is a line of the roll-up's CSV; the tags are its header. Numbers are text,
// so that what is not known is empty and not 0.
type tenantLine struct {
	Name          string `csv:"name"`
	TenantID      string `csv:"tenantId"`
	DirectoryName string `csv:"directoryName"`
	Status        string `csv:"status"`
	ExitCode      int    `csv:"exitCode"`
	Shard         int    `csv:"shard"`
	StartedAt     string `csv:"startedAt"`
	DurationMs    string `csv:"durationMs"`
	Partners      string `csv:"partners"`
	Problem       string `csv:"problem"`
	Next          string `csv:"next"`
	Page          string `csv:"page"`
	// What an audit found; empty without one.
	Result             string `csv:"result"`
	OK                 string `csv:"ok"`
	Missing            string `csv:"missing"`
	Changed            string `csv:"changed"`
	Extra              string `csv:"extra"`
	Unreadable         string `csv:"unreadable"`
	SyncWithoutConsent string `csv:"syncWithoutConsent"`
	ConsentWithoutSync string `csv:"consentWithoutSync"`
	Waived             string `csv:"waived"`
	New                string `csv:"new"`
	Reopened           string `csv:"reopened"`
	Continuing         string `csv:"continuing"`
	Fixed              string `csv:"fixed"`
	Unjudged           string `csv:"unjudged"`
	Bundle             string `csv:"bundle"`
	SHA256             string `csv:"sha256"`
	// What a plan would do; empty without one.
	Create      string `csv:"create"`
	Update      string `csv:"update"`
	Delete      string `csv:"delete"`
	NoOp        string `csv:"noop"`
	Blocked     string `csv:"blocked"`
	Fingerprint string `csv:"fingerprint"`
	Plan        string `csv:"plan"`
}

// fleetCSV writes a line for each tenant, the worst first.
func fleetCSV(w io.Writer, r *fleet.Rollup) error {
	return writeCSV(w, nil, len(r.Rows), func(i int) (tenantLine, error) {
		t := &r.Rows[i]
		l := tenantLine{
			Name: cell(t.Name), TenantID: cell(t.TenantID), DirectoryName: cell(t.DirectoryName), Status: string(t.Status),
			ExitCode: t.ExitCode, Shard: t.Shard, StartedAt: utc(t.StartedAt), Problem: cell(t.Problem), Next: cell(t.Next), Page: cell(t.Page),
		}
		if !t.StartedAt.IsZero() {
			l.DurationMs = number(t.DurationMs)
		}
		if hasCounts(t) {
			l.Partners = number(t.Partners)
		}
		if t.Audit != nil {
			l.audited(t)
		}
		if p := t.Plan; p != nil {
			s := p.Summary
			l.Create, l.Update, l.Delete, l.NoOp, l.Blocked = number(s.Create), number(s.Update), number(s.Delete), number(s.NoOp), number(s.Blocked)
			l.Fingerprint, l.Plan = cell(p.Fingerprint), cell(p.File)
		}
		return l, nil
	})
}

// audited fills in what an audit found. One that is incomplete found nothing.
func (l *tenantLine) audited(t *fleet.Row) {
	a := t.Audit
	l.Result, l.Bundle, l.SHA256 = cell(string(a.Result)), cell(a.Bundle), cell(a.SHA256)
	if !hasCounts(t) {
		return
	}
	n, s := a.Totals, a.News
	l.OK, l.Missing, l.Changed, l.Extra, l.Unreadable = number(n.OK), number(n.Missing), number(n.Changed), number(n.Extra), number(n.Unreadable)
	l.SyncWithoutConsent, l.ConsentWithoutSync, l.Waived = number(n.SyncWithoutConsent), number(n.ConsentWithoutSync), number(n.Waived)
	l.New, l.Reopened, l.Continuing, l.Fixed, l.Unjudged = number(s.New), number(s.Reopened), number(s.Continuing), number(s.Fixed), number(a.Unjudged)
}

// number is a number that is known.
func number[T int | int64](n T) string { return cell(fmt.Sprint(n)) }
