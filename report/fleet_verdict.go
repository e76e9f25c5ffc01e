package report

import (
	"fmt"
	"slices"
	"strings"

	"bulksync/internal/fleet"
	"bulksync/internal/words"
)

// tenants says "3 of 200 tenants", or of all of them "the tenant", "both tenants" or
// "all 200 tenants".
func tenants(n, all int) string {
	if n == all {
		return allOf(n, "tenant")
	}
	return words.Thousands(n) + " of " + words.Count(all, "tenant")
}

// fleetVerdict says first of how many tenants nothing is known: what is not known may
// be anything.
func fleetVerdict(r *fleet.Rollup) (string, tone) {
	all, differ, passed := len(r.Rows), r.Totals.Differs, r.Totals.Passed
	switch unread := unreadOf(r); {
	case unread == all:
		return "No result for " + anyOf(all) + ".", bad
	case unread > 0 && differ > 0:
		return fmt.Sprintf("No result for %s; %s %s%s.", tenants(unread, all), words.Count(differ, "other"), differWords(r, differ), passedPart(r)), bad
	case unread > 0:
		return "No result for " + tenants(unread, all) + passedPart(r) + ".", bad
	case r.Verb == "plan":
		return plansVerdict(r)
	case differ == all && all > 1:
		return "Drift: " + noneOf(all, "tenant") + " is as wanted" + newsPart(r) + ".", bad
	case differ > 0:
		return "Drift: " + tenants(differ, all) + " " + differWords(r, differ) + newsPart(r) + passedPart(r) + ".", bad
	case passed > 0:
		return "Passed: " + tenants(passed, all) + agree(passed, " is", " are") + " not as wanted, which --fail-on lets pass.", warn
	default:
		return "Clean: " + tenants(all, all) + agree(all, " is", " are") + " as wanted.", good
	}
}

// anyOf is what "no result for" is followed by.
func anyOf(all int) string {
	switch all {
	case 1:
		return "the tenant"
	case 2:
		return "either tenant"
	default:
		return "any of the " + words.Count(all, "tenant")
	}
}

// unreadOf counts the tenants of which nothing is claimed.
func unreadOf(r *fleet.Rollup) int { return r.Totals.Unknown + r.Totals.Failed + r.Totals.Incomplete }

func differWords(r *fleet.Rollup, n int) string {
	if r.Verb == "plan" {
		return agree(n, "needs", "need") + " changes"
	}
	return agree(n, "is", "are") + " not as wanted"
}

// passedPart says how many other tenants are not as wanted either, and do not count.
func passedPart(r *fleet.Rollup) string {
	if r.Totals.Passed == 0 {
		return ""
	}
	return "; --fail-on lets " + words.Count(r.Totals.Passed, "other") + " pass"
}

// newsPart says at how many of the tenants that differ something is new.
func newsPart(r *fleet.Rollup) string {
	differ, fresh := r.Totals.Differs, 0
	for i := range r.Rows {
		if t := &r.Rows[i]; t.Status == fleet.Differs && hasCounts(t) && t.Audit != nil && t.Audit.News.New+t.Audit.News.Reopened > 0 {
			fresh++
		}
	}
	switch {
	case fresh == 0:
		return "; nothing is new"
	case differ == 1:
		return "; something is new"
	case fresh == differ:
		return "; something is new at " + agree(differ-1, "both", "each of them")
	default:
		return "; something is new at " + words.Thousands(fresh) + " of them"
	}
}

// plansVerdict is the verdict on plans of which none is missing.
func plansVerdict(r *fleet.Rollup) (string, tone) {
	all, differ := len(r.Rows), r.Totals.Differs+r.Totals.Passed
	if differ == 0 {
		return "Nothing to change: " + tenants(all, all) + agree(all, " is", " are") + " as wanted.", good
	}
	s := sumOfPlans(r)
	many := counted(tile{"to make", s.Writes(), plain}, tile{"blocked", s.Blocked, warn})
	return sentence(joined(": ", tenants(differ, all)+" "+differWords(r, differ), many)), plain
}

// shardName is a shard as --shard takes it.
func shardName(r *fleet.Rollup, i int) string {
	return fleet.Shard{Index: i, Count: len(r.Shards)}.String()
}

// idleShards are those without a result, as far as they have tenants.
func idleShards(r *fleet.Rollup) []fleet.ShardState {
	return slices.DeleteFunc(r.MissingShards(), func(s fleet.ShardState) bool { return s.Tenants == 0 })
}

// shardNames names shards in a sentence, at most some of them.
func shardNames(r *fleet.Rollup, of []fleet.ShardState) string {
	const most = 10
	var list []string
	for _, s := range of[:min(len(of), most)] {
		list = append(list, shardName(r, s.Index))
	}
	names := strings.Join(list, ", ")
	if rest := len(of) - most; rest > 0 {
		names += " and " + more(rest, "shard")
	}
	return names
}

// shardWords say how far the shards have come: "4, of which 2 have finished".
func shardWords(r *fleet.Rollup) string {
	done := len(r.Shards) - len(r.MissingShards())
	if done == len(r.Shards) {
		return fmt.Sprintf("%s, all finished", words.Thousands(len(r.Shards)))
	}
	return fmt.Sprintf("%s, of which %s finished", words.Thousands(len(r.Shards)), words.Thousands(done)+agree(done, " has", " have"))
}
