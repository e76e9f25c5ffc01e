package report

import (
	"cmp"
	"crypto/sha256"
	_ "embed" // the page, its style and its script are files
	"encoding/base64"
	"html/template"
	"io"
	"strings"

	"bulksync/internal/words"
)

//go:embed html/page.gohtml
var pageTemplate string

//go:embed html/style.css
var pageStyle string

//go:embed html/filter.js
var pageScript string

// htmlPartners bounds the partners that an alert shows without being expanded.
const htmlPartners = 10

// htmlLines bounds a list of lines that a browser lays out at once.
const htmlLines = 100

// htmlLarge is the number of rows above which a page is large.
const htmlLarge = 500

// htmlPage is what the templates see: the page, and our own parts of the file,
// which need no escaping.
type htmlPage struct {
	Page   *page
	Policy string
	Style  template.CSS
	Script template.JS
	Same   int // rows that are folded away
}

func newHTMLPage(p *page) htmlPage {
	style := pageStyle
	if p.Fleet {
		style += fleetStyle
	}
	h := htmlPage{
		Page: p, Style: template.CSS(style), Script: template.JS(pageScript),
		Policy: "default-src 'none'; style-src " + sourceHash(style) + "; script-src " + sourceHash(pageScript) + "; base-uri 'none'; form-action 'none'",
	}
	for i := range p.NRows {
		if p.Rank(i) == rankSame {
			h.Same++
		}
	}
	return h
}

// writeHTML writes the page as one file that loads nothing: the policy in its
// head allows our style and our script by their hashes, and nothing else. Rows
// are written one by one, and by hand: a template takes as long for them as the
// run takes for its writes.
func writeHTML(w io.Writer, p *page) error {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return err
	}
	h := newHTMLPage(p)
	if err := t.ExecuteTemplate(w, "head", h); err != nil {
		return err
	}
	if p.NRows > h.Same {
		if err := writeGroups(w, t, p); err != nil {
			return err
		}
	}
	if h.Same > 0 {
		if err := writeSame(w, t, h); err != nil {
			return err
		}
	}
	if err := t.ExecuteTemplate(w, "rows-end", h); err != nil {
		return err
	}
	for i := range p.Lists {
		if err := writeList(w, t, &p.Lists[i]); err != nil {
			return err
		}
	}
	return t.ExecuteTemplate(w, "foot", h)
}

// writeGroups writes the table: each partner with its changes, and first those
// that need somebody.
func writeGroups(w io.Writer, t *template.Template, p *page) error {
	if err := t.ExecuteTemplate(w, "table", p); err != nil {
		return err
	}
	var text markup
	var rows []row
	for _, of := range []rank{rankFirst, rankOpen, rankNext} {
		for group := range p.groups(of) {
			rows = rows[:0]
			for _, i := range group {
				rows = append(rows, p.rowAt(i))
			}
			text = text[:0]
			if p.Fleet {
				text.tenant(&rows[0])
			} else {
				text.group(rows)
			}
			if _, err := w.Write(text); err != nil {
				return err
			}
		}
	}
	_, err := io.WriteString(w, "\n</table>")
	return err
}

// writeList writes a list as a section with a table, each partner with its rows.
func writeList(w io.Writer, t *template.Template, l *list) error {
	if err := t.ExecuteTemplate(w, "list", l); err != nil {
		return err
	}
	var text markup
	var rows []row
	for i := range l.NRows {
		if rows = append(rows, l.Row(i)); i+1 < l.NRows && l.Joined(i+1) {
			continue
		}
		text = text[:0]
		text.group(rows)
		if _, err := w.Write(text); err != nil {
			return err
		}
		rows = rows[:0]
	}
	_, err := io.WriteString(w, "\n</table>\n</section>")
	return err
}

// writeSame writes what is as wanted, a line each, behind a fold.
func writeSame(w io.Writer, t *template.Template, h htmlPage) error {
	if err := t.ExecuteTemplate(w, "same", h); err != nil {
		return err
	}
	var text markup
	n := 0
	for i := range h.Page.NRows {
		if h.Page.Rank(i) != rankSame {
			continue
		}
		text = text[:0]
		if n%htmlLines == 0 {
			if n > 0 {
				text.tag("\n</ul>")
			}
			text.tag("\n<ul>")
		}
		n++
		r := h.Page.Row(i)
		text.line(&r)
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "\n</ul>\n</details>")
	return err
}

// sourceHash is how a content security policy names an inline script or style.
func sourceHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Title is the page's title: what it is, its verdict and its tenant.
func (p *page) Title() string {
	return "bulksync " + p.Kind + ": " + strings.TrimSuffix(p.Verdict, ".")
}

// Number counts the rows in words.
func (p *page) Number() string { return words.Count(p.NRows, p.noun()) }

// noun is what all rows are, including unchanged ones.
func (p *page) noun() string {
	if p.Objects {
		return "object"
	}
	return p.Noun
}

// IsLarge reports whether the browser should lay out only what is in sight. On
// a small page that would only be in the way of those who copy or capture it.
func (p *page) IsLarge() bool { return p.NRows > htmlLarge }

// Number is the tile's number with thousands separators.
func (t tile) Number() string { return words.Thousands(t.N) }

// First are the partners that the alert shows, and Others those that it shows
// when expanded.
func (a *alert) First() []partner { return a.Partners[:min(len(a.Partners), htmlPartners)] }

// Others are the partners after the first.
func (a *alert) Others() []partner { return a.Partners[len(a.First()):] }

// Rest is how many partners come after the first.
func (a *alert) Rest() string { return more(len(a.Others())+a.More, a.who()) }

// Unnamed is how many partners the alert does not name at all.
func (a *alert) Unnamed() string { return more(a.More, a.who()) }

// htmlNames bounds the names in the card of an alert.
const htmlNames = 4

// cardName is a partner in the card of an alert.
type cardName struct {
	Name string
	// Directory is what the tenant's own directory calls it, if that is another name.
	Directory string
}

// Names are those of the first partners of the alert.
func (a *alert) Names() (names []cardName) {
	for _, p := range a.Partners[:min(len(a.Partners), htmlNames)] {
		n := cardName{Name: cmp.Or(p.Name, p.Known, p.TenantID, p.String())}
		if p.OtherName && p.Name != "" {
			n.Directory = p.Directory
		}
		names = append(names, n)
	}
	return names
}

// RestOfNames is how many partners Names leaves out; empty if none.
func (a *alert) RestOfNames() string {
	rest := len(a.Partners) - htmlNames + a.More
	if rest <= 0 {
		return ""
	}
	return more(rest, a.who())
}

// Text is the form as plain text.
func (p *page) Text() string { return p.asText() }

// Sentence is the alert's words as a sentence of its own. A property name keeps
// its case.
func (a *alert) Sentence() string {
	if a.Words == "" {
		return ""
	}
	return sentence(a.Words)
}

// SameWords count the rows that are folded away.
func (h htmlPage) SameWords() string { return isAre(h.Same, "object") + " already as wanted" }
