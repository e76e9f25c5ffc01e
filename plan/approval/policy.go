package approval

import (
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"bulksync/internal/seal"
	"bulksync/internal/yamlfile"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// maxFile is far more than a policy, or a file of signers, can need, in bytes.
const maxFile = 1 << 20

// policyReader reads the parts of a policy.
type policyReader struct {
	open func(path string) (io.ReadCloser, error)
	file *yamlfile.File
	out  plan.Policy
}

// ReadPolicy reads a policy. Messages, and the policy itself, call the file name;
// open opens the file of signers, whose path is relative to that of the policy. If
// the content is wrong, the error is a desired.RowErrors with every fault; any
// other error comes from in.
func ReadPolicy(in io.Reader, name string, open func(path string) (io.ReadCloser, error)) (*plan.Policy, error) {
	file := &yamlfile.File{
		Name: name, Noun: "policy", Max: maxFile, Large: "a policy is a YAML file of a few lines",
		Empty: "a policy has limits, protected, approvals, window, planMaxAge or overridable; without limits write limits: {}",
	}
	root, sum, err := file.Read(in)
	if err != nil {
		return nil, err
	}
	r := &policyReader{open: open, file: file, out: plan.Policy{Name: name, SHA256: sum, Limits: []plan.Limit{}, Overridable: plan.AllLimits()}}
	if root != nil {
		r.policy(root)
	}
	if file.Err() == nil {
		if err := r.out.Check(); err != nil {
			file.FaultAt(1, 1, "%w", err)
		}
	}
	if err := file.Err(); err != nil {
		return nil, err
	}
	return &r.out, nil
}

// policy reads the whole.
func (r *policyReader) policy(n *yaml.Node) {
	r.file.Mapping(n, "",
		yamlfile.Member{Name: "limits", Read: r.limits},
		yamlfile.Member{Name: "protected", Read: r.protected},
		yamlfile.Member{Name: "approvals", Read: r.approvals},
		yamlfile.Member{Name: "window", Read: r.window},
		yamlfile.Member{Name: "planMaxAge", Read: r.planMaxAge},
		yamlfile.Member{Name: "overridable", Read: r.overridable},
	)
}

// protected reads the partners that are never written.
func (r *policyReader) protected(n *yaml.Node, path string) {
	seen := map[string]int{}
	r.file.List(n, path, func(item *yaml.Node) {
		var one plan.Protected
		r.file.Mapping(item, path,
			yamlfile.Member{Name: "tenantId", Required: true, Read: func(n *yaml.Node, path string) {
				s, ok := r.file.Text(n, path)
				if !ok {
					return
				}
				id, err := desired.ParseTenantID(s)
				switch line, twice := seen[id]; {
				case err != nil:
					r.file.Fault(n, "protected: %w", err)
				case twice:
					r.file.Fault(n, "protected: %s appears twice: it is on line %d already", id, line)
				}
				one.TenantID, seen[id] = id, n.Line
			}},
			yamlfile.Member{Name: "reason", Required: true, Read: func(n *yaml.Node, path string) { one.Reason, _ = r.file.Text(n, path) }},
		)
		r.out.Protected = append(r.out.Protected, one)
	})
}

// approvals reads how many approvals are needed, and whose.
func (r *policyReader) approvals(n *yaml.Node, path string) {
	a, named := &plan.Approvals{}, false
	r.file.Mapping(n, path,
		yamlfile.Member{Name: "required", Required: true, Read: func(n *yaml.Node, path string) {
			s, ok := r.file.Text(n, path)
			if count, whole := wholeNumber(s); whole {
				a.Required = count
			} else if ok {
				r.file.Fault(n, "%s: %s is not a number: write it as 2", path, desired.Quote(s))
			}
		}},
		yamlfile.Member{Name: "signers", Read: func(n *yaml.Node, path string) { named = true; r.signers(n, path, a) }},
	)
	if a.Required > 0 && !named {
		r.file.Fault(n, "%s: required is %d, but no signers are named: name a file in the format of OpenSSH's allowed_signers as signers", path, a.Required)
	}
	r.out.Approvals = a
}

// signers reads the file of signers.
func (r *policyReader) signers(n *yaml.Node, path string, a *plan.Approvals) {
	name, ok := r.file.Text(n, path)
	if !ok {
		return
	}
	text, err := r.readAll(name)
	switch {
	case err != nil:
		r.file.Fault(n, "%s: %w", path, err)
	case len(text) > maxFile:
		r.file.Fault(n, "%s: %s is larger than 1 MiB", path, name)
	case !utf8.Valid(text):
		r.file.Fault(n, "%s: %s is not UTF-8", path, name)
	default:
		r.checkSigners(n, path, string(text), filepath.Base(name))
		a.Signers, a.SignersName, a.SignersSHA256 = string(text), filepath.Base(name), seal.Sum(text)
	}
}

// checkSigners notes each line that is wrong in a file of signers: a line that
// nobody understands would let nobody sign.
func (r *policyReader) checkSigners(n *yaml.Node, path, text, name string) {
	_, err := seal.ReadSigners(text, name)
	faults := []error{err}
	var all interface{ Unwrap() []error }
	if errors.As(err, &all) {
		faults = all.Unwrap()
	}
	for _, err := range faults {
		if err != nil {
			r.file.Fault(n, "%s: %w", path, err)
		}
	}
}

func (r *policyReader) readAll(path string) ([]byte, error) {
	f, err := r.open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// number matches a whole number without a sign; a leading zero would make it octal
// for some.
var number = regexp.MustCompile(`^(0|[1-9]\d{0,8})$`)

func wholeNumber(s string) (n int, ok bool) {
	if !number.MatchString(s) {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}
