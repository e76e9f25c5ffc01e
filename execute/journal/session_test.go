package journal_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute/journal"
)

// A resumption continues with the settings of the last session, but the run
// still belongs to the identity and tool of the first.
func TestTheLastSessionCounts(t *testing.T) {
	second := begun
	second.Resumed, second.Settings = true, journal.Settings{Concurrency: 3, NoReadBack: true, OnDrift: journal.StopOnDrift}
	second.Identity, second.Tool.Version = journal.Identity{Kind: "user", User: "b@contoso.com"}, "2.0.0"
	text := written(t, session(begun), session(second), journal.Entry{Intent: &journal.Intent{Seq: 1}})
	last, err := journal.LastSession(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(second, last.Run); diff != "" {
		t.Errorf("the last session (-written +read):\n%s", diff)
	}
	l := replayed(t, text)
	if diff := cmp.Diff(second, l.Session()); diff != "" {
		t.Errorf("replayed (-written +read):\n%s", diff)
	}
	if r := l.Result(); r.Identity != begun.Identity || r.Tool != begun.Tool {
		t.Errorf("the run is that of %s with %v", r.Identity, r.Tool)
	}
	only, err := journal.LastSession(bytes.NewReader(written(t, session(begun))))
	if err != nil || !cmp.Equal(only.Run, begun) {
		t.Errorf("a single session: %+v, %v", only, err)
	}
}

func TestLastSessionRefuses(t *testing.T) {
	text := string(written(t, session(begun), session(begun)))
	torn := strings.LastIndex(text, `"formatVersion"`)
	for name, c := range map[string]struct{ text, want string }{
		"nothing":             {"", "never began"},
		"half a line":         {text[:100], "never began"},
		"no journal":          {"tenantId\n", "journal line 1: the journal does not begin with a run"},
		"another version":     {strings.Replace(text, `"formatVersion":1`, `"formatVersion":9`, 1), "journal line 1: the journal has another format version: it has 9"},
		"an altered line":     {strings.Replace(text, `"concurrency":7`, `"concurrency":8`, 1), "journal line 1: it was altered"},
		"a later session":     {text[:torn] + strings.Replace(text[torn:], `"formatVersion":1`, `"formatVersion":9`, 1), "journal line 2: the journal has another format version: it has 9"},
		"an empty session":    {text[:strings.LastIndex(text, `"run":`)] + `"run":null}` + "\n", "journal line 2: an entry of no known kind"},
		"no entry further on": {text[:torn] + "{\n", "journal line 2: not a journal entry"},
	} {
		_, err := journal.LastSession(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := journal.LastSession(strings.NewReader("")); !errors.Is(err, journal.ErrNeverBegan) {
		t.Errorf("%v", err)
	}
}

// Settings go through JSON unharmed: durations in whole milliseconds under names
// that say so, times in UTC.
func TestSettingsInJSON(t *testing.T) {
	second := begun
	second.Settings = journal.Settings{
		Concurrency: 4, MaxRate: 2.5, MaxBurst: 9, Capacity: 0.5, Priority: "low", Outage: 1500 * time.Millisecond, MaxAge: time.Minute,
		VerifyWait: 2 * time.Minute, Grace: 3 * time.Second, OnDrift: journal.HoldDrift, StopAfterFailures: 5, Waves: []int{1, 2},
		Deadline: time.Date(2030, 1, 2, 5, 4, 5, 0, time.FixedZone("", 2*60*60)),
	}
	typed := second
	typed.Settings.Deadline = second.Settings.Deadline.In(time.FixedZone("CET", 3600))
	text := written(t, session(typed))
	if got := replayed(t, text).Session(); !cmp.Equal(got, second) {
		t.Errorf("(-written +read):\n%s", cmp.Diff(second, got))
	}
	const want = `"settings":{"concurrency":4,"maxRate":2.5,"maxBurst":9,"capacity":0.5,"priority":"low","onDrift":"hold","stopAfterFailures":5,` +
		`"waves":[1,2],"deadline":"2030-01-02T03:04:05Z","outageMs":1500,"maxAgeMs":60000,"verifyWaitMs":120000,"graceMs":3000}`
	if !bytes.Contains(text, []byte(want)) {
		t.Errorf("no %s in\n%s", want, text)
	}
	second.Settings = journal.Settings{NoReadBack: true}
	if text := written(t, session(second)); !bytes.Contains(text, []byte(`"noReadBack":true`)) {
		t.Errorf("%s", text)
	}
}

// What is given is not the default, however short it is.
func TestAShortTimeStays(t *testing.T) {
	short := begun
	short.Settings = journal.Settings{Outage: 1, MaxAge: 1, VerifyWait: 500 * time.Microsecond, Grace: 1}
	got := replayed(t, written(t, session(short))).Session().Settings
	want := journal.Settings{Outage: time.Millisecond, MaxAge: time.Millisecond, VerifyWait: time.Millisecond, Grace: time.Millisecond}
	if !cmp.Equal(got, want) {
		t.Errorf("(-want +got):\n%s", cmp.Diff(want, got))
	}
}

func TestDefaultsOfSettings(t *testing.T) {
	want := journal.Settings{Concurrency: 16, MaxAge: time.Minute, VerifyWait: time.Minute, Grace: 30 * time.Second, OnDrift: journal.HoldDrift}
	if got := (journal.Settings{}).WithDefaults(); !cmp.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	given := journal.Settings{Concurrency: 1, MaxAge: 1, VerifyWait: 2, Grace: 3, OnDrift: journal.StopOnDrift, MaxRate: 4}
	if got := given.WithDefaults(); !cmp.Equal(got, given) {
		t.Errorf("what is given was changed to %+v", got)
	}
	if got := (journal.Settings{NoReadBack: true, VerifyWait: time.Hour}).WithDefaults(); got.VerifyWait != 0 {
		t.Errorf("without reading back it waits for %s", got.VerifyWait)
	}
}

func TestIdentityInWords(t *testing.T) {
	for want, id := range map[string]journal.Identity{
		"":                   {},
		"user a@contoso.com": {Kind: "user", User: "a@contoso.com", AppID: "1", AppName: "cli"},
		"app Sync (1)":       {Kind: "app", AppID: "1", AppName: "Sync"},
		"app 1":              {Kind: "app", AppID: "1"},
	} {
		if got := id.String(); got != want {
			t.Errorf("%+v is %q, want %q", id, got, want)
		}
	}
}

// A run is complete if its last session ran to its end with everything verified,
// unchanged or blocked. LastSession, which does not look at outcomes, says only
// how the session ended.
func TestACompleteRun(t *testing.T) {
	verified := func(seq int) journal.Entry {
		o := done(seq)
		o.Status = journal.Verified
		return outcome(o)
	}
	changed := func(edit func(*journal.Outcome)) journal.Entry {
		o := done(5)
		o.Status = journal.Verified
		edit(&o)
		return outcome(o)
	}
	before := []journal.Entry{session(begun), intent(3), verified(3), verified(4)}
	for name, c := range map[string]struct {
		rest               []journal.Entry
		finished, complete bool
	}{
		"all verified":          {[]journal.Entry{verified(5), end(journal.End{})}, true, true},
		"found as wanted":       {[]journal.Entry{changed(func(o *journal.Outcome) { o.Status = journal.Unchanged }), end(journal.End{})}, true, true},
		"stopped at first":      {[]journal.Entry{end(journal.End{Stopped: "asked", Interrupted: true}), session(begun), verified(5), end(journal.End{})}, true, true},
		"one not read back":     {[]journal.Entry{outcome(done(5)), end(journal.End{})}, true, false},
		"one not seen":          {[]journal.Entry{changed(func(o *journal.Outcome) { o.Unseen = true }), end(journal.End{})}, true, false},
		"one held":              {[]journal.Entry{changed(func(o *journal.Outcome) { o.Status = journal.Held }), end(journal.End{})}, true, false},
		"one not attempted":     {[]journal.Entry{end(journal.End{})}, true, false},
		"one without an answer": {[]journal.Entry{verified(5), intent(5), end(journal.End{})}, true, false},
		"stopped":               {[]journal.Entry{verified(5), end(journal.End{Stopped: "the limit"})}, false, false},
		"interrupted":           {[]journal.Entry{verified(5), end(journal.End{Interrupted: true})}, false, false},
		"killed":                {[]journal.Entry{verified(5)}, false, false},
		"resumed and killed":    {[]journal.Entry{verified(5), end(journal.End{}), session(begun)}, false, false},
	} {
		text := written(t, append(slices.Clip(before), c.rest...)...)
		last, err := journal.LastSession(bytes.NewReader(append(text, `{"prev":"torn`...)))
		if err != nil || last.Finished != c.finished {
			t.Errorf("%s: finished is %v, %v", name, last.Finished, err)
		}
		if got := replayed(t, text).Complete(); got != c.complete {
			t.Errorf("%s: complete is %v", name, got)
		}
	}
}
