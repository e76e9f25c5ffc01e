package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"bulksync/graph/graphsim"
	"bulksync/report"
)

// Whatever doctor says fits a terminal of 80 columns, and its JSON says the same.
func TestDoctorFitsATerminal(t *testing.T) {
	for name, o := range map[string]graphsim.TokenOptions{
		"all":     {},
		"nothing": {Permissions: []string{"User.Read"}},
		"Teams":   {User: strings.Repeat("ada.", 30) + "@home.example", Roles: []string{graphsim.RoleTeamsAdministrator}},
		"ended":   {Lifetime: -time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t, graphsim.Config{Partners: 3})
			token := h.sim.Token(o)
			h.getenv = func(string) string { return token }
			said := func(f report.Format) string {
				h.stdout.Reset()
				h.format = f
				if err := (doctorOptions{csv: h.csv(t, killTenant(1))}).run(always(t), h.env); err != nil && codeOf(err) != exitCannotRun {
					t.Fatal(err)
				}
				return h.stdout.String()
			}
			text := said(report.Text)
			for line := range strings.Lines(text) {
				if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 80 {
					t.Errorf("%s", line)
				}
			}
			var d diagnosis
			if err := json.Unmarshal([]byte(said(report.JSON)), &d); err != nil || len(d.Checks) < 14 {
				t.Fatal(err, d)
			}
			for _, c := range d.Checks {
				if !regexp.MustCompile(`(?m)^` + string(c.Status) + ` +` + c.Name + ` `).MatchString(text) {
					t.Errorf("the text does not say %s %s\n%s", c.Status, c.Name, text)
				}
			}
		})
	}
}
