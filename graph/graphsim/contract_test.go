package graphsim_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"bulksync/graph/graphsim"
)

// contract is the OpenAPI description of this area of Graph, with the schemas of
// request bodies closed: Graph refuses unknown members, and the description alone
// would allow them.
func contract(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../../testdata/graph-v1-openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.RequestBody != nil {
				media := op.RequestBody.Value.Content["application/json"]
				media.Schema = openapi3.NewSchemaRef("", closed(media.Schema.Value))
			}
		}
	}
	return doc
}

// closed returns the schema with the parts of allOf joined and further members
// forbidden, at every level.
func closed(s *openapi3.Schema) *openapi3.Schema {
	c := *s
	c.Properties, c.AllOf, c.AnyOf = openapi3.Schemas{}, nil, nil
	for _, part := range s.AllOf {
		p := closed(part.Value)
		maps.Copy(c.Properties, p.Properties)
		c.Required = append(slices.Clone(c.Required), p.Required...)
		c.Type = p.Type
	}
	for name, p := range s.Properties {
		c.Properties[name] = openapi3.NewSchemaRef("", closed(p.Value))
	}
	for _, one := range s.AnyOf {
		c.AnyOf = append(c.AnyOf, openapi3.NewSchemaRef("", closed(one.Value)))
	}
	if s.Items != nil {
		c.Items = openapi3.NewSchemaRef("", closed(s.Items.Value))
	}
	if c.Type.Is("object") {
		c.AdditionalProperties = openapi3.AdditionalProperties{Has: new(false)}
	}
	return &c
}

const pid = "{crossTenantAccessPolicyConfigurationPartner-tenantId}"

// offered reports whether the simulator serves a path of the description.
func offered(path string) bool {
	return !strings.Contains(path, "/multiTenantOrganization/") && !strings.HasSuffix(path, "/multiTenantOrganization")
}

// ask sends one request and checks the answer against the description, and the
// request too when it was accepted.
func (r *rig) ask(doc *openapi3.T, method, path, query, body string) reply {
	r.t.Helper()
	item := doc.Paths.Find(path)
	op := item.GetOperation(method)
	url := strings.NewReplacer(pid, contoso, "{tenantId}", contoso, "{domainName}", "contoso.example").Replace("/v1.0" + path)
	got := r.do(method, url+query, body)
	req, err := http.NewRequest(method, root+url+query, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header = r.header.Clone()
	in := &openapi3filter.RequestValidationInput{Request: req, Route: &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op}}
	if op.RequestBody != nil && got.status < 300 {
		if err := openapi3filter.ValidateRequestBody(r.t.Context(), in, op.RequestBody.Value); err != nil {
			r.t.Errorf("%s %s accepted %s: %v", method, path, body, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: got.status, Header: got.header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true}}
	if err := openapi3filter.ValidateResponse(r.t.Context(), out.SetBodyBytes([]byte(got.body))); err != nil {
		r.t.Errorf("%s %s: %d %s: %v", method, path, got.status, got.body, err)
	}
	return got
}

// scene has one partner with all objects, known as a tenant.
func scene(t *testing.T) *rig {
	r := newRig(t, graphsim.Config{Partners: 12, PageSize: 5, Tenants: []graphsim.Tenant{{TenantID: contoso, DefaultDomainName: "contoso.example"}}})
	r.SetPartner(graphsim.Partner{TenantID: contoso, InboundTrust: &graphsim.InboundTrust{IsMfaAccepted: new(true)},
		IdentitySynchronization: graphsim.SyncAllowed("Contoso", true)})
	return r
}

func TestEveryDescribedOperationIsServed(t *testing.T) {
	doc, served := contract(t), 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if !offered(path) {
				continue
			}
			for name, body := range examples(op) {
				r := scene(t)
				switch {
				case method == http.MethodPost:
					r.RemovePartner(contoso)
				case method == http.MethodPut, method == http.MethodDelete && strings.HasSuffix(path, pid):
					r.with(contoso) // created again, without a sync policy
				}
				if got := r.ask(doc, method, path, "", body); got.status >= 300 {
					t.Errorf("%s %s, example %q %s: %d %s", method, path, name, body, got.status, got.body)
				}
				served++
			}
		}
	}
	if served < 25 {
		t.Errorf("only %d operations", served)
	}
}

// examples are the request bodies that the description shows; one empty body for
// an operation without any.
func examples(op *openapi3.Operation) map[string]string {
	if op.RequestBody == nil {
		return map[string]string{"none": ""}
	}
	all := map[string]string{}
	for name, e := range op.RequestBody.Value.Content["application/json"].Examples {
		body, _ := json.Marshal(e.Value.Value)
		all[name] = string(body)
	}
	return all
}

func TestRefusalsAreAsTheDescriptionSays(t *testing.T) {
	doc := contract(t)
	const base, one = "/policies/crossTenantAccessPolicy", "/policies/crossTenantAccessPolicy/partners/" + pid
	for _, c := range []struct {
		status                    int
		method, path, query, body string
	}{
		{400, "PATCH", one, "", `{"inboundTrsut":null}`},
		{400, "DELETE", one, "", ``},
		{409, "POST", base + "/partners", "", `{"tenantId":"` + contoso + `"}`},
		{409, "PUT", one + "/identitySynchronization", "", `{}`},
		{200, "GET", base + "/partners", "?$select=tenantId&$expand=identitySynchronization", ``},
	} {
		r := scene(t)
		if got := r.ask(doc, c.method, c.path, c.query, c.body); got.status != c.status {
			t.Errorf("%s %s: got %d, want %d", c.method, c.path, got.status, c.status)
		}
	}
	for _, status := range []int{401, 403, 429, 503, 504} {
		r := scene(t)
		r.Inject(graphsim.Fault{Kind: graphsim.FaultKind(strconv.Itoa(status))})
		r.ask(doc, "GET", base+"/partners", "", "")
	}
}

// The simulator is at least as strict as the description, whatever the body.
func FuzzAcceptedBodiesFitTheDescription(f *testing.F) {
	for _, body := range []string{
		`{}`, `{"automaticUserConsentSettings":{"inboundAllowed":true}}`, `{"inboundTrust":null}`, `{"inboundTrust":{"isMfaAccepted":null}}`,
		`{"b2bCollaborationInbound":{"applications":{"accessType":"allowed","targets":[{"target":"x","targetType":"application"}]}}}`,
		`{"tenantRestrictions":{"devices":{"mode":"allowed","rule":""}}}`, `{"b2bCollaborationInbound":{"applications":{"accessType":null,"targets":null}}}`,
	} {
		f.Add([]byte(body))
	}
	doc := contract(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		var m map[string]any
		if json.Unmarshal(body, &m) != nil || bytes.Contains(body, []byte("@odata.")) {
			return
		}
		r := scene(t)
		r.ask(doc, "PATCH", "/policies/crossTenantAccessPolicy/partners/"+pid, "", string(body))
	})
}
