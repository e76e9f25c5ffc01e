package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"time"

	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/internal/seal"
	"bulksync/plan/approval"
	"bulksync/plan/audit/evidence"
)

// decisions holds the decisions in the folder against those that the journal says
// the run relied on.
func (r *runProof) decisions(ctx context.Context) {
	files := r.decisionFiles(ctx)
	result := r.log.Result()
	kept := map[string]approval.File{}
	for i := range result.Approvals {
		a := &result.Approvals[i]
		if f, ok := r.relied(a, files[a.SHA256]); ok {
			kept[a.SHA256] = f
		}
		delete(files, a.SHA256)
	}
	for _, f := range files {
		r.Checks.Add(evidence.Outside, evidence.OfDecisions, rundir.DecisionsName+"/"+filepath.Base(f.Name), "no session of the run relied on it")
	}
	r.sufficed(result, kept)
}

// decisionFiles reads the decisions in the folder, by their sums.
func (r *runProof) decisionFiles(ctx context.Context) map[string]approval.File {
	files := map[string]approval.File{}
	paths, err := r.dir.Decisions()
	if err != nil {
		r.Checks.Add(evidence.Altered, evidence.OfDecisions, rundir.DecisionsName, "%s", edge(err.Error()))
	}
	for _, path := range paths {
		f, err := readDecision(ctx, path)
		if err != nil {
			r.Checks.Add(evidence.Outside, evidence.OfDecisions, rundir.DecisionsName+"/"+filepath.Base(path), "it cannot be read: %s", edge(err.Error()))
			continue
		}
		files[seal.Sum(f.Text)] = *f
	}
	return files
}

// relied proves that a file is the decision that the journal names.
func (r *runProof) relied(a *approval.Approval, f approval.File) (approval.File, bool) {
	name := rundir.DecisionsName + "/" + filepath.Base(f.Name)
	switch {
	case f.Text == nil, (f.Signature == nil) != (a.Key == ""):
		r.Checks.Add(evidence.Altered, evidence.OfDecisions, rundir.DecisionsName, "the decision of %s, as the run relied on it, is not there any more", a.By)
		return f, false
	}
	again, err := approval.Inspect(r.plan, []approval.File{f}, a.At)
	switch {
	case err != nil:
		r.Checks.Add(evidence.Altered, evidence.OfDecisions, name, "%s", edge(err.Error()))
		return f, false
	case !sameApproval(again[0], *a):
		r.Checks.Add(evidence.Altered, evidence.OfDecisions, name, "the journal says otherwise than the decision of %s", a.By)
		return f, false
	}
	verb := "approves"
	if a.Decision == approval.Reject {
		verb = "rejects"
	}
	r.Checks.Add(evidence.Proved, evidence.OfDecisions, name, "%s %s the plan, %s", a.By, verb, signedWith(a.Key))
	if a.Key == "" {
		r.Checks.Add(evidence.Outside, evidence.OfDecisions, name, "that %s made it: it has no signature", a.By)
	}
	return f, true
}

func sameApproval(a, b approval.Approval) bool {
	x, errX := seal.Marshal(a)
	y, errY := seal.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// sufficed judges the decisions of the last session as they stood when the last of
// them was made.
func (r *runProof) sufficed(result *journal.Result, kept map[string]approval.File) {
	if len(result.InForce) == 0 {
		switch {
		case r.plan.Policy.NeedsApproval() && r.plan.Summary.Writes() > 0:
			r.Checks.Add(evidence.Altered, evidence.OfDecisions, rundir.JournalName, "%s asks for approvals, and the last session relied on none", policyName(r.plan))
		case r.plan.Summary.Writes() > 0 && len(result.Approvals) == 0:
			r.Checks.Add(evidence.Outside, evidence.OfDecisions, "", "who approved the plan: %s", approvedWithout(result.ApprovedWith))
		}
		return
	}
	var files []approval.File
	var last time.Time
	for _, a := range result.InForce {
		f, ok := kept[a.SHA256]
		if !ok {
			return // it has been said
		}
		files = append(files, f)
		if a.At.After(last) {
			last = a.At
		}
	}
	if _, err := approval.Judge(r.plan, files, last); err != nil {
		r.Checks.Add(evidence.Altered, evidence.OfDecisions, rundir.DecisionsName, "they do not let the plan be applied: %s", edge(err.Error()))
		return
	}
	r.Checks.Add(evidence.Proved, evidence.OfDecisions, rundir.DecisionsName, "they let the plan be applied")
}

func approvedWithout(with string) string {
	if with == "" {
		return "no decision was made"
	}
	return fmt.Sprintf("no decision was made; the run began with %s", with)
}
