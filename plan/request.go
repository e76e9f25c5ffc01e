package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"bulksync/graph"
)

// The managed properties, in Graph's spelling. Fields of a change stand in
// this order, and so do the members of the body that is sent.
const (
	pathTenantID    = "tenantId"
	pathDisplayName = "displayName"
	pathLevel       = "templateApplicationLevel"
	pathSyncAllowed = "userSyncInbound.isSyncAllowed"
	pathInbound     = "automaticUserConsentSettings.inboundAllowed"
	pathOutbound    = "automaticUserConsentSettings.outboundAllowed"
)

// RequestFor is the one call that makes a change: PUT creates an identity
// synchronization and PATCH updates it (Graph answers 409 to a second PUT),
// POST creates a partner configuration from its tenant ID alone. It is a pure
// function of what the change says, so that a request in a plan file can be
// held against its change. It returns nil where the action sends nothing.
func RequestFor(o Object, a Action, tenantID string, fields []Field) *Request {
	switch {
	case a == NoOp || a == Blocked:
		return nil
	case o == PartnerConfiguration && a == Create:
		return &Request{Method: http.MethodPost, Path: graph.PartnersPath(), Body: body(fields)}
	case o == PartnerConfiguration && a == Delete:
		return &Request{Method: http.MethodDelete, Path: graph.PartnerPath(tenantID)}
	case o == IdentitySynchronization && a == Create:
		return &Request{Method: http.MethodPut, Path: graph.SyncPath(tenantID), Body: body(fields)}
	case o == IdentitySynchronization && a == Update:
		return &Request{Method: http.MethodPatch, Path: graph.SyncPath(tenantID), Body: body(fields)}
	case o == IdentitySynchronization && a == Delete:
		return &Request{Method: http.MethodDelete, Path: graph.SyncPath(tenantID)}
	case o == Consent && a == Update:
		return &Request{Method: http.MethodPatch, Path: graph.PartnerPath(tenantID), Body: body(fields)}
	case o == SyncTemplate && a == Update:
		return &Request{Method: http.MethodPatch, Path: graph.TemplatePath, Body: body(fields)}
	default:
		panic(fmt.Sprintf("plan: no request can %s a %s", a, o))
	}
}

// body writes the values after the change as JSON. Paths are managed ones: they
// have one or two segments, and those of one object stand together.
func body(fields []Field) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	open := ""
	for i, f := range fields {
		object, leaf, nested := strings.Cut(f.Path, ".")
		if !nested {
			object, leaf = "", f.Path
		}
		if open != "" && open != object {
			b.WriteByte('}')
		}
		if i > 0 {
			b.WriteByte(',')
		}
		if object != "" && open != object {
			b.WriteString(`"` + object + `":{`)
		}
		open = object
		b.WriteString(`"` + leaf + `":` + jsonValue(f.After))
	}
	if open != "" {
		b.WriteByte('}')
	}
	b.WriteByte('}')
	return b.Bytes()
}

// jsonValue encodes nil, a bool or a string.
func jsonValue(v any) string {
	if b, ok := v.(bool); ok {
		return strconv.FormatBool(b)
	}
	text, err := marshal(v)
	if err != nil {
		panic(fmt.Sprintf("plan: a field holds %T", v))
	}
	return string(text)
}
