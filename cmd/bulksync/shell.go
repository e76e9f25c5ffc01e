package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"bulksync/report"
)

// shell is what a printed command is typed into: PowerShell on Windows, and a POSIX
// shell elsewhere.
type shell struct{ power bool }

// userShell is the shell of this system.
func userShell() shell { return shell{power: runtime.GOOS == "windows"} }

// shellQuote quotes s as one word for the shell of this system.
func shellQuote(s string) string { return userShell().word(s) }

// shellFile quotes the path of a file or folder, which must not look like a flag.
func shellFile(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	return shellQuote(path)
}

// word quotes s as one word of a command.
func (sh shell) word(s string) string {
	special := s == "" || strings.ContainsFunc(s, func(r rune) bool { return !sh.isPlain(r) })
	if report.OneLine(s) == s && !special && !(sh.power && strings.HasPrefix(s, "-") && strings.Contains(s, ".")) { // PowerShell 5.1 breaks -a.b in two
		return s
	}
	if sh.power && strings.HasSuffix(s, `\`) {
		s += `\` // PowerShell 5.1 puts a quotation mark after it, which it would escape
	}
	return sh.literal(s)
}

// isPlain reports whether a letter means itself wherever it stands in a word.
func (sh shell) isPlain(r rune) bool {
	others := "_-./:@%+=,"
	if sh.power {
		others = `_-./:\+=*`
	}
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(others, r)
}

// literal quotes s, whatever is in it.
func (sh shell) literal(s string) string {
	switch {
	case report.OneLine(s) != s && sh.power:
		return charWord(s)
	case report.OneLine(s) != s:
		return printfWord(s)
	case sh.power: // which takes a typographic quotation mark for a plain one
		return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(s) + "'"
	default:
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
}

// printfWord quotes text that cannot be printed as it is. Letters and digits
// stay readable, so that edge still finds a token. (The shell drops a newline
// at the very end.)
func printfWord(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isReadable(rune(c)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return `"$(printf '` + b.String() + `')"`
}

// charWord is printfWord for PowerShell.
func charWord(s string) string {
	var b strings.Builder
	for _, r := range s {
		if isReadable(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, "$([char]%d)", unit)
		}
	}
	return `"` + b.String() + `"`
}

func isReadable(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-./:@", r))
}

// below is the word for a file in each folder below dir. PowerShell leaves the
// pattern to the program.
func (sh shell) below(dir, name string) string {
	if sh.power {
		return sh.word(filepath.Join(dir, "*", name))
	}
	return sh.word(dir) + "/*/" + name
}

// variable is the value of a variable, as one word.
func (sh shell) variable(name string) string {
	if sh.power {
		return "$env:" + name
	}
	return `"$` + name + `"`
}

// setting is a variable that a command is given, with its value as a word.
type setting struct{ name, word string }

// with is a command line with variables. In PowerShell they outlast it.
func (sh shell) with(settings []setting, line string) string {
	var b strings.Builder
	for _, s := range settings {
		if sh.power {
			fmt.Fprintf(&b, "$env:%s = %s; ", s.name, s.word)
		} else {
			fmt.Fprintf(&b, "%s=%s ", s.name, s.word)
		}
	}
	return b.String() + line
}

// value is the word for the value of a variable.
func (sh shell) value(s string) string {
	if sh.power { // where a bare word would be a command
		return sh.literal(s)
	}
	return sh.word(s)
}

// export is a line that sets a variable for all commands after it.
func (sh shell) export(name, value string) string {
	if sh.power {
		return "$env:" + name + " = " + sh.value(value)
	}
	return "export " + name + "=" + sh.value(value)
}

// unset is a line that removes variables.
func (sh shell) unset(names string) string {
	if sh.power {
		return "Remove-Item -ErrorAction Ignore Env:" + strings.ReplaceAll(names, " ", ", Env:")
	}
	return "unset " + names
}

// source is a line that runs a file of such lines. PowerShell runs no script before an
// administrator has allowed it, but it runs what is read from one.
func (sh shell) source(path string) string {
	if sh.power {
		return "Invoke-Expression (Get-Content -Raw -Encoding UTF8 -LiteralPath " + sh.literal(path) + ")"
	}
	return ". " + sh.word(path)
}
