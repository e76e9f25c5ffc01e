package approval

import (
	"slices"
	"strings"
	"time"

	"bulksync/plan"
)

// longestWait is longer than any window stays open or shut: a week, and one more
// if the clocks skip it.
const longestWait = 15 * 24 * time.Hour

// Opening reports whether a window is open, until when it is, or else when it
// opens next. Times are in the zone of the window, by whose clocks it goes: if
// these change, it may be an hour longer or shorter.
func Opening(w *plan.Window, now time.Time) (until time.Time, open bool, next time.Time, err error) {
	zone, err := w.Location()
	if err != nil {
		return until, false, next, err
	}
	now = now.In(zone)
	if open = w.Contains(now); open {
		return turn(w, now), true, next, nil
	}
	return until, false, turn(w, now), nil
}

// turn is when the window next opens or shuts. It looks at each minute: that takes
// a few milliseconds, and is right however the clocks are set.
func turn(w *plan.Window, now time.Time) time.Time {
	at := now.Truncate(time.Minute)
	for end := now.Add(longestWait); at.Before(end); {
		if at = at.Add(time.Minute); w.Contains(at) != w.Contains(now) {
			break
		}
	}
	return at
}

// weekdays are the days of a window and what people call them, from Monday.
var weekdays = [...]struct{ short, long string }{
	{"mon", "Mondays"}, {"tue", "Tuesdays"}, {"wed", "Wednesdays"}, {"thu", "Thursdays"},
	{"fri", "Fridays"}, {"sat", "Saturdays"}, {"sun", "Sundays"},
}

// dayNames lists the days as a policy writes them.
func dayNames() (names []string) {
	for _, d := range weekdays {
		names = append(names, d.short)
	}
	return names
}

// WindowWords describes a window for people: "Saturdays and Sundays 22:00-04:00
// Europe/Berlin".
func WindowWords(w *plan.Window) string {
	var days []string
	for _, d := range weekdays {
		if slices.Contains(w.Days, d.short) {
			days = append(days, d.long)
		}
	}
	on := "every day"
	if last := len(days) - 1; last < len(weekdays)-1 {
		on = strings.TrimPrefix(strings.Join(days[:max(last, 0)], ", ")+" and "+days[last], " and ")
	}
	return on + " " + w.From + "-" + w.To + " " + w.Timezone
}
