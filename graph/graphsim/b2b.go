package graphsim

import "encoding/json"

// consistent refuses B2B settings that contradict themselves: whoever blocks all
// users must block all applications, and whoever allows users must leave them an
// application (Entra's overview of cross-tenant access). Which body the service
// answers with is not documented. Only the members that a body names are checked.
func (m Members) consistent(body map[string]any) *odataError {
	for name := range b2bSettings {
		if _, sent := body[name]; !sent || name == "inboundTrust" || m[name] == nil {
			continue
		}
		var s struct{ UsersAndGroups, Applications *targetConfiguration }
		if json.Unmarshal(m[name], &s) != nil || s.UsersAndGroups == nil || s.Applications == nil {
			continue
		}
		noUsers, noApps := s.UsersAndGroups.blocks("AllUsers"), s.Applications.blocks("AllApplications")
		if noUsers && !noApps || noApps && s.UsersAndGroups.AccessType == "allowed" {
			return badRequest("The users and the applications of '" + name + "' contradict each other.")
		}
	}
	return nil
}

type targetConfiguration struct {
	AccessType string
	Targets    []struct{ Target string }
}

// blocks reports whether everything is blocked.
func (t *targetConfiguration) blocks(all string) bool {
	return t.AccessType == "blocked" && len(t.Targets) == 1 && t.Targets[0].Target == all
}
