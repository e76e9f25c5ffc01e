package approval

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"bulksync/internal/yamlfile"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// limits reads the limits, in the order of plan.AllLimits.
func (r *policyReader) limits(n *yaml.Node, path string) {
	var members []yamlfile.Member
	for _, name := range plan.AllLimits() {
		members = append(members, yamlfile.Member{Name: string(name), Read: func(n *yaml.Node, path string) {
			r.out.Limits = append(r.out.Limits, r.limit(name, n, path))
		}})
	}
	r.file.Mapping(n, path, members...)
	slices.SortFunc(r.out.Limits, func(a, b plan.Limit) int {
		return cmp.Compare(slices.Index(plan.AllLimits(), a.Name), slices.Index(plan.AllLimits(), b.Name))
	})
}

// limit reads a number, a share, or a list of both.
func (r *policyReader) limit(name plan.LimitName, n *yaml.Node, path string) plan.Limit {
	l := plan.Limit{Name: name}
	if n.Kind != yaml.SequenceNode {
		r.amount(&l, n, path)
		return l
	}
	if len(n.Content) != 2 {
		r.file.Fault(n, "%s: a list has one number and one share, such as [10, 30%%]", path)
		return l
	}
	r.file.List(n, path, func(item *yaml.Node) { r.amount(&l, item, path) })
	return l
}

// share matches a share without its sign.
var share = regexp.MustCompile(`^\d{1,3}(\.\d{1,6})?$`)

// amount reads one number or one share.
func (r *policyReader) amount(l *plan.Limit, n *yaml.Node, path string) {
	s, ok := r.file.Text(n, path)
	if !ok {
		return
	}
	percent, isShare := strings.CutSuffix(s, "%")
	percent = strings.TrimSpace(percent)
	count, isCount := wholeNumber(s)
	switch {
	case isShare && !l.Name.HasShare():
		r.file.Fault(n, "%s: it takes a number, not a share: write it as 500", path)
	case isCount && l.Count != nil, isShare && l.Percent != nil:
		r.file.Fault(n, "%s: a list has one number and one share, such as [10, 30%%]", path)
	case isCount:
		l.Count = &count
	case isShare && share.MatchString(percent):
		of, _ := strconv.ParseFloat(percent, 64)
		if l.Percent = &of; of > 100 {
			r.file.Fault(n, "%s: %s is more than all: write a share from 0%% to 100%%", path, desired.Quote(s))
		}
	case l.Name.HasShare():
		r.file.Fault(n, "%s: %s is neither a number nor a share: write 10, 30%% or [10, 30%%]", path, desired.Quote(s))
	default:
		r.file.Fault(n, "%s: %s is not a number: write it as 500", path, desired.Quote(s))
	}
}

// overridable reads the limits that --allow may lift.
func (r *policyReader) overridable(n *yaml.Node, path string) {
	r.out.Overridable = []plan.LimitName{}
	r.file.List(n, path, func(item *yaml.Node) {
		s, ok := r.file.Text(item, path)
		switch name := plan.LimitName(s); {
		case !ok:
		case !slices.Contains(plan.AllLimits(), name):
			r.file.Fault(item, "%s: there is no limit %s: the nearest is %s", path, desired.Quote(s), desired.Nearest(s, LimitNames()))
		case slices.Contains(r.out.Overridable, name):
			r.file.Fault(item, "%s: %s appears twice", path, name)
		default:
			r.out.Overridable = append(r.out.Overridable, name)
		}
	})
}

// LimitNames lists the names of the limits.
func LimitNames() (names []string) {
	for _, name := range plan.AllLimits() {
		names = append(names, string(name))
	}
	return names
}
