package graphsim

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// decode returns the members of a request body that fits the schema, or the
// refusal. Numbers stay as they were written.
func (c *call) decode(sch *schema) (map[string]any, *odataError) {
	if media, _, err := mime.ParseMediaType(c.header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, badRequest("Write requests (excluding DELETE) must contain the Content-Type header declaration.")
	}
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil, badRequest("Empty Payload. JSON content expected.")
	}
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.UseNumber()
	var m map[string]any
	err := dec.Decode(&m)
	if _, more := dec.Token(); err != nil || m == nil || more != io.EOF {
		return nil, badRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return m, c.validate(sch, m)
}

// validate checks the members in the order of their names, so that the same body
// always gets the same refusal. Annotations are allowed, mean nothing and are
// dropped.
func (c *call) validate(sch *schema, m map[string]any) *odataError {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if strings.HasPrefix(name, "@odata.") {
			delete(m, name)
			continue
		}
		p, ok := sch.members[name]
		if !ok || c.national && globalOnly(name) {
			return badRequest("Invalid property '" + name + "'.")
		}
		if p.readOnly {
			return badRequest("Property '" + name + "' is read-only and cannot be set.")
		}
		if bad := c.validateValue(p, m[name]); bad == errWrongValue {
			return badRequest("Invalid value specified for property '" + name + "' of resource '" + sch.typ + "'.")
		} else if bad != nil {
			return bad
		}
	}
	return nil
}

// errWrongValue stands for a value that its property cannot hold; the caller
// knows the names to say so.
var errWrongValue = &odataError{status: http.StatusBadRequest}

func (c *call) validateValue(p property, v any) *odataError {
	if v == nil {
		return wrongUnless(!p.required)
	}
	switch p.kind {
	case boolean:
		_, ok := v.(bool)
		return wrongUnless(ok)
	case object:
		m, ok := v.(map[string]any)
		if !ok {
			return errWrongValue
		}
		return c.validate(p.of, m)
	case list:
		return c.validateList(p, v)
	default:
		s, ok := v.(string)
		return wrongUnless(ok && fits(p, s))
	}
}

func (c *call) validateList(p property, v any) *odataError {
	elems, ok := v.([]any)
	if !ok {
		return errWrongValue
	}
	for _, e := range elems {
		elem := property{kind: enumValue, enum: p.enum, required: true}
		if p.of != nil {
			elem = property{kind: object, of: p.of, required: true}
		}
		if bad := c.validateValue(elem, e); bad != nil {
			return bad
		}
	}
	return nil
}

func fits(p property, s string) bool {
	switch p.kind {
	case enumValue:
		return slices.Contains(p.enum, s)
	case flags:
		_, ok := parseLevel(s)
		return ok
	case tenantID:
		return isGUID(s)
	default:
		return true
	}
}

func wrongUnless(ok bool) *odataError {
	if ok {
		return nil
	}
	return errWrongValue
}

// isGUID reports whether s is a GUID in the one form that Graph takes as a key.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := s[i] >= '0' && s[i] <= '9' || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'f'
		if dash && s[i] != '-' || !dash && !hex {
			return false
		}
	}
	return true
}
