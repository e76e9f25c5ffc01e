package desired

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// templateParser walks the tokens itself, because encoding/json takes members
// in any letter case, keeps the last of two equal ones, and tells no place.
type templateParser struct {
	data []byte
	dec  *json.Decoder
	out  Template
	errs RowErrors
}

// parse fills out and notes every fault. Broken JSON ends it; below that the
// decoder has nothing left to complain of.
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

// membersBelow names the members that an object of the template may have, whose
// paths begin with prefix.
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

// object reads an object, whose properties have paths that begin with prefix. It
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
			return fmt.Errorf("member %s is here twice", a)
		case name == a:
			return nil
		case strings.EqualFold(name, a):
			return fmt.Errorf("unknown member %s: letter case matters, write %s", Quote(name), a)
		}
	}
	return fmt.Errorf("unknown member %s: allowed here is %s", Quote(name), strings.Join(allowed, " and "))
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

// property reads a value of a kind; nil where it is not set, or not valid.
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

// value reads the next value, whatever it is.
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

// broken notes a fault of the JSON itself.
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
