package graph

import (
	"errors"
	"fmt"
	"reflect"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// inWords says what is wrong with an object of Graph's to people who do not know
// the types of this program: a member of another type, and one that stands
// twice. Every other error says so itself.
func inWords(err error) error {
	var wrong *jsonv2.SemanticError
	var broken *jsontext.SyntacticError
	switch {
	case errors.As(err, &wrong) && wrong.Err == nil && wrong.GoType != nil:
		return fmt.Errorf("%s is %s, not %s", memberName(wrong.JSONPointer), kindWords(wrong.JSONKind), typeWords(wrong.GoType))
	case errors.As(err, &broken) && errors.Is(broken.Err, jsontext.ErrDuplicateName):
		return fmt.Errorf("%s stands twice", memberName(broken.JSONPointer))
	default:
		return err
	}
}

// memberName is the last part of the way to a member.
func memberName(p jsontext.Pointer) string {
	if p == "" {
		return "it"
	}
	return p.LastToken() // whoever tells it takes secrets out before it is cut
}

func kindWords(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '"':
		return "text"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "a list"
	default:
		return "of another type"
	}
}

func typeWords(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	default:
		return "an object"
	}
}
