package approval

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"bulksync/internal/yamlfile"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// clock matches a time of day.
var clock = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$`)

// window reads when a plan may be applied.
func (r *policyReader) window(n *yaml.Node, path string) {
	w := &plan.Window{}
	timeOfDay := func(to *string) func(*yaml.Node, string) {
		return func(n *yaml.Node, path string) {
			s, ok := r.file.Text(n, path)
			if *to = s; ok && !clock.MatchString(s) {
				r.file.Fault(n, `%s: %s is not a time of day: write it as "22:00"; midnight is "00:00"`, path, desired.Quote(s))
			}
		}
	}
	r.file.Mapping(n, path,
		yamlfile.Member{Name: "days", Required: true, Read: func(n *yaml.Node, path string) { r.days(n, path, w) }},
		yamlfile.Member{Name: "from", Required: true, Read: timeOfDay(&w.From)},
		yamlfile.Member{Name: "to", Required: true, Read: timeOfDay(&w.To)},
		yamlfile.Member{Name: "timezone", Required: true, Read: func(n *yaml.Node, path string) {
			w.Timezone, _ = r.file.Text(n, path)
			if _, err := w.Location(); err != nil && w.Timezone != "" {
				r.file.Fault(n, "%w", err)
			}
		}},
	)
	if w.From != "" && w.From == w.To {
		r.file.Fault(n, "%s: it begins and ends at %s", path, w.From)
	}
	r.out.Window = w
}

// days reads the days on which a window begins.
func (r *policyReader) days(n *yaml.Node, path string, w *plan.Window) {
	r.file.List(n, path, func(item *yaml.Node) {
		s, ok := r.file.Text(item, path)
		switch day := strings.ToLower(s); {
		case !ok:
		case !slices.Contains(dayNames(), day):
			r.file.Fault(item, "%s: %s is not a day: write %s", path, desired.Quote(s), strings.Join(dayNames(), ", "))
		case slices.Contains(w.Days, day):
			r.file.Fault(item, "%s: %s appears twice", path, day)
		default:
			w.Days = append(w.Days, day)
		}
	})
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		r.file.Fault(n, "%s: no day is named", path)
	}
}

// age matches an age: a whole number of days, hours or minutes.
var age = regexp.MustCompile(`^([1-9]\d{0,4}) ?([dhm])$`)

// planMaxAge reads the age above which a plan is not applied.
func (r *policyReader) planMaxAge(n *yaml.Node, path string) {
	s, ok := r.file.Text(n, path)
	if !ok {
		return
	}
	parts := age.FindStringSubmatch(s)
	if parts == nil {
		r.file.Fault(n, "%s: %s is not an age: write it as 7d, 72h or 90m", path, desired.Quote(s))
		return
	}
	count, _ := strconv.ParseInt(parts[1], 10, 64)
	unit := map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute}[parts[2]]
	r.out.PlanMaxAgeMs = count * unit.Milliseconds()
}
