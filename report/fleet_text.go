package report

import (
	"iter"
	"slices"
)

const (
	// textCommands bounds the commands that text lists.
	textCommands = 50
	// textTenant is the room for the name of a tenant, and textStatus and textTook for
	// its status and how long it took.
	textTenant, textStatus, textTook = 24, 10, 8
)

// tenants draws home tenants as a table, at most limit. A wide one has a column for
// the tenant ID; a narrow one leaves it out, as a manifest has each name once.
func (t *textWriter) tenants(of iter.Seq[row], limit int) {
	var rows []row
	name := len("Tenant")
	for r := range of {
		name = max(name, width(r.Partner.Name))
		if rows = append(rows, r); len(rows) == limit {
			break
		}
	}
	name = min(name, textTenant)
	isWide := t.width >= wideFrom
	cols := []column{{"", 1}, {"Tenant", name}, {"Result", textStatus}, {"What was found", t.width - 3 - name - 2 - textStatus - 2 - 2 - textTook}, {"Took", textTook}}
	if isWide {
		cols[3].max -= guidWidth + 2
		cols = slices.Insert(cols, 2, column{"Tenant ID", guidWidth})
	}
	table := make([][]string, len(rows))
	for i := range rows {
		r := &rows[i]
		cells := []string{t.paint(r.Tone, r.Symbol), cut(r.Partner.Name, 3*textTenant), t.paint(r.Tone, r.Tenant.Status), known(r.Tenant, cols[len(cols)-2].max), r.Tenant.Took}
		if isWide {
			cells = slices.Insert(cells, 2, stack(r.Partner.TenantID, cut(r.Partner.Directory, 3*guidWidth)))
		}
		table[i] = cells
	}
	if err := drawTable(trimLines{t.w}, cols, table); t.err == nil {
		t.err = err
	}
}

// known is what is known of a tenant, each on its own line. What an alert says in full
// is cut to one line.
func known(row *tenantRow, limit int) string {
	problem := cut(row.Problem, textCell)
	if row.Cause != nil && !row.Cause.mixed {
		problem = cut(row.Problem, limit)
	}
	var news, next string
	if row.News != "" {
		news = "news: " + row.News
	}
	if s := row.Untold(); s != "" {
		next = "next: " + s
	}
	return stack(problem, cut(row.Found, textCell), cut(news, textCell), cut(next, textCell))
}

// commandsTitle is what stands above the commands of a roll-up.
const commandsTitle = "Next commands, each for one tenant by itself"

// commandRows are the rows whose next step is a command.
func (p *page) commandRows(all bool) iter.Seq[row] {
	of := p.listed()
	if all {
		of = p.rows(rankSame)
	}
	return func(yield func(row) bool) {
		for r := range of {
			if r.Tenant != nil && r.Tenant.IsCommand && !yield(r) {
				return
			}
		}
	}
}

// commands lists the next steps that can be typed as they stand, and so are never cut
// or wrapped.
func (t *textWriter) commands(p *page, all bool) {
	n := 0
	for r := range p.commandRows(all) {
		if n++; n > textCommands && !all {
			continue
		}
		if n == 1 {
			t.say("\n%s\n", commandsTitle)
		}
		t.say("\n  # %s\n  %s\n", r.Partner.Name, r.Tenant.Next)
	}
	if rest := n - textCommands; rest > 0 && !all {
		t.say("\n... and %s. --all lists them.\n", more(rest, "command"))
	}
}
