package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bulksync/execute/journal"
	"bulksync/internal/seal"
	"bulksync/internal/words"
	"bulksync/plan"
)

// row is one change, beside its outcome if there is one, or one finding.
type row struct {
	Seq, Line int
	Symbol    string
	Action    string // a change's action or a finding's kind
	Status    string // how the change ended; empty outside a run
	Tone      tone
	Partner   partner
	Object    string
	About     string // the object's name for people
	Hazards   []string
	Fields    []field
	Reason    string
	Note      string
	Method    string
	Path      string
	Body      string
	Outcome   *outcome
	// State and Since are a finding's: "new", "reopened" or "continuing", and the
	// day of the first audit that found it. Waived says what its waiver is.
	State, Since, Waived string
	Edits                []edit
	// Tenant is a home tenant of a roll-up; nil in every other report.
	Tenant *tenantRow
}

// edit is a change of an object that the directory's audit log tells of, as text.
type edit struct{ By, At, Activity, CorrelationID string }

// String is the edit without what only a query needs.
func (e edit) String() string { return "changed " + e.At + " by " + e.By }

// outcome is how a change ended, as text. The hint is in the alert of its
// group: a thousand rows with one cause need it once.
type outcome struct {
	Code            string // "403 Authorization_RequestDenied"
	Message         string
	RequestID       string
	ClientRequestID string
	Sent            string // how often and how long; empty if nothing was sent
	SentAt          string
}

// field is one property before and after, as text. Wanted is not empty where
// nothing is going to change: it says who wants After, such as "the file says".
// After is then empty if nobody wants anything. Now is what was found instead of
// Before when the change was to be made; empty if Before was still there.
type field struct{ Path, Before, After, Now, Wanted string }

// Name is the last part of the property's path.
func (f field) Name() string { return f.Path[strings.LastIndexByte(f.Path, '.')+1:] }

// changeRow is the row of c without an outcome.
func changeRow(c *plan.Change) row {
	r := row{
		Seq: c.Seq, Line: c.Row, Symbol: c.Action.Symbol(), Action: string(c.Action), Tone: actionTone(c),
		Partner: partnerOf(c.Partner), Object: OneLine(string(c.Object)), About: aboutOf(c.Object),
		Hazards: hazardsOf(c.Hazards), Fields: fieldsOf(slices.Concat(c.Fields, c.Taken()), c.Action),
		Reason: Clean(c.Reason), Note: Clean(c.Note),
	}
	if words := c.PartnerWords(); words != "" || c.Reverts() {
		r.Reason = Clean(words) // the lead says once that it reverts a run
	}
	if q := c.Request(); q != nil {
		r.Method, r.Path, r.Body = OneLine(q.Method), OneLine(q.Path), Clean(string(q.Body))
	}
	return r
}

func actionTone(c *plan.Change) tone {
	switch {
	case c.Action == plan.Delete:
		return bad
	case c.Action == plan.Blocked || c.Action != plan.NoOp && len(c.Hazards) > 0:
		return warn
	default:
		return plain
	}
}

func hazardsOf(hs []plan.Hazard) []string {
	var out []string
	for _, h := range hs {
		out = append(out, OneLine(string(h)))
	}
	return out
}

// fieldsOf formats the properties of a change. A created object has no before
// and a deleted one no after, which differs from a null value.
func fieldsOf(fs []plan.Field, a plan.Action) []field {
	out := make([]field, 0, len(fs))
	for _, f := range fs {
		if f.Path == "tenantId" {
			continue // the partner is named next to it
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

// addFound adds what is there instead to the fields of a change that was held
// or overwritten.
func addFound(fs []field, c *plan.Change, o *journal.Outcome) {
	if o.Live == nil && (o.Status != journal.Held || o.Reason == journal.ReasonUnreadable) {
		return
	}
	now := c.ValuesIn(o.Live)
	for i := range fs {
		for j := range c.Fields {
			if OneLine(c.Fields[j].Path) != fs[i].Path {
				continue
			}
			if fs[i].Now = "nothing"; o.Live != nil || c.Object.Member() != "" { // a member that is null is not set
				fs[i].Now = value(now[j])
			}
			if c.Action == plan.NoOp { // it was as wanted, not absent
				fs[i].Before = value(c.Fields[j].Before)
			}
		}
	}
}

// value formats a property's value: strings in quotes, null as its meaning in
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
	case f.Wanted != "" && f.After == "":
		return f.Name() + ": " + f.Before
	case f.Wanted != "":
		return f.Name() + ": " + f.Before + "; " + f.Wanted + " " + f.After
	default:
		return f.Name() + ": " + f.Before + " -> " + f.After
	}
}

// sideJSON is one side of fields as a JSON object in the order of the fields,
// for the CSV formats; empty if that side has nothing.
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

func outcomeOf(o *journal.Outcome) *outcome {
	v := &outcome{
		Code: graphCode(o), Message: Clean(o.Message),
		RequestID: OneLine(o.RequestID), ClientRequestID: OneLine(o.ClientRequestID),
	}
	if o.Attempts > 0 {
		v.Sent, v.SentAt = words.Count(o.Attempts, "attempt")+", "+elapsed(o.Elapsed()), stamp(o.StartedAt)
	}
	return v
}

// graphCode is the HTTP status and Graph's code: "403
// Authorization_RequestDenied"; empty if Graph accepted the write.
func graphCode(o *journal.Outcome) string {
	switch {
	case o.Status.Done(), o.Kind == "":
		return ""
	case o.HTTPStatus == 0:
		return OneLine(o.GraphCode)
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", o.HTTPStatus, OneLine(o.GraphCode)))
}
