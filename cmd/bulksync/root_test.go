package main

import (
	"bytes"
	"strings"
	"testing"
)

// A home tenant that is no GUID is refused by every command, before it does anything: what it should
// guard would not be guarded.
func TestATenantThatIsNoGUIDIsRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, sub := range rootCommand(&commandLine{}).Commands() {
		if isTopic(sub) || sub.Name() == "help" || sub.Name() == "completion" {
			continue // what they print has no tenant in it
		}
		for _, tc := range []struct {
			flag []string
			env  string
			want string
		}{
			{flag: []string{"--tenant", "contoso.com"}, want: `bulksync: error: --tenant "contoso.com": give the GUID of the home tenant`},
			{flag: []string{"--tenant", ""}, env: "5a1e7e4a-0d0c-4b6e-9c55-3f1b2c9d8e70", want: `bulksync: error: --tenant "" names nothing: give a value, or leave the flag out`},
			{flag: []string{"--tenant", "00000000-0000-0000-0000-000000000000"}, want: `bulksync: error: --tenant "00000000-0000-0000-0000-000000000000": give the GUID of the home tenant`},
			{env: "5a1e7e4a-0d0c", want: `bulksync: error: BULKSYNC_TENANT "5a1e7e4a-0d0c": give the GUID of the home tenant`},
		} {
			if sub.Name() == "version" && tc.flag == nil {
				continue // it is told, whatever is set
			}
			args := []string{sub.Name()}
			if sub.Args(sub, nil) != nil || sub.Args(sub, []string{"x"}) == nil {
				args = append(args, "x")
			}
			var out, said bytes.Buffer
			p := &process{in: strings.NewReader(""), out: &out, messages: messages{stderr: &said}, getenv: func(name string) string {
				return map[string]string{"BULKSYNC_TENANT": tc.env}[name]
			}}
			if code := p.run(always(t), append(args, tc.flag...)); code != exitCannotRun || out.Len() > 0 || strings.TrimSpace(said.String()) != tc.want {
				t.Errorf("%s %q: exit %d, %s%s", args, tc.flag, code, out.String(), said.String())
			}
		}
	}
}

// A home tenant is known in every form in which people write a GUID.
func TestFormsOfTheHomeTenant(t *testing.T) {
	const want = "5a1e7e4a-0d0c-4b6e-9c55-3f1b2c9d8e70"
	for _, form := range []string{want, strings.ToUpper(want), " {" + want + "} ", strings.ReplaceAll(want, "-", "")} {
		var g globals
		if err := g.locate(address{tenant: form}, func(string) string { return "" }); err != nil || g.homeTenant != want {
			t.Errorf("%q: %q, %v", form, g.homeTenant, err)
		}
	}
}
