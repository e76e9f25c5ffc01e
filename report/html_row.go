package report

import "strconv"

// markup is HTML that is being written: our tags, and the text between them.
type markup []byte

// tag writes parts of our own, as they are.
func (m *markup) tag(s string) { *m = append(*m, s...) }

// text writes any text, escaped by the rules of html/template, which are the same
// for text and for values in quotes.
func (m *markup) text(s string) {
	b, from := *m, 0
	for i := range len(s) {
		if e := escapeOf(s[i]); e != "" {
			b = append(append(b, s[from:i]...), e...)
			from = i + 1
		}
	}
	*m = append(b, s[from:]...)
}

// escapeOf is what stands for a byte in HTML; empty for the byte itself.
func escapeOf(c byte) string {
	switch c {
	case 0:
		return "\ufffd"
	case '"':
		return "&#34;"
	case '&':
		return "&amp;"
	case '\'':
		return "&#39;"
	case '+':
		return "&#43;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	default:
		return ""
	}
}

// element writes text between two tags; nothing if it is empty.
func (m *markup) element(open, text, end string) {
	if text == "" {
		return
	}
	m.tag(open)
	m.text(text)
	m.tag(end)
}

// group writes the rows of one partner under a heading. The heading has the note
// of the first row, and the others repeat it only if theirs differs.
func (m *markup) group(rows []row) {
	first := &rows[0]
	m.tag("\n<tbody>\n<tr class=\"p\"><th colspan=\"3\" scope=\"rowgroup\">")
	m.partner(first.Partner)
	m.number(" <small>line ", first.Line)
	note := first.Note
	m.element(` <small class="note">`, note, "</small>")
	m.tag("</th></tr>")
	for i := range rows {
		if rows[i].Note == note {
			rows[i].Note = ""
		}
		m.row(&rows[i])
	}
	m.tag("\n</tbody>")
}

// number writes a number that is not 0.
func (m *markup) number(open string, n int) {
	if n == 0 {
		return
	}
	m.tag(open)
	*m = strconv.AppendInt(*m, int64(n), 10)
	m.tag("</small>")
}

// line writes a row of which there is nothing to tell but that it is as wanted.
func (m *markup) line(r *row) {
	m.tag("\n<li>")
	m.partner(r.Partner)
	m.element(" <i>", r.About, "</i>")
	m.tag("</li>")
}

// row writes a row of the table.
func (m *markup) row(r *row) {
	m.tag("\n<tr data-action=\"")
	m.text(r.Action)
	m.tag(`"`)
	m.element(` data-status="`, r.Status, `"`)
	if len(r.Hazards) > 0 {
		m.tag(` data-hazard="`)
		for _, h := range r.Hazards {
			m.text(h)
			m.tag(" ")
		}
		m.tag(`"`)
	}
	m.element(` data-state="`, r.State, `"`)
	m.tag("><th scope=\"row\">")
	m.pill(r)
	if isNewsState(r.State) {
		m.element(` <span class="state">`, r.State, "</span>")
	}
	m.number(" <small>#", r.Seq)
	m.element(` <small class="since">`, since(r), "</small>")
	m.tag("</th>")
	m.change(r)
	m.why(r)
	m.tag("</tr>")
}

// pill writes what is done, or how it ended.
func (m *markup) pill(r *row) {
	m.tag(`<span class="pill `)
	m.text(string(r.Tone))
	m.tag(`">`)
	if r.Status == "" {
		m.text(r.Action)
		m.tag("</span>")
		return
	}
	m.text(r.Status)
	m.tag("</span> <small>")
	m.text(r.Action)
	m.tag("</small>")
}

func (m *markup) partner(p partner) {
	switch {
	case p.TenantID != "":
		m.element("<b>", p.Name, "</b> ")
		m.element("<code>", p.TenantID, "</code>")
		m.element(" <small>", p.Directory, "</small>")
	case p.Name != "":
		m.element("<b>", p.Name, "</b>")
	default:
		m.tag("<b>home tenant</b>")
	}
}

// change writes the cell with the fields and the request.
func (m *markup) change(r *row) {
	m.tag(`<td><b>`)
	m.text(r.About)
	m.tag("</b>")
	for i := range r.Fields {
		m.field(&r.Fields[i])
	}
	if r.Method != "" {
		m.tag("<details><summary>")
		m.text(r.Method)
		m.tag(" request</summary><code>")
		m.text(r.Method)
		m.tag(" ")
		m.text(r.Path)
		m.tag("</code>")
		m.element("<code>", r.Body, "</code>")
		m.tag("</details>")
	}
	m.tag("</td>")
}

func (m *markup) field(f *field) {
	m.tag(`<div><i>`)
	m.text(f.Name())
	m.tag("</i> ")
	if f.Before != "" {
		if f.Wanted != "" {
			m.element("<span>", f.Before, "</span>")
		} else {
			m.element("<del>", f.Before, "</del>")
		}
		switch {
		case f.After == "":
		case f.Wanted != "":
			m.tag("; ")
			m.text(f.Wanted)
		default:
			m.tag(" →")
		}
		m.tag(" ")
	}
	m.element("<ins>", f.After, "</ins>")
	m.element(" found <span>", f.Now, "</span>")
	m.tag("</div>")
}

// why writes the cell with the outcome and its evidence.
func (m *markup) why(r *row) {
	m.tag(`<td class="why">`)
	if o := r.Outcome; o != nil {
		m.element("<p><code>", o.Code, "</code></p>")
		m.element("<p>", o.Message, "</p>")
		if o.Sent != "" {
			m.element("<details><summary>", o.Sent, "</summary><span>sent</span> <code>")
			m.text(o.SentAt)
			m.tag("</code>")
			m.element("<span>request-id</span> <code>", o.RequestID, "</code>")
			m.element("<span>client-request-id</span> <code>", o.ClientRequestID, "</code>")
			m.tag("</details>")
		}
	}
	if len(r.Hazards) > 0 {
		m.tag("<p>")
		for _, h := range r.Hazards {
			m.tag(`<span class="hz">`)
			m.text(h)
			m.tag("</span> ")
		}
		m.tag("</p>")
	}
	m.element("<p>", r.Reason, "</p>")
	m.element("<p>", r.Waived, "</p>")
	for _, e := range r.Edits {
		m.edit(e)
	}
	m.element(`<p class="note">`, r.Note, "</p>")
	m.tag("</td>")
}

// edit writes who changed the object.
func (m *markup) edit(e edit) {
	m.element("<p>", e.String(), "")
	m.element(": ", e.Activity, "")
	m.element("<br>correlation ID <code>", e.CorrelationID, "</code>")
	m.tag("</p>")
}
