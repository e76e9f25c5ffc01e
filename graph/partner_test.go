package graph_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulksync/graph"
	"bulksync/graph/graphsim"
)

// An error names the member that is wrong, in words.
func TestWrongMembersAreNamedInWords(t *testing.T) {
	const mine = `{"tenantId":"` + fabrikam + `",`
	const of = "partner " + fabrikam + ": "
	for body, want := range map[string]string{
		mine + `"identitySynchronization":{"userSyncInbound":{"isSyncAllowed":"yes"}}}`: of + "identitySynchronization: isSyncAllowed is text, not true or false",
		mine + `"identitySynchronization":{"displayName":7}}`:                           of + "identitySynchronization: displayName is a number, not text",
		mine + `"identitySynchronization":{"userSyncInbound":[]}}`:                      of + "identitySynchronization: userSyncInbound is a list, not an object",
		mine + `"identitySynchronization":true}`:                                        of + "identitySynchronization: it is true or false, not an object",
		mine + `"identitySynchronization":{"displayName":"a","DisplayName":"b"}}`:       of + "identitySynchronization: DisplayName appears twice",
		mine + `"automaticUserConsentSettings":{"inboundAllowed":{}}}`:                  of + "automaticUserConsentSettings: inboundAllowed is an object, not true or false",
		mine + `"inboundTrust":{"isMfaAccepted":"yes"}}`:                                of + "inboundTrust: isMfaAccepted is text, not true or false",
		mine + `"inboundTrust":{"isCompliantDeviceAccepted":{}}}`:                       of + "inboundTrust: isCompliantDeviceAccepted is an object, not true or false",
		mine + `"inboundTrust":{"isMfaAccepted":true,"IsMfaAccepted":false}}`:           of + "inboundTrust: IsMfaAccepted appears twice",
		mine + `"inboundTrust":[]}`:                                                     of + "inboundTrust: it is a list, not an object",
		mine + `"inboundTrust":null,"InboundTrust":{"isMfaAccepted":true}}`:             "InboundTrust appears twice",
		mine + `"isServiceProvider":"true"}`:                                            of + "isServiceProvider: neither true nor false",
		`{"tenantId":null}`:                                                             "a partner without a readable tenantId",
		`[]`:                                                                            "it is a list, not an object",
	} {
		if _, err := graph.ParsePartner([]byte(body)); err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", body, err, want)
		}
	}
}

func TestAPartnerIsReadWithEverythingThatGraphSays(t *testing.T) {
	yes, no, name := true, false, "Fabrikam"
	for _, c := range []struct {
		name, body string
		want       graph.Partner
	}{
		{"nulls", `{"tenantId":"90E29127-71AD-49C7-9CE8-DB3F41EA06F1","isServiceProvider":null,"automaticUserConsentSettings":null,"inboundTrust":null,"identitySynchronization":null}`, graph.Partner{}},
		{
			"other letter case", `{"TenantID":"` + fabrikam + `","isserviceprovider":true,"AutomaticUserConsentSettings":null,"InboundTrust":{"IsMFAAccepted":true},"IdentitySynchronization":null}`,
			graph.Partner{IsServiceProvider: true, InboundTrust: graph.InboundTrust{IsMfaAccepted: &yes}, Trust: []byte(`{"IsMFAAccepted":true}`)},
		},
		{
			"an object of nulls", `{"tenantId":"` + fabrikam + `","isServiceProvider":null,"automaticUserConsentSettings":{"inboundAllowed":null,"outboundAllowed":null},"inboundTrust":{"isMfaAccepted":null,"isCompliantDeviceAccepted":null,"isHybridAzureADJoinedDeviceAccepted":null},"identitySynchronization":{"displayName":null,"userSyncInbound":{"isSyncAllowed":null}}}`,
			graph.Partner{Consent: []byte(`{"inboundAllowed":null,"outboundAllowed":null}`)},
		},
		{
			"a policy with nothing but an ID is there", `{"tenantId":"` + fabrikam + `","isServiceProvider":null,"automaticUserConsentSettings":null,"inboundTrust":null,"identitySynchronization":{"tenantId":"90E29127-71AD-49C7-9CE8-DB3F41EA06F1","displayName":null,"userSyncInbound":null}}`,
			graph.Partner{Sync: &graph.IdentitySynchronization{Raw: []byte(`{"tenantId":"90E29127-71AD-49C7-9CE8-DB3F41EA06F1","displayName":null,"userSyncInbound":null}`)}},
		},
		{
			"a trust that no schema names", `{"tenantId":"` + fabrikam + `","isServiceProvider":null,"automaticUserConsentSettings":null,"inboundTrust":{"isMfaAccepted":null,"isPasskeyAccepted":true},"identitySynchronization":null}`,
			graph.Partner{Trust: []byte(`{"isMfaAccepted":null,"isPasskeyAccepted":true}`)},
		},
		{
			"one trust", `{"tenantId":"` + fabrikam + `","isServiceProvider":null,"automaticUserConsentSettings":null,"inboundTrust":{"isHybridAzureADJoinedDeviceAccepted":true},"identitySynchronization":null}`,
			graph.Partner{InboundTrust: graph.InboundTrust{IsHybridAzureADJoinedDeviceAccepted: &yes}, Trust: []byte(`{"isHybridAzureADJoinedDeviceAccepted":true}`)},
		},
		{
			"all of it, and members that no schema has",
			`{"tenantId":"` + fabrikam + `","x":[1],"isServiceProvider":true,"automaticUserConsentSettings":{"inboundAllowed":true,"outboundAllowed":false,"y":{}},"inboundTrust":{"isMfaAccepted":true,"isCompliantDeviceAccepted":false,"isHybridAzureADJoinedDeviceAccepted":null,"v":2},"identitySynchronization":{"z":1e3,"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":false,"w":null}}}`,
			graph.Partner{
				IsServiceProvider: true, ConsentSettings: graph.ConsentSettings{InboundAllowed: &yes, OutboundAllowed: &no},
				Consent:      []byte(`{"inboundAllowed":true,"outboundAllowed":false,"y":{}}`),
				InboundTrust: graph.InboundTrust{IsMfaAccepted: &yes, IsCompliantDeviceAccepted: &no},
				Trust:        []byte(`{"isMfaAccepted":true,"isCompliantDeviceAccepted":false,"isHybridAzureADJoinedDeviceAccepted":null,"v":2}`),
				Sync: &graph.IdentitySynchronization{DisplayName: &name, IsSyncAllowed: &no,
					Raw: []byte(`{"z":1e3,"displayName":"Fabrikam","userSyncInbound":{"isSyncAllowed":false,"w":null}}`)},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.TenantID, c.want.Raw = fabrikam, []byte(c.body)
			got, _, err := list(t.Context(), newClient(t, played(answer(200, `{"value":[ `+c.body+` ]}`)), ""))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]graph.Partner{c.want}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			one, err := newClient(t, played(answer(200, c.body)), "").Partner(t.Context(), fabrikam)
			if diff := cmp.Diff(c.want, one, cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Errorf("by itself: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestSingleObjectsAreReadOrMissing(t *testing.T) {
	r := newRig(t, graphsim.Config{})
	r.SetPartner(graphsim.Partner{TenantID: fabrikam})
	r.AddTenant(graphsim.Tenant{TenantID: fabrikam, DefaultDomainName: "fabrikam.com"})
	ctx := t.Context()

	if p, err := r.Client.Partner(ctx, fabrikam); err != nil || p.TenantID != fabrikam {
		t.Errorf("partner: %+v, %v", p, err)
	}
	if _, err := r.IdentitySynchronization(ctx, fabrikam); !errors.Is(err, graph.NotFound) {
		t.Errorf("a policy that is not there: %v", err)
	}
	r.SetPartner(graphsim.Partner{TenantID: fabrikam, IdentitySynchronization: graphsim.SyncAllowed("Fabrikam", true)})
	if s, err := r.IdentitySynchronization(ctx, fabrikam); err != nil || *s.DisplayName != "Fabrikam" || !*s.IsSyncAllowed {
		t.Errorf("policy: %+v, %v", s, err)
	}
	if tmpl, err := r.Client.Template(ctx); err != nil || tmpl.TemplateApplicationLevel != "newPartners,existingPartners" || tmpl.IsSyncAllowed != nil {
		t.Errorf("template: %+v, %v", tmpl, err)
	}
	if id, err := r.TenantIDOfDomain(ctx, "fabrikam.com"); err != nil || id != fabrikam {
		t.Errorf("domain: %s, %v", id, err)
	}
	if _, err := r.TenantIDOfDomain(ctx, "nobody.example"); !errors.Is(err, graph.NotFound) {
		t.Errorf("an unknown domain: %v", err)
	}
}

// An answer that is not the requested object is requested again, and reported.
func TestASingleReadIsHeldToWhatWasAsked(t *testing.T) {
	const mine, other = `"tenantId":"` + fabrikam + `"`, `"tenantId":"` + contoso + `"`
	const rest = `,"isServiceProvider":null,"automaticUserConsentSettings":null,"inboundTrust":null`
	partner := func(ctx context.Context, c *graph.Client) error { _, err := c.Partner(ctx, fabrikam); return err }
	sync := func(ctx context.Context, c *graph.Client) error {
		_, err := c.IdentitySynchronization(ctx, fabrikam)
		return err
	}
	tmpl := func(ctx context.Context, c *graph.Client) error { _, err := c.Template(ctx); return err }
	domain := func(ctx context.Context, c *graph.Client) error {
		_, err := c.TenantIDOfDomain(ctx, "a.example")
		return err
	}
	for _, c := range []struct {
		name string
		read func(context.Context, *graph.Client) error
		body string
		want graph.Kind // "" is a success
		says string
	}{
		{"a partner", partner, `{` + mine + rest + `}`, "", ""},
		{"another partner", partner, `{` + other + rest + `}`, graph.Unreadable, "partner " + fabrikam + " cannot be read: answered with partner " + contoso},
		{"a partner without an ID", partner, `{"isServiceProvider":null,"automaticUserConsentSettings":null,"inboundTrust":null}`, graph.Unreadable, "a partner without a readable tenantId"},
		{"a partner without consent", partner, `{` + mine + `,"isServiceProvider":null}`, graph.NotVisible, "no automaticUserConsentSettings in the answer, although it was asked for"},
		{"a partner without trust", partner, `{` + mine + `,"isServiceProvider":null,"automaticUserConsentSettings":null}`, graph.NotVisible, "no inboundTrust in the answer, although it was asked for"},
		{"a partner with trust of another type", partner, `{` + mine + `,"isServiceProvider":null,"automaticUserConsentSettings":null,"inboundTrust":7}`, graph.Unreadable, "inboundTrust: it is a number, not an object"},
		{"a partner with a member twice", partner, `{` + mine + rest + `,"isServiceProvider":true}`, graph.Unreadable, "partner " + fabrikam + " cannot be read: "},
		{"a policy", sync, `{` + mine + `,"displayName":null,"userSyncInbound":null}`, "", ""},
		{"a policy without an ID", sync, `{"displayName":null,"userSyncInbound":{"isSyncAllowed":true}}`, "", ""},
		{"another's policy", sync, `{` + other + `,"displayName":null,"userSyncInbound":null}`, graph.Unreadable, "of another tenant, " + contoso},
		{"half a policy", sync, `{` + mine + `,"displayName":"x"}`, graph.NotVisible, "no userSyncInbound in the answer"},
		{"another object", sync, `{"id":"x"}`, graph.Unreadable, "none of the members that were asked for"},
		{"a policy that is null", sync, `null`, graph.Unreadable, "none of the members that were asked for"},
		{"a policy of another type", sync, `{` + mine + `,"displayName":7,"userSyncInbound":null}`, graph.Unreadable, "partner " + fabrikam + " cannot be read: "},
		{"a template without its level", tmpl, `{"userSyncInbound":null}`, graph.Unreadable, "a template without templateApplicationLevel"},
		{"half a template", tmpl, `{"templateApplicationLevel":"none"}`, graph.NotVisible, "no userSyncInbound in the answer"},
		{"a template with a level twice", tmpl, `{"templateApplicationLevel":"none","TemplateApplicationLevel":"x","userSyncInbound":null}`, graph.Unreadable, "TemplateApplicationLevel appears twice"},
		{"a level of null", tmpl, `{"templateApplicationLevel":null}`, graph.Unreadable, "a template without"},
		{"a list", tmpl, `[]`, graph.Unreadable, "not the JSON that Graph answers"},
		{"cut JSON", partner, `{` + mine, graph.Unreadable, "not the JSON that Graph answers"},
		{"no JSON", domain, `nope`, graph.Unreadable, "not the JSON that Graph answers"},
		{"an unknown domain", domain, `{"tenantId":""}`, graph.Unreadable, "tenant information without a readable tenantId"},
		{"an error in a success", domain, `{` + mine + `,"error":{"code":"c","message":"m"}}`, graph.Unreadable, "the status says success, but the body holds an error"},
		{"nothing", domain, ``, graph.Unreadable, "an answer without a body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := played(answer(200, c.body))
				err := c.read(t.Context(), newClient(t, wire, ""))
				if c.want == "" && err != nil || c.want != "" && !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) {
					t.Errorf("got %v", err)
				}
				if again := len(wire.sent) > 1; again != (c.want == graph.Unreadable) {
					t.Errorf("asked %d times", len(wire.sent))
				}
			})
		})
	}
}

// A page is decoded on several processors; each partner is the same as if read alone.
func TestAPageIsReadAsItsPartnersAre(t *testing.T) {
	r := newRig(t, graphsim.Config{Partners: 300, PageSize: 150})
	got, _, err := list(t.Context(), r.Client)
	if err != nil || len(got) != 300 {
		t.Fatalf("%d partners, %v", len(got), err)
	}
	for _, p := range got {
		one, err := graph.ParsePartner(p.Raw)
		if diff := cmp.Diff(one, p); diff != "" || err != nil {
			t.Errorf("%v (-alone +listed):\n%s", err, diff)
		}
		known, ok := r.Sim.Partner(p.TenantID)
		if trust := known.InboundTrust; !ok || (trust == nil) != (p.Trust == nil) || trust != nil && *trust.IsCompliantDeviceAccepted != *p.IsCompliantDeviceAccepted {
			t.Errorf("%s: trust %s", p.TenantID, p.Trust)
		}
	}
}
