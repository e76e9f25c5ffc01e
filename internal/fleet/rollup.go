package fleet

import (
	"cmp"
	"slices"
	"time"

	"bulksync/plan"
)

// Rollup is what is known of all home tenants of a manifest: each is in exactly one
// row, the worst first.
type Rollup struct {
	FormatVersion int       `json:"formatVersion"`
	Tool          plan.Tool `json:"tool"`
	Verb          string    `json:"verb"`
	Run           string    `json:"run,omitempty"`
	Manifest      Source    `json:"manifest"`
	// StartedAt is when the first shard began, FinishedAt when the last one ended, of
	// those that are known.
	StartedAt  time.Time `json:"startedAt"`
	FinishedAt time.Time `json:"finishedAt,omitzero"`
	Totals     Totals    `json:"totals"`
	ExitCode   int       `json:"exitCode"`
	// Shards are all of them, by their number.
	Shards []ShardState `json:"shards"`
	// Ignored are records that were found and are no part of the run, and why.
	Ignored []Ignored `json:"ignored,omitempty"`
	Rows    []Row     `json:"tenants"`
}

// Source is the manifest of a roll-up.
type Source struct {
	Name    string `json:"name"`
	SHA256  string `json:"sha256"`
	Tenants int    `json:"tenants"`
}

// ShardState says what is known of a shard.
type ShardState struct {
	Index int   `json:"index"`
	State State `json:"state"`
	// StartedAt and FinishedAt are zero as far as they are not known.
	StartedAt  time.Time `json:"startedAt,omitzero"`
	FinishedAt time.Time `json:"finishedAt,omitzero"`
	// Tenants counts those of the manifest that are the shard's.
	Tenants int `json:"tenants"`
}

// State says how far a shard has come.
type State string

// The states.
const (
	Finished   State = "finished"
	Unfinished State = "unfinished"
	Missing    State = "missing"
)

// Ignored is a record that is no part of a roll-up.
type Ignored struct {
	File string `json:"file"`
	Why  string `json:"why"`
}

// Totals counts tenants by status.
type Totals struct {
	Unknown    int `json:"unknown"`
	Failed     int `json:"failed"`
	Incomplete int `json:"incomplete"`
	Differs    int `json:"differs"`
	Passed     int `json:"passed"`
	AsWanted   int `json:"asWanted"`
}

// Of returns the counter of a status.
func (t *Totals) Of(s Status) *int {
	return map[Status]*int{
		Unknown: &t.Unknown, Failed: &t.Failed, Incomplete: &t.Incomplete, Differs: &t.Differs, Passed: &t.Passed, AsWanted: &t.AsWanted,
	}[s]
}

// MissingShards are the shards that have no result, as --shard counts them.
func (r *Rollup) MissingShards() (missing []ShardState) {
	for _, s := range r.Shards {
		if s.State != Finished {
			missing = append(missing, s)
		}
	}
	return missing
}

// sum counts and orders the rows.
func (r *Rollup) sum() {
	for i := range r.Rows {
		*r.Totals.Of(r.Rows[i].Status)++
	}
	r.ExitCode = ExitCode(r.Rows)
	slices.SortStableFunc(r.Rows, worse)
}

// worse orders rows: the gravest status first, then most that is new, then most that
// is open, then by name.
func worse(a, b Row) int {
	order := Statuses()
	return cmp.Or(
		cmp.Compare(slices.Index(order, a.Status), slices.Index(order, b.Status)),
		cmp.Compare(b.fresh(), a.fresh()), cmp.Compare(b.open(), a.open()), cmp.Compare(a.Name, b.Name))
}

// fresh counts what is new in a row.
func (r *Row) fresh() int {
	if r.Audit == nil {
		return 0
	}
	return r.Audit.News.New + r.Audit.News.Reopened
}

// open counts what differs in a row.
func (r *Row) open() int {
	switch {
	case r.Audit != nil:
		return r.Audit.Totals.Open()
	case r.Plan != nil:
		return r.Plan.Summary.Writes() + r.Plan.Summary.Blocked
	default:
		return 0
	}
}
