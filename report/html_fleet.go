package report

import (
	_ "embed" // the style is a file
)

//go:embed html/fleet.css
var fleetStyle string

// filterBy is a choice above the list of a page: what it is called, and the data of
// the rows that it chooses by.
type filterBy struct{ Label, Name string }

// Filters are the choices above the list.
func (p *page) Filters() []filterBy {
	object, hazard := filterBy{"Object", "object"}, filterBy{"Hazard", "hazard"}
	switch {
	case p.Fleet && p.Sharded:
		return []filterBy{{"Result", "status"}, {"News", "state"}, {"Shard", "shard"}}
	case p.Fleet:
		return []filterBy{{"Result", "status"}, {"News", "state"}}
	case p.Kind == "run":
		return []filterBy{{"Outcome", "status"}, {"Action", "action"}, object, hazard}
	case p.Kind == "audit" && len(p.News) > 0:
		return []filterBy{{"Kind", "action"}, {"State", "state"}, object}
	case p.Kind == "audit":
		return []filterBy{{"Kind", "action"}, object}
	default:
		return []filterBy{{"Action", "action"}, object, hazard}
	}
}

// Heads are the headings of the columns of the list.
func (p *page) Heads() []string {
	switch {
	case p.Fleet:
		return []string{"Tenant", "Result", "What was found", "Work", "Next step"}
	case p.Kind == "run":
		return []string{"Outcome", "Change", "What happened"}
	case p.Kind == "audit":
		return []string{"Kind", "Present and wanted", "Notes"}
	default:
		return []string{"Action", "Change", "Notes"}
	}
}

// Classes are those of the list.
func (p *page) Classes() string {
	var fleet, large string
	if p.Fleet {
		fleet = "fleet"
	}
	if p.IsLarge() {
		large = "large"
	}
	return joined(" ", fleet, large)
}

// tenant writes a home tenant, which has one row.
func (m *markup) tenant(r *row) {
	t := r.Tenant
	m.tag("\n<tbody>\n<tr")
	m.element(` data-status="`, t.Status, `"`)
	m.element(` data-state="`, t.State, `"`)
	m.element(` data-shard="`, t.Shard, `"`)
	m.tag(`><th scope="row"><b>`)
	if t.Link != "" {
		m.element(`<a href="`, t.Link, `">`)
		m.text(r.Partner.Name)
		m.tag("</a>")
	} else {
		m.text(r.Partner.Name)
	}
	m.tag("</b>")
	m.element(" <small>", r.Partner.Directory, "</small>")
	m.element(" <code>", r.Partner.TenantID, "</code>")
	m.tag(`</th><td><span class="pill `)
	m.text(string(r.Tone))
	m.element(`">`, t.Status, "</span></td><td>")
	if t.Problem != "" {
		m.element("<p>", sentence(t.Problem), "</p>")
	}
	m.element("<p>", t.Found, "</p>")
	m.element("<p><i>News</i> ", t.News, "</p>")
	m.tag("</td><td class=\"work\">")
	m.element("<p>", t.Took, "</p>")
	m.element("<p>", t.Partners, "</p>")
	m.element("<p><i>Shard</i> ", t.Shard, "</p>")
	m.tag("</td>")
	m.next(r)
	m.tag("</tr>\n</tbody>")
}

// next writes the next step: a command can be copied.
func (m *markup) next(r *row) {
	switch t := r.Tenant; {
	case t.Next == "":
		m.tag("<td></td>")
	case t.IsCommand:
		m.element(`<td class="command"><code>`, t.Next, "</code>")
		m.element(` <button type="button" class="copy" aria-label="Copy the command for `, r.Partner.Name, `" hidden>Copy</button></td>`)
	default:
		m.element("<td>", sentence(t.Next), "</td>")
	}
}
