package report

import (
	"fmt"
	"strings"
)

// markdownCommands bounds the commands, so that there is room for what follows them.
const markdownCommands = markdownBytes - 1000

// mdTenant are the cells of a home tenant.
func mdTenant(r *row) []string {
	t := r.Tenant
	var news string
	if t.News != "" {
		news = "news: " + mdCell(t.News)
	}
	return []string{
		mdValue(r.Symbol, true) + " " + mdText(t.Status), mdCell(r.Partner.Name),
		mdLines([]string{mdValue(short(r.Partner.TenantID, markdownCell), true), mdCell(r.Partner.Directory)}),
		mdLines([]string{mdCell(t.Problem), mdCell(t.Found), news}), mdLines([]string{t.Took, t.Partners}), mdCell(t.Untold()),
	}
}

// mdCommands lists the next steps that can be typed as they stand, and says how many
// did not fit.
func mdCommands(b *strings.Builder, p *page) {
	rest, fence := 0, "```"
	var lines strings.Builder
	for r := range p.commandRows(false) {
		one := "# " + r.Partner.Name + "\n" + r.Tenant.Next + "\n"
		if rest > 0 || b.Len()+lines.Len()+len(one) > markdownCommands {
			rest++
			continue
		}
		lines.WriteString(one)
	}
	if lines.Len() > 0 {
		fmt.Fprintf(b, "\n### %s\n\n%ssh\n%s%s\n", commandsTitle, fence, lines.String(), fence)
	}
	if rest > 0 {
		fmt.Fprintf(b, "\n%s left out to fit into a comment.\n", isAre(rest, "more command"))
	}
}
