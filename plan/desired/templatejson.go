package desired

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

const (
	memberLevel   = "templateApplicationLevel"
	memberInbound = "userSyncInbound"
	memberAllowed = "isSyncAllowed"
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
	p.object("the template", []string{memberLevel, memberInbound}, func(name string) {
		switch {
		case name == memberLevel:
			p.level()
		case p.peek("null"):
			p.value()
		default:
			p.object(memberInbound, []string{memberAllowed}, func(string) { p.allowed() })
		}
	})
	if len(p.errs) == 0 && p.out.TemplateApplicationLevel == nil && p.out.IsSyncAllowed == nil {
		p.refuse(0, "", errors.New("the template sets nothing: give templateApplicationLevel, userSyncInbound.isSyncAllowed or both"))
	}
}

// object reads an object and calls member at the value of each member that is
// allowed. It notes and skips everything else.
func (p *templateParser) object(what string, allowed []string, member func(name string)) {
	if !p.peek("{") {
		p.wrongType(what, "an object")
		return
	}
	p.dec.Token()
	seen := map[string]bool{}
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
		member(name)
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

func (p *templateParser) level() {
	if !p.peek(`"`) {
		p.wrongType(memberLevel, "a string; "+levelsAllowed)
		return
	}
	start := p.next()
	token, _ := p.dec.Token()
	s, _ := token.(string)
	if err := CheckLevels(s); err != nil {
		p.refuse(start, s, err)
	}
	p.out.TemplateApplicationLevel = &s
}

func (p *templateParser) allowed() {
	if !p.peek("true") && !p.peek("false") && !p.peek("null") {
		p.wrongType(memberAllowed, "true, false or null")
		return
	}
	token, _ := p.dec.Token()
	if b, ok := token.(bool); ok {
		p.out.IsSyncAllowed = &b
	}
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
