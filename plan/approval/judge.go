package approval

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"bulksync/internal/seal"
	"bulksync/internal/words"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// NamespaceDecision is the namespace of a signature of a decision file.
const NamespaceDecision = "bulksync-decision"

// maxAhead is how far ahead of this machine's clock a decision may be: clocks
// differ.
const maxAhead = 5 * time.Minute

// File is a decision file as it was read.
type File struct {
	Name string
	Text []byte
	// Signature is the text of the signature beside the file; nil if there is
	// none.
	Signature []byte
}

// ErrUnsigned is the fault of a decision whose signature the policy asks for, and
// ErrRejected that of a rejection: each has a way out of its own.
var (
	ErrUnsigned = errors.New("it is not signed")
	ErrRejected = errors.New("the plan was rejected")
)

// Refusal is why decisions do not let a plan be applied: everything that is wrong
// with them.
type Refusal struct{ Faults []Fault }

// Fault is one thing that is wrong with a decision file; without a File, with all
// of them together.
type Fault struct {
	File string
	Err  error
}

// Has reports whether one of the faults is such an error.
func (r *Refusal) Has(target error) bool {
	return slices.ContainsFunc(r.Faults, func(f Fault) bool { return errors.Is(f.Err, target) })
}

// Error has one line for each fault.
func (r *Refusal) Error() string {
	lines := make([]string, len(r.Faults))
	for i, f := range r.Faults {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Error is one line, which names the file.
func (f Fault) Error() string {
	said := strings.ReplaceAll(f.Err.Error(), "\n", "; ")
	if f.File == "" {
		return said
	}
	return f.File + ": " + said
}

// Judge decides whether decisions let a plan be applied now, and returns the
// record of each. If they do not, the error is a *Refusal. What one of the
// approvals leaves out must not be written.
func Judge(p *plan.Plan, files []File, now time.Time) ([]Approval, error) {
	j := newJudge(p, files, now)
	for i, a := range j.approvals {
		if a.Decision == Reject {
			j.refuse(files[i].Name, "%w by %s", ErrRejected, strings.TrimSuffix(a.By+": "+a.Comment, ": "))
		}
	}
	j.count()
	return j.result()
}

// Inspect proves decisions without asking whether they suffice: rejections are
// among what it returns.
func Inspect(p *plan.Plan, files []File, now time.Time) ([]Approval, error) {
	return newJudge(p, files, now).result()
}

// judge judges the decisions about one plan.
type judge struct {
	plan    *plan.Plan
	now     time.Time
	signers *seal.Signers // nil unless signatures are asked for
	// approvals are the records of the files, in their order; one that cannot be
	// read has none.
	approvals []Approval
	faults    []Fault
	// known is what an exception can name; nil until one has to be looked up.
	known map[string]bool
}

func newJudge(p *plan.Plan, files []File, now time.Time) *judge {
	j := &judge{plan: p, now: now, approvals: make([]Approval, len(files))}
	if p.Policy.NeedsApproval() {
		var err error
		if j.signers, err = seal.ReadSigners(p.Policy.Approvals.Signers, p.Policy.Approvals.SignersName); err != nil {
			j.refuse("", "the signers of the policy cannot be read: %w", err)
		}
	}
	for i := range files {
		j.file(i, &files[i])
	}
	j.twice(files)
	return j
}

func (j *judge) refuse(file, format string, args ...any) {
	j.faults = append(j.faults, Fault{file, fmt.Errorf(format, args...)})
}

func (j *judge) result() ([]Approval, error) {
	if len(j.faults) > 0 {
		return nil, &Refusal{j.faults}
	}
	return j.approvals, nil
}

// file judges a file by itself.
func (j *judge) file(i int, f *File) {
	d, err := Decode(f.Text)
	if err != nil {
		j.refuse(f.Name, "%w", err)
		return
	}
	a := Approval{
		Decision: d.Decision, By: d.By, At: d.At.UTC(), Ticket: d.Ticket, Comment: d.Comment,
		SHA256: seal.Sum(f.Text), Except: d.Except,
	}
	if !d.ExpiresAt.IsZero() {
		a.ExpiresAt = d.ExpiresAt.UTC()
	}
	for _, err := range []error{j.about(d), CheckName(d.By), j.timely(d), j.exceptions(d), j.signature(&a, f)} {
		if err != nil {
			j.refuse(f.Name, "%w", err)
		}
	}
	j.approvals[i] = a
}

// about refuses a decision about another plan.
func (j *judge) about(d *Decision) error {
	switch {
	case d.Decision != Approve && d.Decision != Reject:
		return fmt.Errorf("its decision is %s: neither approve nor reject", desired.Quote(string(d.Decision)))
	case d.PlanFingerprint != j.plan.Fingerprint:
		return fmt.Errorf("it is about another plan, %s; this one is %s", desired.Quote(d.PlanFingerprint), j.plan.Fingerprint)
	case d.HomeTenant != j.plan.HomeTenant.ID:
		return fmt.Errorf("it is about another home tenant, %s; the plan is for %s", desired.Quote(d.HomeTenant), j.plan.HomeTenant.ID)
	}
	return nil
}

// timely refuses an approval that is late, and any decision that comes from the
// future.
func (j *judge) timely(d *Decision) error {
	switch {
	case !isWritable(d.At), !isWritable(d.ExpiresAt):
		return errors.New("it has a time that no calendar has")
	case d.At.Sub(j.now) > maxAhead:
		return fmt.Errorf("it was made at %s, more than %v ahead of this machine's clock, %s", stamp(d.At), maxAhead, stamp(j.now))
	case d.Decision == Reject && !d.ExpiresAt.IsZero():
		return errors.New("a rejection has no expiresAt")
	case d.Decision == Reject:
		return nil
	case d.ExpiresAt.IsZero():
		return errors.New("an approval needs expiresAt")
	case !d.ExpiresAt.After(d.At):
		return fmt.Errorf("it expired at %s, before it was made", stamp(d.ExpiresAt))
	case !j.now.Before(d.ExpiresAt):
		return fmt.Errorf("it expired at %s; it is %s now", stamp(d.ExpiresAt), stamp(j.now))
	}
	return nil
}

// isWritable reports whether a time can be written in UTC: a zone can move one
// beyond the years that RFC 3339 has.
func isWritable(t time.Time) bool { return t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 }

// exceptions refuses exceptions that would not leave anything out.
func (j *judge) exceptions(d *Decision) error {
	if d.Decision == Reject && len(d.Except) > 0 {
		return errors.New("a rejection has no exceptions")
	}
	seen := map[string]bool{}
	for _, e := range d.Except {
		switch {
		case seen[e.TenantID]:
			return fmt.Errorf("it excepts %s twice", desired.Quote(e.TenantID))
		case !j.partners()[e.TenantID]:
			return fmt.Errorf("it excepts %s, which is no partner of the plan", desired.Quote(e.TenantID))
		}
		seen[e.TenantID] = true
	}
	return nil
}

// partners are what an exception can name.
func (j *judge) partners() map[string]bool {
	if j.known == nil {
		j.known = map[string]bool{}
		for i := range j.plan.Changes {
			if c := &j.plan.Changes[i]; c.Object == plan.SyncTemplate {
				j.known[TemplateException] = true
			} else {
				j.known[c.Partner.TenantID] = true
			}
		}
	}
	return j.known
}

// signature proves the signature, and notes its key. Where the policy asks for
// approvals, the key must be one that the signers list under the name of who
// decided, valid when it was used and now.
func (j *judge) signature(a *Approval, f *File) error {
	if f.Signature == nil {
		if j.plan.Policy.NeedsApproval() {
			return fmt.Errorf("%w, and the policy %s asks for signatures: %s.sig is not there", ErrUnsigned, j.plan.Policy.Name, f.Name)
		}
		return nil
	}
	sig, err := seal.ReadSignature(f.Signature, f.Text, NamespaceDecision)
	if err != nil {
		return fmt.Errorf("its signature: %w", err)
	}
	a.Key = sig.Fingerprint()
	if j.signers == nil {
		return nil
	}
	if err := j.signers.Check(a.By, NamespaceDecision, sig, a.At, j.now); err != nil {
		return fmt.Errorf("its signature: %w", err)
	}
	return nil
}

// twice refuses decisions of which two are by the same person.
func (j *judge) twice(files []File) {
	for i, a := range j.approvals {
		for k, b := range j.approvals[:i] {
			switch {
			case a.By == "" || b.By == "":
			case strings.EqualFold(plainName(a.By), plainName(b.By)):
				j.refuse(files[i].Name, "it is by %s, as %s is: each person decides once", desired.Quote(a.By), files[k].Name)
			case a.Key != "" && a.Key == b.Key:
				j.refuse(files[i].Name, "it is signed with the key %s, as %s is: each person has a key of their own", a.Key, files[k].Name)
			}
		}
	}
}

// plainName is a name without what can be written in more than one way: spaces,
// accents, and wide or narrow letters.
func plainName(name string) string {
	return norm.NFKC.String(strings.Join(strings.Fields(name), " "))
}

// count refuses too few approvals.
func (j *judge) count() {
	approvals := 0
	for _, a := range j.approvals {
		if a.Decision == Approve {
			approvals++
		}
	}
	switch policy := &j.plan.Policy; {
	case policy.NeedsApproval() && approvals < policy.Approvals.Required:
		j.refuse("", "the policy %s asks for %s, and there %s", policy.Name, words.Count(policy.Approvals.Required, "approval"), thereAre(approvals))
	case approvals == 0:
		j.refuse("", "nobody approves the plan")
	}
}

func thereAre(n int) string {
	switch n {
	case 0:
		return "is none"
	case 1:
		return "is 1"
	default:
		return fmt.Sprint("are ", n)
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
