package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/pflag"

	"bulksync/execute"
	"bulksync/internal/atomicfile"
	"bulksync/internal/seal"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/report"
)

// verdictOptions are what approve and reject share.
type verdictOptions struct {
	plan                          string
	as, key, ticket, comment, out string
}

func (o *verdictOptions) register(fl *pflag.FlagSet) {
	fl.StringVar(&o.as, "as", "", "`NAME`: name of the person who decides, as the policy's signers file has it")
	fl.StringVar(&o.key, "key", "", "`FILE`: SSH key to sign with: a private key, or a public one that an agent or a hardware key holds")
	fl.StringVar(&o.ticket, "ticket", "", "`TICKET`: ticket to keep with the decision")
	fl.StringVar(&o.comment, "comment", "", "`TEXT`: comment to keep with the decision")
	fl.StringVar(&o.out, "out", "", "`FILE.json`: file to write (default plan.decision-NAME.json beside the plan)")
}

// decide proves the plan, and writes the decision that fill completes.
func (o verdictOptions) decide(stops execute.Stops, e *env, fill func(*plan.Plan, *approval.Decision) error) error {
	if err := approval.CheckName(o.as); err != nil {
		return hinted(fmt.Errorf("--as: %w", err), "say who decides with --as NAME")
	}
	out, err := o.output(stops.Soft, e)
	if err != nil {
		return err
	}
	p, err := e.readPlan(stops.Soft, o.plan)
	if err != nil {
		return err
	}
	d := &approval.Decision{
		FormatVersion: approval.FormatVersion, PlanFingerprint: p.Fingerprint, HomeTenant: p.HomeTenant.ID, By: o.as,
		At: time.Now().UTC().Truncate(time.Second), Ticket: o.ticket, Comment: o.comment,
	}
	if err := fill(p, d); err != nil {
		return err
	}
	text, err := d.Encode()
	if err != nil {
		return err
	}
	signature, key, err := o.sign(stops.Soft, e, text)
	if err != nil {
		return err
	}
	made, err := e.writeDecision(stops.Soft, out, text, signature)
	if err != nil {
		return err
	}
	said := decided{p, d, o.plan, out, key, approval.File{Name: out, Text: text, Signature: signature}}
	if err := e.print(func(w io.Writer) error { return said.show(e, w) }); err != nil {
		made.Remove()
		return err
	}
	said.note(e)
	return nil
}

// output is the file to write. Nothing that exists is replaced: somebody may have
// decided in it.
func (o verdictOptions) output(ctx context.Context, e *env) (string, error) {
	out := o.out
	if out == "" {
		if !isKept(o.plan) {
			return "", errors.New("the plan comes from a pipe: name the decision's file with --out FILE")
		}
		out = besidePlan(o.plan) + fileName(o.as) + ".json"
	}
	for _, path := range []string{out, out + sigExt} {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", atomicfile.PathError(err)
		case path == out && !atomicfile.IsRegular(info) && !info.IsDir() && o.key == "": // a pipe or a device takes text
		default:
			return "", refused("name another file with --out FILE", "%s is there already", path)
		}
	}
	return out, e.checkOutput(ctx, decisionFile, out, o.plan)
}

// besidePlan is how the path of a decision about a plan begins, unless it is given
// another one.
func besidePlan(plan string) string {
	return filepath.Join(filepath.Dir(plan), strings.TrimSuffix(filepath.Base(plan), ".json")+".decision-")
}

// maxFileName is how much of a name goes into the name of a file.
const maxFileName = 60

// fileName is a person's name as a part of a file's name.
func fileName(name string) string {
	safe := []rune(strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune("._-@", r) {
			return r
		}
		return '-'
	}, name))
	return string(safe[:min(len(safe), maxFileName)])
}

// sign signs the text with the given key; without one there is no signature.
func (o verdictOptions) sign(ctx context.Context, e *env, text []byte) (signature []byte, fingerprint string, err error) {
	if o.key == "" {
		return nil, "", nil
	}
	key, err := e.openKey(ctx, "--key", o.key)
	if err != nil {
		return nil, "", err
	}
	defer key.Close()
	if signature, err = within(ctx, func() ([]byte, error) { return key.Sign(text, approval.NamespaceDecision) }); err != nil {
		return nil, "", fmt.Errorf("--key: %w", atomicfile.PathError(err))
	}
	return signature, key.Fingerprint(), nil
}

// openKey opens the key in the file that a flag names, and asks for its passphrase.
func (e *env) openKey(ctx context.Context, flag, path string) (*seal.Key, error) {
	key, err := within(ctx, func() (*seal.Key, error) {
		return seal.OpenKey(path, func(prompt string) ([]byte, error) { return e.askSecret(ctx, prompt) })
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, atomicfile.PathError(err))
	}
	return key, nil
}

// writeDecision writes the decision and its signature, or neither. The signature
// comes first: without it, the decision would look unsigned.
func (e *env) writeDecision(ctx context.Context, out string, text, signature []byte) (made atomicfile.Created, err error) {
	write := func(path string, text []byte) error {
		return e.writeNew(ctx, &made, path, func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(text))
			return err
		})
	}
	if signature != nil {
		err = write(out+sigExt, signature)
	}
	if err == nil {
		err = write(out, text)
	}
	if err != nil {
		made.Remove()
	}
	return made, err
}

// decided is a decision that was written, for people.
type decided struct {
	plan           *plan.Plan
	decision       *approval.Decision
	file, out, key string
	written        approval.File
}

// show says what was decided.
func (s decided) show(e *env, w io.Writer) error {
	d, verb := s.decision, "approves"
	if d.Decision == approval.Reject {
		verb = "rejects"
	}
	groups := aloud(s.plan.Fingerprint)
	lines := [][2]string{
		{"Plan", groups[0]},
		{"", groups[1]},
		{"Home tenant", s.plan.HomeTenant.Named()},
		{"Changes", fmt.Sprintf("%d to create, %d to update, %d to delete, %d blocked", s.plan.Summary.Create, s.plan.Summary.Update, s.plan.Summary.Delete, s.plan.Summary.Blocked)},
	}
	lines = append(lines, [2]string{"Selection", report.SelectionWords(s.plan)})
	for _, name := range report.ExceptionNames(s.plan, d.Except) {
		lines = append(lines, [2]string{"Excepted", name})
	}
	lines = append(lines, [2]string{"Ticket", d.Ticket}, [2]string{"Comment", d.Comment})
	if d.Decision == approval.Approve {
		lines = append(lines, [2]string{"Expires", d.ExpiresAt.Format(time.DateTime) + " UTC"})
	}
	lines = append(lines, [2]string{"Signed with", cmp.Or(s.key, "nothing: the decision is not signed")}, [2]string{"Decision", s.out})
	_, err := fmt.Fprintf(w, "%s %s %s.\n\n", edge(d.By), verb, edge(inputPath(s.file)))
	for _, l := range lines {
		if l[1] != "" && err == nil {
			_, err = fmt.Fprintf(w, "  %-12s %s\n", l[0], edge(l[1]))
		}
	}
	return err
}

// aloud is a fingerprint on two lines, as it is read over the phone.
func aloud(fingerprint string) [2]string {
	groups := strings.Fields(report.Groups(fingerprint))
	half := len(groups)/2 + 1
	return [2]string{strings.Join(groups[:half], " "), strings.Repeat(" ", len(groups[0])+1) + strings.Join(groups[half:], " ")}
}

// note says what comes next.
func (s decided) note(e *env) {
	if s.decision.Decision == approval.Reject {
		e.note("give it to whoever applies plans: with --decision %s, apply refuses this one", shellQuote(s.out))
		return
	}
	others := ""
	if policy := &s.plan.Policy; policy.NeedsApproval() {
		if s.key == "" {
			e.note("%s asks for signatures; to sign this one: ssh-keygen -Y sign -n %s -f KEY %s", policyName(s.plan), approval.NamespaceDecision, shellFile(s.out))
		} else if _, err := approval.Inspect(s.plan, []approval.File{s.written}, s.decision.At); err != nil { // the plan carries its signers
			e.warn("apply will not accept this decision: %v", err)
			return
		}
		if policy.Approvals.Required > 1 {
			e.note("%s asks for %s in all", policyName(s.plan), words.Count(policy.Approvals.Required, "approval"))
			others = " --decision FILE"
		}
	}
	lifts, ok := s.plan.Lifts()
	for _, name := range lifts {
		others += " --allow " + string(name)
	}
	switch {
	case !ok:
		e.warn("apply refuses this plan, whoever approves it: %s lets nobody lift the limit %s", policyName(s.plan), lifts[0])
	case isKept(s.out) && isKept(s.file):
		e.note("to apply exactly this plan: %s --decision %s%s", e.address.onHostOf(s.plan).command("apply", s.file), shellQuote(s.out), others)
	}
}
