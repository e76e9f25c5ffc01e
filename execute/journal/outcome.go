package journal

import (
	"encoding/json"
	"time"

	"bulksync/graph"
)

// Reason says in one word why a change ended as it did, for those that decide by
// it; Outcome.Message says it to people. It is empty where the status and the
// other members say it all.
type Reason string

// The reasons.
const (
	// ReasonBlocked: skipped, as the plan blocks it.
	ReasonBlocked Reason = "blocked"
	// ReasonPredecessor: skipped, as a change of the same partner before it did not
	// succeed.
	ReasonPredecessor Reason = "predecessor"
	// ReasonDrifted: held, as the object moved since the plan.
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
	// ReasonUnreadable: held, as Graph's answer to a read of the object cannot be read.
	ReasonUnreadable Reason = "unreadable"
	// ReasonProcessEnded: indeterminate, as the process ended before the answer came,
	// or has not ended yet.
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
	// Kind classes the last answer to the write; empty where Graph accepted it, or
	// none was sent.
	Kind graph.Kind `json:"kind,omitempty"`
	// Open means that an attempt of this run was left without proof of what became
	// of it. What is as wanted later is this run's doing, and undo takes it back.
	Open bool `json:"open,omitempty"`
	// Unseen means that readings were looked through for what was accepted, and
	// did not show it; Unread that they could not be had.
	Unseen bool `json:"unseen,omitempty"`
	Unread bool `json:"unread,omitempty"`
	// Overwritten means that Graph accepted the write, or may have, and that what
	// it made is not there: somebody changed the object since, or it was never
	// seen (ReasonNeverSeen).
	Overwritten bool `json:"overwritten,omitempty"`
	// Message says why, in words; empty where the status says it all.
	Message         string `json:"message,omitempty"`
	RequestID       string `json:"requestId,omitempty"`
	ClientRequestID string `json:"clientRequestId,omitempty"`
	// StartedAt is when the first request was sent; zero where none was.
	StartedAt time.Time `json:"startedAt,omitzero"`
	// ElapsedMs is the time from then to the answer to the last one.
	ElapsedMs int64 `json:"elapsedMs,omitempty"`
	// Live is the object as it was found instead, where that is the reason.
	Live json.RawMessage `json:"live,omitempty"`
	// Found is the object that was replaced, where Graph's answer to the write
	// told that another one was there than the plan knew, or null, where none was:
	// undo goes back to it.
	Found json.RawMessage `json:"found,omitempty"`
}

// MayHaveLanded reports whether this run may have changed the object, even if
// somebody has changed it again since.
func (o *Outcome) MayHaveLanded() bool {
	return o.Open || o.Overwritten || o.Status.Info().MayHaveLanded
}

// Elapsed is the time from the first request to the answer to the last one, in
// whole milliseconds.
func (o *Outcome) Elapsed() time.Duration { return millis(o.ElapsedMs) }
