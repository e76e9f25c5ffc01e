package plan

import (
	"slices"

	"bulksync/plan/desired"
)

// Choice is the part of an input that a plan is asked to be about.
type Choice struct {
	// Only are the tenant IDs of the partners to plan, and TemplateChoice for the
	// template; empty for all partners. Each has a row.
	Only []string
	// Limit ends the plan after that many partners that need a change; 0 for none.
	Limit int
}

// TemplateChoice stands for the template where a tenant ID is expected. A choice
// that does not name the template leaves it out.
const TemplateChoice = "template"

// Selection says which part of its input a plan is about, and what is left out: a
// part is never taken for the whole. The rows that are left out have no changes.
//
// Without a limit the part is what Only names. With one it ends after the partner
// that reaches it: partners before that one which are as wanted or blocked are in
// the plan as well, and nothing in between is left out.
type Selection struct {
	// Only is that of the Choice, sorted, each once.
	Only    []string `json:"only,omitempty"`
	Limit   int      `json:"limit,omitempty"`
	LeftOut LeftOut  `json:"leftOut"`
}

// LeftOut is what an input asks for and its plan is not about.
type LeftOut struct {
	// Rows counts the data rows, repeated ones included, and Partners the tenants
	// that they are about.
	Rows     int `json:"rows"`
	Partners int `json:"partners"`
	// Template reports whether there is a template file that is left out.
	Template bool `json:"template,omitempty"`
}

// IsNothing reports whether the plan is about the whole input after all.
func (l LeftOut) IsNothing() bool { return l == LeftOut{} }

// takes reports whether the choice includes a partner, or the template.
func (c *Choice) takes(id string) bool {
	switch {
	case c == nil:
		return true
	case len(c.Only) == 0:
		return id != TemplateChoice
	default:
		_, named := slices.BinarySearch(c.Only, id)
		return named
	}
}

// takes reports whether the selection includes a partner, or the template. A limit
// may leave a partner out all the same.
func (s *Selection) takes(id string) bool {
	return s == nil || (&Choice{Only: s.Only}).takes(id)
}

// Choose makes the part of the input to plan. Missing are those of only, tenant IDs
// or TemplateChoice, that the input does not name; then there is no choice.
func (d *Desired) Choose(only []string, limit int) (missing []string) {
	c := &Choice{Only: slices.Compact(slices.Sorted(slices.Values(only))), Limit: limit}
	known := map[string]bool{TemplateChoice: d.Template != nil}
	if d.Partners != nil {
		for i := range d.Partners.Rows {
			known[d.Partners.Rows[i].TenantID] = true
		}
	}
	for _, id := range c.Only {
		if !known[id] {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		d.Choice = c
	}
	return missing
}

// selection says what the choice left out of a plan with these changes; nil if
// nothing was chosen.
func (d *Desired) selection(changes []Change) *Selection {
	c := d.Choice
	if c == nil {
		return nil
	}
	s := &Selection{Only: c.Only, Limit: c.Limit}
	s.LeftOut.Template = d.Template != nil && !c.takes(TemplateChoice)
	if d.Partners == nil {
		return s
	}
	in := make(map[string]bool, len(changes))
	for i := range changes {
		in[changes[i].Partner.TenantID] = true
	}
	for i := range d.Partners.Rows {
		if row := &d.Partners.Rows[i]; !in[row.TenantID] {
			s.LeftOut.add(row)
		}
	}
	return s
}

// add counts a partner with its rows.
func (l *LeftOut) add(r *desired.Row) {
	l.Partners++
	l.Rows += 1 + r.Also
}
