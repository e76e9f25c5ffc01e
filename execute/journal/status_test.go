package journal_test

import (
	"encoding/json"
	"testing"

	"bulksync/execute/journal"
)

// The table has each status once, and Info finds it there.
func TestStatuses(t *testing.T) {
	all := journal.Statuses()
	members := map[string]bool{}
	for _, s := range all {
		members[s.Total] = true
		if s.Status.Info() != s || !s.Status.Known() || s.Status.Done() != s.Done {
			t.Errorf("%q: %+v in the table, %+v by name", s.Status, s, s.Status.Info())
		}
		if s.Done != (s.Severity == journal.Fine) || s.Done && s.CutShort {
			t.Errorf("%q contradicts itself: %+v", s.Status, s)
		}
		if s.Done != (s.Words == "") || s.Meaning == "" {
			t.Errorf("%q: words %q, meaning %q", s.Status, s.Words, s.Meaning)
		}
	}
	if len(members) != len(all) {
		t.Errorf("%d members of totals for %d statuses", len(members), len(all))
	}
	if s := journal.Status("lost"); s.Known() || s.Done() || s.Info().Severity != journal.Bad {
		t.Errorf("an unknown status: %+v", s.Info())
	}
	all[0].Done = false
	if !journal.Verified.Done() {
		t.Error("the table can be written to")
	}
}

// What each status means is part of the contract of a run.
func TestWhatStatusesMean(t *testing.T) {
	meanings := map[journal.Status]journal.StatusInfo{
		journal.Verified:      {Total: "verified", Done: true, MayHaveLanded: true},
		journal.Succeeded:     {Total: "succeeded", Done: true, MayHaveLanded: true},
		journal.Unchanged:     {Total: "unchanged", Done: true},
		journal.Held:          {Total: "held", Severity: journal.Notable},
		journal.Skipped:       {Total: "skipped", Severity: journal.Notable},
		journal.Failed:        {Total: "failed", Severity: journal.Bad},
		journal.Indeterminate: {Total: "indeterminate", Severity: journal.Bad, MayHaveLanded: true, CutShort: true},
		journal.NotAttempted:  {Total: "notAttempted", Severity: journal.Notable, CutShort: true},
	}
	for _, got := range journal.Statuses() {
		want := meanings[got.Status]
		want.Status, want.Words, want.Meaning = got.Status, got.Words, got.Meaning
		if got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if all := journal.Statuses(); len(all) != len(meanings) {
		t.Errorf("%d statuses, want %d", len(all), len(meanings))
	}
}

func TestTotals(t *testing.T) {
	var all journal.Totals
	sum, unfinished, cutShort := 0, 0, 0
	for i, s := range journal.Statuses() {
		all.Add(s.Status, 1<<i)
		sum += 1 << i
		if !s.Done {
			unfinished += 1 << i
		}
		if s.CutShort {
			cutShort += 1 << i
		}
	}
	if all.Sum() != sum || all.Unfinished() != unfinished || all.CutShort() != cutShort {
		t.Errorf("sum %d, unfinished %d, cut short %d; want %d, %d, %d", all.Sum(), all.Unfinished(), all.CutShort(), sum, unfinished, cutShort)
	}
	if n := all.Of(journal.Verified, journal.Held); n != 1+8 {
		t.Errorf("verified and held: %d", n)
	}
	var some journal.Totals
	some.Add(journal.Verified, 3)
	some.Add(journal.NotAttempted, 1)
	if all.String() == some.String() || some.String() != "3 verified, 1 not-attempted" || (journal.Totals{}).String() != "none" {
		t.Errorf("%s; %s", some, all)
	}
}

// Scripts rely on the members of totals and their order.
func TestTotalsInJSON(t *testing.T) {
	var all, back journal.Totals
	for i, s := range journal.Statuses() {
		all.Add(s.Status, i+1)
	}
	const want = `{"verified":1,"succeeded":2,"unchanged":3,"held":4,"skipped":5,"failed":6,"indeterminate":7,"notAttempted":8}`
	text, err := json.Marshal(all)
	if err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
	if err := json.Unmarshal(text, &back); err != nil || back != all {
		t.Errorf("read back: %s, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"held":2,"new":1}`), &back); err != nil || back.Of(journal.Held) != 2 || back.Sum() != 2 {
		t.Errorf("of another version: %s, %v", back, err)
	}
	if json.Unmarshal([]byte(`{"held":"two"}`), &back) == nil {
		t.Error("text was counted")
	}
}
