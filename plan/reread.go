package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// Disagreement lists the objects about which two readings of a tenant disagree.
type Disagreement []Difference

// Difference is an object that two readings show differently.
type Difference struct {
	// TenantID is empty for the template.
	TenantID string
	Object   Object
	// What says in words how they differ.
	What string
}

// String names the object.
func (d Difference) String() string {
	if d.Object == PartnerConfiguration {
		return "partner " + d.TenantID + ": " + d.What
	}
	c := Change{Object: d.Object, Partner: Partner{TenantID: d.TenantID}}
	return c.Name() + ": " + d.What
}

// maxDifferences is how many differences an error names.
const maxDifferences = 3

// Error names the first objects and counts the others.
func (d Disagreement) Error() string {
	var words []string
	for _, one := range d[:min(len(d), maxDifferences)] {
		words = append(words, one.String())
	}
	s := strings.Join(words, "; ")
	if more := len(d) - maxDifferences; more > 0 {
		s += fmt.Sprintf("; and %d more", more)
	}
	return "the tenant was read twice, and the readings disagree: " + s
}

// CompareReadings compares two readings on what an audit judges: the template, if
// it is wanted; of a partner with a row, whether it is there, can be read and can be
// written, and the properties that the row manages; and what the rules look at, of all
// partners or with rowsOnly of those with a row. The rest may differ. It is pure, and
// sorts by tenant ID, the template first.
func CompareReadings(d Desired, rowsOnly bool, first, second *Current) (all Disagreement) {
	if d.Template != nil {
		everything := func(*desired.Property) bool { return true }
		all.compare("", SyncTemplate, everything, Live{Template: first.Template}, Live{Template: second.Template})
	}
	if d.Partners == nil {
		return all
	}
	rows := map[string]*desired.Row{}
	for i := range d.Partners.Rows {
		rows[d.Partners.Rows[i].TenantID] = &d.Partners.Rows[i]
	}
	ids := slices.Collect(maps.Keys(rows))
	for _, cur := range []*Current{first, second} {
		for id := range cur.Partners {
			if rows[id] == nil && !rowsOnly {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		all.comparePartner(id, rows[id], first, second)
	}
	return all
}

// pathInbound is the property that decides, beside the switch of the policy,
// whether synchronization works.
const pathInbound = "automaticUserConsentSettings.inboundAllowed"

// judges reports whether an audit judges a property of a partner, whose row is nil
// if it has none: then all of its policy is shown.
func judges(row *desired.Row, p *desired.Property) bool {
	switch {
	case p.Path == pathInbound, p.Path == desired.PathSyncAllowed:
		return true
	case row == nil, row.Absent:
		return p.Object == IdentitySynchronization
	default:
		return row.Value(p) != nil
	}
}

// comparePartner adds what differs of a partner. Nothing more is said of one that
// only one reading has or could read, or whose owner changed.
func (d *Disagreement) comparePartner(id string, row *desired.Row, first, second *Current) {
	a, inFirst := first.Partners[id]
	b, inSecond := second.Partners[id]
	what, both, one := "", inFirst && inSecond, inFirst != inSecond
	switch {
	case both && (a.Problem == "") != (b.Problem == ""):
		what = "one of the readings could not read it: " + a.Problem + b.Problem
	case one && (row != nil || a.Problem+b.Problem != ""):
		what = presence(inFirst)
	case a.Problem+b.Problem != "":
		return
	case both && a.IsServiceProvider != b.IsServiceProvider:
		what = fmt.Sprintf("isServiceProvider was %t, then %t", a.IsServiceProvider, b.IsServiceProvider)
	}
	if what != "" {
		*d = append(*d, Difference{id, PartnerConfiguration, what})
		return
	}
	judged := func(p *desired.Property) bool { return judges(row, p) }
	for _, o := range []Object{IdentitySynchronization, Trust, Consent} {
		d.compare(id, o, judged, live(&a, inFirst), live(&b, inSecond))
	}
}

func live(p *graph.Partner, there bool) Live {
	if !there {
		return Live{}
	}
	return Live{Partner: p}
}

// presence says which of the readings has an object.
func presence(inFirst bool) string {
	if inFirst {
		return "it was there, then it was not"
	}
	return "it was not there, then it was"
}

// compare adds an object of which the existence or a judged property differs.
func (d *Disagreement) compare(id string, o Object, judged func(*desired.Property) bool, a, b Live) {
	if o == IdentitySynchronization || o == SyncTemplate {
		if inFirst := a.has(o); inFirst != b.has(o) {
			*d = append(*d, Difference{id, o, presence(inFirst)})
			return
		}
	}
	var words []string
	list := o.Properties()
	for i := range list {
		p := &list[i]
		if was, is := a.value(p), b.value(p); judged(p) && !p.Same(was, is) {
			words = append(words, fmt.Sprintf("%s was %s, then %s", p.Path, jsonValue(was), jsonValue(is)))
		}
	}
	if len(words) > 0 {
		*d = append(*d, Difference{id, o, strings.Join(words, ", ")})
	}
}

// has reports whether an object with an address of its own is there.
func (l Live) has(o Object) bool {
	if o == SyncTemplate {
		return l.Template != nil
	}
	return l.Partner != nil && l.Partner.Sync != nil
}
