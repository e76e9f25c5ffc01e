package fleet_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/internal/fleet"
)

// An attempt goes on with the one before if it is at the same run, and then says since
// when what was done need not be done again.
func TestBegin(t *testing.T) {
	const other = "b2"
	for _, c := range []struct {
		name              string
		earlier, now      string // the names of the runs
		verb, sum         string // of the new one, if they are others
		finished, nothing bool   // of the earlier one
		after             time.Duration
		goesOn            bool
	}{
		{name: "the first", nothing: true, after: time.Hour},
		{name: "killed", after: time.Hour, goesOn: true},
		{name: "killed, at once", goesOn: true},
		{name: "killed, at the same moment", after: -700 * time.Millisecond, goesOn: true},
		{name: "killed, and started again late", after: 12*time.Hour - time.Second, goesOn: true},
		{name: "killed last night", after: 12 * time.Hour},
		{name: "killed, and a clock that was put back", after: -time.Second},
		{name: "ended", finished: true, after: time.Hour},
		{name: "killed, another manifest", sum: other, after: time.Hour},
		{name: "killed, another verb", verb: "plan", after: time.Hour},
		{name: "killed, now with a name", now: "a", after: time.Hour},
		{name: "killed, with a name", earlier: "a", after: time.Hour},
		{name: "killed, the same name", earlier: "a", now: "a", after: time.Hour, goesOn: true},
		{name: "killed long ago, the same name", earlier: "a", now: "a", after: 1000 * time.Hour, goesOn: true},
		{name: "ended, the same name", earlier: "a", now: "a", finished: true, after: time.Hour, goesOn: true},
		{name: "another name", earlier: "a", now: "b", after: time.Hour},
		{name: "the same name, a corrected manifest", earlier: "a", now: "a", sum: other, after: time.Hour, goesOn: true},
		{name: "the same name, another verb", earlier: "a", now: "a", verb: "plan", after: time.Hour},
	} {
		dir := t.TempDir()
		m := manifestOf(4)
		if !c.nothing {
			earlier := began(m, 1, 2, night)
			if c.finished {
				earlier = finished(m, 1, 2, night)
			}
			earlier.Run = c.earlier
			write(t, dir, earlier)
		}
		r := finished(m, 1, 2, time.Time{}) // what it holds is not kept
		r.FormatVersion, r.Run = 0, c.now
		if c.verb != "" {
			r.Verb = c.verb
		}
		if c.sum != "" {
			r.Manifest.SHA256 = c.sum
		}
		now := night.Add(c.after + 700*time.Millisecond).In(time.FixedZone("CET", 3600))
		want := now.Truncate(time.Second)
		if c.goesOn {
			want = night
		}
		since, goesOn, err := fleet.Begin(dir, r, now)
		if err != nil || goesOn != c.goesOn || !since.Equal(want) {
			t.Errorf("%s: got %v, %v, %v; want %v, %v", c.name, since, goesOn, err, want, c.goesOn)
		}
		got, err := fleet.ReadRecord(dir, r.Shard)
		if err != nil || got == nil || !got.StartedAt.Equal(want) || !got.FinishedAt.IsZero() || len(got.Rows) != 0 || got.Run != c.now || got.Verb != r.Verb || got.StartedAt.Location() != time.UTC {
			t.Errorf("%s: the record is %+v, %v", c.name, got, err)
		}
	}
}

// What another program has left in place of the record is not overwritten.
func TestBeginKeepsWhatItCannotRead(t *testing.T) {
	for text, want := range map[string]string{"{}": "its format is version 0", edited(t, began(manifestOf(1), 0, 1, night), `"formatVersion":1`, `"formatVersion":2`): "its format is version 2"} {
		dir := t.TempDir()
		put(t, dir, "0-of-1.json", text)
		_, goesOn, err := fleet.Begin(dir, began(manifestOf(1), 0, 1, night), night)
		if err == nil || goesOn || !strings.HasPrefix(err.Error(), filepath.Join(dir, "shards", "0-of-1.json")+": "+want) {
			t.Errorf("got %v, %v", goesOn, err)
		}
		if kept, _ := os.ReadFile(filepath.Join(dir, "shards", "0-of-1.json")); string(kept) != text {
			t.Errorf("it is %s now", kept)
		}
	}
	if _, _, err := fleet.Begin(filepath.Join(file(t), "x"), began(manifestOf(1), 0, 1, night), night); err == nil {
		t.Error("a folder that cannot be made")
	}
}

// A folder is of another fleet if it names a tenant otherwise, or has none of ours.
func TestCheckFolder(t *testing.T) {
	m := manifestOf(4)
	named := func(tenants ...fleet.Tenant) *fleet.Record {
		return began(&fleet.Manifest{Name: "x", SHA256: "other", Tenants: tenants}, 0, 1, night)
	}
	for _, c := range []struct {
		name string
		r    *fleet.Record
		want string
	}{
		{"nothing", nil, ""},
		{"the same", finished(m, 0, 1, night), ""},
		{"some more, and some fewer", named(m.Tenants[1], fleet.Tenant{Name: "new", TenantID: contoso}), ""},
		{"another name", named(m.Tenants[1], fleet.Tenant{Name: "old", TenantID: tenantID(2)}), "tenant " + tenantID(2) + " is old there and t2 in the manifest"},
		{"another tenant", named(m.Tenants[1], fleet.Tenant{Name: "t2", TenantID: contoso}), "t2 is tenant " + contoso + " there and " + tenantID(2) + " in the manifest"},
		{"others", named(fleet.Tenant{Name: "x", TenantID: contoso}), "it has no tenant of the manifest"},
	} {
		dir := filepath.Join(t.TempDir(), "d")
		if c.r != nil {
			write(t, dir, c.r)
			put(t, dir, "0-of-7.json", "broken") // it has no say
		}
		err := fleet.CheckFolder(dir, m)
		var other *fleet.OtherFleetError
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &other) || err.Error() != dir+" belongs to another fleet: "+c.want) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
	dir := t.TempDir() // each record counts
	write(t, dir, finished(m, 0, 1, night), began(&fleet.Manifest{Tenants: []fleet.Tenant{{Name: "x", TenantID: contoso}}}, 0, 2, night))
	if fleet.CheckFolder(dir, m) == nil {
		t.Error("one of two records is another fleet's")
	}
	var other *fleet.OtherFleetError
	if err := fleet.CheckFolder(file(t), m); err == nil || errors.As(err, &other) {
		t.Errorf("a file: %v", err)
	}
}

// A lock is waited for until the context ends, and said to be waited for once.
func TestLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "new")
		shard := fleet.WholeFleet.LockName()
		never := func() { t.Error("it waits") }
		if own, err := fleet.Lock(t.Context(), dir, fleet.LockName, never); err != nil {
			t.Error(err)
		} else if _, err := os.Stat(filepath.Join(dir, "shards")); err == nil {
			t.Error("the lock of the folder makes one for records")
		} else {
			own()
		}
		first, err := fleet.Lock(t.Context(), dir, shard, never)
		if err != nil {
			t.Fatal(err)
		}
		if own, err := fleet.Lock(t.Context(), dir, fleet.LockName, never); err != nil {
			t.Errorf("another lock: %v", err)
		} else {
			own()
		}
		if info, err := os.Stat(filepath.Join(dir, shard)); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
			t.Errorf("the lock is %v, %v", info, err)
		}

		at, waits := time.Now(), 0
		wait := func() { waits++ }
		why := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, why)
		defer cancel()
		if unlock, err := fleet.Lock(ctx, dir, shard, wait); !errors.Is(err, why) || unlock != nil || waits != 1 || time.Since(at) != time.Minute {
			t.Errorf("got %v after %v and %d waits", err, time.Since(at), waits)
		}
		time.AfterFunc(10*time.Minute, first)
		second, err := fleet.Lock(t.Context(), dir, shard, wait)
		if took := time.Since(at); err != nil || waits != 2 || took < 10*time.Minute || took > 12*time.Minute {
			t.Fatalf("got %v after %v and %d waits", err, took, waits)
		}
		second()
		if third, err := fleet.Lock(t.Context(), dir, shard, never); err != nil {
			t.Error(err)
		} else {
			third()
		}
	})
}

// A lock that leads elsewhere is not followed, and makes nothing there.
func TestALockThatIsNone(t *testing.T) {
	never := func() { t.Error("it waits") }
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "x")
	if err := os.Mkdir(filepath.Join(dir, fleet.LockName), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := fleet.Lock(t.Context(), dir, fleet.LockName, never); err == nil || !strings.Contains(err.Error(), ".lock is a folder, not a file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := fleet.Lock(t.Context(), file(t), fleet.LockName, never); err == nil {
		t.Error("it is in a file")
	}
	if err := os.Mkdir(filepath.Join(dir, "shards"), 0o700); err != nil {
		t.Fatal(err)
	}
	_ = os.Symlink(other, filepath.Join(dir, fleet.WholeFleet.LockName()))
	if _, err := os.Readlink(filepath.Join(dir, fleet.WholeFleet.LockName())); err != nil {
		t.Skip(err) // Windows asks for a privilege, and Wine makes none although it says so
	}
	if _, err := fleet.Lock(t.Context(), dir, fleet.WholeFleet.LockName(), never); err == nil || !strings.Contains(err.Error(), "is a link, not a file") {
		t.Errorf("a link: %v", err)
	}
	if _, gone := os.Stat(other); gone == nil {
		t.Error("it made a file elsewhere")
	}
}

// A tenant that a folder knows and the manifest does not may have been dropped by
// mistake. The newest record of the folder counts.
func TestLeftOut(t *testing.T) {
	dir, all := t.TempDir(), manifestOf(4)
	if got := fleet.LeftOut(dir, all); got != nil {
		t.Errorf("of an empty folder: %v", got)
	}
	for i, r := range []*fleet.Record{began(manifestOf(5), 0, 2, night), began(manifestOf(4), 1, 2, night.Add(time.Hour))} {
		if err := r.Write(dir); err != nil {
			t.Fatal(i, err)
		}
	}
	some := &fleet.Manifest{Tenants: slices.Delete(slices.Clone(all.Tenants), 1, 3)}
	if got, want := fleet.LeftOut(dir, some), []string{all.Tenants[1].Name, all.Tenants[2].Name}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := fleet.LeftOut(dir, all); len(got) != 0 {
		t.Errorf("of the same manifest: %v", got)
	}
}
