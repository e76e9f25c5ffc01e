package report

import (
	"cmp"
	"fmt"
	"strings"

	"bulksync/execute/journal"
	"bulksync/internal/seal"
	"bulksync/plan"
	"bulksync/plan/audit"
)

// fieldsOf words the properties of a change. A created object has no before
// and a deleted one no after, which is other than a value of null.
func fieldsOf(fs []plan.Field, a plan.Action) []field {
	out := make([]field, 0, len(fs))
	for _, f := range fs {
		if f.Path == "tenantId" {
			continue // the partner is named beside it
		}
		v := field{Path: OneLine(f.Path), Before: value(f.Before), After: value(f.After)}
		if a == plan.Create || a == plan.NoOp {
			v.Before = ""
		}
		if a == plan.Delete && f.After == nil {
			v.After = "removed"
		}
		out = append(out, v)
	}
	return out
}

// comparedOf words the properties of a finding: what is there beside what the
// file says. Of what is extra the file says nothing.
func comparedOf(f *audit.Finding) []field {
	out := make([]field, 0, len(f.Fields))
	for _, d := range f.Fields {
		if d.Path == "tenantId" {
			continue
		}
		v := field{Path: OneLine(d.Path), Before: inWords(d.Path, d.Before), Wanted: true}
		if d.Before == nil && f.Kind == audit.Missing {
			v.Before = "nothing there"
		}
		if d.After != nil {
			v.After = inWords(d.Path, d.After)
		}
		out = append(out, v)
	}
	return out
}

// inWords is a value as people say it: what a switch allows or does not.
func inWords(path string, v any) string {
	switch on, isSwitch := v.(bool); {
	case !isSwitch || !strings.HasSuffix(path, "Allowed"):
		return value(v)
	case on:
		return "allowed"
	default:
		return "not allowed"
	}
}

// found adds what is there instead to the fields of a change that was held, or
// that somebody overwrote.
func found(fs []field, c *plan.Change, o *journal.Outcome) {
	if o.Live == nil && (o.Status != journal.Held || o.Reason == journal.ReasonUnreadable) {
		return
	}
	now := c.ValuesIn(o.Live)
	for i := range fs {
		for j := range c.Fields {
			if OneLine(c.Fields[j].Path) != fs[i].Path {
				continue
			}
			if fs[i].Now = "nothing"; o.Live != nil {
				fs[i].Now = value(now[j])
			}
			if c.Action == plan.NoOp { // it was as wanted, which is not nothing
				fs[i].Before = value(c.Fields[j].Before)
			}
		}
	}
}

// value words a property's value: strings in quotes, null as what it means in
// Graph.
func value(v any) string {
	switch v := v.(type) {
	case nil:
		return "not set"
	case string:
		return `"` + strings.ReplaceAll(OneLine(v), `"`, `\"`) + `"`
	default:
		return OneLine(fmt.Sprint(v))
	}
}

// String is the field in one line: "isSyncAllowed: false -> true", or for a
// finding "isSyncAllowed: not allowed; the file says allowed".
func (f field) String() string {
	switch {
	case f.Now != "":
		return f.Name() + ": planned from " + cmp.Or(f.Before, "nothing") + ", now " + f.Now + ", wanted " + f.After
	case f.Before == "":
		return f.Name() + ": " + f.After
	case f.Wanted && f.After == "":
		return f.Name() + ": " + f.Before
	case f.Wanted:
		return f.Name() + ": " + f.Before + "; the file says " + f.After
	default:
		return f.Name() + ": " + f.Before + " -> " + f.After
	}
}

// sideJSON is one side of fields as a JSON object in the order of the fields,
// for the CSV formats; empty where there is nothing on that side.
func sideJSON(fs []plan.Field, side func(plan.Field) any) (string, error) {
	if len(fs) == 0 {
		return "", nil
	}
	out := []byte{'{'}
	for i, f := range fs {
		if i > 0 {
			out = append(out, ',')
		}
		k, err := seal.Marshal(f.Path)
		if err != nil {
			return "", err
		}
		v, err := seal.Marshal(side(f))
		if err != nil {
			return "", fmt.Errorf("property %s: %w", f.Path, err)
		}
		out = append(append(append(out, k...), ':'), v...)
	}
	return string(append(out, '}')), nil
}
