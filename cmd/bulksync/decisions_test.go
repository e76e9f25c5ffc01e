package main

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bulksync/graph/graphsim"
	"bulksync/internal/seal"
	"bulksync/plan"
	"bulksync/plan/approval"
)

// drawnDecision is a decision file of a random board.
type drawnDecision struct {
	By, Key   string // the key's owner; empty: it is not signed
	Reject    bool
	Age, For  time.Duration
	OfAnother bool // plan
	Namespace string
	Altered   bool
	Except    []int
}

// drawDecision draws a decision with which nothing is wrong in most cases.
func drawDecision(rt *rapid.T) drawnDecision {
	rarely := func(label string) bool { return rapid.IntRange(0, 15).Draw(rt, label) == 15 }
	d := drawnDecision{
		By: rapid.SampledFrom([]string{"ada", "bob", "ada", "bob", "eve"}).Draw(rt, "by"), Age: time.Hour, For: 72 * time.Hour,
		Namespace: approval.NamespaceDecision, Reject: rarely("reject"), OfAnother: rarely("another"), Altered: rarely("altered"),
		Except: rapid.SliceOfNDistinct(rapid.IntRange(0, 2), 0, 2, rapid.ID).Draw(rt, "except"),
	}
	if d.Key = d.By; rarely("unsigned") {
		d.Key = ""
	}
	if rarely("another's key") {
		d.Key = rapid.SampledFrom([]string{"ada", "bob", "eve"}).Draw(rt, "key")
	}
	if rarely("time") {
		d.Age = rapid.SampledFrom([]time.Duration{0, -4 * time.Minute, -6 * time.Minute}).Draw(rt, "age")
	}
	if rarely("expiry") {
		d.For = rapid.SampledFrom([]time.Duration{2 * time.Hour, 30 * time.Minute}).Draw(rt, "for")
	}
	if rarely("namespace") {
		d.Namespace = "file"
	}
	return d
}

// counts reports whether a decision is good by itself, by the rules of the
// design.
func (d drawnDecision) counts(signed bool) bool {
	switch {
	case d.OfAnother, d.Age <= -5*time.Minute, d.Reject, d.For <= d.Age:
		return false
	case d.Key == "":
		return !signed
	case d.Altered, d.Namespace != approval.NamespaceDecision:
		return false
	default:
		return !signed || d.Key == d.By && d.By != "eve"
	}
}

// isAccepted reports whether a board lets the plan be applied.
func isAccepted(board []drawnDecision, required int) bool {
	for i, d := range board {
		if !d.counts(required > 0) {
			return false
		}
		for _, other := range board[:i] {
			if d.By == other.By || d.Key != "" && d.Key == other.Key {
				return false
			}
		}
	}
	return len(board) >= max(1, required)
}

// boardRig is a tenant with three partners to change, and people with keys.
type boardRig struct {
	t    *testing.T
	sim  *graphsim.Sim
	url  string
	keys map[string]*seal.Key
}

func newBoardRig(t *testing.T) *boardRig {
	t.Helper()
	r := &boardRig{t: t, sim: graphsim.New(graphsim.Config{}), keys: map[string]*seal.Key{}}
	server := httptest.NewServer(r.sim)
	t.Cleanup(server.Close)
	r.url = server.URL
	t.Chdir(t.TempDir())
	signers := ""
	for _, who := range []string{"ada", "bob", "eve"} {
		line, err := makeKey(who)
		if err != nil {
			t.Fatal(err)
		}
		if who != "eve" {
			signers += who + " " + line + "\n"
		}
		if r.keys[who], err = seal.OpenKey(who, nil); err != nil {
			t.Fatal(err)
		}
	}
	write(t, "allowed_signers", signers)
	rows := "tenantId,isSyncAllowed\n"
	for i := range 3 {
		rows += killTenant(i) + ",true\n"
	}
	write(t, "partners.csv", rows)
	r.reset()
	for required := range 3 {
		write(t, "policy.yaml", fmt.Sprintf("approvals:\n  required: %d\n  signers: allowed_signers\n", required))
		r.run("plan", "partners.csv", "--policy", "policy.yaml", "--out", fmt.Sprintf("plan%d.json", required))
	}
	return r
}

// reset makes the tenant as it was when the plans were made.
func (r *boardRig) reset() {
	for i := range 3 {
		r.sim.SetPartner(graphsim.Partner{TenantID: killTenant(i), IdentitySynchronization: graphsim.SyncAllowed("", false)})
	}
	r.sim.ResetRequests()
}

func (r *boardRig) run(args ...string) (code int, stderr string) {
	var out, err bytes.Buffer
	p := &process{in: strings.NewReader(""), out: &out, messages: messages{stderr: &err}, getenv: func(name string) string {
		return map[string]string{"BULKSYNC_ACCESS_TOKEN": r.sim.Token(graphsim.TokenOptions{})}[name]
	}}
	code = p.run(always(r.t), append(args, "--graph-url", r.url))
	return code, err.String()
}

// write writes the files of a board and returns the flags that name them.
func (r *boardRig) write(board []drawnDecision, p *plan.Plan, name string) (flags []string) {
	now := time.Now().UTC().Truncate(time.Second)
	for i, d := range board {
		file := approval.Decision{
			FormatVersion: 1, PlanFingerprint: p.Fingerprint, HomeTenant: p.HomeTenant.ID, Decision: approval.Approve, By: d.By,
			At: now.Add(-d.Age), ExpiresAt: now.Add(d.For - d.Age),
		}
		if d.Reject {
			file.Decision, file.ExpiresAt = approval.Reject, time.Time{}
		}
		if d.OfAnother {
			file.PlanFingerprint = "sha256:" + strings.Repeat("0", 64)
		}
		for _, n := range d.Except {
			if !d.Reject {
				file.Except = append(file.Except, approval.Exception{TenantID: killTenant(n), Reason: "ask first"})
			}
		}
		text, err := file.Encode()
		if err != nil {
			r.t.Fatal(err)
		}
		path := fmt.Sprintf("%s-%d.json", name, i)
		if d.Key != "" {
			sig, err := r.keys[d.Key].Sign(text, d.Namespace)
			if err != nil {
				r.t.Fatal(err)
			}
			write(r.t, path+".sig", string(sig))
		} else {
			os.Remove(path + ".sig")
		}
		if d.Altered {
			text = append(text, '\n')
		}
		write(r.t, path, string(text))
		flags = append(flags, "--decision", path)
	}
	return flags
}

// Whatever decisions are given, in whatever session of a run, nothing that is
// excepted, late, unsigned where signatures are asked for, rejected or otherwise
// not approved is written. The tenant is the judge.
func TestWhateverIsDecided(t *testing.T) {
	r := newBoardRig(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		r.reset()
		n++
		required, dir := rapid.IntRange(0, 2).Draw(rt, "required"), fmt.Sprintf("run%d", n)
		path := fmt.Sprintf("plan%d.json", required)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		p, err := plan.Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"apply", path, "--run-dir", dir}
		for session := range 2 {
			board := rapid.SliceOfN(rapid.Custom(drawDecision), 1, 3).Draw(rt, "board")
			code, stderr := r.run(append(args, r.write(board, p, fmt.Sprint("d", session))...)...)
			wrote := r.writtenTo()
			r.sim.ResetRequests()
			accepted := isAccepted(board, required)
			for i := range 3 {
				isExcepted := slices.ContainsFunc(board, func(d drawnDecision) bool { return slices.Contains(d.Except, i) })
				if wrote[i] && (!accepted || isExcepted) {
					rt.Fatalf("session %d: partner %d was written (accepted %v, excepted %v): exit code %d\n%s", session, i, accepted, isExcepted, code, stderr)
				}
				if session == 0 && accepted && !isExcepted && !wrote[i] {
					rt.Fatalf("partner %d was approved, and not written: exit code %d\n%s", i, code, stderr)
				}
			}
			_, missing := os.Stat(dir)
			if session == 0 && (code == exitRefused) != !accepted || accepted != (missing == nil) && session == 0 {
				rt.Fatalf("accepted %v: exit code %d, folder %v\n%s", accepted, code, missing, stderr)
			}
			if missing != nil {
				return
			}
			args = []string{"resume", dir}
		}
	})
}

// writtenTo says which partners were written since the last reset.
func (r *boardRig) writtenTo() (wrote [3]bool) {
	for _, w := range r.sim.Writes() {
		for i := range wrote {
			wrote[i] = wrote[i] || strings.Contains(w.Path+w.Body, killTenant(i))
		}
	}
	return wrote
}

// A decision that was in time when the run began may be late when it is resumed.
func TestResumeAsksForTheExpiry(t *testing.T) {
	r := newBoardRig(t)
	r.run("approve", "plan0.json", "--as", "ada", "--except", killTenant(1), "--out", "ada.json")
	if code, stderr := r.run("apply", "plan0.json", "--decision", "ada.json", "--run-dir", "run"); code != exitUnfinished {
		t.Fatal(code, stderr)
	}
	var errs bytes.Buffer
	e := &env{process: process{messages: messages{stderr: &errs}, out: &errs}, globals: globals{address: address{auth: "default"}}}
	o := resumeOptions{paceOptions: newPaceOptions(), dir: "run"}
	err := o.at(always(t), e, time.Now().Add(73*time.Hour))
	if codeOf(err) != exitRefused || !strings.Contains(err.Error(), "ada.json: it expired at ") || !strings.Contains(e.hintOf(err), "bulksync resume run --decision FILE") {
		t.Errorf("%v, hint %q", err, e.hintOf(err))
	}
	if wrote := r.writtenTo(); wrote[1] {
		t.Error("what was excepted was written")
	}
}

// A partner is excepted by its name, commas and all. A part that names nobody is an
// error, and never a part of the reason before it.
func TestExceptionsNamePartnersWithCommas(t *testing.T) {
	p := &plan.Plan{}
	for id, name := range map[string]string{"1": "Litware, Inc.", "2": "Contoso"} {
		p.Changes = append(p.Changes, plan.Change{Partner: plan.Partner{TenantID: id, DisplayName: name}})
	}
	for given, want := range map[string][]approval.Exception{
		"Litware, Inc.":              {{TenantID: "1"}},
		"Contoso=late,litware, inc.": {{TenantID: "2", Reason: "late"}, {TenantID: "1"}},
		"Litware, Inc.=a=b, contoso": {{TenantID: "1", Reason: "a=b"}, {TenantID: "2"}},
		`Contoso=say "no"`:           {{TenantID: "2", Reason: `say "no"`}},
		"Contoso=late,Litwear, Inc.": nil,
		"Contoso=not now, later":     nil,
		"Contoso,":                   nil,
		"Litware":                    nil,
	} {
		got, err := exceptionsOf(p, []string{given})
		if (err == nil) != (want != nil) || !slices.Equal(got, want) {
			t.Errorf("%q: got %v, %v", given, got, err)
		}
	}
}

// The hint of a resumption names as many decisions as the policy asks for: the
// given ones take the place of all.
func TestTheHintNamesAllDecisions(t *testing.T) {
	r := newBoardRig(t)
	for _, who := range []string{"ada", "bob"} {
		r.run("approve", "plan2.json", "--as", who, "--key", who, "--except", killTenant(1), "--out", who+".json")
	}
	if code, stderr := r.run("apply", "plan2.json", "--decision", "ada.json", "--decision", "bob.json", "--run-dir", "run"); code != exitUnfinished {
		t.Fatal(code, stderr)
	}
	if err := os.Remove("run/decisions/bob.json"); err != nil {
		t.Fatal(err)
	}
	if code, stderr := r.run("resume", "run"); code != exitRefused || !strings.HasSuffix(stderr, " --decision FILE --decision FILE\n") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}
