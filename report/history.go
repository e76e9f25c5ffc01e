package report

import (
	"bufio"
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"

	_ "embed" // the page and its style are files

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/audit"
)

//go:embed html/history.gohtml
var historyTemplate string

//go:embed html/history.css
var historyStyle string

// HistoryPage is what the index page of a store of audits shows.
type HistoryPage struct {
	Tool       plan.Tool
	HomeTenant graph.HomeTenant
	// Audits are all audits of the store in the order of their chain, the oldest
	// first.
	Audits []HistoryAudit
	// Newest is the newest complete one of them whose findings could be read, and
	// NewestFolder its folder; nil if there is none.
	Newest       *audit.Audit
	NewestFolder string
}

// HistoryAudit is an audit of a store as its manifest tells it.
type HistoryAudit struct {
	// Number counts the audits of the store from 1.
	Number int
	Folder string
	// SHA256 is that of the manifest.
	SHA256     string
	FinishedAt time.Time
	Result     audit.Result
	Totals     audit.Totals
	// Counts are the open findings by kind and state, notices included. Reopened are
	// those of them that were waived in the audit before, and Fixed what it found and
	// is gone.
	Counts          []HistoryCount
	Reopened, Fixed int
	// Signer is the fingerprint of the key that the manifest names; empty for none.
	Signer string
	// Problem says why the audit cannot be relied on: its manifest is altered, or
	// could not be read. In that case Number is 0, and only Folder may be known.
	Problem string
	// Gap says why the chain does not hold between this audit and the one before it;
	// empty if it does.
	Gap string
}

// HistoryCount counts the open findings of one kind and state.
type HistoryCount struct {
	Kind  audit.Kind
	State audit.State
	N     int
}

// History writes the index page of a store: one HTML file that loads nothing. A
// newest audit that does not add up, or is not the one that Audits tells of, is
// an error and nothing is written.
func History(w io.Writer, p HistoryPage) error {
	if err := checkHistory(&p); err != nil {
		return err
	}
	t, err := template.New("history").Parse(pageTemplate)
	if err != nil {
		return err
	}
	if _, err := t.Parse(historyTemplate); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	h := newHistory(&p)
	if err := t.ExecuteTemplate(b, "history-head", h); err != nil {
		return err
	}
	for i := range h.Lists {
		if err := writeList(b, t, &h.Lists[i]); err != nil {
			return err
		}
	}
	if err := t.ExecuteTemplate(b, "history-foot", h); err != nil {
		return err
	}
	return b.Flush()
}

// checkHistory refuses a newest audit that is not the one that the manifests tell
// of, and takes out one that cannot be relied on.
func checkHistory(p *HistoryPage) error {
	a := p.newest()
	if a != nil && a.fault() != "" {
		p.Newest = nil // its findings are worth no more than its manifest
	}
	if p.Newest == nil {
		return nil
	}
	if err := checkAudit(p.Newest); err != nil {
		return err
	}
	if a == nil || a.Result != p.Newest.Result || a.Totals != p.Newest.Totals {
		return fmt.Errorf("the history does not add up: the findings of the newest audit are not those that its manifest counts")
	}
	return nil
}

// newest is the audit whose findings the page tells of; nil if there is none.
func (p *HistoryPage) newest() *HistoryAudit {
	for i := len(p.Audits) - 1; i >= 0; i-- {
		if p.Newest != nil && p.Audits[i].Folder == p.NewestFolder {
			return &p.Audits[i]
		}
	}
	return nil
}

// complete is the newest audit that claims something; nil if none does.
func (p *HistoryPage) complete() *HistoryAudit {
	for i := len(p.Audits) - 1; i >= 0; i-- {
		if p.Audits[i].Claims() {
			return &p.Audits[i]
		}
	}
	return nil
}

// maxCount is more than any tenant has of anything.
const maxCount = 1 << 40

// fault says why nothing can be told of an audit; empty if something can.
func (a *HistoryAudit) fault() string {
	if a.Problem != "" || a.Result == audit.Incomplete {
		return a.Problem
	}
	numbers := []int{a.Totals.OK, a.Totals.Waived, a.Reopened, a.Fixed}
	got := audit.Totals{OK: a.Totals.OK, Waived: a.Totals.Waived}
	for _, c := range a.Counts {
		n := got.Of(c.Kind)
		if n == nil {
			return "it counts findings of an unknown kind"
		}
		numbers = append(numbers, c.N)
		*n += c.N
	}
	if slices.Min(numbers) < 0 || slices.Max(numbers) > maxCount {
		return "its counts cannot be right"
	}
	if got != a.Totals {
		return "its totals do not match its counts of findings"
	}
	return ""
}

// Claims reports whether the audit says something about the tenant.
func (a *HistoryAudit) Claims() bool { return a.Result != audit.Incomplete && a.fault() == "" }

// of counts the open findings of a kind.
func (a *HistoryAudit) of(k audit.Kind) int { return *a.Totals.Of(k) }

// news counts the open findings by what is news of them, without notices.
func (a *HistoryAudit) news() news {
	n := news{fixed: a.Fixed}
	for _, c := range a.Counts {
		switch {
		case c.Kind.Rule().Severity == audit.Notice:
		case c.State == audit.StateNew:
			n.fresh += c.N
		default:
			n.continuing += c.N
		}
	}
	n.reopened = min(a.Reopened, n.continuing)
	n.continuing -= n.reopened
	return n
}

// name names the audit in a sentence.
func (a *HistoryAudit) name() string {
	if a.Number == 0 {
		return "folder " + OneLine(a.Folder)
	}
	return fmt.Sprintf("audit %d (%s)", a.Number, OneLine(a.Folder))
}
