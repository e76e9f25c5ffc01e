package plan

import (
	"encoding/json"

	"bulksync/internal/seal"
)

// changeLine is a change as a line of a plan file says it: with its request, for
// those who read the file without this program. Its members are in the order of
// RFC 8785, so that it is nearly canonical already.
type changeLine struct {
	Action  Action          `json:"action"`
	Before  json.RawMessage `json:"before"`
	Fields  []Field         `json:"fields"`
	Hazards []Hazard        `json:"hazards"`
	Note    string          `json:"note"`
	Object  Object          `json:"object"`
	Partner Partner         `json:"partner"`
	Reason  string          `json:"reason"`
	Request *Request        `json:"request,omitempty"`
	Restore json.RawMessage `json:"restore,omitempty"`
	Row     int             `json:"row"`
	Seq     int             `json:"seq"`
}

func (c *Change) line() changeLine {
	return changeLine{c.Action, c.Before, c.Fields, c.Hazards, c.Note, c.Object, c.Partner, c.Reason, c.Request(), c.Restore, c.Row, c.Seq}
}

// lines are the lines of changes.
func lines(changes []Change) []changeLine {
	all := make([]changeLine, len(changes))
	for i := range changes {
		all[i] = changes[i].line()
	}
	return all
}

// parseChange reads the line of a change and checks it. The change before it,
// which may be nil, is where it finds texts that both have.
func parseChange(text []byte, before *Change) (c Change, err error) {
	var l changeLine
	if err := seal.Unmarshal(text, &l); err != nil {
		return c, err
	}
	c = Change{l.Action, l.Before, l.Fields, l.Hazards, l.Note, l.Object, l.Partner, l.Reason, l.Restore, l.Row, l.Seq}
	if string(c.Before) == "null" {
		c.Before = nil
	}
	if err := c.check(l.Request); err != nil {
		return c, err
	}
	c.compact(before)
	return c, nil
}

// compact gives up memory that decoding took and a checked change does not need:
// room for more fields, and texts that are in memory already.
func (c *Change) compact(before *Change) {
	c.Action = known(c.Action, Create, Update, Delete, NoOp, Blocked)
	c.Object = known(c.Object, IdentitySynchronization, Trust, Consent, PartnerConfiguration, SyncTemplate)
	c.Reason = known(c.Reason, "", reasonRevert, reasonNoPartner, reasonAbsent, reasonOwned, reasonBareRow, reasonNoPolicy, reasonNoConfiguration, reasonNoTemplate)
	if c.Hazards = c.hazards(); c.Hazards == nil {
		c.Hazards = []Hazard{}
	}
	fields := make([]Field, len(c.Fields))
	copy(fields, c.Fields)
	c.Fields = fields
	for i := range fields {
		f := &fields[i]
		f.Path = c.Object.Property(f.Path).Path
		if f.Before == f.After {
			f.After = f.Before
		}
		if name, _ := f.After.(string); name == c.Partner.DisplayName {
			c.Partner.DisplayName = name
		}
	}
	if before != nil {
		c.Note = known(c.Note, before.Note)
		c.Partner.TenantID = known(c.Partner.TenantID, before.Partner.TenantID)
		c.Partner.DisplayName = known(c.Partner.DisplayName, before.Partner.DisplayName)
		c.Partner.DirectoryName = known(c.Partner.DirectoryName, before.Partner.DirectoryName)
		c.Partner.Domain = known(c.Partner.Domain, before.Partner.Domain)
	}
}

// known returns the one of the texts that equals text, or text itself if none
// does.
func known[T ~string](text T, texts ...T) T {
	for _, k := range texts {
		if text == k {
			return k
		}
	}
	return text
}
