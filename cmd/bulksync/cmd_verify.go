package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
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
	plan, policy string
}

func verifyCommand(c *commandLine) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify plan.json",
		Short: "Prove a plan and decisions about it, offline: would apply accept these?",
		Long: `Proves that the plan is as it was made, that it carries the policy in --policy, and that apply would
accept the decisions now. Exit 0: proved; 4: refused, or not as it was.`,
		Args: cobra.ExactArgs(1),
		RunE: c.verb(func(e *env, args []string) error {
			o.plan = args[0]
			return o.run(c.stops, e)
		}),
	}
	o.register(cmd.Flags())
	cmd.Flags().StringVar(&o.policy, "policy", "", "`FILE` of the policy that the plan must have been made under")
	return cmd
}

func (o verifyOptions) run(stops execute.Stops, e *env) error {
	p, err := e.readPlan(stops.Soft, o.plan)
	if err != nil {
		return err
	}
	proved := []string{
		fmt.Sprintf("%s is whole: %s to home tenant %s", inputPath(o.plan), words.Count(p.Summary.Writes(), "change"), p.HomeTenant.ID),
		"its fingerprint is " + report.Groups(p.Fingerprint),
	}
	var refusal error
	if o.policy != "" {
		if refusal = samePolicy(stops.Soft, p, o.policy); refusal == nil {
			proved = append(proved, fmt.Sprintf("it was made under the policy in %s", o.policy))
		}
	}
	if refusal == nil && len(o.decisions) > 0 {
		var c consent
		if c, refusal = e.decide(stops.Soft, p, o.plan, o.decisions); refusal == nil {
			proved = append(proved, acceptedLines(p, c, time.Now())...)
		}
	}
	var refused *exit
	if refusal != nil && !errors.As(refusal, &refused) {
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
	if refusal == nil && len(o.decisions) == 0 && p.Policy.NeedsApproval() {
		e.note("the policy %s asks for %s; pass each with --decision to have it proved", p.Policy.Name, words.Count(p.Policy.Approvals.Required, "approval"))
	}
	return refusal
}

// acceptedLines say what was proved of the decisions about a plan.
func acceptedLines(p *plan.Plan, c consent, now time.Time) []string {
	var lines []string
	for i, a := range c.approvals {
		by := "without a signature"
		if a.Key != "" {
			by = "signed with " + a.Key
		}
		line := fmt.Sprintf("%s: %s approves, %s, for %s more", c.files[i].Name, a.By, by, a.ExpiresAt.Sub(now).Round(time.Minute))
		if names := report.ExceptionNames(p, a.Except); len(names) > 0 {
			line += "; all but " + strings.Join(names, ", ")
		}
		lines = append(lines, line)
	}
	return append(lines, "apply would accept "+map[bool]string{true: "this decision", false: "these decisions"}[len(c.approvals) == 1])
}

// samePolicy refuses a plan that was made under another policy than the one in a
// file.
func samePolicy(ctx context.Context, p *plan.Plan, path string) error {
	text, err := readSmall(ctx, path)
	if errors.Is(err, os.ErrNotExist) {
		return hinted(err, "name the policy's file with --policy FILE")
	}
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	if hex.EncodeToString(sum[:]) != p.Policy.SHA256 {
		return refused("plan again with --policy "+shellQuote(path)+", or name the policy that the plan was made under",
			"the plan was made under another policy than %s: %s", path, p.Policy.Name)
	}
	return nil
}
