package journal

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"time"

	"bulksync/graph"
	"bulksync/plan"
)

// Status is how one change ended.
type Status string

// The statuses. Every change of a plan ends in exactly one of them.
const (
	// Verified: accepted, and read back as wanted.
	Verified Status = "verified"
	// Succeeded: accepted, and not yet visible when the wait for it ended.
	Succeeded Status = "succeeded"
	// Unchanged: already as wanted, so nothing was sent.
	Unchanged Status = "unchanged"
	// Held: somebody changed the object, since the plan and it was left alone, or
	// since this run made or found it as wanted.
	Held Status = "held"
	// Skipped: blocked in the plan, or a step before it did not succeed.
	Skipped Status = "skipped"
	// Failed: refused.
	Failed Status = "failed"
	// Indeterminate: sent, and neither the answer nor a later read settled it.
	Indeterminate Status = "indeterminate"
	// NotAttempted: the run stopped before it got there.
	NotAttempted Status = "not-attempted"
)

// Done reports whether the change is as wanted, so that no other run needs it.
func (s Status) Done() bool { return s == Verified || s == Succeeded || s == Unchanged }

// Outcome is how one change ended, and the evidence for it.
type Outcome struct {
	Seq    int    `json:"seq"`
	Status Status `json:"status"`
	// Attempts counts the requests sent for the write, retries included.
	Attempts   int    `json:"attempts,omitempty"`
	HTTPStatus int    `json:"httpStatus,omitempty"`
	GraphCode  string `json:"graphCode,omitempty"`
	// Open means that an attempt of this run was left without proof of what became
	// of it. What is as wanted later is this run's doing, and undo takes it back.
	Open bool `json:"open,omitempty"`
	// Unseen means that readings were looked through for what was accepted, and
	// did not show it; Unread that they could not be had.
	Unseen bool `json:"unseen,omitempty"`
	Unread bool `json:"unread,omitempty"`
	// Message says why, in words; empty where the status says it all.
	Message         string `json:"message,omitempty"`
	RequestID       string `json:"requestId,omitempty"`
	ClientRequestID string `json:"clientRequestId,omitempty"`
	// StartedAt is when the first request was sent; zero where none was.
	StartedAt time.Time     `json:"startedAt,omitzero"`
	Elapsed   time.Duration `json:"elapsed,omitempty"`
	// Live is the object as it was found instead, where that is the reason.
	Live json.RawMessage `json:"live,omitempty"`
	// Found is the object that was replaced, where Graph's answer to the write
	// told that another one was there than the plan knew, or null, where none was:
	// undo goes back to it.
	Found json.RawMessage `json:"found,omitempty"`
}

// found is what Outcome.Found says of what is there.
func FoundIn(c *plan.Change, live plan.Live) json.RawMessage {
	if object := compact(live.Object(c.Object)); object != nil {
		return object
	}
	return json.RawMessage("null")
}

// finds reports whether what is there is what the write was to replace, where
// that was not what the plan knew.
func (o *Outcome) Finds(c *plan.Change, live plan.Live) bool {
	return o.Found != nil && reflect.DeepEqual(membersOf(FoundIn(c, live)), membersOf(o.Found))
}

// membersOf is an object without what the protocol adds, which differs between a
// list and a single read; nil where there is none.
func membersOf(object json.RawMessage) map[string]any {
	var members map[string]any
	_ = json.Unmarshal(object, &members) // it was read before
	maps.DeleteFunc(members, func(name string, _ any) bool { return strings.HasPrefix(name, "@") })
	return members
}

// MayHaveLanded reports whether this run may have changed the object, even if
// somebody has changed it again since.
func (o *Outcome) MayHaveLanded() bool {
	return o.Open || o.HTTPStatus/100 == 2 || o.Status == Verified || o.Status == Succeeded || o.Status == Indeterminate
}

// plain returns o as it reads back from a journal: texts in UTF-8, JSON without
// white space.
func (o Outcome) Plain() Outcome {
	o.Message = strings.ToValidUTF8(o.Message, "\ufffd")
	o.Live, o.Found = compact(o.Live), compact(o.Found)
	return o
}

func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if len(raw) == 0 || json.Compact(&b, raw) != nil {
		return nil
	}
	return b.Bytes()
}

// Totals counts the changes by how they ended.
type Totals struct {
	Verified      int `json:"verified"`
	Succeeded     int `json:"succeeded"`
	Unchanged     int `json:"unchanged"`
	Held          int `json:"held"`
	Skipped       int `json:"skipped"`
	Failed        int `json:"failed"`
	Indeterminate int `json:"indeterminate"`
	NotAttempted  int `json:"notAttempted"`
}

// Sum is the number of changes that the totals account for.
func (t Totals) Sum() int {
	return t.Verified + t.Succeeded + t.Unchanged + t.Held + t.Skipped + t.Failed + t.Indeterminate + t.NotAttempted
}

// Unfinished is the number of changes that need another run or a decision.
func (t Totals) Unfinished() int { return t.Sum() - t.Verified - t.Succeeded - t.Unchanged }

// Requests counts attempts on the wire.
type Requests struct {
	Reads     int `json:"reads"`
	Writes    int `json:"writes"`
	Throttled int `json:"throttled"`
	Retried   int `json:"retried"`
	// Incomplete means that a process was killed before it had told its numbers:
	// there were at least so many.
	Incomplete bool `json:"incomplete,omitempty"`
}

// Pace is what the run learned about the tenant's write limit.
type Pace struct {
	// WritesPerSecond is the sustained rate that was found or told; 0 if no
	// limit was met.
	WritesPerSecond float64 `json:"writesPerSecond"`
	// Burst is how many writes a rested tenant takes at once; 0 if not found.
	Burst int `json:"burst"`
	// Refusals counts the writes that were refused for lack of quota.
	Refusals int64 `json:"refusals"`
	// Pauses counts how often Graph asked for a wait; PausedMs is the time that
	// these waits took together.
	Pauses   int   `json:"pauses"`
	PausedMs int64 `json:"pausedMs"`
}

// Result is a whole run: one outcome per change of the plan, in plan order.
// It is made from the journal alone, so that it can be made again offline.
type Result struct {
	PlanFingerprint string           `json:"planFingerprint"`
	HomeTenant      graph.HomeTenant `json:"homeTenant"`
	Tool            plan.Tool        `json:"tool"`
	// Identity is the app or user whose token made the run.
	Identity   string    `json:"identity"`
	StartedAt  time.Time `json:"startedAt"`
	FinishedAt time.Time `json:"finishedAt"`
	Rows       int       `json:"rows"`
	Changes    int       `json:"changes"`
	Totals     Totals    `json:"totals"`
	Requests   Requests  `json:"requests"`
	Pace       Pace      `json:"pace"`
	// Stopped says what ended the run early; empty where it went to its end.
	Stopped string `json:"stopped,omitempty"`
	// Interrupted reports whether a person or the system asked it to stop.
	Interrupted bool `json:"interrupted,omitempty"`
	// Outcomes has one entry per change, Outcomes[i] for plan.Changes[i].
	Outcomes []Outcome `json:"-"`
}

// Unseen counts the changes that Graph accepted and that were to be read back and
// were not seen.
func (r *Result) Unseen() (n int) {
	for i := range r.Outcomes {
		if o := &r.Outcomes[i]; o.Unseen || o.Unread {
			n++
		}
	}
	return n
}
