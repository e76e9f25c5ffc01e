package desired

import (
	"errors"
	"fmt"
)

// Kind is what the values of a property are.
type Kind int

// The kinds. Values are strings, and bools those of a switch.
const (
	TenantID Kind = iota
	Text
	Switch
	// Levels is a set of flags in one string; see SameLevels.
	Levels
)

// Holds reports whether v is null or of the property's type.
func (p *Property) Holds(v any) bool {
	switch v.(type) {
	case nil:
		return true
	case bool:
		return p.Kind == Switch
	case string:
		return p.Kind != Switch
	default:
		return false
	}
}

// Same reports whether two values mean the same.
func (p *Property) Same(a, b any) bool {
	if p.Kind == Levels {
		x, _ := a.(string)
		y, _ := b.(string)
		return SameLevels(x, y)
	}
	return a == b
}

// CheckWanted refuses a value that no input can ask for.
func (p *Property) CheckWanted(v any) error {
	text, ok := v.(string)
	switch {
	case ok && p.Kind == Levels:
		return CheckLevels(text)
	case ok && p.Kind == Text && text == "":
		return errors.New(p.Path + " is empty")
	case ok && p.Kind == Text:
		return p.checkText(text)
	default:
		return nil
	}
}

// wordsOf says a value in words.
func wordsOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "empty"
	case string:
		return Quote(v)
	default:
		return fmt.Sprint(v)
	}
}
