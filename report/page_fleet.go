package report

import (
	"fmt"
	"strings"

	"bulksync/internal/fleet"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/audit"
)

const (
	// fleetFew is how many tenants the bounded formats list whatever their status.
	fleetFew = 50
	// fleetIgnored bounds the records that the lead names.
	fleetIgnored = 5
)

// fleetPage says what is known of the tenants of a fleet.
func fleetPage(r *fleet.Rollup) *page {
	rows := make([]row, len(r.Rows))
	for i := range rows {
		rows[i] = fleetRow(r, &r.Rows[i])
	}
	g := &page{
		Kind: "fleet " + r.Verb, Noun: "tenant", Fleet: true, Sharded: len(r.Shards) > 1,
		Alerts: fleetAlerts(r, rows), Lead: fleetLead(r), Facts: fleetFacts(r), Counts: fleetTiles(r), News: fleetNews(r),
		NRows: len(rows), All: words.Count(len(rows), "tenant"), Closing: fleetClosing(r),
		Row: func(i int) row { return rows[i] }, Joined: func(int) bool { return false },
	}
	g.Lead = append(g.Lead, commonSteps(rows)...) // after the alerts, which say some
	g.Verdict, g.Tone = fleetVerdict(r)
	g.NListed = len(rows)
	if rest := r.Totals.Passed + r.Totals.AsWanted; len(rows) > fleetFew && rest > 0 {
		g.NListed -= rest
		g.Unlisted = fmt.Sprintf("%s not listed: %s. The HTML, CSV and JSON reports have all of them, and so has text with --all.",
			isAre(rest, "other tenant"), counted(tile{"passed", r.Totals.Passed, warn}, tile{"as wanted", r.Totals.AsWanted, good}))
	}
	g.Rank = func(i int) rank {
		if i < g.NListed {
			return rankFirst
		}
		return rankNext
	}
	return g
}

// fleetTiles count the tenants by status, the worst first.
func fleetTiles(r *fleet.Rollup) []tile {
	var tiles []tile
	for _, s := range fleet.Statuses() {
		t := tile{statusWord(s), *r.Totals.Of(s), statusToneOf(r, s)}
		if s == fleet.Differs {
			t.Label = agree(t.N, "differs", "differ")
		}
		if s != fleet.Passed || t.N > 0 {
			tiles = append(tiles, t)
		}
	}
	return tiles
}

// fleetNews sums what is new at all tenants. A plan has no news.
func fleetNews(r *fleet.Rollup) []tile {
	if r.Verb != "audit" {
		return nil
	}
	_, n := sumOfAudits(r)
	tiles := []tile{{agree(n.fresh, "new finding", "new findings"), n.fresh, bad}, {"continuing", n.continuing, warn}, {"fixed", n.fixed, good}}
	for _, t := range []tile{{"reopened", n.reopened, bad}, {"not judged", n.unjudged, plain}} {
		if t.N > 0 {
			tiles = append(tiles, t)
		}
	}
	return tiles
}

// sumOfAudits sums what the audits found.
func sumOfAudits(r *fleet.Rollup) (sum audit.Totals, news news) {
	for i := range r.Rows {
		t := &r.Rows[i]
		if t.Audit == nil || !hasCounts(t) {
			continue
		}
		for _, rule := range audit.Rules() {
			*sum.Of(rule.Kind) += *t.Audit.Totals.Of(rule.Kind)
		}
		sum.OK, sum.Waived = sum.OK+t.Audit.Totals.OK, sum.Waived+t.Audit.Totals.Waived
		n := newsOfTenant(t)
		news.fresh, news.reopened, news.continuing = news.fresh+n.fresh, news.reopened+n.reopened, news.continuing+n.continuing
		news.fixed, news.unjudged = news.fixed+n.fixed, news.unjudged+n.unjudged
	}
	return sum, news
}

// sumOfPlans sums what the plans would do.
func sumOfPlans(r *fleet.Rollup) (sum plan.Summary) {
	for i := range r.Rows {
		if t := &r.Rows[i]; t.Plan != nil && hasCounts(t) {
			s := t.Plan.Summary
			sum.Create, sum.Update, sum.Delete = sum.Create+s.Create, sum.Update+s.Update, sum.Delete+s.Delete
			sum.NoOp, sum.Blocked = sum.NoOp+s.NoOp, sum.Blocked+s.Blocked
		}
	}
	return sum
}

// fleetLead says what the tenants with a result have in common, how a plan is applied,
// and which records were left out.
func fleetLead(r *fleet.Rollup) []string {
	var lead []string
	known := len(r.Rows) - unreadOf(r)
	found := summaryWords(sumOfPlans(r))
	if r.Verb == "audit" {
		sum, _ := sumOfAudits(r)
		found = totalsWords(sum)
	}
	if known > 0 {
		lead = append(lead, fmt.Sprintf("Objects of the %s with a result: %s.", words.Count(known, "tenant"), found))
	}
	if r.Verb == "plan" && r.Totals.Differs > 0 {
		lead = append(lead, "There is no fleet apply: each plan is decided on and applied by itself.")
	}
	for i, left := range r.Ignored {
		if i == fleetIgnored {
			lead = append(lead, sentence(isAre(len(r.Ignored)-i, "more record")+" left out; the JSON report names them"))
			break
		}
		lead = append(lead, fmt.Sprintf("Left out: %s: %s.", OneLine(left.File), strings.TrimSuffix(OneLine(left.Why), ".")))
	}
	return lead
}

func fleetFacts(r *fleet.Rollup) []fact {
	fs := []fact{
		{"Manifest", OneLine(r.Manifest.Name) + ", " + words.Count(r.Manifest.Tenants, "tenant"), false},
		{"SHA-256 of the manifest", OneLine(r.Manifest.SHA256), true},
	}
	if r.Run != "" {
		fs = append(fs, fact{"Run", OneLine(r.Run), false})
	}
	fs = append(fs, fact{"Started", stamp(r.StartedAt), false})
	switch {
	case len(idleShards(r)) > 0:
		fs = append(fs, fact{"Finished", "not yet", false})
	case !r.FinishedAt.IsZero():
		fs = append(fs, fact{"Finished", stamp(r.FinishedAt) + ", after " + elapsed(r.FinishedAt.Sub(r.StartedAt)), false})
	}
	if len(r.Shards) > 1 {
		fs = append(fs, fact{"Shards", shardWords(r), false})
	}
	return append(fs, fact{"Drawn by", toolName(r.Tool), false})
}

// fleetClosing has the totals and the sum of the news, or of the plans, each in a
// line.
func fleetClosing(r *fleet.Rollup) []string {
	t := r.Totals
	lines := []string{fmt.Sprintf("Fleet %s: %s = %d unknown, %d failed, %d incomplete, %d differing, %d passed, %d as wanted.",
		r.Verb, words.Count(len(r.Rows), "tenant"), t.Unknown, t.Failed, t.Incomplete, t.Differs, t.Passed, t.AsWanted)}
	if r.Verb == "plan" {
		s := sumOfPlans(r)
		return append(lines, fmt.Sprintf("Plans: %d to create, %d to update, %d to delete, %d unchanged, %d blocked.", s.Create, s.Update, s.Delete, s.NoOp, s.Blocked))
	}
	var news []string
	for _, t := range fleetNews(r) {
		news = append(news, words.Thousands(t.N)+" "+t.Label)
	}
	return append(lines, "News: "+strings.Join(news, ", ")+".")
}
