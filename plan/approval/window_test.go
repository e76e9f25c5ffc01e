package approval_test

import (
	"testing"
	"time"

	"bulksync/plan"
	"bulksync/plan/approval"
)

// A window goes by the clocks of its zone: across midnight, and through the nights
// on which the clocks change.
func TestOpening(t *testing.T) {
	night := plan.Window{Days: []string{"sat", "sun"}, From: "22:00", To: "04:00", Timezone: "Europe/Berlin"}
	gap := plan.Window{Days: []string{"sun"}, From: "02:10", To: "02:50", Timezone: "Europe/Berlin"}
	workdays := plan.Window{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "09:00", To: "17:00", Timezone: "America/New_York"}
	for _, c := range []struct {
		name string
		w    plan.Window
		at   string
		open bool
		turn string // when it shuts, or opens next
	}{
		{"before", night, "2026-11-27T12:00:00Z", false, "2026-11-28T22:00:00+01:00"},
		{"a second before", night, "2026-11-28T20:59:59Z", false, "2026-11-28T22:00:00+01:00"},
		{"at its beginning", night, "2026-11-28T21:00:00Z", true, "2026-11-29T04:00:00+01:00"},
		{"after midnight", night, "2026-11-29T02:59:59.5Z", true, "2026-11-29T04:00:00+01:00"},
		{"at its end", night, "2026-11-29T03:00:00Z", false, "2026-11-29T22:00:00+01:00"},
		{"on Monday morning", night, "2026-11-30T03:00:00Z", false, "2026-12-05T22:00:00+01:00"},
		{"in a short night", night, "2026-03-28T21:30:00Z", true, "2026-03-29T04:00:00+02:00"},
		{"in a long night", night, "2026-10-24T20:30:00Z", true, "2026-10-25T04:00:00+01:00"},
		{"skipped by the clocks", gap, "2026-03-28T12:00:00Z", false, "2026-04-05T02:10:00+02:00"},
		{"the first of two hours", gap, "2026-10-25T00:20:00Z", true, "2026-10-25T02:50:00+02:00"},
		{"the second of two hours", gap, "2026-10-25T00:50:00Z", false, "2026-10-25T02:10:00+01:00"},
		{"in another zone", workdays, "2026-11-27T22:00:00Z", false, "2026-11-30T09:00:00-05:00"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		until, open, next, err := approval.Opening(&c.w, at)
		turn, other := next, until
		if open {
			turn, other = until, next
		}
		if err != nil || open != c.open || turn.Format(time.RFC3339) != c.turn || !other.IsZero() {
			t.Errorf("%s: open %v until %s, next %s, %v", c.name, open, until, next, err)
		}
	}
	if _, _, _, err := approval.Opening(&plan.Window{Timezone: "Mars/Base"}, time.Now()); err == nil {
		t.Error("a window on Mars")
	}
}

func TestWindowWords(t *testing.T) {
	for want, days := range map[string][]string{
		"Saturdays 22:00-04:00 UTC":                      {"sat"},
		"Saturdays and Sundays 22:00-04:00 UTC":          {"sun", "sat"},
		"Mondays, Fridays and Saturdays 22:00-04:00 UTC": {"mon", "sat", "fri"},
		"every day 22:00-04:00 UTC":                      {"mon", "tue", "wed", "thu", "fri", "sat", "sun"},
	} {
		if got := approval.WindowWords(&plan.Window{Days: days, From: "22:00", To: "04:00", Timezone: "UTC"}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
