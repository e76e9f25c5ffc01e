package desired

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Template is what is wanted of the multitenant-organization identity-sync
// template: the body of its documented PATCH.
type Template struct {
	Name   string // of the file
	SHA256 string // hex, of the bytes as read
	// Values are what is wanted of the template's properties, in the order of
	// their table; nil means not managed, and at least one is not nil. Levels are
	// as they were written: newPartners, existingPartners, both separated by a
	// comma, none or "".
	Values [len(templateProperties)]any
}

// Value is the value that is wanted for a property of the template; nil if it is
// not managed.
func (t *Template) Value(p *Property) any {
	for i := range templateProperties {
		if p.Object == SyncTemplate && templateProperties[i].Path == p.Path {
			return t.Values[i]
		}
	}
	return nil
}

// maxTemplate is far more than a template body can need, in bytes.
const maxTemplate = 1 << 20

// The applicable values of templateApplicationLevel, a flags enumeration.
const (
	levelNewPartners      = "newPartners"
	levelExistingPartners = "existingPartners"
	levelNone             = "none"
)

const levelsAllowed = `use newPartners, existingPartners, both with a comma between them, none or ""`

// ReadTemplate reads a JSON object with templateApplicationLevel, userSyncInbound
// or both, and nothing else. Messages call the file name. If the content is
// wrong, the error is a RowErrors with every problem; any other error comes from
// r.
func ReadTemplate(r io.Reader, name string) (*Template, error) {
	sum := sha256.New()
	data, err := readText(io.TeeReader(r, sum))
	var foreign ForeignError
	if errors.As(err, &foreign) {
		return nil, RowErrors{{File: name, Line: 1, Column: 1, Err: errors.New(foreign.what + ": a template is a JSON file of a few lines")}}
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	p := &templateParser{data: data, out: Template{Name: name, SHA256: hex.EncodeToString(sum.Sum(nil))}}
	p.parse()
	for _, e := range p.errs {
		e.File = name
	}
	if err := p.errs.orNil(); err != nil {
		return nil, err
	}
	return &p.out, nil
}

func readText(r io.Reader) ([]byte, error) {
	text, _, err := DecodeText(r)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(text, maxTemplate+1))
	if len(data) > maxTemplate {
		return nil, ForeignError{what: "the file is larger than 1 MiB"}
	}
	return data, err
}

// SameLevels reports whether two values of templateApplicationLevel name the
// same set: order, spaces and repetition do not count, and "" is none.
func SameLevels(a, b string) bool { return slices.Equal(levelSet(a), levelSet(b)) }

func levelSet(s string) []string {
	var set []string
	for level := range strings.SplitSeq(s, ",") {
		if level = strings.TrimSpace(level); level != "" && level != levelNone {
			set = append(set, level)
		}
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// CheckLevels refuses what Graph would refuse, and levels that contradict each
// other.
func CheckLevels(s string) error {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	seen := map[string]bool{}
	for level := range strings.SplitSeq(s, ",") {
		level = strings.TrimSpace(level)
		switch {
		case level != levelNewPartners && level != levelExistingPartners && level != levelNone:
			return fmt.Errorf("unknown level %s: %s", Quote(level), levelsAllowed)
		case seen[level]:
			return fmt.Errorf("level %s is named twice: %s", level, levelsAllowed)
		}
		seen[level] = true
	}
	if seen[levelNone] && len(seen) > 1 {
		return fmt.Errorf("none cannot be combined with another level: %s", levelsAllowed)
	}
	return nil
}

// templateAt turns an offset into a position.
func templateAt(data []byte, offset int) position {
	before := data[:min(offset, len(data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return position{bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1}
}

// templateParser walks the tokens itself, because encoding/json accepts members
// in any letter case, keeps the last of two equal ones, and reports no position.
type templateParser struct {
	data []byte
	dec  *json.Decoder
	out  Template
	errs RowErrors
}

// parse fills out and notes every problem. Broken JSON ends it: below it the
// decoder finds nothing more to report.
func (p *templateParser) parse() {
	if i := invalidUTF8(p.data); i >= 0 {
		p.refuse(i, "", fmt.Errorf("byte 0x%02X is not valid UTF-8", p.data[i]))
		return
	}
	if len(bytes.TrimSpace(p.data)) == 0 {
		p.refuse(0, "", errors.New("the file is empty: it needs a JSON object with templateApplicationLevel, userSyncInbound or both"))
		return
	}
	var whole json.RawMessage
	if err := json.Unmarshal(p.data, &whole); err != nil {
		p.broken(err)
		return
	}
	p.dec = json.NewDecoder(bytes.NewReader(p.data))
	p.object("the template", "")
	if len(p.errs) == 0 && p.out.Values == [len(templateProperties)]any{} {
		var paths []string
		for i := range templateProperties {
			paths = append(paths, templateProperties[i].Path)
		}
		p.refuse(0, "", fmt.Errorf("the template sets nothing: give %s or both", strings.Join(paths, ", ")))
	}
}

// membersBelow names the members that an object of the template may have: those
// whose paths begin with prefix.
func membersBelow(prefix string) (names []string) {
	for i := range templateProperties {
		if rest, below := strings.CutPrefix(templateProperties[i].Path, prefix); below {
			name, _, _ := strings.Cut(rest, ".")
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// object reads an object whose properties have paths that begin with prefix. It
// notes and skips every member that is not allowed.
func (p *templateParser) object(what, prefix string) {
	if !p.peek("{") {
		p.wrongType(what, "an object")
		return
	}
	p.dec.Token()
	allowed, seen := membersBelow(prefix), map[string]bool{}
	for p.dec.More() {
		start := p.next()
		token, _ := p.dec.Token()
		name, _ := token.(string)
		if err := checkMember(name, allowed, seen); err != nil {
			p.refuse(start, name, err)
			p.value()
			continue
		}
		seen[name] = true
		p.member(name, prefix+name)
	}
	p.dec.Token()
}

func checkMember(name string, allowed []string, seen map[string]bool) error {
	for _, a := range allowed {
		switch {
		case name == a && seen[a]:
			return fmt.Errorf("member %s appears twice", a)
		case name == a:
			return nil
		case strings.EqualFold(name, a):
			return fmt.Errorf("unknown member %s: letter case matters, write %s", Quote(name), a)
		}
	}
	return fmt.Errorf("unknown member %s: allowed here: %s", Quote(name), strings.Join(allowed, " and "))
}

// member reads the value of a member that is allowed.
func (p *templateParser) member(name, path string) {
	for i := range templateProperties {
		if templateProperties[i].Path == path {
			p.out.Values[i] = p.property(name, templateProperties[i].Kind)
			return
		}
	}
	if p.peek("null") {
		p.value()
		return
	}
	p.object(name, path+".")
}

// property reads a value of a kind; nil if it is not set or not valid.
func (p *templateParser) property(name string, kind Kind) any {
	isText := p.peek(`"`)
	switch {
	case kind == Levels && !isText:
		p.wrongType(name, "a string; "+levelsAllowed)
		return nil
	case kind == Switch && !p.peek("true") && !p.peek("false") && !p.peek("null"):
		p.wrongType(name, "true, false or null")
		return nil
	}
	start := p.next()
	value, _ := p.dec.Token()
	if s, ok := value.(string); ok && kind == Levels {
		if err := CheckLevels(s); err != nil {
			p.refuse(start, s, err)
		}
	}
	return value
}

func (p *templateParser) wrongType(what, want string) {
	start := p.next()
	value := p.value()
	p.refuse(start, value, fmt.Errorf("%s is %s: it must be %s", what, Quote(value), want))
}

// value reads the next value, of any type.
func (p *templateParser) value() string {
	var value json.RawMessage
	p.dec.Decode(&value)
	return string(value)
}

// next is the offset at which the next token starts.
func (p *templateParser) next() int {
	offset := int(p.dec.InputOffset())
	return len(p.data) - len(bytes.TrimLeft(p.data[offset:], " \t\r\n,:"))
}

// peek reports whether the next token starts with s.
func (p *templateParser) peek(s string) bool { return bytes.HasPrefix(p.data[p.next():], []byte(s)) }

// broken notes a problem of the JSON itself.
func (p *templateParser) broken(err error) {
	offset := 0
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) { // its offset counts the bytes read, the bad one included
		offset = max(0, int(syntax.Offset)-1)
	}
	p.refuse(offset, "", fmt.Errorf("this is not one valid JSON object: %w", err))
}

func (p *templateParser) refuse(offset int, value string, err error) {
	at := templateAt(p.data, offset)
	p.errs = append(p.errs, &RowError{Line: at.line, Column: at.column, Value: value, Err: err})
}
