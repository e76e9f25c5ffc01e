package fleet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"bulksync/internal/atomicfile"
	"bulksync/plan"
)

// runSpan is how far apart the shards of one run may begin if the run has no name:
// the results of last night are not those of today.
const runSpan = 12 * time.Hour

// ErrNoRecord means that there is nothing to collect.
var ErrNoRecord = errors.New("no shard has left a record there")

// found is a record and where it was.
type found struct {
	dir, file string
	*Record
}

// Collect makes the roll-up of all records in the folders of a fleet, for a page in
// the folder out. The newest record says which run it is about; a record of another
// run, manifest or number of shards has no part in it, which Ignored says, and so
// has one that cannot be read. Every tenant of the manifest has a row. The error is
// ErrNoRecord if no record can be used, or that of a folder that cannot be read.
func Collect(tool plan.Tool, out string, dirs []string) (*Rollup, error) {
	all, ignored, err := readRecords(dirs)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.Join(append([]error{ErrNoRecord}, reasons(ignored)...)...)
	}
	newest := newestOf(all)
	r := &Rollup{
		FormatVersion: FormatVersion, Tool: tool, Verb: newest.Verb, Run: newest.Run, Ignored: ignored,
		Manifest: Source{newest.Manifest.Name, newest.Manifest.SHA256, len(newest.Manifest.Tenants)},
	}
	shards := make([]*found, newest.Shard.Count)
	old := map[string]bool{}
	for i := range all {
		one := &all[i]
		switch why := otherRun(newest.Record, one.Record); {
		case why != "":
			r.Ignored = append(r.Ignored, Ignored{one.file, why})
			old[one.file] = one.StartedAt.Before(newest.StartedAt)
		case shards[one.Shard.Index] == nil:
			shards[one.Shard.Index] = one
		default:
			better, worse := newer(shards[one.Shard.Index], one)
			shards[one.Shard.Index] = better
			r.Ignored = append(r.Ignored, Ignored{worse.file, "there is a newer record of the same shard: " + better.file})
		}
	}
	r.fill(out, newest.Manifest.Tenants, shards)
	if len(r.MissingShards()) == 0 { // what earlier runs left beside the others explains nothing
		used := map[string]bool{}
		for _, s := range shards {
			used[filepath.Dir(s.file)] = true
		}
		r.Ignored = slices.DeleteFunc(r.Ignored, func(i Ignored) bool { return old[i.File] && used[filepath.Dir(i.File)] })
	}
	r.sum()
	return r, nil
}

// newestOf is the record that says which run a roll-up is about: of those of the run
// that began last, the one that was written last. An attempt that goes on with a run
// keeps its begin, and may have a corrected manifest that the other shards do not have.
func newestOf(all []found) found {
	last := slices.MaxFunc(all, func(a, b found) int { return a.StartedAt.Compare(b.StartedAt) })
	for _, r := range all {
		if last.Run != "" && r.Run == last.Run && r.Verb == last.Verb && r.writtenAt().After(last.writtenAt()) {
			last = r
		}
	}
	return last
}

// writtenAt is the later one of the begin and the end.
func (f *found) writtenAt() time.Time {
	if f.FinishedAt.After(f.StartedAt) {
		return f.FinishedAt
	}
	return f.StartedAt
}

func reasons(ignored []Ignored) (all []error) {
	for _, i := range ignored {
		all = append(all, fmt.Errorf("%s: %s", i.File, i.Why))
	}
	return all
}

// readRecords reads all records of the folders. A folder that is named twice is read
// once.
func readRecords(dirs []string) (all []found, ignored []Ignored, err error) {
	var d division
	var seen []os.FileInfo
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil {
			return nil, nil, atomicfile.PathError(err)
		}
		if slices.ContainsFunc(seen, func(other os.FileInfo) bool { return os.SameFile(info, other) }) {
			continue
		}
		seen = append(seen, info)
		if _, err := atomicfile.ReadDir(dir); err != nil {
			return nil, nil, err
		}
		entries, err := atomicfile.ReadDir(filepath.Join(dir, RecordsDir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
		for _, e := range entries {
			file := filepath.Join(dir, RecordsDir, e.Name())
			if filepath.Ext(file) != recordEnding {
				continue
			}
			r, err := d.read(file)
			if err != nil {
				ignored = append(ignored, Ignored{file, err.Error()})
				continue
			}
			all = append(all, found{dir, file, r})
		}
	}
	return all, ignored, nil
}

// newer says which of two records of a shard counts: one that finished, and then the
// one that began later.
func newer(a, b *found) (better, worse *found) {
	doneA, doneB := !a.FinishedAt.IsZero(), !b.FinishedAt.IsZero()
	if doneB && !doneA || doneA == doneB && b.StartedAt.After(a.StartedAt) {
		return b, a
	}
	return a, b
}

// otherRun says why a record is no part of the run of another one; "" if it is.
func otherRun(run, r *Record) string {
	switch {
	case r.Verb != run.Verb:
		return "it is of a fleet " + r.Verb
	case r.Run != run.Run && r.Run == "":
		return "it is of a run without a name"
	case r.Run != run.Run:
		return fmt.Sprintf("it is of another run, %q", r.Run)
	case r.Manifest.SHA256 != run.Manifest.SHA256 || !slices.Equal(r.Manifest.Tenants, run.Manifest.Tenants):
		return "it is of another manifest, or of another version of this one"
	case r.Shard.Count != run.Shard.Count:
		return fmt.Sprintf("it is one of %d shards, not of %d", r.Shard.Count, run.Shard.Count)
	case run.Run == "" && run.StartedAt.Sub(r.StartedAt) > runSpan:
		return fmt.Sprintf("it is of an earlier run, of %s", r.StartedAt.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return ""
}

// fill adds the shards, and a row for each tenant.
func (r *Rollup) fill(out string, tenants []Ident, shards []*found) {
	var d division
	rows, shardOf := make(map[string]Row, len(tenants)), make(map[string]int, len(tenants))
	for i, own := range d.divide(tenants, len(shards)) {
		for _, t := range own {
			shardOf[t.TenantID] = i
		}
		s, state := shards[i], ShardState{Index: i, State: Missing, Tenants: len(own)}
		if s != nil {
			state.State, state.StartedAt, state.FinishedAt = Unfinished, s.StartedAt, s.FinishedAt
			if !s.FinishedAt.IsZero() {
				state.State = Finished
			}
			r.span(s.Record)
			for _, row := range s.Rows {
				rows[row.TenantID] = row.movedTo(out, s.dir)
			}
		}
		r.Shards = append(r.Shards, state)
	}
	for _, t := range tenants {
		row, ok := rows[t.TenantID]
		if !ok {
			row = Row{Name: t.Name, TenantID: t.TenantID, Status: Unknown, ExitCode: exitUnread, Shard: shardOf[t.TenantID]}
			row.Problem, row.Next = r.unknown(row.Shard)
		}
		r.Rows = append(r.Rows, row)
	}
}

// span widens the time of the run by that of a record.
func (r *Rollup) span(s *Record) {
	if r.StartedAt.IsZero() || s.StartedAt.Before(r.StartedAt) {
		r.StartedAt = s.StartedAt
	}
	if s.FinishedAt.After(r.FinishedAt) {
		r.FinishedAt = s.FinishedAt
	}
}

// unknown says why nothing is known of the tenants of a shard.
func (r *Rollup) unknown(shard int) (problem, next string) {
	name, isWhole := Shard{shard, len(r.Shards)}.String(), len(r.Shards) == 1
	switch unfinished := r.Shards[shard].State == Unfinished; {
	case isWhole:
		return "the run began and has not ended", "wait for it, or start it again: it goes on where it stopped"
	case unfinished:
		return "shard " + name + " began and has not ended", "wait for shard " + name + ", or start it again: it goes on where it stopped"
	default:
		return "shard " + name + " has left no result", "run it with --shard " + name + ", or name its folder as well"
	}
}

// movedTo returns the row with paths that are relative to the folder out.
func (r Row) movedTo(out, dir string) Row {
	relative := func(p string) string {
		if p == "" {
			return ""
		}
		rel, err := filepath.Rel(abs(out), filepath.Join(abs(dir), filepath.FromSlash(p)))
		if err != nil { // another volume
			return ""
		}
		return path.Clean(filepath.ToSlash(rel))
	}
	r.Page = relative(r.Page)
	if r.Plan != nil {
		plan := *r.Plan
		plan.File = relative(plan.File)
		r.Plan = &plan
	}
	return r
}

func abs(p string) string {
	if full, err := filepath.Abs(p); err == nil {
		return full
	}
	return p
}
