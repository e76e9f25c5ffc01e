package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"bulksync/graph"
	"bulksync/internal/seal"
	"bulksync/plan/desired"
)

// RequestFor is the one call that makes a change: PUT creates an identity
// synchronization and PATCH updates it (Graph answers 409 to a second PUT), POST
// creates a partner configuration from its tenant ID alone. It is a pure function
// of what the change says, so that a request in a plan file can be checked
// against its change. It returns nil if the action sends nothing, or cannot be
// taken on the object.
func RequestFor(o Object, a Action, tenantID string, fields []Field) *Request {
	if a == NoOp || a == Blocked || !canBe(o, a) {
		return nil
	}
	r := &Request{Path: pathOf(o, a, tenantID), Method: methodOf(o, a)}
	if r.Method != http.MethodDelete {
		r.Body = body(fields)
	}
	return r
}

func methodOf(o Object, a Action) string {
	switch {
	case a == Delete:
		return http.MethodDelete
	case a == Update:
		return http.MethodPatch
	case o == PartnerConfiguration:
		return http.MethodPost
	default:
		return http.MethodPut
	}
}

func pathOf(o Object, a Action, tenantID string) string {
	switch {
	case o == PartnerConfiguration && a == Create:
		return graph.PartnersPath()
	case o == PartnerConfiguration && a == Delete, o.Member() != "" && a == Update:
		return graph.PartnerPath(tenantID)
	case o == IdentitySynchronization:
		return graph.SyncPath(tenantID)
	default:
		return graph.TemplatePath
	}
}

// body writes the new values as JSON.
func body(fields []Field) json.RawMessage {
	var room [256]byte
	return bytes.Clone(appendBody(room[:0], fields))
}

// appendBody appends a body to b. Paths are managed ones: they have one or two
// segments, and those of one object are adjacent.
func appendBody(b []byte, fields []Field) []byte {
	b = append(b, '{')
	open := ""
	for i, f := range fields {
		object, leaf, nested := strings.Cut(f.Path, ".")
		if !nested {
			object, leaf = "", f.Path
		}
		if open != "" && open != object {
			b = append(b, '}')
		}
		if i > 0 {
			b = append(b, ',')
		}
		if object != "" && open != object {
			b = append(append(append(b, '"'), object...), `":{`...)
		}
		open = object
		b = append(append(append(b, '"'), leaf...), `":`...)
		b = appendValue(b, f.After)
	}
	if open != "" {
		b = append(b, '}')
	}
	return append(b, '}')
}

// jsonValue encodes nil, a bool, a string, or anything that was JSON before.
func jsonValue(v any) string { return string(appendValue(nil, v)) }

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		if desired.IsPrintableASCII(v) && !strings.ContainsAny(v, "\"\\") { // as it is
			return append(append(append(b, '"'), v...), '"')
		}
	}
	text, err := seal.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("plan: cannot encode %T as JSON", v))
	}
	return append(b, text...)
}
