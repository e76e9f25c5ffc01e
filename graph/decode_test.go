package graph_test

import (
	"testing"

	"bulksync/graph"
)

// What is wrong with a member is said in words, with the name of the member.
func TestFaultsOfMembersInWords(t *testing.T) {
	const mine = `{"tenantId":"` + fabrikam + `",`
	const of = "partner " + fabrikam + ": "
	for body, want := range map[string]string{
		mine + `"identitySynchronization":{"userSyncInbound":{"isSyncAllowed":"yes"}}}`: of + "identitySynchronization: isSyncAllowed is text, not true or false",
		mine + `"identitySynchronization":{"displayName":7}}`:                           of + "identitySynchronization: displayName is a number, not text",
		mine + `"identitySynchronization":{"userSyncInbound":[]}}`:                      of + "identitySynchronization: userSyncInbound is a list, not an object",
		mine + `"identitySynchronization":true}`:                                        of + "identitySynchronization: it is true or false, not an object",
		mine + `"identitySynchronization":{"displayName":"a","DisplayName":"b"}}`:       of + "identitySynchronization: DisplayName stands twice",
		mine + `"automaticUserConsentSettings":{"inboundAllowed":{}}}`:                  of + "automaticUserConsentSettings: inboundAllowed is an object, not true or false",
		mine + `"isServiceProvider":"true"}`:                                            of + "isServiceProvider: neither true nor false",
		`{"tenantId":null}`:                                                             "a partner without a readable tenantId",
		`[]`:                                                                            "it is a list, not an object",
	} {
		if _, err := graph.ParsePartner([]byte(body)); err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", body, err, want)
		}
	}
}
