package graphsim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// call is one request on its way through the simulator.
type call struct {
	method   string
	path     string
	rawQuery string
	header   http.Header
	body     []byte
	base     string // scheme and host that the client used, for links

	id          string // request-id
	clientID    string // client-request-id: the client's, or id
	route       route
	national    bool
	claims      *claims
	now         time.Time     // when it was decided
	date        time.Time     // the same by Graph's clock
	strike      *strike       // the fault that strikes it, if any
	lag         time.Duration // after which reads show its effect
	conflicting bool          // it arrived while too many writes were in flight
	crowding    bool          // the same for the quota of writes in flight
	entry       *Request      // in the journal
}

// query returns the query options, or refuses one that is not allowed.
func (c *call) query(allowed ...string) (url.Values, *odataError) {
	if c.rawQuery == "" {
		return nil, nil
	}
	q, err := url.ParseQuery(c.rawQuery)
	if err != nil {
		return nil, badRequest("The query string is malformed.")
	}
	for name, values := range q {
		if !slices.Contains(allowed, name) || len(values) != 1 {
			return nil, badRequest("The query parameter '" + name + "' is not supported.")
		}
	}
	return q, nil
}

// units is the cost of a request in resource units, from Graph's page of
// throttling limits: $select takes one off, $expand adds one.
func (c *call) units() int {
	n := 1
	if q, err := url.ParseQuery(c.rawQuery); err == nil && c.rawQuery != "" {
		if q.Has("$select") {
			n--
		}
		if q.Has("$expand") {
			n++
		}
	}
	return max(n, 1)
}

// asks reports whether the request has a query option.
func (c *call) asks(option string) bool {
	q, err := url.ParseQuery(c.rawQuery)
	return err == nil && q.Has(option)
}

// headers are the headers of every answer of Graph.
func (c *call) headers(a *answer) http.Header {
	a.set("Date", c.date.UTC().Format(http.TimeFormat))
	h := a.header
	if a.foreign {
		return h
	}
	if h["Request-Id"] == nil { // a fault may have set another one
		h["Request-Id"] = []string{c.id}
	}
	h["Client-Request-Id"] = []string{c.clientID}
	h["X-Ms-Ags-Diagnostic"] = []string{diagnostic}
	h["Strict-Transport-Security"] = []string{"max-age=31536000"}
	h["Cache-Control"] = []string{"no-cache"}
	if a.status < 400 {
		h["Odata-Version"] = []string{"4.0"}
		h["X-Ms-Resource-Unit"] = []string{strconv.Itoa(c.units())}
	}
	if a.status == http.StatusUnauthorized {
		h["Www-Authenticate"] = []string{`Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`}
	}
	if _, named := h["Content-Type"]; len(a.body) > 0 && !named {
		h["Content-Type"] = []string{contentType}
	}
	return h
}

const (
	diagnostic  = `{"ServerInfo":{"DataCenter":"Simulated","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"SIM0000001"}}`
	contentType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
)

// noun names the object that a request is about. Fault.Path accepts these names.
type noun string

const (
	nounPolicy          noun = "policy"
	nounDefault         noun = "default"
	nounPartners        noun = "partners"
	nounPartner         noun = "partner"
	nounSync            noun = "identitySynchronization"
	nounTemplates       noun = "templates"
	nounTemplate        noun = "template"
	nounPartnerTemplate noun = "partnerTemplate"
	nounTenant          noun = "tenant"
	nounAudit           noun = "audit"
)

// nouns is in the order in which messages list them.
var nouns = []noun{nounPolicy, nounDefault, nounPartners, nounPartner, nounSync,
	nounTemplates, nounTemplate, nounPartnerTemplate, nounTenant, nounAudit}

// route is a parsed path.
type route struct {
	noun     noun
	id       string // of a partner or tenant, as it was sent; a domain if byDomain
	reset    bool   // the reset action of the object
	byDomain bool
	unknown  string // the first unknown segment
}

const xtap = "policies/crossTenantAccessPolicy"

func parseRoute(path string) route {
	rest, ok := strings.CutPrefix(path, "/v1.0/")
	if !ok {
		return route{unknown: strings.Trim(path, "/")}
	}
	if sub, ok := strings.CutPrefix(rest, xtap); ok && (sub == "" || sub[0] == '/') {
		return parsePolicyRoute(strings.TrimPrefix(sub, "/"))
	}
	if fn, ok := strings.CutPrefix(rest, "tenantRelationships/findTenantInformationBy"); ok {
		return parseTenantRoute(fn)
	}
	if rest == "auditLogs/directoryAudits" {
		return route{noun: nounAudit}
	}
	return route{unknown: rest}
}

func parsePolicyRoute(sub string) route {
	switch sub {
	case "":
		return route{noun: nounPolicy}
	case "default":
		return route{noun: nounDefault}
	case "default/resetToSystemDefault", "default/microsoft.graph.resetToSystemDefault":
		return route{noun: nounDefault, reset: true}
	case "partners":
		return route{noun: nounPartners}
	}
	if id, ok := strings.CutPrefix(sub, "partners/"); ok {
		id, child, nested := strings.Cut(id, "/")
		switch {
		case !nested:
			return route{noun: nounPartner, id: id}
		case child == "identitySynchronization":
			return route{noun: nounSync, id: id}
		}
		return route{unknown: child}
	}
	return parseTemplateRoute(sub)
}

func parseTemplateRoute(sub string) route {
	name, ok := strings.CutPrefix(sub, "templates")
	name, isReset := strings.CutSuffix(name, "/resetToDefaultSettings")
	switch {
	case !ok:
	case name == "" && !isReset:
		return route{noun: nounTemplates}
	case name == "/multiTenantOrganizationIdentitySynchronization":
		return route{noun: nounTemplate, reset: isReset}
	case name == "/multiTenantOrganizationPartnerConfiguration":
		return route{noun: nounPartnerTemplate, reset: isReset}
	}
	return route{unknown: sub}
}

// parseTenantRoute parses the rest of a function call: TenantId(tenantId='…').
func parseTenantRoute(call string) route {
	id, isID := strings.CutPrefix(call, "TenantId(tenantId='")
	domain, isDomain := strings.CutPrefix(call, "DomainName(domainName='")
	if isDomain {
		id = domain
	}
	id, closed := strings.CutSuffix(id, "')")
	if !isID && !isDomain || !closed {
		return route{unknown: "findTenantInformationBy" + call}
	}
	return route{noun: nounTenant, id: id, byDomain: isDomain}
}

// isWrite reports whether a method changes something.
func isWrite(method string) bool { return method != http.MethodGet && method != http.MethodHead }

// operation returns the function that serves a method of an object, or nil.
func (r route) operation(method string) func(*Sim, *call) answer {
	if r.reset {
		if method == http.MethodPost {
			return r.action()
		}
		return nil
	}
	switch method {
	case http.MethodGet:
		return r.read()
	case http.MethodPost:
		if r.noun == nounPartners {
			return (*Sim).createPartner
		}
	case http.MethodPut:
		if r.noun == nounSync {
			return (*Sim).putSync
		}
	case http.MethodPatch:
		return r.update()
	case http.MethodDelete:
		switch r.noun {
		case nounPartner:
			return (*Sim).deletePartner
		case nounSync:
			return (*Sim).deleteSync
		}
	}
	return nil
}

func (r route) read() func(*Sim, *call) answer {
	switch r.noun {
	case nounPolicy:
		return (*Sim).getPolicy
	case nounDefault:
		return (*Sim).getDefault
	case nounPartners:
		return (*Sim).listPartners
	case nounPartner:
		return (*Sim).getPartner
	case nounSync:
		return (*Sim).getSync
	case nounTemplates:
		return (*Sim).getTemplates
	case nounTemplate:
		return (*Sim).getTemplate
	case nounPartnerTemplate:
		return (*Sim).getPartnerTemplate
	case nounTenant:
		return (*Sim).findTenant
	case nounAudit:
		return (*Sim).listAudits
	}
	return nil
}

func (r route) action() func(*Sim, *call) answer {
	switch r.noun {
	case nounDefault:
		return (*Sim).resetDefault
	case nounTemplate:
		return (*Sim).resetTemplate
	default:
		return (*Sim).resetPartnerTemplate
	}
}

func (r route) update() func(*Sim, *call) answer {
	switch r.noun {
	case nounPolicy:
		return (*Sim).patchPolicy
	case nounDefault:
		return (*Sim).patchDefault
	case nounPartner:
		return (*Sim).patchPartner
	case nounSync:
		return (*Sim).patchSync
	case nounTemplate:
		return (*Sim).patchTemplate
	case nounPartnerTemplate:
		return (*Sim).patchPartnerTemplate
	}
	return nil
}
