package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/plan/desired"
	"bulksync/report"
)

// approveOptions are the flags of bulksync approve.
type approveOptions struct {
	verdictOptions
	expires string
	except  []string
}

func approveCommand(c *commandLine) *cobra.Command {
	var o approveOptions
	cmd := &cobra.Command{
		Use:   "approve plan.json --as NAME",
		Short: "Approve a plan, offline: write a decision for apply",
		Long: `Proves the plan and writes a decision about it: your name, the fingerprint of
the plan, until when the approval holds, and the partners that it leaves out.
With --key the exact bytes of the file are signed, as "ssh-keygen -Y sign -n
` + approval.NamespaceDecision + ` -f KEY FILE" does. Nothing is sent.`,
		Example: "  bulksync approve plan.json --as ada --ticket CHG0041207\n  bulksync approve plan.json --as ada --except \"Tailspin Toys=ask first\"",
		Args:    takes(1, 1),
		RunE: c.verb(func(e *env, args []string) error {
			o.plan = args[0]
			return o.run(c.stops, e)
		}),
	}
	o.register(cmd.Flags())
	cmd.Flags().StringVar(&o.expires, "expires", "72h", "`TIME`: how long the approval holds, such as 72h or 7d")
	cmd.Flags().StringArrayVar(&o.except, "except", nil, "`TENANT[=REASON],...`: partners that are not approved, by tenant ID or by name in the plan, or template; a reason has no comma; may be repeated")
	return cmd
}

func (o approveOptions) run(stops execute.Stops, e *env) error {
	expires, err := lifetime(o.expires)
	if err != nil {
		return fmt.Errorf("--expires: %w", err)
	}
	return o.decide(stops, e, func(p *plan.Plan, d *approval.Decision) (err error) {
		d.Decision, d.ExpiresAt = approval.Approve, d.At.Add(expires)
		d.Except, err = exceptionsOf(p, o.except)
		return err
	})
}

// lifetime reads how long an approval holds; a day is 24 hours.
func lifetime(text string) (time.Duration, error) {
	hours := text
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			hours = strconv.FormatUint(24*n, 10) + "h"
		}
	}
	switch d, err := time.ParseDuration(hours); {
	case err != nil:
		return 0, fmt.Errorf("%s is not a time: write it as 72h, 7d or 90m", desired.Quote(text))
	case d < time.Minute:
		return 0, fmt.Errorf("%s is too short: give a minute or more", text)
	default:
		return d, nil
	}
}

// exceptionsOf reads what --except names.
func exceptionsOf(p *plan.Plan, given []string) ([]approval.Exception, error) {
	var all []approval.Exception
	seen := map[string]bool{}
	for _, text := range given {
		for rest := strings.Split(text, ","); len(rest) > 0; {
			one, n, err := exceptionAt(p, rest)
			if err != nil {
				return nil, err
			}
			if who, _, _ := strings.Cut(strings.Join(rest[:n], ","), "="); seen[one.TenantID] {
				return nil, fmt.Errorf("--except: %s appears twice", desired.Quote(strings.TrimSpace(who)))
			}
			seen[one.TenantID] = true
			all, rest = append(all, one), rest[n:]
		}
	}
	return all, nil
}

// exceptionAt reads the first exception of a list that was cut at each comma, and
// says of how many parts it is: a name may have commas. A reason may not, so that
// a misspelt name is never taken for a part of the reason before it.
func exceptionAt(p *plan.Plan, parts []string) (one approval.Exception, n int, failed error) {
	for n = 1; n <= len(parts); n++ {
		who, reason, last := strings.Cut(strings.Join(parts[:n], ","), "=")
		id, err := exceptedID(p, strings.TrimSpace(who))
		if err == nil {
			return approval.Exception{TenantID: id, Reason: strings.TrimSpace(reason)}, n, nil
		}
		if failed == nil {
			failed = err
		}
		if last {
			break
		}
	}
	return one, 0, failed
}

// exceptedID finds what an exception names: a partner of the plan, by its tenant
// ID or its name, or the template.
func exceptedID(p *plan.Plan, who string) (string, error) {
	found, names := map[string]bool{}, []string{}
	for i := range p.Changes {
		c := &p.Changes[i]
		id, name := c.Partner.TenantID, c.Partner.DisplayName
		if c.Object == plan.SyncTemplate {
			id, name = approval.TemplateException, ""
		}
		if strings.EqualFold(id, strings.Trim(who, "{}")) {
			return id, nil
		}
		if name != "" && strings.EqualFold(name, who) {
			found[id] = true
		}
		names = append(names, cmp.Or(name, id))
	}
	switch len(found) {
	case 0:
		return "", noSuchPartner(who, names)
	case 1:
		for id := range found {
			return id, nil
		}
	}
	return "", fmt.Errorf("--except: %d partners of the plan are named %s: give the tenant ID", len(found), desired.Quote(who))
}

func noSuchPartner(who string, names []string) error {
	if len(names) == 0 {
		return errors.New("--except: the plan has no partners")
	}
	near := desired.Similar(who, names)
	if near == "" {
		return fmt.Errorf("--except: the plan has no partner %s", desired.Quote(who))
	}
	return fmt.Errorf("--except: the plan has no partner %s: the nearest is %s", desired.Quote(who), report.OneLine(near))
}
