package report_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"bulksync/plan/audit"
	"bulksync/report"
)

// workflowCommand is a line as the runner of GitHub Actions reads it.
type workflowCommand struct {
	name       string
	properties map[string]string
	message    string
}

// parseCommand reads a command as the runner does: up to the next "::", then the
// properties at each comma, and the rest of the line.
func parseCommand(t *testing.T, line string) workflowCommand {
	t.Helper()
	head, message, ok := strings.Cut(strings.TrimPrefix(line, "::"), "::")
	if !ok {
		t.Fatalf("no command: %q", line)
	}
	name, properties, _ := strings.Cut(head, " ")
	c := workflowCommand{name: name, properties: map[string]string{}, message: strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(message)}
	for p := range strings.SplitSeq(properties, ",") {
		key, value, _ := strings.Cut(p, "=")
		c.properties[key] = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%").Replace(value)
	}
	return c
}

func parseCommands(t *testing.T, text string) (commands []workflowCommand) {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			commands = append(commands, parseCommand(t, strings.TrimSuffix(line, "\n")))
		}
	}
	return commands
}

// wholeCommand is a command whose properties hold no character that ends one.
var wholeCommand = regexp.MustCompile(`^::[a-z]+ (file=[^:,]*,(line=\d+,)?)?title=[^:,]*::`)

// checkGitHub: nothing but the commands that were meant, at most ten of each, and
// one last line that is none.
func checkGitHub(t *testing.T, a *audit.Audit, text string) {
	t.Helper()
	counts := map[string]int{}
	for _, c := range parseCommands(t, text) {
		counts[c.name]++
		for key := range c.properties {
			if key != "file" && key != "line" && key != "title" {
				t.Errorf("the property %q", key)
			}
		}
		if c.name != "error" && c.name != "warning" && c.name != "notice" || counts[c.name] > 10 {
			t.Errorf("the command %q, %d times", c.name, counts[c.name])
		}
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for _, line := range lines[:len(lines)-1] {
		if !wholeCommand.MatchString(line) {
			t.Errorf("a property ends early: %.200q", line)
		}
	}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "Audit: ") || len(lines) != counts["error"]+counts["warning"]+counts["notice"]+1 {
		t.Errorf("%d lines, the last is %q", len(lines), last)
	}
	if i := strings.IndexFunc(text, isHidden); i >= 0 {
		t.Errorf("hidden character in %+q", text[max(0, i-20):i+4])
	}
}

// The most serious and new findings come first, with file, line and title.
func TestGitHubAnnotations(t *testing.T) {
	commands := parseCommands(t, auditAs(t, newsAudit(), report.GitHub))
	if len(commands) != 7 {
		t.Fatalf("%d commands", len(commands))
	}
	if c := commands[1]; c.properties["file"] != "partners.csv" || c.properties["line"] != "2" || c.properties["title"] != "missing: Fabrikam  "+tenant(2)+", identitySynchronization" ||
		!strings.Contains(c.message, "isSyncAllowed: nothing there; the file says allowed\n") {
		t.Errorf("got %+v", c)
	}
	if c := commands[4]; c.properties["line"] != "" || !strings.HasPrefix(c.properties["title"], "extra: Relecloud") {
		t.Errorf("got %+v", c)
	}
}

// GitHub shows ten annotations of a kind and drops the rest in silence, so the
// last one counts them.
func TestGitHubAnnotationsAreBounded(t *testing.T) {
	for n, want := range map[int]int{9: 9, 10: 10, 11: 10, 5000: 10} {
		commands := parseCommands(t, auditAs(t, manyFindings(n), report.GitHub))
		if len(commands) != want {
			t.Errorf("%d findings: %d commands", n, len(commands))
		}
		if last := commands[len(commands)-1].message; n == 5000 && !strings.HasPrefix(last, "4,991 more findings") {
			t.Errorf("got %q", last)
		}
		if first := commands[0].message; !strings.Contains(first, "new") {
			t.Errorf("%d findings: an old one is first: %q", n, first)
		}
	}
	if c := parseCommands(t, auditAs(t, rulesAudit(), report.GitHub)); len(c) != 2 || c[0].name != "warning" || c[1].name != "notice" || strings.Contains(c[0].message, "the file says") {
		t.Errorf("got %+v", c)
	}
	text := auditAs(t, incompleteAudit(), report.GitHub)
	if c := parseCommands(t, text); len(c) != 1 || !strings.Contains(c[0].message, "nothing is claimed. page 1") || !strings.HasSuffix(text, "\nAudit: incomplete.\n") {
		t.Errorf("%s", text)
	}
	if got := auditAs(t, auditOf(), report.GitHub); got != fmt.Sprintln("Audit: clean. 7 as wanted, 0 findings, 0 waived, 0 fixed.") {
		t.Errorf("%s", got)
	}
}
