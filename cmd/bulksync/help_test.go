package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
	"bulksync/report"
)

// helpOf is the help of a command, or a topic.
func helpOf(t *testing.T, cmd *cobra.Command) string {
	t.Helper()
	var b bytes.Buffer
	if err := writeHelp(&b, cmd); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The help of each command, and each topic, fits a terminal of 80 columns.
func TestHelpFitsATerminal(t *testing.T) {
	root := rootCommand(&commandLine{})
	for _, cmd := range append(allCommands(root), root) {
		for line := range strings.Lines(helpOf(t, cmd)) {
			if len([]rune(strings.TrimSuffix(line, "\n"))) > helpWidth {
				t.Errorf("help %s: %s", verbOf(cmd), line)
			}
		}
	}
}

// Each command is in one group, has an example, and explains each of its flags. A
// flag with a value shows what stands for it, once.
func TestHelpIsComplete(t *testing.T) {
	root := rootCommand(&commandLine{})
	var grouped []string
	for _, g := range groups {
		grouped = append(grouped, strings.Fields(g.verbs)...)
	}
	for _, cmd := range allCommands(root) {
		if cmd.Hidden || isTopic(cmd) {
			continue
		}
		if cmd.Parent() == root {
			at := slices.Index(grouped, cmd.Name())
			if at < 0 {
				t.Fatalf("%s is in no group of the help", cmd.Name())
			}
			grouped = slices.Delete(grouped, at, at+1)
		}
		if !strings.Contains(cmd.Example, cmd.CommandPath()) {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		own, global := flagsOf(cmd)
		for _, f := range append(own, global...) {
			placeholder := placeholderOf(verbOf(cmd), f)
			switch isSwitch := f.NoOptDefVal != ""; {
			case f.Usage == "", strings.Contains(f.Usage, "`"), isSwitch != (placeholder == ""):
				t.Errorf("%s --%s: placeholder %q, usage %q", cmd.CommandPath(), f.Name, placeholder, f.Usage)
			case strings.HasPrefix(f.Usage, placeholder) && !isSwitch:
				t.Errorf("%s --%s repeats its placeholder: %s", cmd.CommandPath(), f.Name, f.Usage)
			}
		}
	}
	if len(grouped) > 0 {
		t.Errorf("the help lists what there is not: %q", grouped)
	}
}

// Each example of a help is a command line that the program can parse.
func TestExamplesParse(t *testing.T) {
	for _, cmd := range append(allCommands(rootCommand(&commandLine{})), rootCommand(&commandLine{})) {
		for line := range strings.Lines(cmd.Example) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), "  #")
			line, _, _ = strings.Cut(line, " > ")
			line, _, _ = strings.Cut(line, " | ")
			var args []string
			for _, m := range regexp.MustCompile(`"([^"]*)"|(\S+)`).FindAllStringSubmatch(line, -1) {
				args = append(args, m[1]+m[2])
			}
			of, rest, err := rootCommand(&commandLine{}).Find(args[1:])
			if err == nil {
				err = of.ParseFlags(rest)
			}
			if err == nil && of.Args != nil {
				err = of.Args(of, of.Flags().Args())
			}
			if args[0] != "bulksync" || err != nil {
				t.Errorf("%s: %q: %v", cmd.CommandPath(), line, err)
			}
		}
	}
}

// The words of a flag are those that the rest of the program knows.
func TestChoicesAreKnown(t *testing.T) {
	parse := map[string]func(string) error{
		"format":            func(s string) error { _, err := report.ParseFormat(s); return err },
		"cloud":             func(s string) error { _, err := graph.ParseCloud(s); return err },
		"auth":              func(s string) error { _, err := auth.ParseWay(s); return err },
		"throttle-priority": func(s string) error { _, err := graph.ParsePriority(s); return err },
		"fail-on":           func(s string) error { _, err := audit.ParseFailOn(s); return err },
		"notify-format":     func(s string) error { _, err := report.ParseNotifyFormat(s); return err },
		"scope":             func(s string) error { _, err := audit.ParseScope(s); return err },
		"for":               func(s string) error { _, err := parseTask(s); return err },
	}
	root := rootCommand(&commandLine{})
	for _, cmd := range append(allCommands(root), root) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			words, _ := choicesOf(verbOf(cmd), f)
			for _, word := range words {
				if known := parse[f.Name]; known != nil && known(word) != nil {
					t.Errorf("--%s %s: %v", f.Name, word, known(word))
				}
				if err := f.Value.Set(strings.ToUpper(word)); err != nil {
					t.Errorf("--%s takes %s in one letter case alone: %v", f.Name, word, err)
				}
			}
		})
	}
}

// What a word of another tool means is a word of a choice, or a command.
func TestOtherWordsMeanSomething(t *testing.T) {
	var known choice
	root := rootCommand(&commandLine{})
	for _, cmd := range append(allCommands(root), root) {
		known = append(known, cmd.Name())
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			words, _ := choicesOf("audit", f)
			known = append(known, words...)
		})
		if others := otherVerbs(cmd.Name()); cmd.Parent() == root {
			for _, other := range others {
				if childOf(root, other) != nil {
					t.Errorf("%s is a command, and cannot mean %s", other, cmd.Name())
				}
			}
		}
	}
	known = append(known, shells[:]...)
	for _, o := range otherWords {
		if !slices.Contains(known, o.word) {
			t.Errorf("%s cannot mean %s, which is no word", o.other, o.word)
		}
	}
	for _, o := range otherFlags {
		if o.flag == "" {
			continue
		}
		if !slices.ContainsFunc(append(allCommands(root), root), func(c *cobra.Command) bool {
			return c.Flags().Lookup(o.flag) != nil || root.PersistentFlags().Lookup(o.flag) != nil
		}) {
			t.Errorf("there is no --%s", o.flag)
		}
	}
}

// What a flag is said to mean is a flag of the command, and a value that it takes.
func TestNearMissesWork(t *testing.T) {
	root := rootCommand(&commandLine{process: &process{}})
	suggested := regexp.MustCompile(`did you mean --([a-z-]+) ?([a-z]*)`)
	for _, cmd := range append(allCommands(root), root) {
		if isTopic(cmd) {
			continue
		}
		var names []string
		for _, o := range otherFlags {
			names = append(names, strings.Fields(o.names)...)
		}
		for _, o := range otherWords {
			names = append(names, o.other, o.word)
		}
		for _, other := range append(allCommands(root), root) {
			other.LocalFlags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		}
		for _, name := range names {
			if cmd.Flags().Lookup(name) != nil || cmd.InheritedFlags().Lookup(name) != nil {
				continue
			}
			m := suggested.FindStringSubmatch(hintFlag(cmd, name))
			if m == nil {
				continue
			}
			if !hasFlag(cmd, m[1]) {
				t.Errorf("%s --%s is said to mean --%s, which means nothing there", cmd.CommandPath(), name, m[1])
			} else if words, _ := choicesOf(verbOf(cmd), cmd.Flags().Lookup(m[1])); words != nil && m[2] != "" && !slices.Contains(words, m[2]) {
				t.Errorf("%s --%s is said to mean --%s %s, which is no value of it", cmd.CommandPath(), name, m[1], m[2])
			}
		}
	}
}

// Each variable that the code names is in bulksync help environment, and each that
// the page names is in the code, in a library or in Go.
func TestEveryVariableIsExplained(t *testing.T) {
	ofLibraries := []string{
		"AZURE_TOKEN_CREDENTIALS", "IDENTITY_ENDPOINT", "MSI_ENDPOINT", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY",
		"SSL_CERT_FILE", "SSL_CERT_DIR", "GOMEMLIMIT", "GOMAXPROCS", "LESS",
	}
	var listed []string
	for _, v := range variables {
		if v.word != "" {
			listed = append(listed, v.word)
		}
	}
	used := map[string]bool{}
	whole := regexp.MustCompile(`"((?:BULKSYNC|AZURE|AZURESUBSCRIPTION|ACTIONS|SYSTEM|IDENTITY|MSI|SSH|JOB|NO)_[A-Z_]+)"`)
	read := regexp.MustCompile(`(?i:getenv|lookupenv)\("([A-Z_]+)"\)`)
	for _, dir := range []string{"cmd", "execute", "graph", "internal", "plan", "ratelimit", "report"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") ||
				slices.Contains([]string{"topics.go"}, e.Name()) || slices.Contains([]string{"browser", "bench"}, filepath.Base(filepath.Dir(path))) {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range append(whole.FindAllSubmatch(text, -1), read.FindAllSubmatch(text, -1)...) {
				used[string(m[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range used {
		if !slices.Contains(listed, name) {
			t.Errorf("bulksync help environment lacks %s", name)
		}
	}
	for _, name := range listed {
		if !used[name] && !slices.Contains(ofLibraries, name) {
			t.Errorf("bulksync help environment has %s, which nothing reads", name)
		}
	}
}

// The README says of exit codes and columns what the topics say.
func TestTopicsAreAsInTheREADME(t *testing.T) {
	readme := readRepo(t, "README.md")
	for _, c := range exitCodes {
		if line := "| " + strconv.Itoa(c.code) + " | " + c.means + " |"; !strings.Contains(readme, line) {
			t.Errorf("the README lacks %s", line)
		}
	}
	same := ""
	for _, c := range desired.Columns() {
		line := regexp.MustCompile("(?m)^\\| `" + regexp.QuoteMeta(c.Name) + "` \\|.*$").FindString(readme)
		cells := strings.Split(line, "|")
		if len(cells) != 6 {
			t.Errorf("the README lacks the column %s", c.Name)
			continue
		}
		values := strings.TrimSpace(cells[3])
		if values == "same" {
			values = same
		}
		same = values
		also := strings.Split(strings.ReplaceAll(cells[2], " ", ""), ",")
		if values != c.Values || strings.TrimSpace(cells[4]) != c.Empty || slices.ContainsFunc(c.Aliases, func(a string) bool { return !slices.Contains(also, a) }) {
			t.Errorf("the README says %q of %+v", line, c)
		}
	}
}
