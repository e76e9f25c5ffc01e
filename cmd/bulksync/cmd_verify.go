package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/plan"
	"bulksync/plan/audit/evidence"
	"bulksync/report"
)

// verifyOptions are the flags of bulksync verify.
type verifyOptions struct {
	decisionOptions
	policyOptions
	// signers is the file of those of whom one must have signed each audit; empty
	// for none.
	signers string
}

func verifyCommand(c *commandLine) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify PATH...",
		Short: "Prove plans, decisions, runs, audits and stores, offline",
		Long: `Proves that files are as they were written, and says what it cannot prove.

  a plan      as it was made; with --policy, under that policy; with decisions,
              that apply would accept them now. What else apply would refuse
              now, such as a limit or the window, is a note
  a decision  whole, and its signature; with its plan among the paths, as with
              --decision
  a run       its folder: the plan, the chain of the journal, the decisions;
              the reports, made again
  an audit    its folder in a store: sums and signature; the findings, computed
              again from the answers of Graph and the input; the reports, made
              again
  a store     each audit in it, and the chain of them

Exit 0: proved; 4: altered, refused, or not proved; 1: unreadable.`,
		Example: `  bulksync verify plan.json --decision ada.json --decision bob.json
  bulksync verify bulksync-runs/* audits --signers allowed_signers`,
		Args: takes(1, anyNumber),
		RunE: c.verb(func(e *env, args []string) error { return o.run(c.stops, e, args) }),
	}
	o.decisionOptions.register(cmd.Flags())
	o.policyOptions.registerDemand(cmd.Flags())
	cmd.Flags().StringVar(&o.signers, "signers", "", "`FILE`: allowed signers; demand that one of them signed each audit")
	return cmd
}

// verifier is one call of bulksync verify.
type verifier struct {
	*env
	verifyOptions
	now     time.Time
	signers *evidence.Signers // nil unless signatures are demanded
}

func (o verifyOptions) run(stops execute.Stops, e *env, paths []string) error {
	ctx := stops.Soft
	if e.format != report.Text && e.format != report.JSON {
		return fmt.Errorf("verify writes text or json, not %s", e.format)
	}
	v := &verifier{env: e, verifyOptions: o, now: time.Now()}
	targets, err := v.targets(ctx, matching(paths))
	if err == nil {
		v.signers, err = o.readSigners(ctx, e)
	}
	if err != nil {
		return err
	}
	all, err := v.proveAll(ctx, targets)
	if err != nil { // an interrupt
		return err
	}
	if err := e.page(func(w io.Writer) error { return v.show(w, all) }); err != nil {
		return err
	}
	return v.end(all)
}

// readSigners reads the file in --signers.
func (o verifyOptions) readSigners(ctx context.Context, e *env) (*evidence.Signers, error) {
	if o.signers == "" {
		return nil, nil
	}
	text, err := readSmall(ctx, o.signers)
	if err != nil {
		return nil, fmt.Errorf("--signers: %w", err)
	}
	s, err := evidence.ReadSigners(string(text), inputName(o.signers))
	if err != nil {
		return nil, fmt.Errorf("--signers: %w", err)
	}
	return s, nil
}

// proveAll proves what the paths lead to, in their order but for the plans: these
// come first, because they say which decisions are about them.
func (v *verifier) proveAll(ctx context.Context, targets []target) ([]proof, error) {
	all := make([]proof, len(targets))
	for _, plans := range []bool{true, false} {
		for i := range targets {
			if (targets[i].kind == aPlan) != plans {
				continue
			}
			v.prove(ctx, &all[i], &targets[i], targets)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
		}
	}
	return all, nil
}

// prove proves what one path leads to, beside the others.
func (v *verifier) prove(ctx context.Context, p *proof, t *target, beside []target) {
	p.Path, p.Kind = t.path, t.kind
	switch t.kind {
	case aPlan:
		v.provePlan(ctx, p, beside)
	case aDecision:
		v.proveDecision(p, t)
	case aRun:
		v.proveRun(ctx, p)
	case anAudit:
		v.proveAudit(ctx, p)
	case aStore:
		v.proveStore(ctx, p)
	default:
		p.fail(t.err)
	}
	p.settle()
}

// end prints what the result does not show, and returns the exit code: that what
// was altered or not proved comes before that something could not be read.
func (v *verifier) end(all []proof) error {
	code := exitDone
	for i := range all {
		p := &all[i]
		v.sayError(p.err)
		for _, note := range p.notes {
			v.note("%s", note)
		}
		code = max(code, p.code())
	}
	return exitWith(code)
}

// proof is what was found about one path.
type proof struct {
	Path    string   `json:"path"`
	Kind    pathKind `json:"kind"`
	Verdict verdict  `json:"verdict"`
	// Problem says why nothing could be read.
	Problem string `json:"problem,omitempty"`
	// Fingerprint is that of the plan, or of the plan that a decision or a run is
	// about.
	Fingerprint string `json:"fingerprint,omitempty"`
	// SHA256 is that of the decision, of the journal of a run or of the manifest of
	// an audit: kept elsewhere, it proves the file.
	SHA256 string          `json:"sha256,omitempty"`
	Checks evidence.Checks `json:"checks"`
	// Audits are those of a store, the oldest first.
	Audits []provenAudit `json:"audits,omitempty"`

	// lines are the text for what has a form of its own.
	lines []string
	notes []string
	// err goes to standard error, with its hint.
	err error
}

// provenAudit is an audit of a store.
type provenAudit struct {
	Folder  string          `json:"folder"`
	Number  int             `json:"number"`
	SHA256  string          `json:"sha256"`
	Result  string          `json:"result"`
	Signer  string          `json:"signer,omitempty"`
	Verdict verdict         `json:"verdict"`
	Checks  evidence.Checks `json:"checks"`
}

// verdict is what verify says of a path.
type verdict string

// The verdicts, the gravest first: as the statuses of the checks, and that nothing
// could be read.
const (
	isAltered    verdict = "altered"
	isNotProved  verdict = "not-proved"
	isUnreadable verdict = "unreadable"
	isProved     verdict = "proved"
)

// fail notes an error that ends the proof of a path.
func (p *proof) fail(err error) {
	p.err = err
	if p.Checks.Verdict() == evidence.Proved {
		p.Problem = edge(err.Error())
	}
}

// settle works out the verdict.
func (p *proof) settle() {
	p.Verdict = verdict(p.Checks.Verdict())
	switch {
	case p.Verdict != isProved, p.err == nil:
	case codeOf(p.err) == exitRefused:
		p.Verdict = isNotProved
	default:
		p.Verdict = isUnreadable
	}
	for _, a := range p.Audits {
		if a.Verdict == isAltered || a.Verdict != isProved && p.Verdict == isProved {
			p.Verdict = a.Verdict
		}
	}
	if p.Checks == nil {
		p.Checks = evidence.Checks{}
	}
}

// code is the exit code for the path alone.
func (p *proof) code() int {
	switch p.Verdict {
	case isProved:
		return exitDone
	case isUnreadable:
		return max(exitCannotRun, codeOf(p.err))
	default:
		return exitRefused
	}
}

// verification is the JSON of bulksync verify.
type verification struct {
	FormatVersion int       `json:"formatVersion"`
	Tool          plan.Tool `json:"tool"`
	VerifiedAt    time.Time `json:"verifiedAt"`
	Verdict       verdict   `json:"verdict"`
	Paths         []proof   `json:"paths"`
}

// overall is the gravest verdict.
func overall(all []proof) verdict {
	for _, worst := range []verdict{isAltered, isNotProved, isUnreadable} {
		if slices.ContainsFunc(all, func(p proof) bool { return p.Verdict == worst }) {
			return worst
		}
	}
	return isProved
}
