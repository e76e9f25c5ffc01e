package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	memberLevel   = "templateApplicationLevel"
	memberInbound = "userSyncInbound"
	memberAllowed = "isSyncAllowed"
)

// templateParser walks the tokens itself, because encoding/json takes members
// in any letter case, the last of two equal ones, and tells no place.
type templateParser struct {
	data []byte
	dec  *json.Decoder
	out  Template
	errs RowErrors
}

// parse fills out and notes every fault. Broken JSON ends it.
func (p *templateParser) parse() {
	if i := invalidUTF8(p.data); i >= 0 {
		p.refuse(i, "", fmt.Errorf("byte 0x%02X is not valid UTF-8", p.data[i]))
		return
	}
	if len(bytes.TrimSpace(p.data)) == 0 {
		p.refuse(0, "", errors.New("the file is empty: it needs a JSON object with templateApplicationLevel, userSyncInbound or both"))
		return
	}
	if err := p.body(); err != nil {
		p.broken(err)
		return
	}
	start := p.next()
	if _, err := p.dec.Token(); err != io.EOF {
		p.refuse(start, "", errors.New("something follows the JSON object: the file holds one object alone"))
		return
	}
	if len(p.errs) == 0 && p.out.TemplateApplicationLevel == nil && p.out.IsSyncAllowed == nil {
		p.refuse(0, "", errors.New("the template sets nothing: give templateApplicationLevel, userSyncInbound.isSyncAllowed or both"))
	}
}

func (p *templateParser) body() error {
	return p.object("the template", []string{memberLevel, memberInbound}, func(name string) error {
		if name == memberLevel {
			return p.level()
		}
		if p.peek("null") {
			_, err := p.dec.Token()
			return err
		}
		return p.object(memberInbound, []string{memberAllowed}, func(string) error { return p.allowed() })
	})
}

// object reads an object and calls member before the value of each member that
// is allowed. A value of another type is noted and skipped.
func (p *templateParser) object(what string, allowed []string, member func(name string) error) error {
	if !p.peek("{") {
		return p.wrongType(what, "an object")
	}
	if _, err := p.dec.Token(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for p.dec.More() {
		start := p.next()
		token, err := p.dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder lets no other key pass
		if err := checkMember(name, allowed, seen); err != nil {
			p.refuse(start, name, err)
			if err := p.skip(); err != nil {
				return err
			}
			continue
		}
		seen[name] = true
		if err := member(name); err != nil {
			return err
		}
	}
	_, err := p.dec.Token()
	return err
}

func checkMember(name string, allowed []string, seen map[string]bool) error {
	for _, a := range allowed {
		switch {
		case name == a && seen[a]:
			return fmt.Errorf("member %s is here twice", a)
		case name == a:
			return nil
		case strings.EqualFold(name, a):
			return fmt.Errorf("unknown member %s: letter case matters, write %s", quoteValue(name), a)
		}
	}
	return fmt.Errorf("unknown member %s: allowed here is %s", quoteValue(name), strings.Join(allowed, " and "))
}

func (p *templateParser) level() error {
	start := p.next()
	if !p.peek(`"`) {
		return p.wrongType(memberLevel, "a string; "+levelsAllowed)
	}
	var s string
	if err := p.dec.Decode(&s); err != nil {
		return err
	}
	if err := checkLevels(s); err != nil {
		p.refuse(start, s, err)
	}
	p.out.TemplateApplicationLevel = &s
	return nil
}

func (p *templateParser) allowed() error {
	if !p.peek("t") && !p.peek("f") && !p.peek("n") {
		return p.wrongType(memberAllowed, "true, false or null")
	}
	return p.dec.Decode(&p.out.IsSyncAllowed)
}

func (p *templateParser) wrongType(what, want string) error {
	start := p.next()
	var value json.RawMessage
	if err := p.dec.Decode(&value); err != nil {
		return err
	}
	p.refuse(start, string(value), fmt.Errorf("%s is %s: it must be %s", what, quoteValue(string(value)), want))
	return nil
}

func (p *templateParser) skip() error {
	var value json.RawMessage
	return p.dec.Decode(&value)
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
	offset := int(p.dec.InputOffset())
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		offset = int(syntax.Offset) - 1
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		offset, err = len(p.data), errors.New("the file ends too early")
	}
	p.refuse(offset, "", fmt.Errorf("not valid JSON: %w", err))
}

func (p *templateParser) refuse(offset int, value string, err error) {
	at := templateAt(p.data, offset)
	p.errs = append(p.errs, &RowError{Line: at.line, Column: at.column, Value: value, Err: err})
}
