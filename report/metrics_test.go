package report_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"bulksync/plan/audit"
	"bulksync/report"
)

// series are the values of a text by metric and labels, as Prometheus writes them.
func series(t *testing.T, text string) map[string]float64 {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	out := map[string]float64{}
	for name, family := range families {
		for _, m := range family.GetMetric() {
			if m.TimestampMs != nil {
				t.Errorf("%s has a time stamp, which the collector refuses", name)
			}
			key := name
			for _, l := range m.GetLabel() {
				if l.GetName() != "home_tenant" {
					key += " " + l.GetValue()
				}
			}
			out[key] = m.GetGauge().GetValue()
		}
	}
	return out
}

// checkMetrics: Prometheus parses it, its linter has nothing to say, and the time
// of the last complete audit can be read back.
func checkMetrics(t *testing.T, a *audit.Audit) {
	t.Helper()
	before := a.CreatedAt.AddDate(0, 0, -7)
	text := rendered(t, func(w io.Writer) error {
		return report.Metrics(w, a, report.MetricsOptions{Duration: time.Second, LastComplete: before})
	})
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v in\n%s", err, problems, text)
	}
	if n := len(series(t, text)); n > 40 {
		t.Errorf("%d series", n)
	}
	want := a.CreatedAt
	if a.Result == audit.Incomplete {
		want = before
	}
	if got, err := report.LastComplete(strings.NewReader(text), a.HomeTenant.ID); err != nil || !got.Equal(want) {
		t.Errorf("read back %v, %v, want %v", got, err, want)
	}
	if got, err := report.LastComplete(strings.NewReader(text), "other"); err != nil || !got.IsZero() && a.HomeTenant.ID != "other" {
		t.Errorf("of another tenant: %v, %v", got, err)
	}
}

func TestMetrics(t *testing.T) {
	text := rendered(t, func(w io.Writer) error {
		return report.Metrics(w, newsAudit(), report.MetricsOptions{Duration: 1500 * time.Millisecond})
	})
	got := series(t, text)
	for key, want := range map[string]float64{
		"bulksync_audit_result clean": 0, "bulksync_audit_result drift": 1, "bulksync_audit_result incomplete": 0,
		"bulksync_audit_findings changed error new": 1, "bulksync_audit_findings changed error continuing": 2, "bulksync_audit_findings missing error new": 1,
		"bulksync_audit_findings sync-without-consent warning new": 0, "bulksync_audit_findings_waived changed": 1, "bulksync_audit_findings_fixed": 2,
		"bulksync_audit_findings_unjudged": 1, "bulksync_audit_objects_as_wanted": 197, "bulksync_audit_objects_judged": 205,
		"bulksync_audit_duration_seconds": 1.5, "bulksync_audit_timestamp_seconds": 1795298645, "bulksync_audit_last_complete_timestamp_seconds": 1795298645,
	} {
		if v, ok := got[key]; !ok || v != want {
			t.Errorf("%s is %v (%v), want %v", key, v, ok, want)
		}
	}
	if strings.Contains(text, tenant(2)) {
		t.Error("a partner is a label")
	}
	// Without an earlier audit, nobody knows what is new.
	if got := series(t, rendered(t, func(w io.Writer) error { return report.Metrics(w, sampleAudit(), report.MetricsOptions{}) })); got["bulksync_audit_findings changed error unknown"] != 3 {
		t.Errorf("got %v", got)
	} else if _, said := got["bulksync_audit_findings changed error new"]; said {
		t.Error("none is said to be new, which is not known")
	}
}

// An incomplete audit claims nothing: no number of findings, not even 0.
func TestMetricsOfAnIncompleteAudit(t *testing.T) {
	text := rendered(t, func(w io.Writer) error { return report.Metrics(w, incompleteAudit(), report.MetricsOptions{}) })
	for key := range series(t, text) {
		if strings.Contains(key, "findings") || strings.Contains(key, "objects") || strings.Contains(key, "last_complete") {
			t.Errorf("it says %s", key)
		}
	}
	for _, broken := range []string{"x{", "no metrics at all", "\xff"} {
		if at, err := report.LastComplete(strings.NewReader(broken), "x"); err == nil || !at.IsZero() {
			t.Errorf("%q: %v, %v", broken, at, err)
		}
	}
	if at, err := report.LastComplete(strings.NewReader(""), "x"); err != nil || !at.IsZero() {
		t.Errorf("%v, %v", at, err)
	}
}
