package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"bulksync/graph"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/audit"
)

// NotifyFormat is who a notification is for.
type NotifyFormat string

// The formats of a notification, as --notify-format spells them.
const (
	Generic NotifyFormat = "generic"
	Teams   NotifyFormat = "teams"
	Slack   NotifyFormat = "slack"
)

// ParseNotifyFormat returns the format that s names, or an error that lists the
// names.
func ParseNotifyFormat(s string) (NotifyFormat, error) {
	if f := NotifyFormat(strings.ToLower(s)); slices.Contains([]NotifyFormat{Generic, Teams, Slack}, f) {
		return f, nil
	}
	return "", fmt.Errorf("unknown format of notifications %q: use generic, teams or slack", s)
}

const (
	// notifyFindings bounds the findings that a notification names.
	notifyFindings = 10
	// notifyName and notifyText bound a name and another text, in columns.
	notifyName = 60
	notifyText = 200
)

// HasNews reports whether a notification is worth sending: something is open that
// was not before, notices aside, or something is fixed, or the audit is incomplete,
// which nobody may notice otherwise. Without earlier audits, all that is open is
// news.
func HasNews(a *audit.Audit) bool {
	return a.Result == audit.Incomplete ||
		slices.ContainsFunc(a.Fixed, func(f audit.Finding) bool { return !isNotice(&f) }) ||
		slices.ContainsFunc(a.Findings, func(f audit.Finding) bool { return isNews(&f) && !isNotice(&f) })
}

// Notification writes what somebody has to know of an audit, as the JSON body of
// one request: the result, the counts, and the first findings, new ones first. It
// stays below what the receivers take, whatever the audit holds, and names in it
// are text: no link, no mention, no markup.
func Notification(w io.Writer, a *audit.Audit, f NotifyFormat) error {
	if err := checkAudit(a); err != nil {
		return err
	}
	n := notificationOf(a)
	var body any = n
	switch f {
	case Teams:
		body = n.teams()
	case Slack:
		body = n.slack()
	}
	// One line: a receiver may count bytes, and indentation says nothing to it.
	var line bytes.Buffer
	if err := escaped(&line, encoder(body)); err != nil {
		return err
	}
	_, err := line.WriteTo(w)
	return err
}

// notification is the generic body, and what the others are made from.
type notification struct {
	FormatVersion int              `json:"formatVersion"`
	Event         string           `json:"event"`
	Tool          plan.Tool        `json:"tool"`
	CreatedAt     string           `json:"createdAt"`
	HomeTenant    graph.HomeTenant `json:"homeTenant"`
	Input         audit.File       `json:"input"`
	Result        audit.Result     `json:"result"`
	// Summary is the verdict in a sentence.
	Summary  string            `json:"summary"`
	Problem  string            `json:"problem,omitempty"`
	Counts   notifyCounts      `json:"counts"`
	Findings []notifiedFinding `json:"findings"`
	// More counts the findings that are not named.
	More int `json:"more"`
}

// notifyCounts counts findings. All are 0 in an incomplete audit.
type notifyCounts struct {
	OK         int `json:"ok"`
	Open       int `json:"open"`
	New        int `json:"new"`
	Continuing int `json:"continuing"`
	Fixed      int `json:"fixed"`
	Waived     int `json:"waived"`
	Unjudged   int `json:"unjudged"`
}

// notifiedFinding is a finding in a notification.
type notifiedFinding struct {
	ID          string         `json:"id"`
	TenantID    string         `json:"tenantId"`
	DisplayName string         `json:"displayName"`
	Kind        audit.Kind     `json:"kind"`
	Severity    audit.Severity `json:"severity"`
	Object      plan.Object    `json:"object"`
	// Property is empty if the finding is about all of the object.
	Property string `json:"property"`
	// State is new, continuing or fixed; empty if no earlier audit is known.
	State audit.State `json:"state"`
	// Details say in words what is there and what is wanted.
	Details string `json:"details"`
}

// stateFixed is the state of a finding that is gone.
const stateFixed audit.State = "fixed"

func notifiedHome(h graph.HomeTenant) graph.HomeTenant {
	return graph.HomeTenant{
		ID: short(OneLine(h.ID), notifyName), Cloud: graph.Cloud(short(OneLine(string(h.Cloud)), notifyName)),
		GraphURL: short(OneLine(h.GraphURL), notifyText), Name: short(OneLine(h.Name), notifyName),
	}
}

func notificationOf(a *audit.Audit) *notification {
	n := &notification{
		FormatVersion: plan.FormatVersion, Event: "audit", CreatedAt: a.CreatedAt.UTC().Format("2006-01-02T15:04:05Z"),
		Tool:       plan.Tool{Name: short(OneLine(a.Tool.Name), notifyName), Version: short(OneLine(a.Tool.Version), notifyName)},
		HomeTenant: notifiedHome(a.HomeTenant),
		Input:      audit.File{Name: short(OneLine(a.Input.Name), notifyName), SHA256: short(OneLine(a.Input.SHA256), 64), Rows: a.Input.Rows},
		Result:     a.Result, Problem: short(OneLine(a.Problem), 2*notifyText), Findings: []notifiedFinding{},
	}
	if a.Result == audit.Incomplete {
		n.Summary = "Incomplete: the tenant was not read completely, so nothing is claimed."
		return n
	}
	n.Counts = notifyCounts{
		OK: a.Totals.OK, Open: len(a.Findings), New: countNew(a.Findings), Fixed: len(a.Fixed), Waived: len(a.Waived), Unjudged: len(a.Unjudged),
	}
	for i := range a.Findings {
		if f := &a.Findings[i]; f.State == audit.StateContinuing && !f.Reopened {
			n.Counts.Continuing++
		}
	}
	n.Summary = notifySummary(a)
	n.name(a)
	return n
}

// notifySummary is the verdict as the report words it, and what was put right.
func notifySummary(a *audit.Audit) string {
	s, _ := auditVerdict(a)
	if n := len(a.Fixed); n > 0 {
		s += " " + words.Count(n, "finding") + agree(n, " was fixed.", " were fixed.")
	}
	return s
}

// name names the first findings: news first, then what is fixed, then the others.
func (n *notification) name(a *audit.Audit) {
	var named []notifiedFinding
	take := func(f *audit.Finding, s audit.State) {
		if len(named) < notifyFindings {
			named = append(named, notified(f, s, a.CreatedAt))
		}
	}
	open := mostSerious(a.Findings)
	for _, f := range open {
		if isNewsState(stateOf(f)) {
			take(f, audit.StateNew)
		}
	}
	for i := range a.Fixed {
		take(&a.Fixed[i], stateFixed)
	}
	for _, f := range open {
		if !isNewsState(stateOf(f)) {
			take(f, f.State)
		}
	}
	if named != nil {
		n.Findings = named
	}
	n.More = len(a.Findings) + len(a.Fixed) - len(named)
}

func notified(f *audit.Finding, s audit.State, at time.Time) notifiedFinding {
	waiver := ""
	if s != stateFixed {
		waiver = waiverWords(f.Waiver, at)
	}
	return notifiedFinding{
		ID: short(OneLine(f.ID), notifyName), TenantID: short(OneLine(f.TenantID), notifyName), DisplayName: short(OneLine(f.DisplayName), notifyName),
		Kind: f.Kind, Severity: f.Severity(), Object: plan.Object(short(OneLine(string(f.Object)), notifyName)), State: s, Property: short(OneLine(f.Property()), notifyName),
		Details: short(strings.Join(findingDetails(f, waiver), "; "), notifyText),
	}
}

// title is the first line of a message: the result, and of which tenant.
func (n *notification) title() string {
	return "Audit of " + n.HomeTenant.Named() + ": " + string(n.Result)
}

// line is a finding in one line.
func (f *notifiedFinding) line() string {
	s := string(f.Kind) + ", "
	if f.State != "" {
		s = string(f.State) + ": " + s
	}
	who := partner{Name: f.DisplayName, TenantID: f.TenantID}
	return s + who.String() + ", " + string(f.Object) + ": " + f.Details
}

// rest says what is not named; empty if all is.
func (n *notification) rest() string {
	if n.More == 0 {
		return ""
	}
	return "and " + more(n.More, "finding")
}
