package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"bulksync/internal/fleet"
	"bulksync/internal/words"
)

// fleetAlerts are the shards without a result, and then the other tenants without one,
// by what went wrong.
func fleetAlerts(r *fleet.Rollup, rows []row) []*alert {
	idle := shardAlert(r)
	var causes groups
	for i := range rows {
		t, row := &r.Rows[i], &rows[i]
		switch {
		case !t.IsUnread():
		case idle != nil && t.Status == fleet.Unknown && r.Shards[t.Shard].State != fleet.Finished:
			row.Tenant.Cause = idle
			idle.add(row.Partner)
		default:
			row.Tenant.Cause = causes.at(causeOf(row), func() alert {
				return alert{Tone: bad, Who: "tenant", Title: row.Tenant.Status, Words: row.Tenant.Problem, Hint: row.Tenant.Next, Link: filter("status", row.Tenant.Status)}
			})
			row.Tenant.Cause.addTenant(row)
		}
	}
	all := causes.list()
	for _, a := range all {
		if a.like && a.Hint != "" {
			a.Hint = "for " + a.Partners[0].Name + ": " + a.Hint + "; likewise for the others"
		}
	}
	if idle == nil {
		return all
	}
	return slices.Insert(all, 0, idle)
}

// addTenant adds a tenant to the alert of its cause. A next step that is not like that
// of the others is told in each row.
func (a *alert) addTenant(r *row) {
	a.mixed = a.mixed || a.Words != r.Tenant.Problem
	switch {
	case a.Hint == r.Tenant.Next:
	case !r.Tenant.IsCommand && a.rows > 0 && general(a.Hint, a.Partners[0].Name) == general(r.Tenant.Next, r.Partner.Name):
		a.like = true
	default:
		a.Hint = ""
	}
	a.add(r.Partner)
}

// particular matches what tells two messages with one cause apart: IDs, numbers and
// the names of variables.
var particular = regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|the variable [A-Za-z_]\w*|\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|[0-9]+`)

// causeOf is what rows of one alert share: the status, and the message without what is
// particular to a tenant.
func causeOf(r *row) string {
	return r.Tenant.Status + ": " + general(r.Tenant.Problem, r.Partner.Name)
}

// general is a message without what is particular to the tenant of that name.
func general(message, name string) string {
	if name != "" && strings.Contains(message, name) { // as a word: "it" is part of many
		message = regexp.MustCompile(`\b`+regexp.QuoteMeta(name)+`\b`).ReplaceAllString(message, "#")
	}
	return particular.ReplaceAllString(message, "#")
}

// shardAlert names the shards without a result; nil if there is none.
func shardAlert(r *fleet.Rollup) *alert {
	idle := idleShards(r)
	if len(idle) == 0 {
		return nil
	}
	a := &alert{Tone: bad, Who: "tenant", Link: filter("status", statusWord(fleet.Unknown))}
	if len(r.Shards) == 1 {
		a.Title, a.Words = "not ended", "the run began at "+stamp(idle[0].StartedAt)+" and has not ended"
		a.Hint = "wait for it, or start it again: it goes on where it stopped"
		return a
	}
	a.Title = fmt.Sprintf("%s of %s without a result", words.Thousands(len(idle)), words.Count(len(r.Shards), "shard"))
	missing := slices.DeleteFunc(slices.Clone(idle), func(s fleet.ShardState) bool { return s.State != fleet.Missing })
	begun := slices.DeleteFunc(idle, func(s fleet.ShardState) bool { return s.State == fleet.Missing })
	var said, next []string
	if n := len(missing); n > 0 {
		said = append(said, shardNames(r, missing)+agree(n, " has left none", " have left none"))
		next = append(next, agree(n, "run it with --shard ", "run each of them, such as --shard ")+shardName(r, missing[0].Index)+agree(n, ", or name its folder as well", ", or name their folders as well"))
	}
	if n := len(begun); n > 0 {
		said = append(said, shardNames(r, begun)+agree(n, " began and has not ended", " began and have not ended"))
		next = append(next, "wait for "+shardNames(r, begun)+agree(n, ", or start it again: it goes on where it stopped", ", or start them again: they go on where they stopped"))
	}
	a.Words, a.Hint = strings.Join(said, "; "), strings.Join(next, "; ")
	return a
}
