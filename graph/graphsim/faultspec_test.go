package graphsim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/graph/graphsim"
)

// Every fault can be written and read again.
func TestAFaultIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		times := rapid.SampledFrom([]time.Duration{0, 1, time.Millisecond, 1500 * time.Millisecond, time.Hour})
		count := rapid.IntRange(0, 12)
		f := graphsim.Fault{
			Kind:   graphsim.FaultKind(rapid.SampledFrom(faultCases).Draw(rt, "kind").spec),
			Path:   rapid.SampledFrom([]string{"", "partner", "identitySynchronization", contoso}).Draw(rt, "path"),
			Tenant: count.Draw(rt, "tenant"), Nth: count.Draw(rt, "nth"), Every: count.Draw(rt, "every"), Times: count.Draw(rt, "times"),
			P:    rapid.SampledFrom([]float64{0, 1e-9, 0.05, 1}).Draw(rt, "p"),
			From: times.Draw(rt, "from"), For: times.Draw(rt, "for"), RetryAfter: times.Draw(rt, "retry-after"), Delay: times.Draw(rt, "delay"),
		}
		kind, _, _ := strings.Cut(string(f.Kind), ",")
		f.Kind = graphsim.FaultKind(kind)
		if kind[0] >= '4' && kind[0] <= '5' {
			f.Body = rapid.SampledFrom([]graphsim.BodyForm{"", graphsim.BodyBOM, graphsim.BodyEcho, graphsim.BodyNone}).Draw(rt, "body")
		}
		again, err := graphsim.ParseFault(f.String())
		if d := cmp.Diff(f, again); err != nil || d != "" {
			rt.Fatalf("%s: %v (-first +again):\n%s", f, err, d)
		}
	})
}

func FuzzParseFault(f *testing.F) {
	for _, c := range faultCases {
		f.Add(c.spec)
	}
	for _, s := range []string{
		"", ",", "500,", "5000", "200", "boom", "500,nth=0", "500,p=2", "500,p=NaN", "500,every=x", "500,method=HEAD",
		"stale,method=GET", "slow,delay=-1s", "503,retry-after=7", "500,nth", "500,colour=red", "concurrency,p=0.1,path=partner,times=3",
		"503,from=10s,for=15s", "503,tenant=2", "503,tenant=0", "500-after,body=echo", "0500", "+500", "500-after-after", "-after", "cut,method=PUT",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		fault, err := graphsim.ParseFault(spec)
		if err != nil {
			return
		}
		if fault.Tenant < 0 || fault.Nth < 0 || fault.Every < 0 || fault.Times < 0 || fault.P < 0 || fault.P > 1 || fault.Delay < 0 || fault.RetryAfter < 0 || fault.From < 0 || fault.For < 0 {
			t.Errorf("%q: %+v", spec, fault)
		}
		again, err := graphsim.ParseFault(fault.String())
		if d := cmp.Diff(fault, again); err != nil || d != "" {
			t.Errorf("%q: %v (-first +again):\n%s", spec, err, d)
		}
	})
}

func TestABadFaultSaysWhatIsAllowed(t *testing.T) {
	for spec, want := range map[string]string{
		"boom":              `unknown kind "boom": use a status from 400 to 599, alone or with -after, or one of concurrency, refused, `,
		"200":               "a status from 400 to 599",
		"200-after":         "a status from 400 to 599",
		"reset":             "unknown kind",
		"html,body=bom":     "html has no error body",
		"500,body=xml":      "use one of bom, odata, object-message, oauth, text, html, none, echo, escapes",
		"lost,method=GET":   "lost strikes writes, not GET",
		"cut,method=WRITE":  "cut strikes reads, not WRITE",
		"503,for=0s":        "such as 7s or 1m30s",
		"500,colour=red":    "colour: unknown field: use method=, path=",
		"500,nth":           `"nth" is not a field`,
		"500,tenant=a":      "tenant: \"a\" is not a whole number from 1",
		"500,nth=0":         "a whole number from 1",
		"500,p=1.5":         "a probability above 0 and up to 1",
		"500,method=HEAD":   "use GET, PUT, PATCH, POST, DELETE or WRITE",
		"503,retry-after=7": "such as 7s or 1m30s",
		"stale,method=GET":  "strikes writes",
	} {
		if _, err := graphsim.ParseFault(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q in it", spec, err, want)
		}
	}
}
