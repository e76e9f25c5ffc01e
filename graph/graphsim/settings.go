package graphsim

import "encoding/json"

// policyID is the literal id of the one policy object; the default has a GUID.
const (
	policyID  = "crossTenantAccessPolicy"
	defaultID = "9a36c5d2-4f7e-4e0b-b8d1-6c02e75fa394"
)

// serviceDefault is the default of a tenant that changed nothing: B2B collaboration with all
// organizations, direct connect with none, no trust, no automatic redemption.
func serviceDefault() Members {
	const (
		allowed = `{"usersAndGroups":{"accessType":"allowed","targets":[{"target":"AllUsers","targetType":"user"}]},` +
			`"applications":{"accessType":"allowed","targets":[{"target":"AllApplications","targetType":"application"}]}}`
		blocked = `{"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]},` +
			`"applications":{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]}}`
	)
	m := Members{}
	for name, value := range map[string]string{
		"isServiceDefault":               `true`,
		"b2bCollaborationInbound":        allowed,
		"b2bCollaborationOutbound":       allowed,
		"b2bDirectConnectInbound":        blocked,
		"b2bDirectConnectOutbound":       blocked,
		"inboundTrust":                   `{"isMfaAccepted":false,"isCompliantDeviceAccepted":false,"isHybridAzureADJoinedDeviceAccepted":false}`,
		"automaticUserConsentSettings":   `{"inboundAllowed":false,"outboundAllowed":false}`,
		"crossCloudMeetingConfiguration": `{"inboundAllowed":false,"outboundAllowed":false}`,
		"invitationRedemptionIdentityProviderConfiguration": `{"primaryIdentityProviderPrecedenceOrder":` +
			`["azureActiveDirectory","externalFederation","socialIdentityProviders"],"fallbackIdentityProvider":"defaultConfiguredIdp"}`,
	} {
		m[name] = json.RawMessage(value)
	}
	return m
}

func initialPolicy() Members {
	return Members{"displayName": json.RawMessage(`"CrossTenantAccessPolicy"`), "allowedCloudEndpoints": json.RawMessage(`[]`)}
}

func (s *Sim) getPolicy(c *call) answer {
	return s.getMembers(c, &s.policy, "$entity", policyID, policy)
}

func (s *Sim) patchPolicy(c *call) answer {
	body, bad := c.decode(policy)
	if bad != nil {
		return refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.putMembers(c, &s.policy, s.policy.latest.mergedAll(body), categoryAccess, ActivityUpdatePolicy, policyID)
	return noContent()
}

func (s *Sim) getDefault(c *call) answer {
	return s.getMembers(c, &s.defaults, "default/$entity", defaultID, defaults)
}

func (s *Sim) patchDefault(c *call) answer {
	body, bad := c.decode(defaults)
	if bad != nil {
		return refuse(bad)
	}
	body["isServiceDefault"] = false
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.defaults.latest.mergedAll(body)
	if bad := m.consistent(body); bad != nil {
		return refuse(bad)
	}
	s.putMembers(c, &s.defaults, m, categorySync, ActivityUpdateDefault, defaultID)
	return noContent()
}

func (s *Sim) resetDefault(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.putMembers(c, &s.defaults, serviceDefault(), categoryAccess, ActivityResetDefault, defaultID)
	return noContent()
}
