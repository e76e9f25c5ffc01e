package journal

import (
	"encoding/json"
	"time"

	"bulksync/graph"
)

// Reason says in one word why a change ended as it did, for programs;
// Outcome.Message says it to people. It is empty if the status and the other
// members say it all.
type Reason string

// The reasons.
const (
	// ReasonBlocked: skipped because the plan blocks it.
	ReasonBlocked Reason = "blocked"
	// ReasonPredecessor: skipped because another change of the same partner did
	// not succeed.
	ReasonPredecessor Reason = "predecessor"
	// ReasonExcepted: skipped because a decision leaves the partner out.
	ReasonExcepted Reason = "excepted"
	// ReasonDrifted: held because the object changed since the plan.
	ReasonDrifted Reason = "drifted"
	// ReasonReplaced: held; this run made it, and something else is there now.
	ReasonReplaced Reason = "replaced"
	// ReasonNeverSeen: held; Graph accepted it, and no reading showed it.
	ReasonNeverSeen Reason = "never-seen"
	// ReasonNoOpLost: held; it was as wanted when the plan was made, and is not now.
	ReasonNoOpLost Reason = "no-op-lost"
	// ReasonMatchLost: held; it was as wanted when this run first looked, and is not
	// now.
	ReasonMatchLost Reason = "match-lost"
	// ReasonUnreadable: held because Graph's answer to a read of the object
	// cannot be read.
	ReasonUnreadable Reason = "unreadable"
	// ReasonProcessEnded: indeterminate because the process ended before the
	// answer came, or is still waiting for it.
	ReasonProcessEnded Reason = "process-ended"
)

// Outcome is how one change ended, and the evidence for it.
type Outcome struct {
	Seq    int    `json:"seq"`
	Status Status `json:"status"`
	Reason Reason `json:"reason,omitempty"`
	// Attempts counts the requests sent for the write, retries included.
	Attempts   int    `json:"attempts,omitempty"`
	HTTPStatus int    `json:"httpStatus,omitempty"`
	GraphCode  string `json:"graphCode,omitempty"`
	// Kind classifies the last answer to the write; empty if Graph accepted it
	// or nothing was sent.
	Kind graph.Kind `json:"kind,omitempty"`
	// Open means that an attempt of this run left no proof of what became of
	// it. An object found as wanted later is this run's doing, and undo reverts
	// it.
	Open bool `json:"open,omitempty"`
	// Unseen means that readings did not show what was accepted; Unread that
	// there were no readings to look in.
	Unseen bool `json:"unseen,omitempty"`
	Unread bool `json:"unread,omitempty"`
	// Applied means that Graph accepted the write, or may have, although the
	// status no longer says so: the object is held. Undo reverts it.
	Applied bool `json:"applied,omitempty"`
	// Overwritten means that a reading showed something else than what was
	// applied: somebody changed the object since.
	Overwritten bool `json:"overwritten,omitempty"`
	// Message says why, in words; empty if the status says it all.
	Message         string `json:"message,omitempty"`
	RequestID       string `json:"requestId,omitempty"`
	ClientRequestID string `json:"clientRequestId,omitempty"`
	// StartedAt is when the first request was sent; zero if none was.
	StartedAt time.Time `json:"startedAt,omitzero"`
	// ElapsedMs is the time from StartedAt to the last answer.
	ElapsedMs int64 `json:"elapsedMs,omitempty"`
	// Live is the object that was found instead, if that is the reason.
	Live json.RawMessage `json:"live,omitempty"`
	// Found is the object that was replaced, if Graph's answer to the write
	// showed that it was not the one that the plan knew; null if there was
	// none. Undo restores it.
	Found json.RawMessage `json:"found,omitempty"`
}

// MayHaveLanded reports whether this run may have changed the object, even if
// somebody has changed it again since.
func (o *Outcome) MayHaveLanded() bool {
	return o.Open || o.Applied || o.Status.Info().MayHaveLanded
}

// Elapsed is the time from the first request to the last answer, in whole
// milliseconds.
func (o *Outcome) Elapsed() time.Duration { return millis(o.ElapsedMs) }
