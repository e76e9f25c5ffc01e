package approval

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bulksync/internal/seal"
	"bulksync/plan/desired"
)

// FormatVersion is the version of the decision file that this program writes,
// and the only one that it reads.
const FormatVersion = 1

// MaxFile is the longest decision file, and the longest signature, in bytes.
const MaxFile = 1 << 20

// maxName is the longest name of a person, in bytes.
const maxName = 200

// Decision is what one person decided about one plan: the content of a decision
// file.
type Decision struct {
	FormatVersion int `json:"formatVersion"`
	// PlanFingerprint and HomeTenant are those of the plan.
	PlanFingerprint string  `json:"planFingerprint"`
	HomeTenant      string  `json:"homeTenant"`
	Decision        Verdict `json:"decision"`
	// By is the person's name, under which a signers file lists the key.
	By string    `json:"by"`
	At time.Time `json:"at"`
	// ExpiresAt is when an approval ends; a rejection does not end.
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
	Ticket    string    `json:"ticket,omitempty"`
	Comment   string    `json:"comment,omitempty"`
	// Except are the partners that an approval leaves out.
	Except []Exception `json:"except,omitempty"`
}

// Encode returns the bytes of the decision file. They are what is signed, so the
// same decision always gives the same bytes.
func (d *Decision) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := seal.NewEncoder(&b)
	enc.SetIndent("", "  ")
	err := enc.Encode(d)
	return b.Bytes(), err
}

// Decode reads a decision file. It refuses whatever two readers might understand
// differently: members that it does not know, that appear twice or are of
// another type, and another format version.
func Decode(text []byte) (*Decision, error) {
	if len(text) > MaxFile {
		return nil, fmt.Errorf("it is longer than %d bytes", MaxFile)
	}
	decoded, _, err := desired.DecodeText(bytes.NewReader(text))
	if err != nil {
		return nil, errNotJSON
	}
	doc, err := seal.NewDocument(decoded)
	if err != nil {
		return nil, notDecision(err)
	}
	var members []part
	for {
		name, more, err := doc.Next()
		if err != nil {
			return nil, notDecision(err)
		}
		if !more {
			break
		}
		value, err := doc.Value()
		if err != nil {
			return nil, notDecision(err)
		}
		members = append(members, part{name, bytes.Clone(value)})
	}
	return decodeMembers(members)
}

// errNotJSON means that a file is no decision at all.
var errNotJSON = errors.New("it is not a decision: it is not JSON")

// notDecision describes an error of a seal.Document.
func notDecision(err error) error {
	var twice *seal.TwiceError
	switch {
	case errors.As(err, &twice):
		return twice
	case errors.Is(err, seal.ErrShape):
		return errors.New("it is not a decision: it is not one JSON object")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it is cut short")
	default:
		return fmt.Errorf("%w: %w", errNotJSON, err)
	}
}

// part is one member of an object, with the text of its value.
type part struct {
	name string
	text []byte
}

// decodeMembers reads the version first: another one may have other members.
func decodeMembers(members []part) (*Decision, error) {
	d := &Decision{}
	known := map[string]any{
		"formatVersion": &d.FormatVersion, "planFingerprint": &d.PlanFingerprint, "homeTenant": &d.HomeTenant, "decision": &d.Decision,
		"by": &d.By, "at": &d.At, "expiresAt": &d.ExpiresAt, "ticket": &d.Ticket, "comment": &d.Comment, "except": &d.Except,
	}
	for _, m := range members {
		if m.name == "formatVersion" {
			if err := m.into(&d.FormatVersion); err != nil {
				return nil, err
			}
		}
	}
	if d.FormatVersion != FormatVersion {
		return nil, fmt.Errorf("it has the format version %d; this program reads %d", d.FormatVersion, FormatVersion)
	}
	for _, m := range members {
		v, ok := known[m.name]
		if !ok {
			return nil, fmt.Errorf("it has a member that no decision has: %s", desired.Quote(m.name))
		}
		if err := m.into(v); err != nil {
			return nil, err
		}
		delete(known, m.name)
	}
	for _, name := range []string{"planFingerprint", "homeTenant", "decision", "by", "at"} {
		if known[name] != nil {
			return nil, fmt.Errorf("it has no %s", name)
		}
	}
	return d, nil
}

// into reads the value. An exception has members of its own, which are read as
// strictly.
func (m part) into(v any) error {
	wrong := fmt.Errorf("its member %s is of the wrong type", m.name)
	if string(m.text) == "null" {
		return wrong
	}
	list, ok := v.(*[]Exception)
	if !ok {
		if seal.Unmarshal(m.text, v) != nil {
			return wrong
		}
		return nil
	}
	var elements []json.RawMessage
	if seal.Unmarshal(m.text, &elements) != nil {
		return wrong
	}
	for _, element := range elements {
		e, err := decodeException(element)
		if err != nil {
			return err
		}
		*list = append(*list, *e)
	}
	return nil
}

func decodeException(text []byte) (*Exception, error) {
	var members map[string]json.RawMessage // duplicates were refused with the whole text
	if seal.Unmarshal(text, &members) != nil || members == nil {
		return nil, errors.New("its member except is of the wrong type")
	}
	e := &Exception{}
	known := map[string]any{"tenantId": &e.TenantID, "reason": &e.Reason}
	for name, value := range members {
		v, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("an exception has a member that no exception has: %s", desired.Quote(name))
		}
		if err := (part{"except[]." + name, value}).into(v); err != nil {
			return nil, err
		}
	}
	if e.TenantID == "" {
		return nil, errors.New("an exception has no tenantId")
	}
	e.TenantID = strings.ToLower(e.TenantID) // as in the plan
	return e, nil
}

// CheckName refuses the name of a person that could be taken for another one on
// a terminal or in a list.
func CheckName(name string) error {
	unclean := func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) || r == utf8.RuneError }
	switch {
	case name == "":
		return errors.New("the name is empty")
	case len(name) > maxName:
		return fmt.Errorf("the name is longer than %d bytes", maxName)
	case strings.TrimSpace(name) != name:
		return fmt.Errorf("the name %s begins or ends with a space", desired.Quote(name))
	case strings.ContainsFunc(name, unclean):
		return fmt.Errorf("the name %s has a character that cannot be seen", desired.Quote(name))
	}
	return nil
}
