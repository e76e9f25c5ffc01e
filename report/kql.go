package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"bulksync/execute/journal"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/audit"
)

const (
	// queryIDs is how many requests or partners one query names: an editor stays
	// quick, and the text is far below what a query may have.
	queryIDs = 1000
	// queryMost bounds the requests and the partners of a file. What is above it is
	// counted, and found by the query by time.
	queryMost = 10_000
	// logMargin is how far the clocks of the logs may be off.
	logMargin = 10 * time.Minute
	// changesBefore is how far back an audit looks for changes if nobody said so.
	changesBefore = 30 * 24 * time.Hour
)

// LogQuery is what Microsoft's logs are searched for.
type LogQuery struct {
	// Of says whose requests these are, in a comment.
	Of         string
	HomeTenant string
	// AppID is the application whose requests they are; empty if not known.
	AppID string
	// From and To are when the requests were sent.
	From, To time.Time
	Requests []SentRequest
	// Partners are the tenants whose changes are searched for, between ChangesFrom
	// and ChangesTo.
	Partners               []string
	ChangesFrom, ChangesTo time.Time
	// Writes means that the requests wrote, so that the directory's audit log may
	// name them.
	Writes bool
}

// SentRequest identifies a request to Graph.
type SentRequest struct {
	// Number is that of the change in a run, or of the request in an audit.
	Number                     int
	ClientRequestID, RequestID string
	// At is when it was sent; zero if that is not known.
	At time.Time
}

// RunLogQuery searches for what a run sent and changed. It knows the last request
// of each write; reads and repeated attempts are found by time.
func RunLogQuery(p *plan.Plan, r *journal.Result) LogQuery {
	q := LogQuery{
		Of: "the run of plan " + p.Fingerprint, HomeTenant: p.HomeTenant.ID, AppID: r.Identity.AppID,
		From: r.StartedAt, To: r.FinishedAt, ChangesFrom: r.StartedAt, ChangesTo: r.FinishedAt, Writes: true,
	}
	for i := range min(len(r.Outcomes), len(p.Changes)) {
		o, id := &r.Outcomes[i], p.Changes[i].Partner.TenantID
		if o.ClientRequestID == "" {
			continue
		}
		q.Requests = append(q.Requests, SentRequest{o.Seq, o.ClientRequestID, o.RequestID, o.StartedAt})
		if id != "" && (len(q.Partners) == 0 || q.Partners[len(q.Partners)-1] != id) {
			q.Partners = append(q.Partners, id)
		}
	}
	return q
}

// AuditLogQuery searches for what an audit sent, and for what changed the objects
// that it found. It depends on the audit and on its requests alone.
func AuditLogQuery(a *audit.Audit, sent []SentRequest) LogQuery {
	q := LogQuery{
		Of: "the audit of " + stamp(a.CreatedAt), HomeTenant: a.HomeTenant.ID, From: a.CreatedAt, To: a.CreatedAt, Requests: sent,
		ChangesFrom: a.CreatedAt.Add(-changesBefore),
	}
	for _, r := range sent {
		if !r.At.IsZero() && r.At.Before(q.From) {
			q.From = r.At
		}
		if r.At.After(q.To) {
			q.To = r.At
		}
	}
	q.ChangesTo = q.To
	if a.History != nil && !a.History.Since.IsZero() {
		q.ChangesFrom = a.History.Since
	}
	for _, o := range objectsFound(a) {
		if o.tenantID != "" {
			q.Partners = append(q.Partners, o.tenantID)
		}
	}
	slices.Sort(q.Partners)
	q.Partners = slices.Compact(q.Partners)
	return q
}

// Queries writes queries for Log Analytics. Each stands for itself: an empty line
// ends it, and none is in one. A literal holds no character that could end it.
func Queries(w io.Writer, q LogQuery) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "// Queries for %s in home tenant %s.\n", OneLine(q.Of), OneLine(q.HomeTenant))
	b.WriteString("// Run each of them in the Log Analytics workspace that the tenant's diagnostic settings send\n" +
		"// MicrosoftGraphActivityLogs and AuditLogs to. The logs arrive some minutes late.\n")
	requests, partners := q.Requests[:min(len(q.Requests), queryMost)], q.Partners[:min(len(q.Partners), queryMost)]
	q.byTime(b)
	for i, part := range inParts(requests) {
		q.byRequest(b, part, partName(i, len(requests)))
	}
	for i, part := range inParts(partners) {
		q.byPartner(b, part, partName(i, len(partners)))
	}
	if !q.Writes {
		requests = nil
	}
	for i, part := range inParts(requests) {
		q.byCorrelation(b, part, partName(i, len(requests)))
	}
	leftOut(b, len(q.Requests)-queryMost, "request")
	leftOut(b, len(q.Partners)-queryMost, "partner")
	return b.Flush()
}

// leftOut counts what no query names.
func leftOut(b *bufio.Writer, n int, noun string) {
	if n > 0 {
		fmt.Fprintf(b, "\n// %s not named above, to bound the file; the query by time finds all requests.\n", isAre(n, noun))
	}
}

// inParts cuts a list into what one query names.
func inParts[T any](all []T) [][]T { return slices.Collect(slices.Chunk(all, queryIDs)) }

// partName says which part of a list a query is about; empty if it is all.
func partName(i, n int) string {
	if n <= queryIDs {
		return ""
	}
	return fmt.Sprintf(", part %d of %d", i+1, (n+queryIDs-1)/queryIDs)
}

// graphColumns are what is shown of a request.
const graphColumns = "TimeGenerated, RequestMethod, RequestUri, ResponseStatusCode, DurationMs, ClientRequestId, RequestId, AppId, UserId, ServicePrincipalId, IPAddress"

// byTime finds all requests of the application about partners in that time.
func (q *LogQuery) byTime(b *bufio.Writer) {
	b.WriteString("\n// Every request about cross-tenant access in that time, reads included\nMicrosoftGraphActivityLogs\n")
	fmt.Fprintf(b, "| where TimeGenerated between (%s)\n", span(q.From, q.To))
	fmt.Fprintf(b, "| where AadTenantId =~ %s\n", kqlString(q.HomeTenant))
	if q.AppID != "" {
		fmt.Fprintf(b, "| where AppId =~ %s\n", kqlString(q.AppID))
	}
	b.WriteString("| where RequestUri has_any (\"crossTenantAccessPolicy\", \"directoryAudits\", \"tenantRelationships\")\n")
	b.WriteString("| project " + graphColumns + "\n| order by TimeGenerated asc\n")
}

// byRequest shows each request with what the log has of it. One that the log does
// not have has no TimeGenerated.
func (q *LogQuery) byRequest(b *bufio.Writer, requests []SentRequest, part string) {
	fmt.Fprintf(b, "\n// %s by client-request-id%s: a line without TimeGenerated is not in the log\n", words.Count(len(requests), "request"), part)
	b.WriteString("let Sent = datatable(Number:int, ClientRequestId:string, SentRequestId:string) [\n")
	for i, r := range requests {
		fmt.Fprintf(b, "  %d, %s, %s%s\n", r.Number, kqlString(r.ClientRequestID), kqlString(r.RequestID), comma(i, len(requests)))
	}
	b.WriteString("];\nSent\n| join kind=leftouter (\n  MicrosoftGraphActivityLogs\n")
	fmt.Fprintf(b, "  | where TimeGenerated between (%s)\n", span(q.From, q.To))
	b.WriteString("  | where ClientRequestId in ((Sent | project ClientRequestId))\n")
	b.WriteString(") on ClientRequestId\n| project Number, " + graphColumns + ", SentRequestId\n| order by Number asc, TimeGenerated asc\n")
}

// auditColumns are what is shown of a change.
const auditColumns = "TimeGenerated, OperationName, Result, ResultReason, By, ById, CorrelationId, Category, TargetResources"

// byPartner finds the changes of partners. The names of the categories are those
// that Microsoft documents; where it does not, the name of the operation says it.
func (q *LogQuery) byPartner(b *bufio.Writer, partners []string, part string) {
	fmt.Fprintf(b, "\n// Changes of %s in the directory's audit log%s\n", words.Count(len(partners), "partner"), part)
	b.WriteString("let Partners = dynamic([\n")
	for i, id := range partners {
		fmt.Fprintf(b, "  %s%s\n", kqlString(id), comma(i, len(partners)))
	}
	b.WriteString("]);\nAuditLogs\n")
	fmt.Fprintf(b, "| where TimeGenerated between (%s)\n", span(q.ChangesFrom, q.ChangesTo))
	b.WriteString("| where Category startswith \"CrossTenant\" or Category startswith \"MultiTenantOrg\" or OperationName has \"cross-tenant\"\n")
	b.WriteString("| where tostring(TargetResources) has_any (Partners) or tostring(AdditionalDetails) has_any (Partners)\n")
	b.WriteString(initiator + "| project " + auditColumns + "\n| order by TimeGenerated asc\n")
}

// initiator adds the columns By and ById.
const initiator = "| extend By = coalesce(tostring(InitiatedBy.user.userPrincipalName), tostring(InitiatedBy.app.displayName)),\n" +
	"    ById = coalesce(tostring(InitiatedBy.user.id), tostring(InitiatedBy.app.servicePrincipalId))\n"

// byCorrelation finds the changes whose correlation ID is that of a request. That
// they are the same is not documented.
func (q *LogQuery) byCorrelation(b *bufio.Writer, requests []SentRequest, part string) {
	fmt.Fprintf(b, "\n// Changes whose correlation ID is the client-request-id of one of %s%s\n", words.Count(len(requests), "request"), part)
	b.WriteString("let Sent = dynamic([\n")
	for i, r := range requests {
		fmt.Fprintf(b, "  %s%s\n", kqlString(r.ClientRequestID), comma(i, len(requests)))
	}
	b.WriteString("]);\nAuditLogs\n")
	fmt.Fprintf(b, "| where TimeGenerated between (%s)\n", span(q.From, q.To))
	b.WriteString("| where CorrelationId in (Sent)\n" + initiator + "| project " + auditColumns + "\n| order by TimeGenerated asc\n")
}

// comma separates the item at i of n from the next.
func comma(i, n int) string {
	if i == n-1 {
		return ""
	}
	return ","
}

// span is a range of time with room for clocks that are off.
func span(from, to time.Time) string {
	if to.Before(from) {
		to = from
	}
	return fmt.Sprintf("datetime(%s) .. datetime(%s)", from.Add(-logMargin).UTC().Format(time.RFC3339), to.Add(logMargin).UTC().Format(time.RFC3339))
}

// kqlString is text as a literal. Clean text has no line break and no control
// character, so the quote and the backslash are all that could end it.
func kqlString(s string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(OneLine(s), `\`, `\\`), `"`, `\"`) + `"`
}
