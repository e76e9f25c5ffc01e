package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bulksync/internal/seal"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/plan/audit/evidence"
	"bulksync/report"
)

// provePlan proves a plan, and the decisions about it that are given. A plan that
// was altered, or is none, has an error alone.
func (v *verifier) provePlan(ctx context.Context, p *proof, beside []target) {
	read, err := v.readPlan(ctx, p.Path)
	switch {
	case errors.Is(err, plan.ErrAltered):
		p.Checks.Add(evidence.Altered, evidence.OfPlan, "", "%v", err)
	case err != nil && codeOf(err) == exitRefused:
		p.Checks.Add(evidence.NotProved, evidence.OfPlan, "", "%v", err)
	}
	if err != nil {
		p.fail(err)
		return
	}
	p.Fingerprint = read.Fingerprint
	p.whole(inputPath(p.Path), read)
	decisions := v.decisions
	for i := range beside {
		if d := beside[i].decision; d != nil && d.PlanFingerprint == read.Fingerprint {
			beside[i].about = p.Path
			decisions = append(decisions, beside[i].path)
		}
	}
	if p.err = v.proveUse(ctx, p, read, decisions); p.err == nil {
		v.noteRest(p, read, len(decisions))
	}
}

// whole says that a plan is as it was made.
func (p *proof) whole(name string, read *plan.Plan) {
	said := fmt.Sprintf("is whole: %s to home tenant %s", words.Count(read.Summary.Writes(), "change"), edge(read.HomeTenant.Named()))
	p.Checks.Add(evidence.Proved, evidence.OfPlan, "", "it %s", said)
	p.lines = append(p.lines, name+" "+said)
	if s := read.Selection; s != nil && !s.LeftOut.IsNothing() {
		p.accept(evidence.OfPlan, "it is a part of "+report.OneLine(read.Input.Name)+": "+report.SelectionWords(read))
	}
	p.lines = append(p.lines, "its fingerprint is")
	for _, line := range aloud(read.Fingerprint) {
		p.lines = append(p.lines, "  "+line)
	}
}

// proveUse proves that apply would accept the plan, as far as its policy and the
// decisions say. It returns the refusal.
func (v *verifier) proveUse(ctx context.Context, p *proof, read *plan.Plan, decisions []string) error {
	if path := v.file(v.env); path != "" {
		if err := v.checkFile(ctx, v.env, read); err != nil {
			p.refuse(evidence.OfPolicy, err)
			return err
		}
		p.accept(evidence.OfPolicy, "it was made under the policy in "+path)
	}
	if len(decisions) == 0 {
		return nil
	}
	c, err := v.decide(ctx, read, p.Path, decisions, v.now)
	if err != nil {
		p.refuse(evidence.OfDecisions, err)
		return err
	}
	for _, line := range acceptedLines(read, c) {
		p.accept(evidence.OfDecisions, line)
	}
	return nil
}

// accept notes what was proved, in words that are the text as well.
func (p *proof) accept(of evidence.Subject, said string) {
	p.Checks.Add(evidence.Proved, of, "", "%s", said)
	p.lines = append(p.lines, said)
}

// refuse notes why something is refused: each fault of decisions by itself. What
// could not be read is no refusal.
func (p *proof) refuse(of evidence.Subject, err error) {
	var all *approval.Refusal
	switch {
	case errors.As(err, &all):
		for _, f := range all.Faults {
			p.Checks.Add(evidence.NotProved, of, f.File, "%s", edge(approval.Fault{Err: f.Err}.Error()))
		}
	case errors.As(err, new(*exit)):
		p.Checks.Add(evidence.NotProved, of, "", "%s", edge(err.Error()))
	default:
		p.Problem = edge(err.Error())
	}
}

// noteRest says what else apply would ask for.
func (v *verifier) noteRest(p *proof, read *plan.Plan, decisions int) {
	note := func(format string, args ...any) { p.notes = append(p.notes, fmt.Sprintf(format, args...)) }
	if decisions == 0 && read.Policy.NeedsApproval() {
		note("%s asks for %s; pass each with --decision to have it proved", policyName(read), words.Count(read.Policy.Approvals.Required, "approval"))
	}
	_, limits := policyOptions{}.checkLimits(v.env, read)
	_, window := checkWindow(read, v.now)
	for _, err := range []error{checkAge(read, v.now), limits, window} {
		if err != nil {
			note("note: apply would refuse the plan now all the same: %v", err)
		}
	}
}

// acceptedLines say what was proved of the decisions about a plan.
func acceptedLines(p *plan.Plan, c consent) []string {
	var lines []string
	for i, a := range c.approvals {
		line := fmt.Sprintf("%s: %s approves, %s, until %s UTC", c.files[i].Name, a.By, signedWith(a.Key), a.ExpiresAt.Format(time.DateTime))
		if names := report.ExceptionNames(p, a.Except); len(names) > 0 {
			line += "; all but " + strings.Join(names, ", ")
		}
		lines = append(lines, line)
	}
	return append(lines, "apply would accept "+map[bool]string{true: "this decision", false: "these decisions"}[len(c.approvals) == 1])
}

func signedWith(key string) string {
	if key == "" {
		return "without a signature"
	}
	return "signed with " + key
}

// proveDecision proves a decision by itself. Its plan, if that is among the paths,
// says whether it counts.
func (v *verifier) proveDecision(p *proof, t *target) {
	if t.broken != nil {
		p.Checks.Add(evidence.Altered, evidence.OfDecisions, "", "%s", edge(t.broken.Error()))
		p.fail(refused("", "%s: %w", t.path, t.broken))
		return
	}
	d := t.decision
	p.Fingerprint, p.SHA256 = d.PlanFingerprint, seal.Sum(t.file.Text)
	verb := map[approval.Verdict]string{approval.Approve: "approves", approval.Reject: "rejects"}[d.Decision]
	p.accept(evidence.OfDecisions, fmt.Sprintf("%s is whole: %s %s a plan for home tenant %s, at %s UTC", t.path, d.By, verb, d.HomeTenant, d.At.UTC().Format(time.DateTime)))
	switch {
	case t.about != "":
		p.accept(evidence.OfDecisions, "the plan is "+t.about)
	default:
		p.lines = append(p.lines, "the fingerprint of the plan is")
		for _, line := range aloud(d.PlanFingerprint) {
			p.lines = append(p.lines, "  "+line)
		}
		p.beyond(evidence.OfDecisions, "whether apply would accept it: name the plan beside it")
	}
	if err := v.proveSigned(p, t.file, d); err != nil {
		p.Checks.Add(evidence.NotProved, evidence.OfSignature, "", "%s", edge(err.Error()))
		p.err = refused("", "%s: its signature: %w", t.path, err)
	}
}

// proveSigned proves the signature of a decision and, with --signers, whose it is.
func (v *verifier) proveSigned(p *proof, f *approval.File, d *approval.Decision) error {
	if f.Signature == nil {
		if v.signers != nil {
			return errors.New("there is none, and --signers asks for one")
		}
		p.beyond(evidence.OfSignature, "who made it: it has no signature")
		return nil
	}
	sig, err := seal.ReadSignature(f.Signature, f.Text, approval.NamespaceDecision)
	if err != nil {
		return err
	}
	p.accept(evidence.OfSignature, "it is signed with "+sig.Fingerprint())
	if v.signers == nil {
		p.beyond(evidence.OfSignature, "whose key that is: name the allowed signers with --signers")
		return nil
	}
	if err := v.signers.Check(d.By, approval.NamespaceDecision, sig, d.At); err != nil {
		return err
	}
	p.accept(evidence.OfSignature, fmt.Sprintf("%s gives the key to %s", inputName(v.verifyOptions.signers), d.By))
	return nil
}

// beyond notes what a proof of the file does not show.
func (p *proof) beyond(of evidence.Subject, said string) {
	p.Checks.Add(evidence.Outside, of, "", "%s", said)
	p.lines = append(p.lines, "not shown: "+said)
}
