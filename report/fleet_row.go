package report

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"bulksync/internal/fleet"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/audit"
)

// tenantRow is a home tenant of a roll-up, as clean text.
type tenantRow struct {
	Status string // the words of its status
	// Link is the address of the tenant's own page, relative to the roll-up.
	Link string
	// Shard is the tenant's, as --shard takes it; empty if there is only one.
	Shard string
	// Found counts what was found, News what is new of it. State is what the list is
	// filtered by.
	Found, News, State string
	Partners, Took     string
	Problem, Next      string
	// IsCommand means that Next can be typed as it stands.
	IsCommand bool
	// Cause is the alert about the tenant; nil if there is none.
	Cause *alert
	// InLead means that the lead says Next.
	InLead bool
}

// Untold is the next step, unless the alert or the lead says it: a thousand rows with
// one cause need it once.
func (t *tenantRow) Untold() string {
	if t.Cause != nil && t.Cause.Hint != "" || t.IsCommand || t.InLead {
		return ""
	}
	return t.Next
}

// leadSteps bounds the next steps that the lead says.
const leadSteps = 3

// commonSteps are sentences with the next steps of more than one tenant, which their
// rows need not repeat.
func commonSteps(rows []row) (lead []string) {
	same := map[string][]*tenantRow{}
	var steps []string
	for i := range rows {
		t := rows[i].Tenant
		step := t.Untold()
		if len(same[step]) == 1 {
			steps = append(steps, step)
		}
		if step != "" {
			same[step] = append(same[step], t)
		}
	}
	for _, step := range steps[:min(len(steps), leadSteps)] {
		lead = append(lead, sentence(fmt.Sprintf("next for each of %s: %s", words.Count(len(same[step]), "tenant"), step)))
		for _, t := range same[step] {
			t.InLead = true
		}
	}
	return lead
}

// The states of a tenant's news.
const (
	someNews = "something new"
	noNews   = "nothing new"
)

// tenantRowOf is the row of a tenant.
func tenantRowOf(r *fleet.Rollup, t *fleet.Row) *tenantRow {
	row := &tenantRow{Status: statusWord(t.Status), Link: tenantLink(t), Problem: OneLine(t.Problem), Next: OneLine(t.Next)}
	row.IsCommand = row.Next == t.Next && commandLine.MatchString(t.Next)
	if len(r.Shards) > 1 {
		row.Shard = shardName(r, t.Shard)
	}
	if !t.StartedAt.IsZero() {
		row.Took = elapsed(tookOf(t))
	}
	if !hasCounts(t) {
		return row
	}
	row.Partners = words.Count(t.Partners, "partner")
	if t.Plan != nil {
		row.Found = summaryWords(t.Plan.Summary)
		return row
	}
	n := newsOfTenant(t)
	row.Found, row.State = totalsWords(t.Audit.Totals), noNews
	if n != (news{}) {
		row.News = n.words()
	}
	if n.fresh+n.reopened > 0 {
		row.State = someNews
	}
	return row
}

// fleetRow is the tenant as any report shows it.
func fleetRow(r *fleet.Rollup, t *fleet.Row) row {
	return row{
		Symbol: statusSign(t), Action: statusWord(t.Status), Tone: statusToneOf(r, t.Status), Tenant: tenantRowOf(r, t),
		Partner: partner{Name: OneLine(t.Name), TenantID: OneLine(t.TenantID), Directory: OneLine(t.DirectoryName)},
	}
}

// hasCounts reports whether something is claimed of the tenant.
func hasCounts(t *fleet.Row) bool {
	return !t.IsUnread() && (t.Plan != nil || t.Audit != nil && t.Audit.Result != audit.Incomplete)
}

// statusWord is a status as people read it.
func statusWord(s fleet.Status) string { return strings.ReplaceAll(string(s), "-", " ") }

func statusToneOf(r *fleet.Rollup, s fleet.Status) tone {
	switch s {
	case fleet.AsWanted:
		return good
	case fleet.Passed:
		return warn
	case fleet.Differs:
		if r.Verb == "plan" {
			return warn
		}
	}
	return bad
}

func statusSign(t *fleet.Row) string {
	switch {
	case t.IsUnread():
		return "!"
	case t.Status == fleet.Differs:
		return "~"
	case t.Status == fleet.Passed:
		return "o"
	default:
		return "="
	}
}

// tookOf is how long the work on a tenant took.
func tookOf(t *fleet.Row) time.Duration {
	return time.Duration(min(max(t.DurationMs, 0), maxCount)) * time.Millisecond
}

func newsOfTenant(t *fleet.Row) news {
	n := t.Audit.News
	return news{fresh: n.New, reopened: n.Reopened, continuing: n.Continuing, fixed: n.Fixed, unjudged: t.Audit.Unjudged}
}

// totalsWords say "3 extra, 1 changed; 195 as wanted, 2 waived".
func totalsWords(t audit.Totals) string {
	kinds := map[audit.Kind]int{}
	for _, r := range audit.Rules() {
		kinds[r.Kind] = *t.Of(r.Kind)
	}
	rest := counted(tile{"as wanted", t.OK, good}, tile{"waived", t.Waived, plain})
	return cmp.Or(joined("; ", kindCounts(kinds), rest), "nothing")
}

// summaryWords say "3 to create, 1 blocked; 195 as wanted".
func summaryWords(s plan.Summary) string {
	todo := counted(tile{"to create", s.Create, plain}, tile{"to update", s.Update, plain}, tile{"to delete", s.Delete, bad}, tile{"blocked", s.Blocked, warn})
	return cmp.Or(joined("; ", todo, counted(tile{"as wanted", s.NoOp, good})), "nothing")
}

// counted are the numbers that are not 0, in words.
func counted(tiles ...tile) string {
	var list []string
	for _, t := range tiles {
		if t.N != 0 {
			list = append(list, t.Number()+" "+t.Label)
		}
	}
	return strings.Join(list, ", ")
}

// joined are the texts that are not empty.
func joined(by string, texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), by)
}

// plainWord matches a word of a command that is only a word, whatever the shell: one
// that runs, redirects or reads nothing but a variable, and recalls no earlier command.
// A backslash counts with what is after it: it may be a quote that ends nothing.
const (
	plainWord = `(?:` + plainChar + `|\\(?:'|` + plainChar + `)|\$[A-Za-z_]|"(?:[^"` + "`" + `$!\\]|\$[A-Za-z_])*"|'[^']*')+`
	plainChar = `[^\s"'` + "`" + `;|&<>()$!\\]`
)

// commandLine matches one call of bulksync as a fleet prints it. Variables are set for
// it that say how to sign in, and no others: some change what is run.
var commandLine = regexp.MustCompile(`^(?:(?:AZURE|BULKSYNC)[A-Z_]*=(?:` + plainWord + `)? )*bulksync(?: ` + plainWord + `)+$`)

// tenantLink is the address of a tenant's own page beside the roll-up; empty for one
// that is not in the folder of that tenant. The dot keeps a colon from beginning
// another kind of address.
func tenantLink(t *fleet.Row) string {
	p := t.Page
	if p == "" || path.IsAbs(p) || path.Clean(p) != p || strings.ContainsAny(p, "\\\x00") {
		return ""
	}
	parts := strings.Split(p, "/")
	ups := 0
	for ups < len(parts) && parts[ups] == ".." {
		ups++
	}
	if !strings.Contains("/"+strings.Join(parts[ups:], "/"), "/"+fleet.TenantsDir+"/"+t.Name+"/") {
		return ""
	}
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	if ups == 0 {
		parts = slices.Insert(parts, 0, ".")
	}
	return strings.Join(parts, "/")
}
