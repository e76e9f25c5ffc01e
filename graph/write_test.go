package graph_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"bulksync/graph"
	"bulksync/graph/graphsim"
)

// The two examples are from Microsoft's reference pages "Create identitySynchronization" and
// "Update multiTenantOrganizationIdentitySyncPolicyTemplate".
func TestTheReferenceExamplesGoOverTheWireByteForByte(t *testing.T) {
	for _, c := range []struct{ name, method, path, body string }{
		{
			"create identitySynchronization", "PUT",
			"/policies/crossTenantAccessPolicy/partners/90e29127-71ad-49c7-9ce8-db3f41ea06f1/identitySynchronization",
			`{"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":true}}`,
		},
		{
			"update the template", "PATCH",
			"/policies/crossTenantAccessPolicy/templates/multiTenantOrganizationIdentitySynchronization",
			`{"templateApplicationLevel":"newPartners,existingPartners","userSyncInbound":{"isSyncAllowed":true}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, graphsim.Config{})
			r.SetPartner(graphsim.Partner{TenantID: fabrikam})
			resp, err := r.Do(t.Context(), graph.Request{Method: c.method, Path: c.path, Body: []byte(c.body)})
			if err != nil {
				t.Fatal(err)
			}
			if resp.Status != 204 || len(resp.Body) != 0 || resp.Attempts != 1 {
				t.Errorf("got %d %q in %d attempts, want 204 with no body in one", resp.Status, resp.Body, resp.Attempts)
			}
			want := []graphsim.Request{{
				Method: c.method, Path: "/v1.0" + c.path, Body: c.body, UserAgent: agent, Status: 204,
				AppID: graphsim.DefaultAppID, ClientRequestID: resp.ClientRequestID, RequestID: resp.RequestID,
				Decided: true, Committed: true,
			}}
			if diff := cmp.Diff(want, r.Requests(), cmp.FilterPath(isTime, cmp.Ignore())); diff != "" {
				t.Errorf("on the wire (-want +got):\n%s", diff)
			}
			if uuid.Validate(resp.ClientRequestID) != nil {
				t.Errorf("client-request-id %q is no UUID", resp.ClientRequestID)
			}
		})
	}
}

func isTime(p cmp.Path) bool { return p.Last().String() == ".At" }

func TestTheSpellingsOfPathsAreThoseOfGraph(t *testing.T) {
	for got, want := range map[string]string{
		graph.PartnersPath():        "/policies/crossTenantAccessPolicy/partners",
		graph.PartnerPath(fabrikam): "/policies/crossTenantAccessPolicy/partners/" + fabrikam,
		graph.SyncPath(fabrikam):    "/policies/crossTenantAccessPolicy/partners/" + fabrikam + "/identitySynchronization",
		graph.TemplatePath:          "/policies/crossTenantAccessPolicy/templates/multiTenantOrganizationIdentitySynchronization",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestEveryRequestSaysWhoAsksAndForWhat(t *testing.T) {
	wire := played(answer(204, ""))
	c, err := graph.New(graph.Options{RootURL: root, UserAgent: agent, Priority: "low", Base: wire})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []graph.Request{write, {Method: "DELETE", Path: graph.SyncPath(fabrikam)}} {
		if _, err := c.Do(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for i, contentType := range []string{"application/json", ""} {
		h := wire.sent[i].Header
		got := []string{h.Get("User-Agent"), h.Get("Accept"), h.Get("x-ms-throttle-priority"), h.Get("Content-Type")}
		if diff := cmp.Diff([]string{agent, "application/json", "low", contentType}, got); diff != "" {
			t.Errorf("headers of %s (-want +got):\n%s", wire.sent[i].Method, diff)
		}
	}
	if diff := cmp.Diff([]string{`{"displayName":"Fabrikam"}`, ""}, wire.bodies); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

func TestAClientRequestIDIsFreshOrTheOneGiven(t *testing.T) {
	wire := played(answer(204, ""))
	c := newClient(t, wire, "")
	var ids []string
	for _, given := range []string{"", "", "11111111-2222-4333-8444-555555555555"} {
		r := write
		r.ClientRequestID = given
		resp, err := c.Do(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, resp.ClientRequestID)
		if sent := wire.sent[len(ids)-1].Header.Get("client-request-id"); sent != resp.ClientRequestID {
			t.Errorf("sent %s, told %s", sent, resp.ClientRequestID)
		}
	}
	if ids[0] == ids[1] || ids[2] != "11111111-2222-4333-8444-555555555555" {
		t.Errorf("client-request-ids %q", ids)
	}
}
