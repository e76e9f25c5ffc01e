package approval_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/plan/desired"
)

// whole is a policy with every member.
const whole = `# What we ask of every plan.
limits:
  stopped: [10, 30%]
  consentOff: "2.5%"
  newPartners: 50
  changes: 500
protected:
  - tenantId: "{90E29127-71AD-49C7-9CE8-DB3F41EA06F1}"
    reason: payroll provider, ask Ada
approvals:
  required: 2
  signers: keys/allowed_signers
window:
  days: [sat, sun]
  from: "22:00"
  to: 04:00
  timezone: Europe/Berlin
planMaxAge: 7d
overridable: [changes]
`

const signers = "ada ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO299oZjbaiF7Y9hZwhK/lZSatlOvhMbP5JxFPeV9EwK\n"

func ptr[T any](v T) *T { return &v }

// padded is a text with a comment that makes it as long as a file may be.
func padded(text string) string { return text + "#" + strings.Repeat("x", 1<<20-len(text)-1) }

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

// files opens the files that a policy names.
func files(path string) (io.ReadCloser, error) {
	text, there := map[string]string{
		"keys/allowed_signers": signers, "empty": " \n", "binary": "\xff\xfe\x00", "broken": "ada\nben ssh-rsa AAAA\n" + signers, "comments": "# none\n", "full": padded(signers), "large": strings.Repeat("x", 1<<20+1),
	}[path]
	if !there {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func read(text string) (*plan.Policy, error) {
	return approval.ReadPolicy(strings.NewReader(text), "policy.yaml", files)
}

func TestReadPolicy(t *testing.T) {
	want := &plan.Policy{
		Name: "policy.yaml", SHA256: sum(whole),
		Limits: []plan.Limit{
			{Name: plan.LimitStopped, Count: ptr(10), Percent: ptr(30.0)}, {Name: plan.LimitConsentOff, Percent: ptr(2.5)},
			{Name: plan.LimitNewPartners, Count: ptr(50)}, {Name: plan.LimitChanges, Count: ptr(500)},
		},
		Protected:    []plan.Protected{{TenantID: "90e29127-71ad-49c7-9ce8-db3f41ea06f1", Reason: "payroll provider, ask Ada"}},
		Approvals:    &plan.Approvals{Required: 2, Signers: signers, SignersName: "allowed_signers", SignersSHA256: sum(signers)},
		Window:       &plan.Window{Days: []string{"sat", "sun"}, From: "22:00", To: "04:00", Timezone: "Europe/Berlin"},
		PlanMaxAgeMs: 7 * 24 * 3600 * 1000, Overridable: []plan.LimitName{plan.LimitChanges},
	}
	got, err := read(whole)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	marked := "\ufeff" + strings.ReplaceAll(whole, "\n", "\r\n") // as an editor on Windows may save it
	want.SHA256 = sum(marked)
	got, err = read(marked)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
}

// A policy may ask for next to nothing: what it does not name is free.
func TestWhatAPolicyDoesNotNameIsFree(t *testing.T) {
	for text, want := range map[string]plan.Policy{
		"limits: {}":                       {},
		"planMaxAge: 90m":                  {PlanMaxAgeMs: 90 * 60 * 1000},
		"planMaxAge: 72h":                  {PlanMaxAgeMs: 72 * 3600 * 1000},
		"limits: {stopped: 0}":             {Limits: []plan.Limit{{Name: plan.LimitStopped, Count: ptr(0)}}},
		"limits: {changes: 5, stopped: 1}": {Limits: []plan.Limit{{Name: plan.LimitStopped, Count: ptr(1)}, {Name: plan.LimitChanges, Count: ptr(5)}}},
		"limits: {stopped: [30%, 10]}":     {Limits: []plan.Limit{{Name: plan.LimitStopped, Count: ptr(10), Percent: ptr(30.0)}}},
		"overridable: []":                  {Overridable: []plan.LimitName{}},
		"limits: {stopped: 100%}":          {Limits: []plan.Limit{{Name: plan.LimitStopped, Percent: ptr(100.0)}}},
		padded("limits: {}\n"):             {},
		"approvals: {required: 0}":         {Approvals: &plan.Approvals{}},
	} {
		want.Name, want.SHA256 = "policy.yaml", sum(text)
		if want.Limits == nil {
			want.Limits = []plan.Limit{}
		}
		if want.Overridable == nil {
			want.Overridable = plan.AllLimits()
		}
		got, err := read(text)
		if diff := cmp.Diff(&want, got); err != nil || diff != "" {
			t.Errorf("%.80s: %v, (-want +got):\n%s", text, err, diff)
		}
	}
}

func TestEachFaultOfAPolicyNamesItsPlace(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "1:1: the file is empty: a policy has limits"},
		{"# nothing\n---\n", "1:1: the file is empty"},
		{"limits", `1:1: the policy is "limits", not a mapping of limits, protected`},
		{"- limits", "1:1: the policy is a list, not a mapping"},
		{"limits: {}\n---\nlimits: {}\n", "2:1: a second document begins here"},
		{"limits: [", "1:1: the YAML is broken: did not find expected node content"},
		{"limits:\n\tstopped: 1", "2:1: the YAML is broken: found character that cannot start any token"},
		{"a: \xff", "1:4: the YAML is broken"},
		{"limits: {}\n# \u00e9 \xff", "2:5: the YAML is broken: invalid"},
		{"limits:\n  stopped: \x01", "2:12: the YAML is broken: control characters are not allowed"},
		{"limits:\n  stopped: 10\n changes: 5\n", "3:1: the YAML is broken: did not find expected key"},
		{"limits: {}\n- x\n", "2:1: the YAML is broken: did not find expected key"},
		{"limits: {}\nplanMaxAge: 7d: x\n", "2:1: the YAML is broken: mapping values are not allowed"},
		{"limits: {}\n%YAML 9\n", "2:1: the YAML is broken: did not find expected digit"},
		{"limits: {}\nwindow: *w\n", "2:9: the YAML is broken: unknown anchor 'w' referenced"},
		{strings.Repeat("#", 1<<20+1), "1:1: the file is larger than 1 MiB"},

		{"limit: {}", `1:1: unknown key "limit": the nearest known one is limits; rename it or remove it`},
		{"PlanMaxAge: 7d", `1:1: unknown key "PlanMaxAge": the nearest known one is planMaxAge`},
		{"limits:\n  stoped: 1", `2:3: unknown key "stoped" in limits: the nearest known one is stopped`},
		{"limits: {}\nlimits: {}", "2:1: limits appears twice: it is on line 1 already"},
		{"? [a]\n: b", "1:3: a key is a list, not a name"},
		{"limits:\n  stopped:\n", "2:3: limits.stopped has no value"},
		{"window: ~", "1:1: window has no value"},
		{"limits: &x {}", "1:9: &x names a part of the file"},
		{"planMaxAge: !!str 7d", "1:13: !!str says of what type a value is"},

		{"limits: 10", `1:9: limits is "10", not a mapping of stopped, consentOff, newPartners, changes`},
		{"limits:\n  stopped: many", `2:12: limits.stopped: "many" is neither a number nor a share: write 10, 30% or [10, 30%]`},
		{"limits: {stopped: -1}", `limits.stopped: "-1" is neither`},
		{"limits: {stopped: 010}", `limits.stopped: "010" is neither`},
		{"limits: {stopped: 1.5}", `limits.stopped: "1.5" is neither`},
		{"limits: {stopped: 1e3}", `limits.stopped: "1e3" is neither`},
		{"limits: {stopped: 9999999999}", `limits.stopped: "9999999999" is neither`},
		{"limits: {stopped: -5%}", `limits.stopped: "-5%" is neither`},
		{"limits: {stopped: NaN%}", `limits.stopped: "NaN%" is neither`},
		{"limits: {stopped: 101%}", `limits.stopped: "101%" is more than all`},
		{"limits: {changes: many}", `limits.changes: "many" is not a number: write it as 500`},
		{"limits: {changes: 30%}", "limits.changes: it takes a number, not a share"},
		{"limits: {stopped: [10]}", "limits.stopped: a list has one number and one share"},
		{"limits: {stopped: [10, 20]}", "limits.stopped: a list has one number and one share"},
		{"limits: {stopped: [1%, 2%]}", "limits.stopped: a list has one number and one share"},
		{"limits: {stopped: [10, [1]]}", "limits.stopped is a list, not one value"},
		{"limits: {stopped: [10, ~]}", "limits.stopped: an item has no value"},
		{"limits: {stopped: {count: 1}}", "limits.stopped is a mapping, not one value"},
		{"overridable: all", `1:14: overridable is "all", not a list`},
		{"overridable: [change]", `1:15: overridable: there is no limit "change": the nearest is changes`},
		{"overridable: [changes, changes]", "1:24: overridable: changes appears twice"},

		{"protected: [{tenantId: 90e29127-71ad-49c7-9ce8-db3f41ea06f1}]", "1:13: protected.reason is missing"},
		{"protected: [{reason: x}]", "1:13: protected.tenantId is missing"},
		{"protected: [{tenantId: contoso.com, reason: x}]", `1:24: protected: tenantId "contoso.com" is not a GUID`},
		{"protected:\n- {tenantId: 90e29127-71ad-49c7-9ce8-db3f41ea06f1, reason: x}\n- {tenantId: 90E2912771AD49C79CE8DB3F41EA06F1, reason: y}",
			"3:14: protected: 90e29127-71ad-49c7-9ce8-db3f41ea06f1 appears twice: it is on line 2 already"},
		{"protected: [90e29127-71ad-49c7-9ce8-db3f41ea06f1]", `1:13: protected is "90e29127-71ad-49c7-9ce8-db3f41ea06f1", not a mapping of tenantId, reason`},
		{"protected: [{tenantId: 90e29127-71ad-49c7-9ce8-db3f41ea06f1, reason: ''}]", "protected.reason has no value"},
		{"protected: [{tenantId: 90e29127-71ad-49c7-9ce8-db3f41ea06f1, reason: " + strings.Repeat("x", 5000) + "}]", "1:1: protected: the reason of"},

		{"approvals: {required: 2}", "1:12: approvals: required is 2, but no signers are named"},
		{"approvals: {signers: keys/allowed_signers}", "1:12: approvals.required is missing"},
		{"approvals: {required: two}", `1:23: approvals.required: "two" is not a number: write it as 2`},
		{"approvals: {required: 1, signers: nowhere}", "1:35: approvals.signers: nowhere: file does not exist"},
		{"approvals: {required: 1, signers: empty}", "approvals.signers: empty: the file names no signer"},
		{"approvals: {required: 1, signers: binary}", "approvals.signers: binary is not UTF-8"},
		{"approvals: {required: 1, signers: large}", "approvals.signers: large is larger than 1 MiB"},
		{"approvals: {required: 1, signers: comments}", "approvals.signers: comments: the file names no signer"},
		{"approvals: {required: 1, signers: [a]}", "approvals.signers is a list, not one value"},

		{"window: {days: [sat], from: '22:00', to: '04:00'}", "1:9: window.timezone is missing"},
		{"window: {from: '22:00', to: '04:00', timezone: UTC}", "1:9: window.days is missing"},
		{"window: {days: [], from: '22:00', to: '04:00', timezone: UTC}", "1:16: window.days: no day is named"},
		{"window: {days: [Saturday], from: '22:00', to: '04:00', timezone: UTC}", `1:17: window.days: "Saturday" is not a day: write mon, tue, wed, thu, fri, sat, sun`},
		{"window: {days: [sat, SAT], from: '22:00', to: '04:00', timezone: UTC}", "window.days: sat appears twice"},
		{"window: {days: [sat], from: '24:00', to: '04:00', timezone: UTC}", `window.from: "24:00" is not a time of day: write it as "22:00"; midnight is "00:00"`},
		{"window: {days: [sat], from: '22:00', to: 4, timezone: UTC}", `window.to: "4" is not a time of day`},
		{"window: {days: [sat], from: '22:00', to: '22:00', timezone: UTC}", "1:9: window: it begins and ends at 22:00"},
		{"window: {days: [sat], from: '22:00', to: '04:00', timezone: Mars/Base}", `1:61: window: "Mars/Base" is not a time zone`},
		{"window: {days: [sat], from: '22:00', to: '04:00', timezone: Local}", `window: "Local" is not a time zone`},

		{"planMaxAge: 7", `1:13: planMaxAge: "7" is not an age: write it as 7d, 72h or 90m`},
		{"planMaxAge: 0d", `planMaxAge: "0d" is not an age`},
		{"planMaxAge: 1h30m", `planMaxAge: "1h30m" is not an age`},
		{"planMaxAge: 100000d", `planMaxAge: "100000d" is not an age`},
	} {
		_, err := read(c.text)
		var faults desired.RowErrors
		if !errors.As(err, &faults) || len(faults) != 1 || !strings.Contains(faults[0].Error(), "policy.yaml:") || !strings.Contains(faults[0].Error(), c.want) {
			t.Errorf("%.80q:\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

// One reading finds every fault, in the order of the lines.
func TestAllFaultsOfAPolicyAtOnce(t *testing.T) {
	_, err := read("overridable: [all]\nlimits:\n  stoped: 1\n  changes: many\nwindow: &w\n  days: [sat]\n  to: 4\napprovals: *w\n")
	want := `policy.yaml:1:15: overridable: there is no limit "all": the nearest is changes
policy.yaml:3:3: unknown key "stoped" in limits: the nearest known one is stopped; rename it or remove it
policy.yaml:4:12: limits.changes: "many" is not a number: write it as 500
policy.yaml:5:9: &w names a part of the file, which a policy does not need: remove the name
policy.yaml:5:9: window.from is missing
policy.yaml:5:9: window.timezone is missing
policy.yaml:7:7: window.to: "4" is not a time of day: write it as "22:00"; midnight is "00:00"
policy.yaml:8:12: *w stands for something written elsewhere: write it out here`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// Each broken line of the file of signers is a fault, at the place that names the
// file.
func TestFaultsOfTheSigners(t *testing.T) {
	if p, err := read("approvals: {required: 1, signers: full}"); err != nil || len(p.Approvals.Signers) != 1<<20 {
		t.Errorf("a file of signers that is as long as it may be: %v", err)
	}
	_, err := read("approvals:\n  required: 1\n  signers: broken\n")
	var faults desired.RowErrors
	if !errors.As(err, &faults) || len(faults) != 2 || !strings.HasPrefix(faults[0].Error(), "policy.yaml:3:12: approvals.signers: broken:1: ") ||
		!strings.HasPrefix(faults[1].Error(), "policy.yaml:3:12: approvals.signers: broken:2: ") {
		t.Errorf("got %v", err)
	}
}

func TestAPolicyThatCannotBeReadIsNoFault(t *testing.T) {
	broken := errors.New("the disk is gone")
	_, err := approval.ReadPolicy(iotest.ErrReader(broken), "policy.yaml", files)
	var faults desired.RowErrors
	if !errors.Is(err, broken) || errors.As(err, &faults) {
		t.Errorf("got %v", err)
	}
}

// Whatever is in the file, what is read is a policy that a plan can carry.
func FuzzReadPolicy(f *testing.F) {
	f.Add(whole)
	f.Add("a: &a [*a]")
	f.Add("limits: {stopped: [1, 2%]}\n---\n")
	f.Add("? {a: b}\n: c\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := read(text)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error that says nothing")
			}
			return
		}
		if err := p.Check(); err != nil {
			t.Error(err)
		}
	})
}
