package approval

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"bulksync/internal/seal"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// maxFile is far more than a policy, or a file of signers, can need, in bytes.
const maxFile = 1 << 20

// policyReader reads the parts of a policy and notes every fault.
type policyReader struct {
	open   func(path string) (io.ReadCloser, error)
	out    plan.Policy
	faults desired.RowErrors
}

// ReadPolicy reads a policy. Messages, and the policy itself, call the file name;
// open opens the file of signers, whose path is relative to that of the policy. If
// the content is wrong, the error is a desired.RowErrors with every fault; any
// other error comes from in.
func ReadPolicy(in io.Reader, name string, open func(path string) (io.ReadCloser, error)) (*plan.Policy, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	sum := sha256.Sum256(text)
	r := &policyReader{open: open, out: plan.Policy{Name: name, SHA256: hex.EncodeToString(sum[:]), Limits: []plan.Limit{}, Overridable: plan.AllLimits()}}
	if root := r.parse(text); root != nil {
		r.refuseTricks(root)
		r.policy(root)
	}
	if len(r.faults) == 0 {
		if err := r.out.Check(); err != nil {
			r.faultAt(1, 1, "%w", err)
		}
	}
	if len(r.faults) > 0 {
		return nil, r.faults
	}
	return &r.out, nil
}

// yamlError takes apart an error of the YAML library.
var yamlError = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)

// parse returns the only document of a file; nil if there is a fault.
func (r *policyReader) parse(text []byte) *yaml.Node {
	if len(text) > maxFile {
		r.faultAt(1, 1, "the file is larger than 1 MiB: a policy is a YAML file of a few lines")
		return nil
	}
	var first, second yaml.Node
	file := yaml.NewDecoder(bytes.NewReader(text))
	err := file.Decode(&first)
	if errors.Is(err, io.EOF) || err == nil && isNull(first.Content[0]) {
		r.faultAt(1, 1, "the file is empty: a policy has limits, protected, approvals, window, planMaxAge or overridable; without limits write limits: {}")
		return nil
	}
	if err == nil {
		if err = file.Decode(&second); err == nil {
			r.fault(&second, "a second document begins here: a policy is one")
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		r.broken(text, err)
		return nil
	}
	return first.Content[0]
}

// yamlParser matches what the YAML library says with the line before: its parser
// counts lines from 0, and its scanner from 1.
var yamlParser = regexp.MustCompile(`^did not find expected (<document start>|'-' indicator|key|node content|',' or '.')|^found (undefined tag handle|duplicate %|incompatible YAML)`)

// yamlAnchor matches what it says, without a line, of an alias for nothing.
var yamlAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced`)

// broken notes an error of the YAML library. Of what it cannot read at all it does
// not say where that is.
func (r *policyReader) broken(text []byte, err error) {
	said := yamlError.FindStringSubmatch(err.Error())
	if said == nil {
		said = []string{"", "", err.Error()}
	}
	line, _ := strconv.Atoi(said[1])
	column := 1
	switch {
	case line == 0 && yamlAnchor.MatchString(said[2]):
		alias := []byte("*" + yamlAnchor.FindStringSubmatch(said[2])[1])
		line, column = position(text, max(0, bytes.Index(text, alias)))
	case line == 0:
		line, column = position(text, max(0, unreadable(text)))
	case yamlParser.MatchString(said[2]):
		last, _ := position(text, len(bytes.TrimRight(text, "\n")))
		line = min(line+1, last) // it may expect more at the end of the file
	}
	r.faultAt(line, column, "the YAML is broken: %s", said[2])
}

// unreadable is where a text in UTF-8 first has a byte that is none, or a control
// character; -1 if it has none.
func unreadable(text []byte) int {
	for at := 0; at < len(text); {
		c, size := utf8.DecodeRune(text[at:])
		if c == utf8.RuneError && size == 1 || unicode.IsControl(c) && !strings.ContainsRune("\t\n\r\u0085", c) {
			return at
		}
		at += size
	}
	return -1
}

// position is the line and the column of a byte of a text.
func position(text []byte, at int) (line, column int) {
	before := text[:at]
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}

// policy reads the whole.
func (r *policyReader) policy(n *yaml.Node) {
	r.mapping(n, "",
		member{name: "limits", read: r.limits},
		member{name: "protected", read: r.protected},
		member{name: "approvals", read: r.approvals},
		member{name: "window", read: r.window},
		member{name: "planMaxAge", read: r.planMaxAge},
		member{name: "overridable", read: r.overridable},
	)
}

// protected reads the partners that are never written.
func (r *policyReader) protected(n *yaml.Node, path string) {
	seen := map[string]int{}
	r.list(n, path, func(item *yaml.Node) {
		var one plan.Protected
		r.mapping(item, path,
			member{"tenantId", true, func(n *yaml.Node, path string) {
				s, ok := r.text(n, path)
				if !ok {
					return
				}
				id, err := desired.ParseTenantID(s)
				switch line, twice := seen[id]; {
				case err != nil:
					r.fault(n, "protected: %w", err)
				case twice:
					r.fault(n, "protected: %s appears twice: it is on line %d already", id, line)
				}
				one.TenantID, seen[id] = id, n.Line
			}},
			member{"reason", true, func(n *yaml.Node, path string) { one.Reason, _ = r.text(n, path) }},
		)
		r.out.Protected = append(r.out.Protected, one)
	})
}

// approvals reads how many approvals are needed, and whose.
func (r *policyReader) approvals(n *yaml.Node, path string) {
	a, named := &plan.Approvals{}, false
	r.mapping(n, path,
		member{"required", true, func(n *yaml.Node, path string) {
			s, ok := r.text(n, path)
			if count, whole := wholeNumber(s); whole {
				a.Required = count
			} else if ok {
				r.fault(n, "%s: %s is not a number: write it as 2", path, desired.Quote(s))
			}
		}},
		member{"signers", false, func(n *yaml.Node, path string) { named = true; r.signers(n, path, a) }},
	)
	if a.Required > 0 && !named {
		r.fault(n, "%s: required is %d, but no signers are named: name a file in the format of OpenSSH's allowed_signers as signers", path, a.Required)
	}
	r.out.Approvals = a
}

// signers reads the file of signers.
func (r *policyReader) signers(n *yaml.Node, path string, a *plan.Approvals) {
	name, ok := r.text(n, path)
	if !ok {
		return
	}
	text, err := r.readAll(name)
	switch {
	case err != nil:
		r.fault(n, "%s: %w", path, err)
	case len(text) > maxFile:
		r.fault(n, "%s: %s is larger than 1 MiB", path, name)
	case !utf8.Valid(text):
		r.fault(n, "%s: %s is not UTF-8", path, name)
	default:
		r.checkSigners(n, path, string(text), filepath.Base(name))
		sum := sha256.Sum256(text)
		a.Signers, a.SignersName, a.SignersSHA256 = string(text), filepath.Base(name), hex.EncodeToString(sum[:])
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
			r.fault(n, "%s: %w", path, err)
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
