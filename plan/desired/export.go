package desired

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"bulksync/graph"
	"bulksync/internal/words"
)

// Exporter turns the partners of a tenant into a CSV that wants them as they are:
// a plan of it is empty.
type Exporter struct {
	Form
	// Home is the home tenant, which cannot be its own partner.
	Home string
	// All includes partners that have no synchronization policy.
	All bool
	// Owned reports whether a partner is never written. It becomes a comment.
	Owned func(*graph.Partner) bool
	// Names has what is known of the partners in the directory, by tenant ID. They
	// are shown in a column that no plan reads: as displayName they would be changes.
	Names map[string]graph.Tenant
	// Unfit says why a text cannot be written where the file goes; nil if any can.
	Unfit func(text string) (why string)
}

// Export is a tenant as rows of an input.
type Export struct {
	Rows     int
	Comments int      // partners that are never written
	Left     int      // partners without a synchronization policy, which are not in it
	Notices  []string // what the author of the file should know

	form    Form
	records [][]string
	remarks []string
	told    map[noticeKind]int
}

// Export lays out the partners in the order of their IDs. All of them must have
// been read.
func (x Exporter) Export(partners map[string]graph.Partner) *Export {
	out := &Export{form: x.shownForm(), told: map[noticeKind]int{}}
	var lacking [colEnsure]bool
	lack := 0
	for _, id := range slices.Sorted(maps.Keys(partners)) {
		p := partners[id]
		switch x.place(&p) {
		case ownedComment:
			out.Comments++
			out.remarks = append(out.remarks, "# "+id+ownedRemark)
		case strangeComment:
			out.remarks = append(out.remarks, "# "+id+strangeRemark)
			out.tell(unnamable, fmt.Sprintf("%s is in the file as a comment: a row cannot name it as a partner", id))
		case nowhere:
			out.Left++
		case inRow:
			out.Rows++
			out.records = append(out.records, x.row(out, &p))
			if x.lacks(&p, &lacking) {
				lack++
			}
		}
	}
	out.tellLacking(lack, &lacking)
	out.tellRest()
	return out
}

// What the comments of an export say after the ID, without a delimiter: a comment is
// a line of one cell.
const (
	ownedRemark   = " belongs to a service provider or to Microsoft Support: bulksync never writes it"
	strangeRemark = " cannot be named by a row"
)

// isRemark reports whether a comment is one that an export wrote.
func isRemark(cell string) bool {
	id, ok := strings.CutSuffix(cell, ownedRemark)
	if !ok {
		id, ok = strings.CutSuffix(cell, strangeRemark)
	}
	id, hash := strings.CutPrefix(id, "# ")
	return ok && hash && IsCanonicalGUID(id)
}

// place is where a partner is in the file.
type place int

const (
	inRow          place = iota
	ownedComment         // it is never written
	strangeComment       // a row cannot name it
	nowhere              // it has no synchronization policy
)

func (x *Exporter) place(p *graph.Partner) place {
	_, bad := ParseTenantID(p.TenantID)
	switch {
	case x.Owned(p):
		return ownedComment
	case bad != nil || p.TenantID == x.Home:
		return strangeComment
	case p.Sync == nil && !x.All:
		return nowhere
	default:
		return inRow
	}
}

// Shown lists the partners whose names in the directory the file shows, in its
// order.
func (x *Exporter) Shown(partners map[string]graph.Partner) (ids []string) {
	if !x.has(colDirectoryName) {
		return nil
	}
	for id, p := range partners {
		if x.place(&p) == inRow {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Write writes the rows, and below them the comments, in exactly the dialect of the
// form: the file is made to be edited.
func (e *Export) Write(w io.Writer) error { return e.form.Dialect.WriteExactly(w, e.write) }

func (e *Export) write(t *Writer) error {
	err := t.Write(e.form.Header)
	for i := 0; i < len(e.records) && err == nil; i++ {
		err = t.Write(e.records[i])
	}
	for i := 0; i < len(e.remarks) && err == nil; i++ {
		err = t.line(e.remarks[i])
	}
	return err
}

// IsFilledIn reports whether a CSV of partners holds what an export cannot: a note, a
// reason, a row that removes, a domain name or a fault. An error means that it could
// not be read, or that it has no rows to tell.
func IsFilledIn(ctx context.Context, r io.Reader) (bool, error) {
	rows, err := ReadRows(ctx, r, "")
	var refused *RefusedRows
	switch {
	case errors.As(err, &refused) && refused.Rows() > 0:
		return true, nil
	case err != nil:
		return false, err
	}
	hasReason := false
	if at := rows.Input.ReasonColumn(); at >= 0 {
		hasReason = slices.ContainsFunc(rows.Input.Cells, func(cells []string) bool { return trimCell(cells[at]) != "" })
	}
	return hasReason || slices.ContainsFunc(rows.rows, func(r Row) bool { return r.Note != "" || r.Absent || r.domain != "" }), nil
}

// shownForm is the form with canonical names in place of those that cannot be
// written where the file goes.
func (x *Exporter) shownForm() Form {
	f := x.Form
	f.Header = slices.Clone(f.Header)
	for i, cell := range f.Header {
		switch {
		case x.Unfit == nil || x.Unfit(cell) == "":
		case f.columns[i] == colUnnamed:
			f.Header[i] = ""
		default:
			f.Header[i] = f.columns[i].String()
		}
	}
	return f
}

// row is the row that wants a partner as it is.
func (x *Exporter) row(out *Export, p *graph.Partner) []string {
	cells := make([]string, len(x.columns))
	for i, c := range x.columns {
		property := c.property()
		switch {
		case c == colDirectoryName && x.shows(out, p.TenantID):
			cells[i] = x.Names[p.TenantID].Name
			continue
		case property == nil: // no wish, no note, no reason
			continue
		}
		switch v := property.Value(p, nil).(type) {
		case bool:
			cells[i] = fmt.Sprint(v)
		case string:
			if c == colTenantID || x.text(out, c, p.TenantID, v) {
				cells[i] = v
			}
		}
	}
	return cells
}

// text reports whether a text can be a cell, and tells if it cannot, or if it may
// not stay as it is.
func (x *Exporter) text(out *Export, c column, id, text string) bool {
	if text == "" {
		return false
	}
	if why := x.unfit(c, text); why != "" {
		out.tell(leftOut, fmt.Sprintf("%s: %s %s is not in the file, so it is not managed: %s", id, c, Quote(text), why))
		return false
	}
	switch {
	case converted.MatchString(text):
		out.tell(convertible, fmt.Sprintf("%s: %s is %s, which a spreadsheet may turn into a number or a date: make its column text before you save the file there", id, c, Quote(text)))
	case isPlaceholder(text):
		out.tell(placeholders, fmt.Sprintf("%s: %s is %s, which programs write where they have no name: every plan of the file will mention it", id, c, Quote(text)))
	}
	return true
}

// shows reports whether the name that a partner has in its directory can be a cell,
// and tells if it cannot. What a spreadsheet makes of it does not matter: no plan
// reads it.
func (x *Exporter) shows(out *Export, id string) bool {
	name := x.Names[id].Name
	if name == "" {
		return false
	}
	why := x.unfit(colDirectoryName, name)
	if why != "" {
		out.tell(unshown, fmt.Sprintf("%s: %s %s is not in the file: %s", id, colDirectoryName, Quote(name), why))
	}
	return why == ""
}

// unfit says why a text cannot be a cell: the reader would not take it back as it
// is, or a spreadsheet would run it.
func (x *Exporter) unfit(c column, text string) string {
	switch {
	case trimCell(text) != text:
		return "it begins or ends with a space, or with a character that cannot be seen"
	case !utf8.ValidString(text), strings.ContainsRune(text, utf8.RuneError):
		return "it has a character that could not be read"
	case runs.MatchString(text) || isFormula(text):
		return "a spreadsheet would run it as a formula"
	case isErrorValue(text):
		return "it looks like an error value of a spreadsheet"
	case strings.ContainsFunc(text, breaksLine):
		return "line breaks and control characters are not allowed"
	}
	if c == colDisplayName {
		if err := new(Values).parse(c, text); err != nil {
			return err.Error()
		}
	}
	if x.Unfit != nil {
		return x.Unfit(text)
	}
	return ""
}

// runs matches a text that begins with what begins a formula, or that does so after
// a delimiter: a spreadsheet may split the line there, whatever the file means.
// Some also take the wide forms of the signs.
var runs = regexp.MustCompile(`(?:^|[,;\t])[\s\pZ"]*[=+\-@＝＋－＠]`)

// converted matches names that spreadsheets read as numbers, dates or truth values
// and write in another way, such as 007, 7-11, 1E5, May 5 and TRUE.
var converted = regexp.MustCompile(`(?i)^(?:[(]?[$€£¥]?\s?[0-9][0-9.,:/'’\s-]*(?:e[+-]?[0-9]+)?\s?[%€]?[)]?` +
	`|[0-9]{1,4}[\s./-]?` + month + `(?:[\s./-]*[0-9]{1,4})?|` + month + `[\s./-]*[0-9]{1,4}(?:,?\s*[0-9]{1,4})?` +
	`|true|false|wahr|falsch|vrai|faux|verdadero|falso|vero)$`)

const month = `(?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)\pL*\.?`

// lacks notes which of a partner's values have no column, and reports whether any
// have none.
func (x *Exporter) lacks(p *graph.Partner, lacking *[colEnsure]bool) (any bool) {
	for c := range colEnsure {
		if v := c.property().Value(p, nil); v != nil && v != "" && !x.has(c) {
			lacking[c], any = true, true
		}
	}
	return any
}

// tellLacking tells that n partners have values without a column.
func (e *Export) tellLacking(n int, lacking *[colEnsure]bool) {
	var names []string
	for c := range colEnsure {
		if lacking[c] {
			names = append(names, c.String())
		}
	}
	if n > 0 {
		e.Notices = append(e.Notices, fmt.Sprintf("the file has no column for some values of %s: %s", words.Count(n, "partner"), strings.Join(names, ", ")))
	}
}

// The kinds of notices of an export, besides those of rows.
const (
	leftOut     noticeKind = "whose displayName is not in the file"
	unshown     noticeKind = "whose directoryName is not in the file"
	convertible noticeKind = "whose displayName a spreadsheet may turn into something else"
	unnamable   noticeKind = "that a row cannot name"
)

// tell adds a notice. The first of each kind are listed in full, and the rest is
// counted.
func (e *Export) tell(k noticeKind, notice string) {
	if e.told[k]++; e.told[k] <= maxTold {
		e.Notices = append(e.Notices, notice)
	}
}

// tellRest counts the notices that are not listed.
func (e *Export) tellRest() {
	for _, k := range slices.Sorted(maps.Keys(e.told)) {
		if rest := e.told[k] - maxTold; rest > 0 {
			e.Notices = append(e.Notices, fmt.Sprintf("and %s %s", words.Count(rest, "more partner"), k))
		}
	}
}
