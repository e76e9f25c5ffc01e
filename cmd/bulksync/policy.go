package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"bulksync/execute/journal"
	"bulksync/internal/seal"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/report"
)

// policyOptions say under which policy a plan is made, or applied.
type policyOptions struct {
	// policy is the file; empty for none.
	policy string
	// allow names the limits to lift.
	allow []string
}

// policyVariable stands for --policy in the environment.
const policyVariable = "BULKSYNC_POLICY"

// registerPolicy adds the flag of a command that makes plans.
func (o *policyOptions) registerPolicy(fl *pflag.FlagSet) {
	fl.StringVar(&o.policy, "policy", "", "`FILE.yaml`: policy to plan under (default $"+policyVariable+", or the built-in policy)")
}

// register adds the flags of a command that applies plans.
func (o *policyOptions) register(fl *pflag.FlagSet) {
	o.registerDemand(fl)
	choiceListVar(fl, &o.allow, "allow", approval.LimitNames(), "limit of the policy to lift; more than one with commas")
}

// registerDemand adds the flag of a command that demands a policy of a plan.
func (o *policyOptions) registerDemand(fl *pflag.FlagSet) {
	fl.StringVar(&o.policy, "policy", "", "`FILE.yaml`: policy; a plan that was made under another one is refused (default $"+policyVariable+")")
}

// file is the policy file; empty if there is none.
func (o policyOptions) file(e *env) string { return cmp.Or(o.policy, e.getenv(policyVariable)) }

// read reads the policy to plan under; nil means the built-in one.
func (o policyOptions) read(ctx context.Context, e *env) (*plan.Policy, error) {
	path := o.file(e)
	if path == "" {
		return nil, nil
	}
	return readFile(ctx, &e.process, path, func(r io.Reader) (*plan.Policy, error) { return e.readPolicy(ctx, r, path) })
}

// readPolicy reads the text of a policy file, and its signers.
func (e *env) readPolicy(ctx context.Context, text io.Reader, path string) (*plan.Policy, error) {
	return approval.ReadPolicy(text, inputName(path), func(signers string) (io.ReadCloser, error) {
		if !filepath.IsAbs(signers) {
			signers = filepath.Join(filepath.Dir(path), signers)
		}
		return e.open(ctx, signers)
	})
}

// admission is what the policy of a plan says to applying it now.
type admission struct {
	// allowed are the limits that were lifted.
	allowed []plan.LimitName
	// until is when the window shuts; zero if there is none.
	until time.Time
}

// check asks whether the policy of a plan lets it be applied now. It sends nothing
// and writes nothing.
func (o policyOptions) check(ctx context.Context, e *env, p *plan.Plan, now time.Time) (admission, error) {
	var a admission
	err := o.checkFile(ctx, e, p)
	if err == nil {
		err = checkAge(p, now)
	}
	if err == nil {
		a.allowed, err = o.checkLimits(e, p)
	}
	if err == nil {
		a.until, err = checkWindow(p, now)
	}
	return a, err
}

// checkAgain asks a policy what may have changed since its run began.
func checkAgain(p *plan.Plan, now time.Time) (a admission, err error) {
	if err = checkAge(p, now); err == nil {
		a.until, err = checkWindow(p, now)
	}
	return a, err
}

// stillAdmitted asks once more what time may have changed since a run was
// admitted: a person was asked meanwhile, or the tenant was read.
func (e *env) stillAdmitted(p *plan.Plan, path string, c *consent, s journal.Settings, now time.Time) error {
	if _, err := checkAgain(p, now); err != nil {
		return err
	}
	if hasPassed(s.Deadline, now) {
		return refused("run the command again, with another deadline",
			"the deadline of the run, %s, passed before anything was sent", s.Deadline.Format(zonedTime))
	}
	if len(c.files) == 0 {
		return nil
	}
	_, err := approval.Judge(p, c.files, now)
	return e.undecided(p, path, err)
}

// checkFile refuses a plan that was made under another policy than the given one.
func (o policyOptions) checkFile(ctx context.Context, e *env, p *plan.Plan) error {
	path := o.file(e)
	if path == "" {
		return nil
	}
	text, err := readFile(ctx, &e.process, path, func(r io.Reader) ([]byte, error) {
		return io.ReadAll(io.LimitReader(r, approval.MaxFile+1)) // a longer one is no policy of a plan
	})
	if err != nil {
		return err
	}
	if seal.Sum(text) != p.Policy.SHA256 {
		return otherPolicy(path, "the plan was made under %s, and not under %s as it is now", policyName(p), inputPath(path))
	}
	now, err := e.readPolicy(ctx, bytes.NewReader(text), path)
	if err != nil {
		return err
	}
	return sameRules(p, now, path)
}

// sameRules refuses a plan that names a policy and carries other rules or other
// signers: whoever can write a plan can also seal it.
func sameRules(p *plan.Plan, now *plan.Policy, path string) error {
	now.Name = p.Policy.Name // the file may have been moved
	carried, there := p.Policy.Approvals, now.Approvals
	if carried != nil && there != nil && carried.Signers != there.Signers {
		return otherPolicy(path, "the plan carries other signers than those in %s as it is now, which %s names", there.SignersName, inputPath(path))
	}
	was, err := json.Marshal(&p.Policy)
	if err != nil {
		return err
	}
	is, err := json.Marshal(now)
	if err != nil || bytes.Equal(was, is) {
		return err
	}
	return otherPolicy(path, "the plan carries other rules than %s, under which it claims to be made", inputPath(path))
}

// otherPolicy refuses a plan because of the policy in a file.
func otherPolicy(path, format string, args ...any) error {
	return refused("make the plan again under it: bulksync plan --policy "+shellQuote(path), format, args...)
}

// policyName names the policy of a plan in a sentence.
func policyName(p *plan.Plan) string {
	if p.Policy.SHA256 == "" {
		return "the built-in policy"
	}
	return "the policy " + p.Policy.Name
}

// planClockSkew is how far the clock that a plan was made by may be ahead.
const planClockSkew = 5 * time.Minute

// checkAge refuses a plan that is older than its policy allows. The way back is
// open at any age.
func checkAge(p *plan.Plan, now time.Time) error {
	most := p.Policy.PlanMaxAge()
	switch age := now.Sub(p.CreatedAt); {
	case most == 0 || p.Reverts():
		return nil
	case age < -planClockSkew:
		return refused("set the clock of this machine, or make the plan again",
			"the plan was made in the future, at %s, so how old it is cannot be told", p.CreatedAt.Format(zonedTime))
	case age > most:
		return refused("make the plan again with bulksync plan, and have it reviewed again",
			"the plan is too old: %s allowed it until %s (planMaxAge)", policyName(p), p.CreatedAt.Add(most).Format(zonedTime))
	default:
		return nil
	}
}

// checkLimits refuses a plan above a limit that was not lifted, and returns those
// that were.
func (o policyOptions) checkLimits(e *env, p *plan.Plan) (lifted []plan.LimitName, err error) {
	above := p.Above()
	for _, name := range plan.AllLimits() {
		at := slices.IndexFunc(above, func(u plan.Usage) bool { return u.Name == name })
		switch {
		case !slices.Contains(o.allow, string(name)):
		case !slices.Contains(p.Policy.Overridable, name):
			return nil, refused("leave --allow "+string(name)+" out, or plan fewer changes at a time", "%s lets nobody lift its limit %s", policyName(p), name)
		case at < 0:
			e.remark("the plan is not above the limit %s, so --allow %s lifts nothing", name, name)
		default:
			lifted = append(lifted, name)
		}
	}
	above = slices.DeleteFunc(above, func(u plan.Usage) bool { return slices.Contains(lifted, u.Name) })
	if len(above) == 0 {
		return lifted, nil
	}
	var why []string
	for _, u := range above {
		why = append(why, string(u.Name)+": "+report.LimitWords(u))
	}
	return nil, refused(liftHint(&p.Policy, above), "the plan is above %s of %s: %s", words.Count(len(above), "limit"), policyName(p), strings.Join(why, "; "))
}

// liftHint says what to do about a plan above limits.
func liftHint(policy *plan.Policy, above []plan.Usage) string {
	hint := "plan fewer changes at a time"
	var names []string
	for _, u := range above {
		if !slices.Contains(policy.Overridable, u.Name) {
			return hint + fmt.Sprintf("; nobody may lift the limit %s", u.Name)
		}
		names = append(names, string(u.Name))
	}
	return hint + ", or, if all of them are meant, pass --allow " + strings.Join(names, ",")
}

// checkWindow refuses a plan outside the window of its policy, and returns when it
// shuts.
func checkWindow(p *plan.Plan, now time.Time) (until time.Time, err error) {
	w := p.Policy.Window
	if w == nil {
		return until, nil
	}
	until, open, next, err := approval.Opening(w, now)
	if err != nil || open {
		return until, err
	}
	return until, refused("apply it from "+next.Format(zonedTime)+" on",
		"the window of %s is shut: %s", policyName(p), approval.WindowWords(w))
}

// bound makes the end of the window the deadline of a run, unless that has an
// earlier one that is still to come.
func (a admission) bound(s *journal.Settings, now time.Time) {
	if !a.until.IsZero() && (!s.Deadline.After(now) || a.until.Before(s.Deadline)) {
		s.Deadline = a.until
	}
}
