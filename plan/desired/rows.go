package desired

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// Rows is a CSV that was read and checked completely. Some of its rows may name
// their tenants by domains, so nothing can be compared yet: Resolve turns them
// into Partners.
type Rows struct {
	Input   Input
	Notices []Notice

	rows []Row // each tenant ID and each domain once, in file order
}

// ReadRows reads the CSV from r once, as a stream, and checks all of it. Messages
// call the file name. If the content is wrong, the error is a RefusedRows, and so
// a RowErrors with every problem; any other error comes from r or ctx.
//
// If a broken quote makes it unclear where the next row starts, the reading ends
// there, and the message says so.
func ReadRows(ctx context.Context, r io.Reader, name string) (*Rows, error) {
	sum := sha256.New()
	rd := &rowReader{file: name, swallowed: notices{file: name}, sheet: sheet{whole: make(chan *block, 1)}}
	ch, in := newChecker(name, &rd.head, blockRows), Input{Name: name}
	var checking sync.WaitGroup
	checking.Go(func() {
		for b := range rd.sheet.whole {
			ch.block(b, &in)
		}
	})
	err := rd.readAll(io.TeeReader(&contextReader{ctx, r}, sum))
	rd.sheet.end()
	checking.Wait()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	in.SHA256, in.Rows, in.Header, in.Dialect = hex.EncodeToString(sum.Sum(nil)), rd.sheet.rows, rd.head.cells, rd.dialect
	notices := slices.Concat(rd.notices(), ch.notices.all(), ch.merged.notices.all())
	sortNotices(notices)
	if errs := slices.Concat(rd.errs, ch.errs, ch.merged.errs); len(errs) > 0 {
		errs.sort()
		return nil, &RefusedRows{RowErrors: errs, Notices: notices, faults: rd.faults(errs, &in)}
	}
	in.Cells = slices.Clone(in.Cells) // without the room for more
	return &Rows{Input: in, rows: slices.Clone(ch.merged.rows), Notices: notices}, nil
}

// contextReader stops reading when its context is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Row is what one line of the CSV wants of one partner.
type Row struct {
	Line     int    // physical line at which the row starts, from 1
	TenantID string // canonical lower-case GUID
	Values   Values
	Absent   bool // ensure=absent or partner-absent: remove the identity synchronization policy
	// PartnerAbsent means ensure=partner-absent: remove the partner configuration as
	// well. The properties of its other objects are not used.
	PartnerAbsent bool
	Note          string // carried to every report, never sent
	// Also counts the further rows of the file that say the same of this tenant, and
	// were merged into this one.
	Also int

	// domain is the domain that the cell named, in lower-case ASCII. TenantID is
	// empty until it is resolved.
	domain string
	at     position // where the tenantId cell starts
}

// Values are what a row wants of the properties of a partner: a string or a bool
// each; nil means not managed. The tenant ID is not among them. They are packed,
// because a file may have 100,000 rows and nearly all properties are switches.
type Values struct {
	switches [len(partnerProperties)]int8 // by property: 1 is on, -1 off, 0 not managed
	texts    [textProperties]string       // by property among the texts; empty is not managed
}

// textProperties is how many of partnerProperties are texts.
const textProperties = 1

// textIndex is the index of a property among the texts.
func textIndex(property column) (n int) {
	for i := range property {
		if partnerProperties[i].Kind == Text {
			n++
		}
	}
	return n
}

// has reports whether the row manages the property.
func (v *Values) has(property column) bool {
	if partnerProperties[property].Kind == Text {
		return v.texts[textIndex(property)] != ""
	}
	return v.switches[property] != 0
}

// at is the value of the property; nil where the row does not manage it.
func (v *Values) at(property column) any {
	switch {
	case !v.has(property):
		return nil
	case partnerProperties[property].Kind == Text:
		return v.texts[textIndex(property)]
	default:
		return v.switches[property] > 0
	}
}

// parse reads a trimmed cell. An empty one is not managed.
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

// Value is the value that the row wants for a property of a partner; nil if it
// does not manage it.
func (r *Row) Value(p *Property) any {
	if c := columnOf(p.Path); c >= 0 && p.Object != SyncTemplate {
		return r.Values.at(c)
	}
	return nil
}

// DisplayName is the row's name for the partner; empty if it gives none.
func (r *Row) DisplayName() string { return r.Values.texts[textIndex(colDisplayName)] }

// Manages reports whether the row says how an object should be. A row that names
// no property asks only for the partner.
func (r *Row) Manages(o Object) bool {
	switch o {
	case PartnerConfiguration:
		return r.PartnerAbsent || r.Values == Values{} && !r.Absent
	case IdentitySynchronization:
		return r.Absent || r.Count(o) > 0
	default:
		return r.Count(o) > 0 && !r.PartnerAbsent
	}
}

// Count is how many properties of an object the row manages.
func (r *Row) Count(o Object) (n int) {
	for i := range partnerProperties {
		if partnerProperties[i].Object == o && r.Values.has(column(i)) {
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
