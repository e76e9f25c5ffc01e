package journal

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/approval"
)

// FormatVersion is the version of the journal format, in its first entry.
const FormatVersion = 1

// Entry is the content of one line of journal.jsonl, between the previous
// line's sum and its own (see seal.Chain). Exactly one of the pointers is set.
type Entry struct {
	At time.Time `json:"at"`
	// Run begins a journal, and each resumption of it.
	Run *Run `json:"run,omitempty"`
	// Intent is durable before its write is sent.
	Intent *Intent `json:"intent,omitempty"`
	// Outcome is how a change ended; a later one replaces an earlier one.
	Outcome *Outcome `json:"outcome,omitempty"`
	// End closes a session, unless its process died.
	End *End `json:"end,omitempty"`
}

// Run says what is run, against which tenant, by whom and how.
type Run struct {
	FormatVersion   int              `json:"formatVersion"`
	RunID           string           `json:"runId"`
	PlanFingerprint string           `json:"planFingerprint"`
	Tool            plan.Tool        `json:"tool"`
	HomeTenant      graph.HomeTenant `json:"homeTenant"`
	// Identity is the identity of the token in use.
	Identity Identity `json:"identity"`
	// Settings are those that a resumption continues with.
	Settings Settings `json:"settings"`
	// ApprovedWith says how the session was approved: the flag, or "prompt".
	ApprovedWith string `json:"approvedWith,omitempty"`
	// Approvals are the decisions that this session relies on. What they leave out
	// is not written.
	Approvals []approval.Approval `json:"approvals,omitempty"`
	// Allowed are the limits of the policy that were lifted.
	Allowed []plan.LimitName `json:"allowed,omitempty"`
	Resumed bool             `json:"resumed,omitempty"`
}

// Exceptions says of each partner that the session's decisions leave out, by
// tenant ID, who leaves it out and why. The template has no tenant ID.
func (r *Run) Exceptions() map[string]string {
	why := map[string]string{}
	for _, a := range r.Approvals {
		for _, e := range a.Except {
			id := e.TenantID
			if id == approval.TemplateException {
				id = ""
			}
			said := strings.TrimSuffix("excepted by "+a.By+": "+e.Reason, ": ")
			if first := why[id]; first != "" {
				said = first + "; " + said
			}
			why[id] = said
		}
	}
	return why
}

// Identity is an app or a user as its token names it. Any member may be empty:
// a token need not name it.
type Identity struct {
	// Kind is user or app.
	Kind    string `json:"kind"`
	AppID   string `json:"appId"`
	AppName string `json:"appName"`
	// User is the sign-in name; empty for an app on its own.
	User     string `json:"user"`
	TenantID string `json:"tenantId"`
}

// String names a user by the sign-in name, an app by name and ID.
func (i Identity) String() string {
	switch {
	case i == Identity{}:
		return ""
	case i.User != "":
		return "user " + i.User
	case i.AppName != "":
		return "app " + i.AppName + " (" + i.AppID + ")"
	default:
		return "app " + i.AppID
	}
}

// Intent is a write about to be sent.
type Intent struct {
	Seq             int    `json:"seq"`
	Method          string `json:"method"`
	Path            string `json:"path"`
	ClientRequestID string `json:"clientRequestId"`
	// Found is the object that the write replaces, if it is not the one that
	// the plan knew (see Outcome.Found).
	Found json.RawMessage `json:"found,omitempty"`
}

// End is the last entry of a session.
type End struct {
	Stopped     string   `json:"stopped,omitempty"`
	Interrupted bool     `json:"interrupted,omitempty"`
	Requests    Requests `json:"requests"`
	Pace        Pace     `json:"pace"`
}

// makePlain brings e into the form in which a journal gives it back: texts in
// UTF-8, JSON without white space, times without a monotonic part.
func (e *Entry) makePlain() {
	switch {
	case e.Intent != nil:
		e.Intent.Found = compact(e.Intent.Found)
	case e.Outcome != nil:
		o := e.Outcome
		o.Message = strings.ToValidUTF8(o.Message, "\ufffd")
		o.Live, o.Found = compact(o.Live), compact(o.Found)
		o.StartedAt = plainTime(o.StartedAt)
	case e.End != nil:
		e.End.Stopped = strings.ToValidUTF8(e.End.Stopped, "\ufffd")
	}
	e.At = plainTime(e.At)
}

func plainTime(t time.Time) time.Time { return t.UTC().Round(0) }

func compact(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return nil
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return nil
	}
	return b.Bytes()
}
