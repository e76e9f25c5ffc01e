package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// selectionOptions are the flags that make a plan of a part of the input.
type selectionOptions struct {
	only  []string // as typed: tenants, domains, files, template
	limit int      // 0 if not given
}

func (o *selectionOptions) register(fl *pflag.FlagSet) {
	fl.Func("only", "`TENANT|DOMAIN|FILE,...`: plan these partners alone; a FILE lists tenants, one on each line or as a tenantId column; the template is planned if template is named", o.addOnly)
	fl.Func("limit", "`N`: plan the first N partners that need a change, and no more", o.setLimit)
}

// addOnly takes a list that names something: an empty variable of a script must
// not become a plan of everything.
func (o *selectionOptions) addOnly(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name == "" {
			return errors.New("a name is empty")
		}
		o.only = append(o.only, name)
	}
	return nil
}

func (o *selectionOptions) setLimit(text string) (err error) {
	if o.limit, err = strconv.Atoi(text); err != nil || o.limit < 1 {
		return errors.New("give a number above 0")
	}
	return nil
}

// isGiven reports whether a part is asked for.
func (o *selectionOptions) isGiven() bool { return len(o.only) > 0 || o.limit > 0 }

// files lists the files that --only names.
func (o *selectionOptions) files() []string {
	return slices.DeleteFunc(slices.Clone(o.only), func(name string) bool { return !isFile(name) })
}

// isFile reports whether --only means a file: one of that name is there.
func isFile(name string) bool {
	if name == plan.TemplateChoice {
		return false
	}
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

// chosen is what --only and --limit name, once files are read.
type chosen struct {
	limit int
	names []chosenName
}

// chosenName is a tenant, or the template, and how a person names it.
type chosenName struct {
	desired.TenantName
	said string
}

// read reads what --only names; nil if no part is asked for.
func (o *selectionOptions) read(ctx context.Context, e *env, hasRows bool) (*chosen, error) {
	if !o.isGiven() {
		return nil, nil
	}
	if !hasRows {
		return nil, errors.New("--only and --limit select rows of a CSV: give one")
	}
	c := &chosen{limit: o.limit}
	for _, name := range o.only {
		switch {
		case name == plan.TemplateChoice:
			c.names = append(c.names, chosenName{desired.TenantName{ID: name}, name})
		case isFile(name):
			list, err := readFile(ctx, &e.process, name, func(r io.Reader) ([]desired.TenantName, error) {
				return desired.ReadTenantList(ctx, r, inputName(name))
			})
			if err != nil {
				return nil, err
			}
			for _, one := range list {
				c.names = append(c.names, chosenName{one, one.String() + " (" + inputName(name) + ")"})
			}
		default:
			one, err := desired.ParseTenantName(name)
			if err != nil {
				return nil, hinted(fmt.Errorf("--only: %s is neither a file nor a tenant ID nor a domain name", desired.Quote(name)), hintOnly)
			}
			said := name
			if one.Domain != "" { // or a file name with a typing error
				said += " (a domain; there is no file of that name)"
			}
			c.names = append(c.names, chosenName{one, said})
		}
	}
	return c, nil
}

// domains lists the domain names to look up.
func (c *chosen) domains() (all []string) {
	if c == nil {
		return nil
	}
	for _, n := range c.names {
		if n.Domain != "" {
			all = append(all, n.Domain)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// hintOnly says what --only takes.
const hintOnly = "name tenants of the input by ID or by domain, or a file that lists them"

// maxUnknown is how many unknown names an error lists.
const maxUnknown = 20

// apply chooses the part of the input, now that its tenants are known. Every name
// has to be in the input.
func (c *chosen) apply(d *plan.Desired, tenantIDs map[string]string) error {
	if c == nil {
		return nil
	}
	var ids, unknown []string
	said := map[string]string{}
	for _, n := range c.names {
		id := n.ID
		if id == "" {
			id = tenantIDs[n.Domain]
		}
		if id == "" {
			unknown = append(unknown, n.said)
			continue
		}
		ids, said[id] = append(ids, id), n.said
	}
	for _, id := range d.Choose(ids, c.limit) {
		unknown = append(unknown, said[id])
	}
	if len(unknown) == 0 {
		return nil
	}
	list := strings.Join(unknown[:min(len(unknown), maxUnknown)], ", ")
	if more := len(unknown) - maxUnknown; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return hinted(fmt.Errorf("--only names %s that %s not in the input: %s", words.Count(len(unknown), "partner"), map[bool]string{true: "is", false: "are"}[len(unknown) == 1], list), hintOnly)
}
