package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/internal/words"
)

// manifestName is the manifest of a rehearsal of many home tenants.
const manifestName = "fleet.yaml"

// manifestHead begins it.
const manifestHead = "# The home tenants of a rehearsal, by bulksync simulate. Nothing here opens anything real.\n"

// fleetPartners is how many partners a tenant needs for two rows in its CSV.
const fleetPartners = 4

// simulated is what simulate serves.
type simulated struct {
	url     string
	cloud   graph.Cloud // empty if not given
	tenants []simulatedTenant
	// signIn says that there is a sign-in host, so that the secret of a tenant is a
	// client secret; otherwise it is a token.
	signIn bool
}

// simulatedTenant is one of the home tenants.
type simulatedTenant struct {
	sim    *graphsim.Sim
	number int // from 1
	// name is that in a manifest. Names sort as numbers do.
	name   string
	secret string
}

func simulatedTenants(farm *graphsim.Farm, secret func(*graphsim.Sim) string) []simulatedTenant {
	sims := farm.Sims()
	all, width := make([]simulatedTenant, len(sims)), len(strconv.Itoa(len(sims)))
	for i, sim := range sims {
		all[i] = simulatedTenant{sim, i + 1, fmt.Sprintf("adatum-%0*d", width, i+1), secret(sim)}
	}
	return all
}

// differs reports whether the tenant is not as its CSV wants it: each fifth, from the
// second on.
func (t simulatedTenant) differs() bool { return t.number%5 == 2 }

// csv wants the tenant as it is. In one that differs, the first row wants the opposite
// for its partner, and the last partner has no row.
func (t simulatedTenant) csv() []byte {
	rows := [][]string{{"tenantId", "displayName", "isSyncAllowed", "inboundConsent"}}
	for _, p := range t.sim.Partners() {
		name, allowed := demoSync(p)
		if allowed == "" || p.TenantID == graphsim.SupportTenant {
			continue
		}
		if t.differs() && len(rows) == 1 {
			allowed = strconv.FormatBool(allowed != "true")
		}
		consent := ""
		if allowed == "true" {
			consent = allowed
		}
		rows = append(rows, []string{p.TenantID, name, allowed, consent})
	}
	if t.differs() {
		rows = rows[:len(rows)-1]
	}
	var b bytes.Buffer
	_ = csv.NewWriter(&b).WriteAll(rows) // a buffer never fails
	return b.Bytes()
}

// secretOf is the key of a manifest for what opens a tenant, and the variable that
// holds it.
func (s *simulated) secretOf(t simulatedTenant) (key, variable string) {
	name := strings.ToUpper(strings.ReplaceAll(t.name, "-", "_"))
	if s.signIn {
		return "clientSecretEnv", name + "_SECRET"
	}
	return "accessTokenEnv", name + "_TOKEN"
}

// secrets are the variables that hold what opens the tenants.
func (s *simulated) secrets() [][2]string {
	variables := make([][2]string, len(s.tenants))
	for i, t := range s.tenants {
		_, variable := s.secretOf(t)
		variables[i] = [2]string{variable, t.secret}
	}
	return variables
}

// manifest lists the tenants.
func (s *simulated) manifest() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%sdefaults:\n  cloud: %s\n  graphUrl: %s\n", manifestHead, cmp.Or(s.cloud, graph.Global), s.url)
	if s.signIn {
		fmt.Fprintf(&b, "  clientId: %s\n", graphsim.DefaultAppID)
	}
	b.WriteString("tenants:\n")
	for _, t := range s.tenants {
		key, variable := s.secretOf(t)
		fmt.Fprintf(&b, "  - name: %s  # %s\n    tenantId: %s\n    %s: %s\n    csv: %s.csv\n",
			t.name, t.sim.Home().DisplayName, t.sim.HomeTenant(), key, variable, t.name)
	}
	return b.String()
}

// fleetFiles are the settings, the manifest and what it names.
func (s *simulated) fleetFiles(settings string) []rehearsalFile {
	files := []rehearsalFile{{settingsName, []byte(settings)}, {manifestName, []byte(s.manifest())}}
	for _, t := range s.tenants {
		files = append(files, rehearsalFile{t.name + ".csv", t.csv()})
	}
	return files
}

// what says what is served.
func (s *simulated) what() string {
	first, host := s.tenants[0].sim, ""
	if len(s.tenants) == 1 {
		if s.signIn {
			host = ", with its sign-in host"
		}
		return fmt.Sprintf("Graph of home tenant %s (%s), %d partners%s, at %s", first.HomeTenant(), edge(first.Home().DisplayName), len(first.Partners()), host, s.url)
	}
	if s.signIn {
		host = ", with their sign-in host"
	}
	return fmt.Sprintf("Graph of %s, %s each%s, at %s", words.Count(len(s.tenants), "home tenant"), words.Count(len(first.Partners()), "partner"), host, s.url)
}

// toldFleet says what is served, and how to reach all of it with the manifest.
func (s *simulated) toldFleet(dir string) string {
	return fmt.Sprintf(`%s
In another terminal:

  %s
  bulksync fleet audit %s --out-dir %s

Ctrl-C ends it.
`, s.what(), userShell().source(absolute(dir, settingsName)), shellQuote(absolute(dir, manifestName)), shellQuote(absolute(dir, "audit")))
}

// toldTokens says what is served, and how to reach a tenant with its token.
func (s *simulated) toldTokens(doctor string) string {
	with, comment := "", func(simulatedTenant) string { return "" }
	if len(s.tenants) > 1 {
		with = ", with the token of one tenant (--fleet DIR writes a manifest of all)"
		comment = func(t simulatedTenant) string {
			return "  # " + t.sim.HomeTenant() + ", " + edge(t.sim.Home().DisplayName)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nIn another terminal%s:\n\n", s.what(), with)
	for _, t := range s.tenants {
		fmt.Fprintf(&b, "  %s%s\n", userShell().export("BULKSYNC_ACCESS_TOKEN", t.secret), comment(t))
	}
	fmt.Fprintf(&b, "  %s\n\nCtrl-C ends it.\n", doctor)
	return b.String()
}
