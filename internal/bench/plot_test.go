package bench

import (
	"bytes"
	"net/http"
	"os"
	"strconv"
	"text/template"

	"bulksync/graph/graphsim"
)

// The field of the plot in units of the image, and its scale.
const (
	plotLeft, plotTop, plotWide, plotHigh = 46.0, 66.0, 656.0, 176.0

	plotSeconds = 60
	plotMost    = 20 // writes a second; more is cut off and given in words
	plotLane    = 6  // refusals a second, below the axis
	perRefusal  = 4.0
)

// plot is what the template draws: accepted writes upward, refusals downward.
type plot struct {
	Left, Top, Right, Bottom, Lane float64
	X, Y                           []tick
	Accepted, Refused              []box
	Ideal                          struct{ X1, X2, Y float64 }
	First                          int // accepted in the first second
	Writes, Refusals               int
	Took, Minimum                  float64
}

type tick struct {
	At   float64
	Text int
}

type box struct{ X, Y, W, H float64 }

func plotX(seconds float64) float64 { return plotLeft + seconds/plotSeconds*plotWide }
func plotY(writes float64) float64  { return plotTop + plotHigh - writes/plotMost*plotHigh }

// writePlot draws what was accepted and refused in each second of a run, next
// to the pace of a client that knows the quota.
func writePlot(path string, writes []graphsim.Request) error {
	short := template.FuncMap{"n": func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 32) }}
	t, err := template.New("plot").Funcs(short).Parse(plotText)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, newPlot(writes)); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func newPlot(writes []graphsim.Request) *plot {
	p := &plot{
		Left: plotLeft, Top: plotTop, Right: plotX(plotSeconds), Bottom: plotY(0),
		Lane: plotY(0) + plotLane*perRefusal, Minimum: paceMinimum.Seconds(),
	}
	for s := 0; s <= plotSeconds; s += 10 {
		p.X = append(p.X, tick{plotX(float64(s)), s})
	}
	for n := 0; n <= plotMost; n += 5 {
		p.Y = append(p.Y, tick{plotY(float64(n)), n})
	}
	q := tenPerSecond().WriteQuota
	p.Ideal.X1, p.Ideal.X2, p.Ideal.Y = plotX(1), plotX(p.Minimum), plotY(float64(q.Units)/q.Per.Seconds())
	p.draw(writes)
	return p
}

func (p *plot) draw(writes []graphsim.Request) {
	var accepted, refused [plotSeconds]int
	for _, w := range writes {
		at := w.At.Sub(writes[0].At).Seconds()
		s := min(int(at), plotSeconds-1)
		if w.Status == http.StatusTooManyRequests {
			refused[s]++
			p.Refusals++
			continue
		}
		accepted[s]++
		p.Writes++
		p.Took = at
	}
	p.First = accepted[0]
	for s := range accepted {
		x, w := plotX(float64(s))+1, plotWide/plotSeconds-2
		if n := min(accepted[s], plotMost); n > 0 {
			p.Accepted = append(p.Accepted, box{x, plotY(float64(n)), w, plotY(0) - plotY(float64(n))})
		}
		if n := min(refused[s], plotLane); n > 0 {
			p.Refused = append(p.Refused, box{x, p.Bottom + 1, w, perRefusal * float64(n)})
		}
	}
}

// plotText suits light and dark pages; it has its own background, because a
// page and the system may disagree on which it is.
const plotText = `<svg xmlns="http://www.w3.org/2000/svg" width="720" height="300" viewBox="0 0 720 300" role="img" aria-labelledby="t">
<title id="t">{{.Writes}} writes against a quota of 100 per 10 s: done after {{printf "%.1f" .Took}} s, {{.Refusals}} refused; at least {{printf "%.1f" .Minimum}} s are needed</title>
<style>
  svg { --page: #ffffff; --ink: #1f2328; --soft: #59636e; --grid: #d8dee4; --done: #4f8fe0; --ideal: #1f2328; --bad: #d1242f; }
  @media (prefers-color-scheme: dark) {
    svg { --page: #0d1117; --ink: #e6edf3; --soft: #9da7b1; --grid: #2b323b; --done: #3f7fd0; --ideal: #e6edf3; --bad: #ff7b72; }
  }
  text { font: 12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: var(--soft); }
  .head { font-size: 15px; font-weight: 600; fill: var(--ink); }
  .page { fill: var(--page); } .done { fill: var(--done); } .bad { fill: var(--bad); }
  .grid { stroke: var(--grid); } .axis { stroke: var(--soft); }
  .ideal { stroke: var(--ideal); stroke-width: 1.5; stroke-dasharray: 5 4; fill: none; }
  .end { text-anchor: end; } .mid { text-anchor: middle; }
</style>
<rect class="page" width="720" height="300" rx="6"/>
<text class="head" x="16" y="25">{{.Writes}} writes, a quota of 100 per 10 s, no flags: done in {{printf "%.1f" .Took}} s, {{.Refusals}} refused</text>
<rect class="done" x="16" y="38" width="10" height="10"/><text x="31" y="47">accepted per second</text>
<rect class="bad" x="196" y="38" width="10" height="10"/><text x="211" y="47">refused per second</text>
<path class="ideal" d="M372 43h22"/><text x="400" y="47">theoretical pace, {{printf "%.1f" .Minimum}} s in all</text>
{{range .Y}}<path class="grid" d="M{{n $.Left}} {{n .At}}H{{n $.Right}}"/><text class="end" x="38" y="{{n .At}}" dy="4">{{.Text}}</text>
{{end}}{{range .Accepted}}<rect class="done" x="{{n .X}}" y="{{n .Y}}" width="{{n .W}}" height="{{n .H}}"/>
{{end}}{{range .Refused}}<rect class="bad" x="{{n .X}}" y="{{n .Y}}" width="{{n .W}}" height="{{n .H}}"/>
{{end}}<path class="ideal" d="M{{n .Ideal.X1}} {{n .Top}}V{{n .Ideal.Y}}H{{n .Ideal.X2}}V{{n .Bottom}}"/>
<path class="axis" d="M{{n .Left}} {{n .Bottom}}H{{n .Right}}"/>
<text x="{{n .Ideal.X1}}" dx="8" y="{{n .Top}}" dy="14">{{.First}} in the first second: the bucket was full</text>
{{range .X}}<text class="mid" x="{{n .At}}" y="{{n $.Lane}}" dy="16">{{.Text}}{{if eq .Text 60}} s{{end}}</text>
{{end}}</svg>
`
