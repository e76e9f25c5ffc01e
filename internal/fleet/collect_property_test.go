package fleet_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bulksync/internal/fleet"
)

// A scene is what may be left by runs of a few versions of a manifest: records in some
// folders.
type scene struct {
	dirs      []string
	manifests []*fleet.Manifest
	records   map[string]*fleet.Record // by their files
}

// randomScene writes records of every kind, the later over the earlier.
func randomScene(t *testing.T, r *rand.Rand) scene {
	root := t.TempDir()
	s := scene{records: map[string]*fleet.Record{}}
	for i := range 1 + r.IntN(3) {
		s.dirs = append(s.dirs, filepath.Join(root, fmt.Sprint(i)))
		put(t, s.dirs[i], "x.txt", "")
	}
	for i := range 1 + r.IntN(2) {
		m := &fleet.Manifest{Name: "fleet.yaml", SHA256: strings.Repeat(fmt.Sprint(i), 64), Tenants: randomFleet(r, 1+r.IntN(20))}
		s.manifests = append(s.manifests, m)
	}
	for range 1 + r.IntN(9) {
		count := 1 + r.IntN(4)
		m := s.manifests[r.IntN(len(s.manifests))]
		at := night.Add(time.Duration(r.IntN(30)) * time.Hour)
		record := began(m, r.IntN(count), count, at)
		if r.IntN(3) > 0 {
			record = finished(m, record.Shard.Index, count, at)
			for j := range record.Rows {
				if r.IntN(2) == 0 {
					row := &record.Rows[j]
					row.Status, row.Audit, row.Problem, row.ExitCode = fleet.Statuses()[r.IntN(3)], nil, "no", 5
				}
			}
		}
		record.Run = []string{"", "", "a", "b"}[r.IntN(4)]
		dir := s.dirs[r.IntN(len(s.dirs))]
		file := filepath.Join(dir, "shards", fmt.Sprintf("%d-of-%d.json", record.Shard.Index, count))
		if r.IntN(8) == 0 {
			delete(s.records, file)
			put(t, dir, filepath.Base(file), "broken")
			continue
		}
		s.records[file] = record
		write(t, dir, record)
	}
	return s
}

// Whatever is found, every tenant of the newest manifest has exactly one row, which is
// that of a record of the same run, or unknown.
func TestEveryTenantHasOneRow(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	finishedRows, unknownRows := 0, 0
	for range 80 {
		s := randomScene(t, r)
		got, err := fleet.Collect(tool, s.dirs[0], s.dirs)
		if len(s.records) == 0 {
			if err == nil {
				t.Error("a roll-up of nothing")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(s.manifests, func(m *fleet.Manifest) bool { return m.SHA256 == got.Manifest.SHA256 })
		checkEachOnce(t, got, s.manifests[i])
		if !slices.IsSortedFunc(got.Rows, func(a, b fleet.Row) int {
			return slices.Index(fleet.Statuses(), a.Status) - slices.Index(fleet.Statuses(), b.Status)
		}) {
			t.Error("the rows are not in order")
		}
		for _, row := range got.Rows {
			sources := 0
			for _, record := range s.records {
				if record.Run != got.Run || record.Manifest.SHA256 != got.Manifest.SHA256 || record.Shard != (fleet.Shard{Index: row.Shard, Count: len(got.Shards)}) || record.FinishedAt.IsZero() {
					continue
				}
				if slices.ContainsFunc(record.Rows, func(one fleet.Row) bool {
					return one.TenantID == row.TenantID && one.Status == row.Status && one.Problem == row.Problem
				}) {
					sources++
				}
			}
			isUnknown := row.Status == fleet.Unknown && got.Shards[row.Shard].State != fleet.Finished
			if sources == 0 && !isUnknown || isUnknown != (row.Next != "") {
				t.Errorf("the row of %s comes from nowhere: %+v", row.Name, row)
			}
			if isUnknown {
				unknownRows++
			} else {
				finishedRows++
			}
		}
	}
	if finishedRows < 100 || unknownRows < 100 {
		t.Errorf("%d rows of records and %d unknown are too few to tell", finishedRows, unknownRows)
	}
}
