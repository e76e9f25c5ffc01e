package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"bulksync/execute/journal"
	"bulksync/execute/rundir"
	"bulksync/internal/atomicfile"
	"bulksync/internal/seal"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/approval"
)

// decisionOptions are the decisions that a command relies on, as typed.
type decisionOptions struct{ decisions []string }

func (o *decisionOptions) register(fl *pflag.FlagSet) {
	fl.StringArrayVar(&o.decisions, "decision", nil, "`FILE`: file with a decision on the plan, and FILE.sig beside it if it is signed; may be repeated")
}

// consent is how a session of a run was approved.
type consent struct {
	// with is the flag; "prompt" if a person was asked, and empty if nothing was to
	// be approved.
	with      string
	approvals []approval.Approval
	files     []approval.File
}

// sigExt is the extension of a signature, after the whole name of its file.
const sigExt = ".sig"

// readDecisions reads decision files with their signatures. What cannot be read
// is told of all of them at once, as an *approval.Refusal.
func (e *env) readDecisions(ctx context.Context, paths []string) ([]approval.File, error) {
	var files []approval.File
	refusal := &approval.Refusal{}
	for _, path := range paths {
		f, err := readDecision(ctx, path)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			refusal.Faults = append(refusal.Faults, approval.Fault{Err: err})
			continue
		}
		files = append(files, *f)
	}
	if len(refusal.Faults) > 0 {
		return nil, refusal
	}
	return files, nil
}

func readDecision(ctx context.Context, path string) (*approval.File, error) {
	text, err := readSmall(ctx, path)
	if err != nil {
		return nil, err
	}
	signature, err := readSmall(ctx, path+sigExt)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &approval.File{Name: path, Text: text, Signature: signature}, nil
}

// readSmall reads a regular file, or what a link leads to, of bounded size.
func readSmall(ctx context.Context, path string) ([]byte, error) {
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, atomicfile.PathError(err)
	case !atomicfile.IsRegular(info): // reading a pipe might never end
		return nil, &atomicfile.KindError{Path: path, Mode: info.Mode()}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, atomicfile.PathError(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(atomicfile.NewReader(ctx, f), approval.MaxFile+1))
	if err == nil && len(text) > approval.MaxFile {
		err = fmt.Errorf("%s is larger than 1 MiB: it is no decision", path)
	}
	return text, atomicfile.PathError(err)
}

// decide judges decisions about the plan in a file. A refusal says what to do
// about it.
func (e *env) decide(ctx context.Context, p *plan.Plan, path string, paths []string, now time.Time) (consent, error) {
	c, err := e.judge(ctx, p, paths, now)
	return c, e.undecided(p, path, err)
}

// judge judges decisions about a plan.
func (e *env) judge(ctx context.Context, p *plan.Plan, paths []string, now time.Time) (consent, error) {
	files, err := e.readDecisions(ctx, paths)
	if err != nil {
		return consent{}, err
	}
	approvals, err := approval.Judge(p, files, now)
	return consent{"--decision", approvals, files}, err
}

// undecided adds to a refusal of decisions what to do about it.
func (e *env) undecided(p *plan.Plan, path string, err error) error {
	var r *approval.Refusal
	if !errors.As(err, &r) {
		return err
	}
	hint := "a new decision is made with: " + e.toDecide(p, path)
	switch {
	case r.Has(approval.ErrRejected):
		hint = "settle it with whoever rejected it, or make another plan"
	case r.Has(fs.ErrNotExist):
		hint = "name the decision files that bulksync approve wrote"
	case r.Has(approval.ErrUnsigned):
		hint = fmt.Sprintf("whoever made it signs it with: ssh-keygen -Y sign -n %s -f KEY FILE", approval.NamespaceDecision)
	}
	return refused(hint, "%w", err)
}

// toDecide is the command that makes a decision about the plan in a file.
func (e *env) toDecide(p *plan.Plan, path string) string {
	if !isKept(path) {
		path = "plan.json"
	}
	cmd := e.address.command("approve", path) + " --as NAME"
	if p.Policy.NeedsApproval() {
		cmd += " --key FILE"
	}
	return cmd
}

// needsDecisions refuses a plan whose policy asks for approvals, where there are
// none.
func (e *env) needsDecisions(p *plan.Plan, path string) error {
	return refused("have it approved: "+e.toDecide(p, path)+"; then pass each file with --decision",
		"%s asks for %s by its signers, and no --decision is given", policyName(p), words.Count(p.Policy.Approvals.Required, "approval"))
}

// again judges the decisions of a run that is resumed: the given ones, or else
// those that its last session relied on, as they are in its folder.
func (o decisionOptions) again(ctx context.Context, e *env, dir *rundir.Dir, p *plan.Plan, last *journal.Run, now time.Time) (consent, error) {
	path := dir.File(rundir.PlanName)
	switch {
	case len(o.decisions) > 0 && len(last.Approvals) > 0:
		c, err := e.judge(ctx, p, o.decisions, now)
		if r := (*approval.Refusal)(nil); errors.As(err, &r) && !r.Has(approval.ErrRejected) {
			return c, refused("--decision takes the place of all decisions of the run: those that still hold are in "+shellQuote(dir.File(rundir.DecisionsName))+
				"; a new one is made with: "+e.toDecide(p, path), "%w", err)
		}
		return c, e.undecided(p, path, err)
	case len(o.decisions) > 0:
		return e.decide(ctx, p, path, o.decisions, now)
	case len(last.Approvals) > 0:
		c, err := e.keptDecisions(ctx, dir, p, last, now)
		if errors.As(err, new(*approval.Refusal)) {
			err = refused("make a new decision: "+e.toDecide(p, path)+"; then: "+e.address.command("resume", dir.Path())+allDecisions(p), "%w", err)
		}
		return c, err
	case p.Policy.NeedsApproval() && p.Summary.Writes() > 0:
		return consent{}, e.needsDecisions(p, path)
	default:
		return consent{with: last.ApprovedWith}, nil
	}
}

// allDecisions are the flags of as many decisions as a plan needs: those that are
// given take the place of all that the run had.
func allDecisions(p *plan.Plan) string {
	needed := 1
	if p.Policy.NeedsApproval() {
		needed = min(p.Policy.Approvals.Required, 9) // more only fill the line
	}
	return strings.Repeat(" --decision FILE", needed)
}

// keptDecisions judges the decisions that a session relied on once more, at this
// time. Others in the folder do not count, and what was altered there is missing.
func (e *env) keptDecisions(ctx context.Context, dir *rundir.Dir, p *plan.Plan, last *journal.Run, now time.Time) (consent, error) {
	paths, err := dir.Decisions()
	if err != nil {
		return consent{}, err
	}
	wanted := map[string]approval.Approval{}
	for _, a := range last.Approvals {
		wanted[a.SHA256] = a
	}
	c := consent{with: last.ApprovedWith}
	for _, path := range paths {
		f, err := readDecision(ctx, path)
		if err != nil {
			continue // if it is one of those, it is missing below
		}
		id := seal.Sum(f.Text)
		if a, ok := wanted[id]; ok && (a.Key == "") == (f.Signature == nil) {
			delete(wanted, id)
			c.files = append(c.files, *f)
		}
	}
	refusal := &approval.Refusal{}
	for _, a := range last.Approvals {
		if _, missing := wanted[a.SHA256]; missing {
			refusal.Faults = append(refusal.Faults, approval.Fault{
				File: dir.File(rundir.DecisionsName), Err: fmt.Errorf("the decision of %s, as the run relied on it, is not there any more", a.By),
			})
		}
	}
	if len(refusal.Faults) > 0 {
		return c, refusal
	}
	c.approvals, err = approval.Judge(p, c.files, now)
	return c, err
}

// kept are the files of the decisions as a run folder takes them.
func (c *consent) kept() []rundir.Decision {
	var kept []rundir.Decision
	for _, f := range c.files {
		kept = append(kept, rundir.Decision{Name: f.Name, Text: f.Text, Signature: f.Signature})
	}
	return kept
}

// noteApprovals says who approved a session of a run, and how much is left out.
func (e *env) noteApprovals(h *journal.Run) {
	if len(h.Approvals) == 0 {
		return
	}
	by := make([]string, len(h.Approvals))
	for i, a := range h.Approvals {
		by[i] = a.By
	}
	note := "approved by " + strings.Join(by, ", ")
	if n := len(h.Exceptions()); n > 0 {
		note += "; " + words.Count(n, "exception")
	}
	e.note("%s", note)
}
