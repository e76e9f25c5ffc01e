package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/report"
)

// verifyOptions are the flags of bulksync verify.
type verifyOptions struct {
	decisionOptions
	policyOptions
	plan string
}

func verifyCommand(c *commandLine) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify plan.json",
		Short: "Prove a plan and decisions about it, offline: would apply accept these?",
		Long: `Proves that the plan is as it was made, that it carries the policy in --policy, and that apply would
accept the decisions now. What else apply would refuse now, such as a limit or the window, is a note.
Exit 0: proved; 4: refused, or not as it was.`,
		Example: "  bulksync verify plan.json --decision plan.decision-ada.json --decision plan.decision-bob.json",
		Args:    cobra.ExactArgs(1),
		RunE: c.verb(func(e *env, args []string) error {
			o.plan = args[0]
			return o.run(c.stops, e)
		}),
	}
	o.decisionOptions.register(cmd.Flags())
	o.policyOptions.registerDemand(cmd.Flags())
	return cmd
}

func (o verifyOptions) run(stops execute.Stops, e *env) error {
	p, err := e.readPlan(stops.Soft, o.plan)
	if err != nil {
		return err
	}
	proved := []string{
		fmt.Sprintf("%s is whole: %s to home tenant %s", inputPath(o.plan), words.Count(p.Summary.Writes(), "change"), p.HomeTenant.ID),
		"its fingerprint is",
	}
	for _, line := range aloud(p.Fingerprint) {
		proved = append(proved, "  "+line)
	}
	var refusal error
	if path := o.file(e); path != "" {
		if refusal = o.checkFile(stops.Soft, e, p); refusal == nil {
			proved = append(proved, "it was made under the policy in "+path)
		}
	}
	if refusal == nil && len(o.decisions) > 0 {
		var c consent
		if c, refusal = e.decide(stops.Soft, p, o.plan, o.decisions, time.Now()); refusal == nil {
			proved = append(proved, acceptedLines(p, c)...)
		}
	}
	if refusal != nil && !errors.As(refusal, new(*exit)) {
		return refusal
	}
	if err := e.print(func(w io.Writer) error {
		for _, line := range proved {
			fmt.Fprintln(w, edge(line))
		}
		return nil
	}); err != nil {
		return err
	}
	if refusal == nil {
		o.noteRest(e, p, time.Now())
	}
	return refusal
}

// noteRest says what else apply would ask for.
func (o verifyOptions) noteRest(e *env, p *plan.Plan, now time.Time) {
	if len(o.decisions) == 0 && p.Policy.NeedsApproval() {
		e.note("%s asks for %s; pass each with --decision to have it proved", policyName(p), words.Count(p.Policy.Approvals.Required, "approval"))
	}
	_, limits := policyOptions{}.checkLimits(e, p)
	_, window := checkWindow(p, now)
	for _, err := range []error{checkAge(p, now), limits, window} {
		if err != nil {
			e.note("note: apply would refuse the plan now all the same: %v", err)
		}
	}
}

// acceptedLines say what was proved of the decisions about a plan.
func acceptedLines(p *plan.Plan, c consent) []string {
	var lines []string
	for i, a := range c.approvals {
		by := "without a signature"
		if a.Key != "" {
			by = "signed with " + a.Key
		}
		line := fmt.Sprintf("%s: %s approves, %s, until %s UTC", c.files[i].Name, a.By, by, a.ExpiresAt.Format(time.DateTime))
		if names := report.ExceptionNames(p, a.Except); len(names) > 0 {
			line += "; all but " + strings.Join(names, ", ")
		}
		lines = append(lines, line)
	}
	return append(lines, "apply would accept "+map[bool]string{true: "this decision", false: "these decisions"}[len(c.approvals) == 1])
}
