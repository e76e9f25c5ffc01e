package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// PermissionAuditLog is what reading the directory's audit log needs, of an app
// and of a person. The page "List directoryAudits" names Directory.Read.All beside
// it; in the field AuditLog.Read.All alone is enough now, and an answer of 403 names
// the one that is missing (microsoftgraph/microsoft-graph-docs issue 13632). A
// person also needs a role: Reports Reader, Security Reader or Security
// Administrator.
const PermissionAuditLog = "AuditLog.Read.All"

// AuditRetention is how long the log is kept with a licence of P1 or P2. Without
// one it is 7 days (Entra page on data retention).
const AuditRetention = 30 * 24 * time.Hour

// ErrLongAuditLog means that the audit log was not read to its end because it has
// too many pages. What was read are the newest records, if Graph kept to the order
// that it was asked for.
var ErrLongAuditLog = fmt.Errorf("the audit log has more than %d pages, and the rest was not read", maxAuditPages)

// maxAuditPages bounds one reading. A page has up to 1,000 records (seen in the
// page tokens of MicrosoftDocs/azure-docs issue 11920), and an app may send 5 of
// these requests in 10 seconds (page on throttling, Entra logs and reports).
const maxAuditPages = 200

const auditsPath = "/auditLogs/directoryAudits"

// DirectoryAudit is a record of the directory's audit log, as far as it says who
// changed what. A member that is missing or of another type is empty: little of
// what a record holds is documented.
type DirectoryAudit struct {
	ID            string
	At            time.Time // zero if it cannot be read
	Category      string
	Activity      string
	Result        string // success, failure or timeout
	CorrelationID string
	By            AuditInitiator
	Targets       []AuditTarget
}

// AuditInitiator is who made a change: a user, or an application on its own. It is
// zero if the record does not say.
type AuditInitiator struct {
	// Name is a user principal name or the name of an application, or else the ID.
	Name, ID string
	App      bool
}

// AuditTarget is an object that was changed.
type AuditTarget struct {
	ID, DisplayName string
	Modified        []ModifiedProperty
}

// ModifiedProperty is a property before and after a change. The values are text
// that often holds JSON.
type ModifiedProperty struct{ Name, Old, New string }

// DirectoryAudits reads the records of the directory's audit log from since on, page by page, and
// passes each page to visit. It returns nil only if it read all of them; it follows links by the
// same rules as ListPartners. A record can come twice, and an older one too if Graph ignores the
// filter. Changes take minutes to appear in the log.
func (c *Client) DirectoryAudits(ctx context.Context, since time.Time, visit func([]DirectoryAudit) error) error {
	queries := auditQueries(since)
	for {
		pages, err := c.readAudits(ctx, auditsPath+queries[0], visit)
		if pages > 0 || !errors.Is(err, Invalid) || len(queries) == 1 {
			return err
		}
		queries = queries[1:]
	}
}

// auditQueries are the queries to try, until Graph does not refuse one as invalid.
// Documented are $filter, $orderby, $top and the page token; activityDateTime takes
// eq, ge and le and $orderby, loggedByService eq ("List directoryAudits", directoryAudit
// resource type). For category no filter is documented, and whether the options can be
// combined is not. Cross-tenant changes are logged by Core Directory (Entra reference
// of audit activities). A time has no quotes and ends in Z. The size of a page is left
// to Graph.
func auditQueries(since time.Time) []string {
	recent := "activityDateTime ge " + since.UTC().Truncate(time.Second).Format(time.RFC3339)
	option := func(name, value string) string {
		return name + "=" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
	}
	return []string{
		"?" + option("$filter", recent+" and loggedByService eq 'Core Directory'") + "&" + option("$orderby", "activityDateTime desc"),
		"?" + option("$filter", recent),
	}
}

// readAudits reads the pages from path on, and returns how many were visited.
func (c *Client) readAudits(ctx context.Context, path string, visit func([]DirectoryAudit) error) (pages int, err error) {
	seen := followed{}
	for next := path; next != ""; pages++ {
		if pages == maxAuditPages {
			return pages, ErrLongAuditLog
		}
		p := c.readPage(ctx, next, pages+1, false)
		if p.err == nil {
			p.err = unreadable(p.resp, p.path, seen.add(p.next))
		}
		if p.err != nil {
			return pages, fmt.Errorf("reading page %d of the audit log: %w", p.Number, p.err)
		}
		records := make([]DirectoryAudit, len(p.raw))
		for i, raw := range p.raw {
			records[i] = parseAudit(raw)
		}
		if err := visit(records); err != nil {
			return pages, err
		}
		next = p.next
	}
	return pages, nil
}

// auditWire is a record as it is written; text takes any type.
type auditWire struct {
	ID            text `json:"id"`
	At            text `json:"activityDateTime"`
	Category      text `json:"category"`
	Activity      text `json:"activityDisplayName"`
	Result        text `json:"result"`
	CorrelationID text `json:"correlationId"`
	InitiatedBy   struct {
		User struct {
			ID   text `json:"id"`
			UPN  text `json:"userPrincipalName"`
			Name text `json:"displayName"`
		} `json:"user"`
		App struct {
			AppID     text `json:"appId"`
			Name      text `json:"displayName"`
			Principal text `json:"servicePrincipalId"`
		} `json:"app"`
	} `json:"initiatedBy"`
	Targets []struct {
		ID       text `json:"id"`
		Name     text `json:"displayName"`
		Modified []struct {
			Name text `json:"displayName"`
			Old  text `json:"oldValue"`
			New  text `json:"newValue"`
		} `json:"modifiedProperties"`
	} `json:"targetResources"`
}

// parseAudit reads a record. One that cannot be read is zero, and says nothing.
func parseAudit(raw []byte) DirectoryAudit {
	var w auditWire
	if decode(raw, &w) != nil {
		return DirectoryAudit{}
	}
	r := DirectoryAudit{
		ID: string(w.ID), Category: string(w.Category), Activity: string(w.Activity), Result: string(w.Result),
		CorrelationID: string(w.CorrelationID), By: w.initiator(),
	}
	r.At, _ = time.Parse(time.RFC3339, string(w.At)) // otherwise it stays zero
	r.At = r.At.UTC()
	for _, t := range w.Targets {
		target := AuditTarget{ID: string(t.ID), DisplayName: string(t.Name)}
		for _, m := range t.Modified {
			target.Modified = append(target.Modified, ModifiedProperty{string(m.Name), string(m.Old), string(m.New)})
		}
		r.Targets = append(r.Targets, target)
	}
	return r
}

// initiator prefers the user: a record names either one or an application.
func (w *auditWire) initiator() AuditInitiator {
	user, app := w.InitiatedBy.User, w.InitiatedBy.App
	if name := cmp.Or(user.UPN, user.Name, user.ID); name != "" {
		return AuditInitiator{Name: string(name), ID: string(user.ID)}
	}
	id := cmp.Or(app.AppID, app.Principal)
	name := cmp.Or(app.Name, id)
	return AuditInitiator{Name: string(name), ID: string(id), App: name != ""}
}
