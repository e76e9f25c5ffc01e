package report

import (
	"fmt"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"bulksync/plan/audit"
)

const (
	// metricPrefix begins the name of each metric of an audit.
	metricPrefix = "bulksync_audit_"
	// homeLabel is the one label that names a tenant: one for each partner would
	// be a time series for each partner.
	homeLabel = "home_tenant"
	// lastComplete is the time of the last audit that claimed anything.
	lastComplete = "last_complete_timestamp_seconds"
	// unknownState is the state of findings if no earlier audit is known.
	unknownState = "unknown"
)

// MetricsOptions are what the audit itself does not know.
type MetricsOptions struct {
	// Duration is how long the audit took.
	Duration time.Duration
	// LastComplete is when the last complete audit before this one was made; zero
	// if none is known. It is shown if this one is not complete.
	LastComplete time.Time
}

// Metrics writes what a found as Prometheus text, for the textfile collector of
// node exporter, which takes no time stamps. An incomplete audit says nothing
// about findings: a zero would look like a clean tenant.
func Metrics(w io.Writer, a *audit.Audit, o MetricsOptions) error {
	if err := checkAudit(a); err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	m := metrics{to: prometheus.WrapRegistererWith(prometheus.Labels{homeLabel: label(a.HomeTenant.ID)}, registry)}
	result := m.gauge("result", "1 for the result of the audit, 0 for the others.", "result")
	for _, r := range []audit.Result{audit.Clean, audit.Drift, audit.Incomplete} {
		result(truth(a.Result == r), string(r))
	}
	m.gauge("timestamp_seconds", "When the audit was made.")(seconds(a.CreatedAt))
	m.gauge("duration_seconds", "How long the audit took.")(o.Duration.Seconds())
	last := o.LastComplete
	if a.Result != audit.Incomplete {
		last = a.CreatedAt
		m.findings(a)
	}
	if !last.IsZero() {
		m.gauge(lastComplete, "When the last complete audit was made.")(seconds(last))
	}
	if m.err != nil {
		return m.err
	}
	families, err := registry.Gather()
	if err != nil {
		return err
	}
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(w, f); err != nil {
			return err
		}
	}
	return nil
}

// metrics makes gauges and remembers the first error.
type metrics struct {
	to  prometheus.Registerer
	err error
}

// gauge makes a gauge and returns what sets it, for each value of its labels.
func (m *metrics) gauge(name, help string, labels ...string) func(v float64, values ...string) {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: metricPrefix + name, Help: help}, labels)
	if err := m.to.Register(g); err != nil && m.err == nil {
		m.err = err
	}
	return func(v float64, values ...string) { g.WithLabelValues(values...).Set(v) }
}

// findings sets what a complete audit found. Each kind has a value, also if there
// is no such finding, so that an alert can tell none from not known.
func (m *metrics) findings(a *audit.Audit) {
	open := m.gauge("findings", "Open findings by kind and state.", "kind", "severity", "state")
	waived := m.gauge("findings_waived", "Findings that a waiver accepts.", "kind")
	states := []audit.State{audit.StateNew, audit.StateContinuing}
	for i := range a.Findings {
		if a.Findings[i].State == "" {
			states = []audit.State{unknownState}
		}
	}
	for _, r := range audit.Rules() {
		for _, s := range states {
			open(float64(countOpen(a.Findings, r.Kind, s)), string(r.Kind), string(r.Severity), string(s))
		}
		waived(float64(countKind(a.Waived, r.Kind)), string(r.Kind))
	}
	if a.Earlier != nil {
		m.gauge("findings_fixed", "Findings of the earlier audit that are gone.")(float64(len(a.Fixed)))
		m.gauge("findings_unjudged", "Findings of the earlier audit that this one cannot speak of.")(float64(len(a.Unjudged)))
	}
	m.gauge("objects_as_wanted", "Objects that are as the file wants them.")(float64(a.Totals.OK))
	m.gauge("objects_judged", "Objects that were compared.")(float64(judged(a)))
	m.gauge("partners_read", "Partners of the tenant.")(float64(a.Read.Partners))
}

// judged counts the objects that are as wanted and those with a finding.
func judged(a *audit.Audit) int {
	n := a.Totals.OK
	for _, o := range objectsFound(a) {
		if len(o.open)+len(o.waived) > 0 {
			n++
		}
	}
	return n
}

// countOpen counts findings of one kind and state.
func countOpen(fs []audit.Finding, k audit.Kind, s audit.State) (n int) {
	for i := range fs {
		if fs[i].Kind == k && (fs[i].State == s || s == unknownState) {
			n++
		}
	}
	return n
}

func countKind(fs []audit.Finding, k audit.Kind) (n int) {
	for i := range fs {
		if fs[i].Kind == k {
			n++
		}
	}
	return n
}

// LastComplete reads the time of the last complete audit of a home tenant back
// from the text that Metrics wrote, for an audit that is not complete. It is zero
// if the text has none.
func LastComplete(r io.Reader, homeTenant string) (time.Time, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(r)
	if err != nil {
		return time.Time{}, fmt.Errorf("the metrics that are there cannot be read: %w", err)
	}
	family := families[metricPrefix+lastComplete]
	for _, metric := range family.GetMetric() {
		for _, l := range metric.GetLabel() {
			if l.GetName() == homeLabel && l.GetValue() == label(homeTenant) {
				return time.Unix(int64(metric.GetGauge().GetValue()), 0).UTC(), nil
			}
		}
	}
	return time.Time{}, nil
}

// label is text that can be the value of a label: it is UTF-8 in one line.
func label(s string) string { return OneLine(s) }

func seconds(t time.Time) float64 { return float64(t.Unix()) }

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
