package journal_test

import (
	"bytes"
	"testing"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
)

// planned is a plan of five changes: a no-op, a blocked one and three writes.
func planned() *plan.Plan {
	p := &plan.Plan{Fingerprint: "sha256:ours", HomeTenant: graph.HomeTenant{ID: "home"}}
	p.Input.Rows = 4
	for i, a := range []plan.Action{plan.NoOp, plan.Blocked, plan.Create, plan.Update, plan.Create} {
		p.Changes = append(p.Changes, plan.Change{Seq: i + 1, Action: a, Object: plan.IdentitySynchronization})
	}
	p.Changes[1].Reason = "a service's own"
	return p
}

// begun begins a session of the plan.
var begun = journal.Run{
	FormatVersion: journal.FormatVersion, RunID: "run", PlanFingerprint: "sha256:ours",
	Tool:     plan.Tool{Name: "bulksync", Version: "1.0.0"},
	Identity: journal.Identity{Kind: "app", AppID: "app", TenantID: "home"},
	Settings: journal.Settings{Concurrency: 7},
}

func session(r journal.Run) journal.Entry { return journal.Entry{Run: &r} }

func intent(seq int) journal.Entry {
	return journal.Entry{Intent: &journal.Intent{Seq: seq, Method: "PUT", Path: "/x", ClientRequestID: "id"}}
}

func outcome(o journal.Outcome) journal.Entry { return journal.Entry{Outcome: &o} }

func end(e journal.End) journal.Entry { return journal.Entry{End: &e} }

// disk is a journal's file in memory. Its errors can be set.
type disk struct {
	bytes.Buffer
	syncs             int
	writeErr, syncErr error
	synced            int // bytes
	onSync            func()
}

func (d *disk) Write(p []byte) (int, error) {
	if d.writeErr != nil {
		return 0, d.writeErr
	}
	return d.Buffer.Write(p)
}

func (d *disk) Sync() error {
	if d.onSync != nil {
		d.onSync()
	}
	d.syncs, d.synced = d.syncs+1, d.Len()
	return d.syncErr
}

func now() {}

// written is the journal of entries.
func written(t testing.TB, entries ...journal.Entry) []byte {
	t.Helper()
	var d disk
	w := journal.New(&d, "")
	for _, e := range entries {
		if err := w.Add(e).Wait(now); err != nil {
			t.Fatal(err)
		}
	}
	return bytes.Clone(d.Bytes())
}

// replayed reads a journal of the plan.
func replayed(t testing.TB, text []byte) *journal.Log {
	t.Helper()
	l, err := journal.Replay(planned(), bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return l
}
