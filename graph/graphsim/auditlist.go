package graphsim

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// auditList is a request for the audit log: which records, in which order and from
// where on.
type auditList struct {
	filter auditFilter
	oldest bool   // the oldest first; otherwise the newest
	size   int    // records a page
	home   string // the tenant whose log it is
	// next is where the list is in the log, between two records: new records do not
	// move it. It is -1 before the first page.
	next  int
	lap   int  // how often it started over, in an endless list
	empty bool // the empty page was served
}

// maxAuditTop is the largest $top; a larger one is refused.
const maxAuditTop = 1000

// listAudits serves the log in pages.
func (s *Sim) listAudits(c *call) answer {
	q, bad := c.query("$filter", "$orderby", "$top", "$skiptoken")
	if bad != nil {
		return refuse(bad)
	}
	l, bad := s.auditList(q)
	if bad != nil {
		return refuse(bad)
	}
	s.mu.Lock()
	page := struct {
		Context string        `json:"@odata.context"`
		Next    string        `json:"@odata.nextLink,omitempty"`
		Value   []AuditRecord `json:"value"`
	}{Context: c.base + "/v1.0/$metadata#auditLogs/directoryAudits", Value: s.auditPage(c, &l)}
	more := l.more(len(s.audits))
	s.mu.Unlock()
	if more {
		page.Next = c.link(l.query(q))
	}
	body, err := json.Marshal(page)
	if err != nil {
		return refuse(&odataError{status: http.StatusInternalServerError, code: "InternalServerError", message: err.Error()})
	}
	return ok(body)
}

// auditList reads the query options that Microsoft documents, and refuses others.
func (s *Sim) auditList(q url.Values) (l auditList, bad *odataError) {
	l.size, l.home, l.next = s.cfg.PageSize, s.cfg.HomeTenant, -1
	if q.Has("$filter") {
		if l.filter, bad = parseAuditFilter(q.Get("$filter"), s.cfg.AuditPlain); bad != nil {
			return l, bad
		}
	}
	switch order := q.Get("$orderby"); {
	case q.Has("$orderby") && s.cfg.AuditPlain:
		return l, badRequest("The query parameter '$orderby' is not supported.")
	case order == "activityDateTime", order == "activityDateTime asc":
		l.oldest = true
	case q.Has("$orderby") && order != "activityDateTime desc":
		return l, badRequest("Invalid order by clause")
	}
	if q.Has("$top") {
		n, err := strconv.Atoi(q.Get("$top"))
		if err != nil || n < 1 || n > maxAuditTop {
			return l, badRequest("Invalid page size specified: '" + q.Get("$top") + "'. Must be between 1 and 1000 inclusive.")
		}
		l.size = n
	}
	if q.Has("$skiptoken") && !l.resume(q) {
		return l, expiredPage()
	}
	return l, nil
}

// auditPage moves the list over one page and returns its records. The caller holds the mutex.
func (s *Sim) auditPage(c *call, l *auditList) []AuditRecord {
	page := []AuditRecord{}
	begun := l.next >= 0
	if !begun {
		l.next = l.start(len(s.audits))
	}
	if s.cfg.EmptyPage && begun && !l.empty {
		l.empty = true
		return page
	}
	for l.more(len(s.audits)) && len(page) < l.size {
		e := s.audits[l.step()]
		if age := c.date.Sub(e.at); age < s.cfg.AuditLag || s.cfg.AuditRetention > 0 && age > s.cfg.AuditRetention {
			continue
		}
		if r := e.record(s.cfg); l.filter.keeps(&r) {
			page = append(page, r)
		}
	}
	if s.cfg.EndlessList && !l.more(len(s.audits)) {
		l.next, l.lap, l.empty = l.start(len(s.audits)), l.lap+1, false
	}
	return page
}

// start is where a list of that many records begins.
func (l *auditList) start(records int) int {
	if l.oldest {
		return 0
	}
	return records
}

// step moves over one record and returns its index.
func (l *auditList) step() int {
	if l.oldest {
		l.next++
		return l.next - 1
	}
	l.next--
	return l.next
}

// more reports whether records of a log of that length remain to be looked at.
// They may all be left out by the filter, so that the last page is empty.
func (l *auditList) more(records int) bool {
	if l.oldest {
		return l.next < records
	}
	return l.next > 0
}

// query is the query of the next page: this one's, further on.
func (l *auditList) query(q url.Values) string {
	next := ""
	for _, name := range []string{"$filter", "$orderby", "$top"} {
		if q.Has(name) {
			next += name + "=" + url.QueryEscape(q.Get(name)) + "&"
		}
	}
	return next + "$skiptoken=" + l.token(q)
}

// token is sealed, so that one of another tenant or query is noticed.
func (l *auditList) token(q url.Values) string {
	at := fmt.Sprintf("%d_%d_%t", l.next, l.lap, l.empty)
	h := fnv.New64a()
	h.Write([]byte(at + "\n" + l.home + "\n" + q.Get("$filter") + "\n" + q.Get("$orderby") + "\n" + q.Get("$top")))
	return fmt.Sprintf("%s_%x", at, h.Sum64())
}

// resume continues from the token of a page.
func (l *auditList) resume(q url.Values) bool {
	parts := strings.Split(q.Get("$skiptoken"), "_")
	if len(parts) != 4 {
		return false
	}
	l.next, _ = strconv.Atoi(parts[0]) // a wrong one gives another token
	l.lap, _ = strconv.Atoi(parts[1])
	l.empty = parts[2] == "true"
	return l.next >= 0 && q.Get("$skiptoken") == l.token(q)
}

// auditFilter is a $filter: terms that must all hold.
type auditFilter []auditTerm

type auditTerm struct {
	property, operator string
	text               string
	time               time.Time
}

// text returns a property that takes eq, and whether there is such a one.
func (r *AuditRecord) text(property string) (string, bool) {
	switch property {
	case "id":
		return r.ID, true
	case "activityDisplayName":
		return r.ActivityDisplayName, true
	case "loggedByService":
		return r.LoggedByService, true
	case "correlationId":
		return r.CorrelationID, true
	default:
		return "", false
	}
}

// parseAuditFilter reads the terms that the page of the directoryAudit resource documents: eq, ge and
// le for activityDateTime, eq for some texts, startswith for the activity. It knows nothing of those
// about initiatedBy and targetResources. A time has no quotes, and category takes no filter.
func parseAuditFilter(text string, plain bool) (f auditFilter, bad *odataError) {
	for term := range strings.SplitSeq(text, " and ") {
		t, ok := parseAuditTerm(term)
		if !ok || plain && t.property != "activityDateTime" {
			return nil, badRequest("Invalid filter clause")
		}
		f = append(f, t)
	}
	return f, nil
}

func parseAuditTerm(term string) (t auditTerm, ok bool) {
	if args, found := strings.CutPrefix(term, "startswith("); found {
		args, closed := strings.CutSuffix(args, ")")
		property, value, _ := strings.Cut(args, ",")
		t = auditTerm{property: property, operator: "startswith"}
		t.text, ok = quoted(strings.TrimSpace(value))
		return t, ok && closed && property == "activityDisplayName"
	}
	words := strings.SplitN(term, " ", 3)
	if len(words) != 3 {
		return t, false
	}
	t = auditTerm{property: words[0], operator: words[1]}
	if t.property == "activityDateTime" {
		at, err := time.Parse(time.RFC3339, words[2])
		t.time = at
		return t, err == nil && slices.Contains([]string{"eq", "ge", "le"}, t.operator)
	}
	_, known := (&AuditRecord{}).text(t.property)
	t.text, ok = quoted(words[2])
	return t, ok && known && t.operator == "eq"
}

// quoted reads a text in single quotes, in which two stand for one.
func quoted(s string) (string, bool) {
	if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' {
		return "", false
	}
	inner := s[1 : len(s)-1]
	return strings.ReplaceAll(inner, "''", "'"), !strings.Contains(strings.ReplaceAll(inner, "''", ""), "'")
}

func (f auditFilter) keeps(r *AuditRecord) bool {
	return !slices.ContainsFunc(f, func(t auditTerm) bool { return !t.holds(r) })
}

func (t auditTerm) holds(r *AuditRecord) bool {
	switch {
	case t.operator == "startswith":
		return strings.HasPrefix(r.ActivityDisplayName, t.text)
	case t.property != "activityDateTime":
		text, _ := r.text(t.property)
		return text == t.text
	case t.operator == "ge":
		return !r.ActivityDateTime.Before(t.time)
	case t.operator == "le":
		return !r.ActivityDateTime.After(t.time)
	default:
		return r.ActivityDateTime.Equal(t.time)
	}
}
