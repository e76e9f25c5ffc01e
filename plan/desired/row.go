package desired

import "strings"

// Row is what one line of the CSV wants of one partner.
type Row struct {
	Line     int    // physical line at which the row starts, from 1
	TenantID string // canonical lower-case GUID
	Values   Values
	Absent   bool   // ensure=absent: remove the identity synchronization policy
	Note     string // carried to every report, never sent

	// domain is the domain that the cell named, in lower-case ASCII. TenantID is
	// empty until it is resolved.
	domain string
	at     place // where the tenantId cell starts
}

// Values are what a row wants of the properties of a partner: a string or a bool
// each; nil means not managed. The tenant ID is not among them. They are packed,
// as a file may have 100,000 rows: nearly all properties are switches.
type Values struct {
	switches [len(partnerProperties)]int8 // by property: 1 is on, -1 off, 0 not managed
	texts    [textProperties]string       // by property among the texts; empty is not managed
}

// textProperties is how many of partnerProperties are texts.
const textProperties = 1

// textIndex is the index of a text among the texts.
func textIndex(property column) (n int) {
	for i := range property {
		if partnerProperties[i].Kind == Text {
			n++
		}
	}
	return n
}

func (v *Values) at(property column) any {
	if partnerProperties[property].Kind == Text {
		if text := v.texts[textIndex(property)]; text != "" {
			return text
		}
		return nil
	}
	if on := v.switches[property]; on != 0 {
		return on > 0
	}
	return nil
}

// parse takes a trimmed cell over. An empty one is not managed.
func (v *Values) parse(property column, cell string) error {
	p := &partnerProperties[property]
	if cell == "" {
		return nil
	}
	if p.Kind == Text {
		v.texts[textIndex(property)] = cell
		return p.checkText(cell)
	}
	on, err := parseBool(cell)
	if err != nil {
		return badSwitch.errorf("%s is %s: %w", p.Path, Quote(cell), err)
	}
	v.switches[property] = -1
	if on {
		v.switches[property] = 1
	}
	return nil
}

// Value is what the row wants a property of a partner to be; nil where it does
// not manage it.
func (r *Row) Value(p *Property) any {
	if c := columnOf(p.Path); c >= 0 && p.Object != SyncTemplate {
		return r.Values.at(c)
	}
	return nil
}

// DisplayName is what the row calls the partner; empty where it does not name it.
func (r *Row) DisplayName() string { return r.Values.texts[textIndex(colDisplayName)] }

// Manages reports whether the row says how an object is to be. A row that names
// no property asks for the partner alone.
func (r *Row) Manages(o Object) bool {
	switch o {
	case PartnerConfiguration:
		return r.Values == Values{} && !r.Absent
	case IdentitySynchronization:
		return r.Absent || r.Count(o) > 0
	default:
		return r.Count(o) > 0
	}
}

// Count is how many properties of an object the row manages.
func (r *Row) Count(o Object) (n int) {
	for i := range partnerProperties {
		if partnerProperties[i].Object == o && r.Values.at(column(i)) != nil {
			n++
		}
	}
	return n
}

// wishes is all that a row wants, in words.
func (r *Row) wishes() string {
	var b strings.Builder
	for c := range colReason {
		b.WriteString(r.wish(c) + ";")
	}
	return b.String()
}
