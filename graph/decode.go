package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// inWords says what is wrong with one of Graph's objects without naming the types of this program:
// a member of the wrong type, or one that appears twice. Other errors are clear by themselves.
func inWords(err error) error {
	var wrong *jsonv2.SemanticError
	var broken *jsontext.SyntacticError
	switch {
	case errors.As(err, &wrong) && wrong.Err == nil && wrong.GoType != nil:
		return fmt.Errorf("%s is %s, not %s", memberName(wrong.JSONPointer), kindWords(wrong.JSONKind), typeWords(wrong.GoType))
	case errors.As(err, &broken) && errors.Is(broken.Err, jsontext.ErrDuplicateName):
		return fmt.Errorf("%s appears twice", memberName(broken.JSONPointer))
	default:
		return err
	}
}

// memberName is the last part of the path to a member.
func memberName(p jsontext.Pointer) string {
	if p == "" {
		return "it"
	}
	return p.LastToken() // callers remove secrets before they shorten it
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

// decode reads an object of an answer. The library reads it once; encoding/json reads it three
// times, which matters in a list of 100,000 partners. The letter case of names is ignored, as in
// encoding/json.
func decode(body []byte, v any) error { return jsonv2.Unmarshal(body, v, lenient) }

var lenient = jsonv2.JoinOptions(
	jsonv2.MatchCaseInsensitiveNames(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// decodeStrictly refuses what can be read in two ways: a name that appears twice
// (a managed one in any letter case), and bytes that are not UTF-8.
func decodeStrictly(body []byte, v any) error { return inWords(jsonv2.Unmarshal(body, v, strict)) }

var strict = jsonv2.MatchCaseInsensitiveNames(true)

// members are the names of an object's members, in lower case.
type members map[string]bool

// membersOf returns the names of an object's members. It refuses anything but an
// object, and an error object.
func membersOf(body []byte) (members, error) {
	var wire map[string]jsontext.Value
	if err := decode(body, &wire); err != nil {
		return nil, notJSON(err)
	}
	has := make(members, len(wire))
	for name := range wire {
		has[strings.ToLower(name)] = true
	}
	if has["error"] {
		return nil, errInSuccess
	}
	return has, nil
}

// all refuses an object that lacks one of the needed members. An object with none
// of them is a different one; if some are missing, the caller may not be allowed
// to see all of it.
func (m members) all(needed []string) error {
	var missing []string
	for _, name := range needed {
		if !m[strings.ToLower(name)] {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) == 0:
		return nil
	case len(missing) == len(needed) && !m["tenantid"]:
		return errors.New("none of the members that were asked for")
	default:
		return &MissingMember{Member: missing[0], why: "no " + missing[0] + " in the answer, although it was asked for"}
	}
}

// MissingMember is an answer without a member that was asked for: the cause of a NotVisible error.
// Shown means that a request for this member alone succeeded, so it is not hidden from this
// identity.
type MissingMember struct {
	Member, why string
	Shown       bool
}

// Error says where the member was missing.
func (m *MissingMember) Error() string { return m.why }

// broken is an answer that is Graph's, because it names its partner, but that cannot be read. It is
// no outage, and the request is repeated only a few times.
type broken struct{ error }

func (b *broken) Unwrap() error { return b.error }

// ofPartner names the partner whose answer cannot be read.
func ofPartner(tenantID string, body []byte, err error) error {
	err = fmt.Errorf("partner %s cannot be read: %w", tenantID, err)
	if id, ok := tenantIDOf(body); ok && strings.EqualFold(id, tenantID) {
		return &broken{err}
	}
	return err
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
