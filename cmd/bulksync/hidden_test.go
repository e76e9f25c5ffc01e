package main

import (
	"os"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
	"bulksync/plan/audit"
	"bulksync/report"
)

// Graph can show policies that a person's role hides as if there were none: then nothing is claimed.
// Another role that sees them, and a policy that is seen, prove the contrary.
func TestARoleThatHidesPolicies(t *testing.T) {
	for name, tc := range map[string]struct {
		token graphsim.TokenOptions
		empty bool // the tenant has no partner
		want  int
	}{
		"an app":            {want: exitDone},
		"Teams":             {token: graphsim.TokenOptions{User: "ada@home.example", Roles: []string{graphsim.RoleTeamsAdministrator}}, want: exitIncomplete},
		"Teams, no partner": {token: graphsim.TokenOptions{User: "ada@home.example", Roles: []string{graphsim.RoleTeamsAdministrator}}, empty: true, want: exitDone},
		"Teams and reader": {token: graphsim.TokenOptions{
			User: "ada@home.example", Roles: []string{graphsim.RoleTeamsAdministrator, graphsim.RoleSecurityReader},
		}, want: exitDone},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t, graphsim.Config{})
			if !tc.empty {
				h.sim.SetPartner(graphsim.Partner{TenantID: killTenant(1), IdentitySynchronization: graphsim.SyncAllowed("One", true)})
			}
			token := h.sim.Token(tc.token)
			h.getenv = func(name string) string { return map[string]string{"BULKSYNC_ACCESS_TOKEN": token}[name] }
			w := wanted{csv: h.csv(t, killTenant(1))}
			plans := planOptions{wanted: w, out: h.file("plan.json")}
			audits := auditOptions{
				wanted: w, scope: string(audit.ScopeFile), newsOptions: newsOptions{failOnText: string(audit.FailOnNone), notifyFormat: string(report.Generic)},
			}
			exports := exportOptions{out: h.file("export.csv")}
			for verb, err := range map[string]error{
				"plan": plans.run(always(t), h.env), "audit": audits.run(always(t), h.env), "export": exports.run(t.Context(), h.env),
			} {
				if codeOf(err) != tc.want || err != nil && (!strings.Contains(h.hintOf(err), "a Teams Administrator sees partners") && verb != "audit") {
					t.Errorf("%s: got %v, hint %q", verb, err, h.hintOf(err))
				}
			}
			if _, err := os.Stat(h.file("plan.json")); (err == nil) != (tc.want == exitDone) {
				t.Errorf("the plan: %v", err)
			}
		})
	}
}
