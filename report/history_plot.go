package report

import (
	"fmt"
	"html/template"
	"strconv"
	"time"

	"bulksync/internal/words"
	"bulksync/plan/audit"
)

// series is a number of each audit: how it is called, how it looks, and what it is.
type series struct {
	label, class string
	of           func(*HistoryAudit) int
}

func kindSeries(label, class string, k audit.Kind) series {
	return series{label, class, func(a *HistoryAudit) int { return a.of(k) }}
}

// The numbers that the plot shows: open findings by kind, findings by state, and
// those that are gone. They are never modified.
var (
	byKind = [...]series{
		kindSeries("extra", "k-extra", audit.Extra),
		kindSeries("unreadable", "k-unread", audit.Unreadable),
		kindSeries("missing", "k-missing", audit.Missing),
		kindSeries("changed", "k-changed", audit.Changed),
		kindSeries("sync without consent", "k-sync", audit.SyncWithoutConsent),
		kindSeries("notices", "k-notice", audit.ConsentWithoutSync),
	}
	byState = [...]series{
		{"new", "s-new", func(a *HistoryAudit) int { return a.news().fresh }},
		{"reopened", "s-again", func(a *HistoryAudit) int { return a.news().reopened }},
		{"continuing", "s-known", func(a *HistoryAudit) int { return a.news().continuing }},
		{"waived", "s-waived", func(a *HistoryAudit) int { return a.Totals.Waived }},
	}
	gone = [...]series{
		{"fixed", "s-fixed", func(a *HistoryAudit) int { return a.Fixed }},
	}
	numberColumns = append(append(byKind[:len(byKind):len(byKind)], byState[:]...), gone[:]...)
)

// The measures of the plot, in its own units.
const (
	plotWidth  = 1100.0
	plotLeft   = 48.0
	plotRight  = 10.0
	panelHead  = 44.0
	panelBody  = 170.0
	panelGap   = 26.0
	plotFoot   = 26.0
	plotStep   = 84.0 // the widest step from one audit to the next
	plotBar    = 40.0 // the widest bar
	plotDense  = 4.0  // below this step, bars touch
	plotLabels = 6    // times below the plot
)

// plot draws SVG. Coordinates are rounded, so that the same input gives the same
// bytes on each machine.
type plot struct {
	markup
	audits []HistoryAudit
	// broken are the audits that do not follow from the one before.
	broken    []int
	step, bar float64
}

// plotOf draws two panels above each other: open findings by kind, and findings
// by state, with those that are gone below the line. An audit that claims nothing
// is a hatched gap, and a broken chain a dashed line.
func plotOf(p *HistoryPage) template.HTML {
	n := len(p.Audits)
	if n == 0 {
		return ""
	}
	d := &plot{audits: p.Audits, broken: brokenAt(p.Audits), step: min((plotWidth-plotLeft-plotRight)/float64(n), plotStep)}
	if d.bar = min(d.step*0.78, plotBar); d.step < plotDense {
		d.bar = d.step
	}
	kinds := panel{title: "Open findings by kind", up: byKind[:], top: panelHead}
	states := panel{title: "Findings by state", up: byState[:], down: gone[:], top: kinds.bottom() + panelGap + panelHead}
	height := states.bottom() + plotFoot
	d.tag(`<svg class="plot" viewBox="0 0 ` + short1(plotWidth) + " " + short1(height) + `" role="img" aria-labelledby="plot-t plot-d">`)
	d.element(`<title id="plot-t">`, "Open findings by kind, and findings by state, of "+words.Count(n, "audit"), "</title>")
	d.element(`<desc id="plot-d">`, plotWords(p), "</desc>")
	d.tag(`<defs><pattern id="gap" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V6"/></pattern></defs>`)
	for _, one := range []*panel{&kinds, &states} {
		d.panel(one)
	}
	d.times(states.bottom() + 17)
	d.hovers(kinds.top, states.bottom())
	d.tag("\n</svg>")
	return template.HTML(d.markup) // our tags, with text that is escaped
}

// panel is one part of the plot, with bars up and down from its zero line.
type panel struct {
	title    string
	up, down []series
	top      float64
	// unit is the height of one finding, zero where the line of none is.
	unit, zero float64
}

func (p *panel) bottom() float64 { return p.top + panelBody }

// scale fits the highest bars of the audits into the panel, and returns the
// distance of its grid lines.
func (p *panel) scale(as []HistoryAudit) (grid, up, down int) {
	for i := range as {
		if as[i].Claims() {
			up, down = max(up, sumOf(p.up, &as[i])), max(down, sumOf(p.down, &as[i]))
		}
	}
	up = max(up, 1)
	grid = gridOf(up + down)
	up, down = (up+grid-1)/grid*grid, (down+grid-1)/grid*grid
	p.unit = panelBody / float64(up+down)
	p.zero = p.top + float64(up)*p.unit
	return grid, up, down
}

func sumOf(of []series, a *HistoryAudit) int {
	n := 0
	for i := range of {
		n += of[i].of(a)
	}
	return n
}

// gridOf is a round number of which about four make n.
func gridOf(n int) int {
	for size := 1; ; size *= 10 {
		for _, step := range []int{size, 2 * size, 5 * size} {
			if step*4 >= n || step > 1<<40 {
				return step
			}
		}
	}
}

// x is where the step of the audit at i begins.
func (d *plot) x(i int) float64 { return plotLeft + float64(i)*d.step }

func (d *plot) panel(p *panel) {
	d.element("\n"+`<text class="head" x="0" y="`+short1(p.top-26)+`">`, p.title, "</text>")
	d.legend(p)
	grid, up, down := p.scale(d.audits)
	for n := -down; n <= up; n += grid {
		y := short1(p.zero - float64(n)*p.unit)
		class := "grid"
		if n == 0 {
			class = "zero"
		}
		d.tag("\n" + `<path class="` + class + `" d="M` + short1(plotLeft) + " " + y + "H" + short1(plotWidth-plotRight) + `"/><text x="` + short1(plotLeft-6) + `" y="` + y + `" dy="4" text-anchor="end">`)
		d.text(words.Thousands(max(n, -n)))
		d.tag("</text>")
	}
	d.gaps(p)
	d.bars(p, p.up, -1)
	d.bars(p, p.down, 1)
	d.breaks(p)
}

// legend names the series of a panel, in a line below its title.
func (d *plot) legend(p *panel) {
	x, y := plotLeft, p.top-9
	item := func(label, attributes string) {
		d.tag("\n<rect " + attributes + ` x="` + short1(x) + `" y="` + short1(y-9) + `" width="10" height="10"/>`)
		d.element(`<text x="`+short1(x+15)+`" y="`+short1(y)+`">`, label, "</text>")
		x += 34 + 6.6*float64(len(label))
	}
	for _, all := range [][]series{p.up, p.down} {
		for _, s := range all {
			item(s.label, `class="`+s.class+`"`)
		}
	}
	for i := range d.audits {
		if !d.audits[i].Claims() {
			item("no result", gapFill)
			break
		}
	}
	if len(d.broken) > 0 {
		d.tag("\n" + `<path class="break" d="M` + short1(x) + " " + short1(y-4) + `h12"/>`)
		d.element(`<text x="`+short1(x+17)+`" y="`+short1(y)+`">`, "chain broken", "</text>")
	}
}

// gapFill is how an audit without a result looks.
const gapFill = `class="gap" fill="url(#gap)"`

// bars draws series onto each other, away from the zero line, each as one path.
func (d *plot) bars(p *panel, of []series, direction float64) {
	base := make([]int, len(d.audits))
	for _, s := range of {
		d.tag("\n" + `<path class="` + s.class + `" d="`)
		for i := range d.audits {
			a := &d.audits[i]
			if !a.Claims() {
				continue
			}
			if n := s.of(a); n > 0 {
				from, to := p.zero+direction*float64(base[i])*p.unit, p.zero+direction*float64(base[i]+n)*p.unit
				d.box(d.x(i)+(d.step-d.bar)/2, min(from, to), d.bar, max(from, to))
				base[i] += n
			}
		}
		d.tag(`"/>`)
	}
}

// box adds a rectangle to a path, down to the bottom.
func (d *plot) box(x, y, width, bottom float64) {
	d.tag("M" + short1(x) + " " + short1(y) + "H" + short1(x+width) + "V" + short1(bottom) + "H" + short1(x) + "Z")
}

// gaps marks the audits that claim nothing.
func (d *plot) gaps(p *panel) {
	d.tag("\n<path " + gapFill + ` d="`)
	for i := range d.audits {
		if !d.audits[i].Claims() {
			d.box(d.x(i)+(d.step-d.bar)/2, p.top, d.bar, p.bottom())
		}
	}
	d.tag(`"/>`)
}

// breaks draws a line before each audit that does not follow from the one before.
func (d *plot) breaks(p *panel) {
	for _, i := range d.broken {
		d.tag("\n" + `<path class="break" d="M` + short1(d.x(i)) + " " + short1(p.top) + "V" + short1(p.bottom()) + `"/>`)
	}
}

// times writes when the first, the last and some audits between them were made.
func (d *plot) times(y float64) {
	n := len(d.audits)
	labels := min(n, plotLabels)
	for j := range labels {
		i := 0
		if labels > 1 {
			i = j * (n - 1) / (labels - 1)
		}
		if at := d.audits[i].FinishedAt; !at.IsZero() {
			d.tag("\n" + `<text x="` + short1(min(max(d.x(i)+d.step/2, plotLeft+30), plotWidth-plotRight-30)) + `" y="` + short1(y) + `" text-anchor="middle">`)
			d.text(at.UTC().Format(time.DateOnly))
			d.tag("</text>")
		}
	}
}

// hovers tell of an audit when somebody points at it.
func (d *plot) hovers(top, bottom float64) {
	for i := range d.audits {
		r := historyRowOf(&d.audits[i])
		d.tag("\n" + `<rect class="hover" x="` + short1(d.x(i)) + `" y="` + short1(top) + `" width="` + short1(d.step) + `" height="` + short1(bottom-top) + `">`)
		text := "Audit " + r.Name + ", " + r.At + ": " + r.Result + ". " + r.Findings
		if r.News != "" {
			text += ". News: " + r.News
		}
		d.element("<title>", text, "</title>")
		d.tag("</rect>")
	}
}

// plotWords say in a few sentences what the plot shows.
func plotWords(p *HistoryPage) string {
	var most *HistoryAudit
	silent := 0
	for i := range p.Audits {
		switch a := &p.Audits[i]; {
		case !a.Claims():
			silent++
		case most == nil || sumOf(byKind[:], a) > sumOf(byKind[:], most):
			most = a
		}
	}
	s := ""
	if a := p.complete(); a != nil {
		s = fmt.Sprintf("Audit %d, the newest with a result, of %s: %s. News: %s. ", a.Number, stamp(a.FinishedAt), openWords(a), a.news().words())
		s += fmt.Sprintf("The most open findings were %s, in audit %d. ", words.Thousands(sumOf(byKind[:], most)), most.Number)
	}
	if silent > 0 {
		s += fmt.Sprintf("%s no result, shown as hatched gaps. ", words.Count(silent, "audit")+agree(silent, " has", " have"))
	}
	return s + "The numbers are in the table after the plot."
}

// short1 is a coordinate with at most one decimal.
func short1(v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	if s[len(s)-2:] == ".0" {
		return s[:len(s)-2]
	}
	return s
}
