package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bulksync/graph"
	"bulksync/plan"
)

// Trail is what the directory's audit log tells of cross-tenant access since a
// time. It keeps only the records that can concern a finding.
type Trail struct {
	since   time.Time
	records int
	problem string
	// changes are by tenant ID in lower case; those of the template have none.
	changes map[string][]recorded
	seen    map[string]bool // IDs of records, which may come twice
}

// NewTrail returns a trail without records.
func NewTrail(since time.Time) *Trail {
	return &Trail{since: since.UTC(), changes: map[string][]recorded{}, seen: map[string]bool{}}
}

// trailMargin is how far before the earlier audit a trail begins: that audit took
// time to read the tenant, and clocks differ.
const trailMargin = time.Hour

// TrailSince is since when the audit log is of use to an audit that is made now:
// from the earlier one on, which may be nil, but no longer than the log is kept.
func TrailSince(now time.Time, earlier *Audit) time.Time {
	since := now.UTC().Truncate(time.Second).Add(-graph.AuditRetention)
	if earlier == nil {
		return since
	}
	if from := earlier.CreatedAt.Add(-trailMargin); from.After(since) {
		return from
	}
	return since
}

// ReadTrail reads the directory's audit log since a time. If the log cannot be
// read, or not to its end, the trail says so, and the error says it with the IDs of
// the request. Only if the log is too long does the trail keep what was read.
func ReadTrail(ctx context.Context, c *graph.Client, since time.Time) (*Trail, error) {
	t := NewTrail(since)
	err := c.DirectoryAudits(ctx, since, func(records []graph.DirectoryAudit) error {
		t.Add(records)
		return nil
	})
	if err != nil && !errors.Is(err, graph.ErrLongAuditLog) {
		t = NewTrail(since)
	}
	if err != nil {
		t.problem = trailProblem(err)
	}
	return t, err
}

// trailProblem says why the log could not be read, without what is another in each
// run: the IDs of requests.
func trailProblem(err error) string {
	e := (*graph.Error)(nil)
	if !errors.As(err, &e) {
		return err.Error()
	}
	why := e.Reason()
	if e.Code != "" {
		why = fmt.Sprintf("%d %s: %s", e.Status, e.Code, why)
	}
	switch {
	case !errors.Is(err, graph.Forbidden):
		return "the audit log could not be read: " + why
	case e.Code == codeWrongRole:
		return "the signed-in person needs one of the roles Reports Reader, Security Reader and Security Administrator (" + why + ")"
	default:
		return "the permission " + graph.PermissionAuditLog + " is missing (" + why + ")"
	}
}

// codeWrongRole is the refusal of a person whose roles do not allow reading the
// log (Entra page on errors of the reporting API).
const codeWrongRole = "Authentication_RequestFromUnsupportedUserRole"

// Add adds records of the log, in any order.
func (t *Trail) Add(records []graph.DirectoryAudit) {
	t.records += len(records)
	for i := range records {
		t.add(&records[i])
	}
}

// add keeps a record of a change that succeeded, of an object that is audited.
func (t *Trail) add(r *graph.DirectoryAudit) {
	object, verb := activity(r)
	if object == "" || r.At.Before(t.since) || !strings.EqualFold(r.Result, "success") || r.ID != "" && t.seen[r.ID] {
		return
	}
	t.seen[r.ID] = true
	c := recorded{id: r.ID, object: object, verb: verb, edit: Edit{
		By: clip(cmp.Or(r.By.Name, unnamed)), ByID: clip(r.By.ID), App: r.By.App, At: r.At,
		Activity: clip(r.Activity), CorrelationID: clip(r.CorrelationID),
	}}
	for _, target := range r.Targets {
		c.modified = append(c.modified, target.Modified...)
	}
	tenants := []string{""}
	if object != plan.SyncTemplate {
		tenants = tenantsOf(r)
	}
	for _, id := range tenants {
		t.changes[id] = append(t.changes[id], c)
	}
}

// unnamed stands for somebody whom a record does not name.
const unnamed = "(not named in the log)"

// maxText is how many bytes of a text of the log are kept: names and IDs are
// shorter.
const maxText = 512

func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "")
}

// recorded is one change of one object.
type recorded struct {
	id       string
	object   plan.Object
	verb     verb
	edit     Edit
	modified []graph.ModifiedProperty
}

// verb is what was done to the object.
type verb int

const (
	edited verb = iota
	made
	removed
)

// The names that the Entra reference of audit activities gives to changes of a
// partner, in the service Core Directory. It names none of the template; the category
// of that is known from the field.
const (
	activityAddPartner    = "Add a partner to cross-tenant access setting"
	activityUpdatePartner = "Update a partner cross-tenant access setting"
	activityDeletePartner = "Delete partner specific cross-tenant access setting"
	activityCreateSync    = "Create a partner cross-tenant identity sync setting"
	activityUpdateSync    = "Update a partner cross-tenant identity sync setting"
	activityDeleteSync    = "Delete a partner cross-tenant identity sync setting"
	categoryTemplate      = "MultiTenantOrgIdentitySyncPolicyTemplate"
)

// activity says what a record is about. The object is empty for everything else
// in the directory. Trust and consent have no activity of their own: they are parts
// of the partner configuration.
func activity(r *graph.DirectoryAudit) (plan.Object, verb) {
	switch r.Activity {
	case activityAddPartner:
		return plan.PartnerConfiguration, made
	case activityUpdatePartner:
		return plan.PartnerConfiguration, edited
	case activityDeletePartner:
		return plan.PartnerConfiguration, removed
	case activityCreateSync:
		return plan.IdentitySynchronization, made
	case activityUpdateSync:
		return plan.IdentitySynchronization, edited
	case activityDeleteSync:
		return plan.IdentitySynchronization, removed
	}
	if r.Category == categoryTemplate {
		return plan.SyncTemplate, edited
	}
	return "", edited
}

// tenantsOf lists the tenants that a record names, in lower case. Microsoft's sample
// queries find the partner in the modified property tenantId; where a record has
// none, every ID counts that its targets name.
func tenantsOf(r *graph.DirectoryAudit) []string {
	var named, others []string
	for _, target := range r.Targets {
		others = append(others, target.ID, target.DisplayName)
		for _, m := range target.Modified {
			parts := strings.Split(m.Name, ".")
			inside := []string{"tenantId"}
			if strings.EqualFold(parts[len(parts)-1], "tenantId") {
				inside = nil
			}
			for _, text := range []string{m.Old, m.New} {
				v, _ := valueIn(text, inside)
				id, _ := v.(string)
				named = append(named, id)
			}
		}
	}
	if named = tenantIDs(named); len(named) > 0 {
		return named
	}
	return tenantIDs(others)
}

// tenantIDs keeps the texts that can be IDs, each once.
func tenantIDs(texts []string) (ids []string) {
	for _, s := range texts {
		id := strings.ToLower(strings.Trim(s, " {}"))
		if len(id) == 36 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
