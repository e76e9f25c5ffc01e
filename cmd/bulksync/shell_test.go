package main

import (
	"os/exec"
	"testing"
)

// typedHere is one of two texts: what is typed into the shell of this system.
func typedHere(posix, power string) string {
	if userShell().power {
		return power
	}
	return posix
}

// A POSIX shell reads the same word that was printed for it.
func TestWordsOfAShell(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	for _, s := range []string{
		"plan.json", "", "a b", "it's", `\`, "$HOME", "a;b", "*", "~", "a\nb", "-x", "München", "#1", "!",
		"\x1b[31mred", "a\tb", "50%\r", "it's\n`id`", "bad\xff", "turned\u202eround", "\x01\x31",
		"::error::x.csv", "a ::b", "##vso[x]", "'##[x]", "C#::x",
	} {
		out, err := exec.Command("sh", "-c", "printf %s "+edge(shell{}.word(s))).Output()
		if err != nil || string(out) != s && s != "-x" {
			t.Errorf("%q comes out as %q: %v", s, out, err)
		}
	}
}

// The words for PowerShell, version 5.1 and 7.
func TestWordsOfPowerShell(t *testing.T) {
	sh := shell{power: true}
	for s, want := range map[string]string{
		"":                            "''",
		"plan.json":                   "plan.json",
		`C:\runs\1`:                   `C:\runs\1`,
		`\\server\share\a.csv`:        `\\server\share\a.csv`,
		"a b":                         "'a b'",
		"it's":                        "'it''s'",
		"it’s":                        "'it’’s'", // a quotation mark like any other there
		"$HOME":                       "'$HOME'",
		"@here":                       "'@here'",
		"a,b":                         "'a,b'",
		"a;b":                         "'a;b'",
		"`id`":                        "'`id`'",
		"München":                     "'München'",
		`C:\my runs\`:                 `'C:\my runs\\'`,
		"--on-drift=hold":             "--on-drift=hold",
		"-a.b":                        "'-a.b'",
		"a\nb":                        `"a$([char]10)b"`,
		"it's\x1b$x":                  `"it$([char]39)s$([char]27)$([char]36)x"`,
		"turned\u202eround\U0001F600": `"turned$([char]8238)round$([char]55357)$([char]56832)"`,
	} {
		if got := sh.word(s); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}

// Variables, and files of them, as each shell has them.
func TestVariablesOfAShell(t *testing.T) {
	posix, power := shell{}, shell{power: true}
	settings := func(sh shell) []setting {
		return []setting{{"AZURE_CLIENT_ID", sh.value("x")}, {"AZURE_CLIENT_SECRET", sh.variable("CONTOSO_SECRET")}}
	}
	for want, got := range map[string]string{
		`AZURE_CLIENT_ID=x AZURE_CLIENT_SECRET="$CONTOSO_SECRET" bulksync doctor`:                     posix.with(settings(posix), "bulksync doctor"),
		`$env:AZURE_CLIENT_ID = 'x'; $env:AZURE_CLIENT_SECRET = $env:CONTOSO_SECRET; bulksync doctor`: power.with(settings(power), "bulksync doctor"),
		`export A='b c'`:   posix.export("A", "b c"),
		`$env:A = 'b'`:     power.export("A", "b"),
		"unset A B":        posix.unset("A B"),
		". 'a b/env.sh'":   posix.source("a b/env.sh"),
		"'a b'/*/evidence": posix.below("a b", "evidence"),
		"Remove-Item -ErrorAction Ignore Env:A, Env:B":                                      power.unset("A B"),
		`Invoke-Expression (Get-Content -Raw -Encoding UTF8 -LiteralPath 'C:\a b\env.ps1')`: power.source(`C:\a b\env.ps1`),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
