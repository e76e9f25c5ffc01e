package plan

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/gowebpki/jcs"
)

// Encode writes the plan file: JSON with one member, and one change, a line,
// so that two plans can be held against each other with ordinary tools. The
// plan must be sealed, as Build and Decode leave it.
func (p *Plan) Encode(w io.Writer) error {
	b := bufio.NewWriter(w)
	for i, m := range p.members() {
		sep := ",\n"
		if i == 0 {
			sep = "{\n"
		}
		fmt.Fprintf(b, "%s%q: ", sep, m.name)
		if m.name != "changes" {
			if err := writeJSON(b, m.value); err != nil {
				return err
			}
			continue
		}
		for i := range p.Changes {
			b.WriteString([]string{"[\n", ",\n"}[min(i, 1)])
			if err := writeJSON(b, &p.Changes[i]); err != nil {
				return err
			}
		}
		b.WriteString([]string{"[]", "\n]"}[min(len(p.Changes), 1)])
	}
	fmt.Fprintf(b, ",\n\"fingerprint\": %q\n}\n", p.Fingerprint)
	return b.Flush()
}

type member struct {
	name  string
	value any
}

// members lists what the fingerprint covers, in the order of the file.
func (p *Plan) members() []member {
	ms := []member{
		{"formatVersion", p.FormatVersion}, {"tool", p.Tool}, {"createdAt", p.CreatedAt},
		{"homeTenant", p.HomeTenant}, {"summary", p.Summary}, {"read", p.Read}, {"input", p.Input},
	}
	if p.Template != nil {
		ms = append(ms, member{"template", p.Template})
	}
	return append(ms, member{"changes", p.Changes})
}

func writeJSON(w io.Writer, v any) error {
	raw, err := marshal(v)
	if err == nil {
		_, err = w.Write(raw)
	}
	return err
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// seal computes the fingerprint.
func (p *Plan) seal() error {
	f := newFingerprint()
	for _, m := range p.members() {
		if m.name == "changes" {
			continue
		}
		raw, err := marshal(m.value)
		if err != nil {
			return err
		}
		f.members = append(f.members, rawMember{m.name, []json.RawMessage{raw}, false})
	}
	changes := rawMember{"changes", make([]json.RawMessage, len(p.Changes)), true}
	for i := range p.Changes {
		raw, err := marshal(&p.Changes[i])
		if err != nil {
			return err
		}
		changes.values[i] = raw
	}
	f.members = append(f.members, changes)
	var err error
	p.Fingerprint, err = f.sum()
	return err
}

// rawMember is a top-level member as JSON text; a list has one text an element.
type rawMember struct {
	name   string
	values []json.RawMessage
	list   bool
}

// fingerprint is SHA-256 over the canonical JSON (RFC 8785) of an object. It
// canonicalizes one element at a time, which is the same by the definition of
// the canonical form and keeps a plan of 100,000 changes out of one tree.
type fingerprint struct {
	members []rawMember
	hash    hash.Hash
}

func newFingerprint() *fingerprint { return &fingerprint{hash: sha256.New()} }

func (f *fingerprint) sum() (string, error) {
	// All member names are ASCII, for which byte order is RFC 8785's order.
	slices.SortFunc(f.members, func(a, b rawMember) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	for i, m := range f.members {
		if i > 0 && f.members[i-1].name == m.name {
			return "", fmt.Errorf("member %q stands twice", m.name)
		}
		fmt.Fprintf(f.hash, "%s%q:", []string{"{", ","}[min(i, 1)], m.name)
		if err := f.add(m); err != nil {
			return "", fmt.Errorf("member %q: %w", m.name, err)
		}
	}
	io.WriteString(f.hash, "}")
	return "sha256:" + hex.EncodeToString(f.hash.Sum(nil)), nil
}

func (f *fingerprint) add(m rawMember) error {
	if m.list {
		io.WriteString(f.hash, "[")
		defer io.WriteString(f.hash, "]")
	}
	for i, raw := range m.values {
		canonical, err := jcs.Transform(raw)
		if err != nil {
			return err
		}
		if i > 0 {
			io.WriteString(f.hash, ",")
		}
		f.hash.Write(canonical)
	}
	return nil
}

// Decode reads a plan file and proves it: the format version is ours
// (ErrFormat), the fingerprint covers the content, and each request is the one
// that follows from its change (ErrAltered). Any other error means that the
// file is broken or no plan at all.
func Decode(r io.Reader) (*Plan, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var version struct {
		FormatVersion *int `json:"formatVersion"`
	}
	switch err := json.Unmarshal(text, &version); {
	case err != nil:
		return nil, fmt.Errorf("not a plan, or cut short: %w", err)
	case version.FormatVersion == nil:
		return nil, errors.New("not a plan: it has no formatVersion")
	case *version.FormatVersion != FormatVersion:
		return nil, fmt.Errorf("%w: it has %d, this program reads %d", ErrFormat, *version.FormatVersion, FormatVersion)
	}
	sum, err := fingerprintOf(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	p := &Plan{}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	if p.Fingerprint != sum {
		return nil, fmt.Errorf("%w: it says %s, its content is %s", ErrAltered, p.Fingerprint, sum)
	}
	return p, p.check()
}

// fingerprintOf computes the fingerprint of a plan file's text, members that
// this program does not know included.
func fingerprintOf(text []byte) (string, error) {
	f := newFingerprint()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.Token() // the brace: the text is known to be one object
	for dec.More() {
		key, _ := dec.Token()
		m := rawMember{name: key.(string)}
		if err := m.read(dec); err != nil {
			return "", err
		}
		if m.name != "fingerprint" {
			f.members = append(f.members, m)
		}
	}
	return f.sum()
}

func (m *rawMember) read(dec *json.Decoder) error {
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return err
	}
	m.values = []json.RawMessage{raw}
	if m.name != "changes" || raw[0] != '[' {
		return nil
	}
	m.list, m.values = true, nil
	return json.Unmarshal(raw, &m.values)
}

// check holds the parts of a plan against each other.
func (p *Plan) check() error {
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Seq != i+1 {
			return fmt.Errorf("%w: change %d has the number %d", ErrAltered, i+1, c.Seq)
		}
		if err := c.checkRequest(); err != nil {
			return fmt.Errorf("%w: change %d: %w", ErrAltered, c.Seq, err)
		}
	}
	if p.Summary != Summarize(p.Changes) {
		return fmt.Errorf("%w: the summary does not count the changes", ErrAltered)
	}
	return nil
}
