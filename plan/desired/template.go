package desired

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
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
	// Values are what is wanted of the properties of the template, in the order
	// of their table; nil means not managed, and at least one is not nil. Levels
	// are as they were written: newPartners, existingPartners, both with a comma
	// between them, none or "".
	Values [len(templateProperties)]any
}

// Value is what the template is to have at a property; nil where it is not
// managed.
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

// ReadTemplate reads a JSON object with templateApplicationLevel,
// userSyncInbound or both, and nothing else. The name is what messages call
// the file. The error is a RowErrors with every fault when the content is
// wrong; any other error comes from r.
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

// CheckLevels refuses what Graph would refuse, and combinations that
// contradict themselves.
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
		return fmt.Errorf("none cannot stand beside another level: %s", levelsAllowed)
	}
	return nil
}

// templateAt turns an offset into a place.
func templateAt(data []byte, offset int) place {
	before := data[:min(offset, len(data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return place{bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1}
}
