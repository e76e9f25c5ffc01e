package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"bulksync/internal/words"
	"bulksync/plan/audit"
)

const (
	// githubLimit is how many annotations of each kind GitHub shows for a step; it
	// drops the others in silence.
	githubLimit = 10
	// githubMessage bounds the text of an annotation, in columns.
	githubMessage = 1000
)

// auditGitHub writes workflow commands for GitHub Actions: an annotation for each
// open finding, the most serious and new ones first. What is above GitHub's limit
// is counted in the last annotation of its kind.
// See https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions.
func auditGitHub(w io.Writer, a *audit.Audit, o Options) error {
	b := bufio.NewWriter(w)
	if a.Result == audit.Incomplete {
		command(b, "error", "title="+property("bulksync audit: incomplete"), "The tenant was not read completely, so nothing is claimed. "+OneLine(a.Problem))
	}
	order := mostSerious(a.Findings)
	for _, s := range []audit.Severity{audit.Error, audit.Warning, audit.Notice} {
		var fs []*audit.Finding
		for _, f := range order {
			if f.Severity() == s {
				fs = append(fs, f)
			}
		}
		annotate(b, string(s), fs, o.inputPath(a), a.CreatedAt)
	}
	fmt.Fprintf(b, "%s\n", githubClosing(a))
	return b.Flush()
}

// annotate writes the annotations of one severity.
func annotate(b *bufio.Writer, kind string, fs []*audit.Finding, path string, made time.Time) {
	shown := len(fs)
	if shown > githubLimit {
		shown = githubLimit - 1
	}
	for _, f := range fs[:shown] {
		at := "file=" + property(path)
		if f.Row > 0 {
			at += fmt.Sprintf(",line=%d", f.Row)
		}
		message := strings.Join(openDetails(f, made), "\n")
		if message == "" {
			message = f.Kind.Rule().Title
		}
		command(b, kind, at+",title="+property(short(headline(f), githubMessage)), message)
	}
	if rest := len(fs) - shown; rest > 0 {
		command(b, kind, "title="+property("bulksync audit"), fmt.Sprintf("%s of this severity: GitHub shows %d of each. The report lists all.", more(rest, "finding"), githubLimit))
	}
}

// command writes one command. Its name and properties end at the next "::", and
// the message at the end of the line.
func command(b *bufio.Writer, name, properties, message string) {
	fmt.Fprintf(b, "::%s %s::%s\n", name, properties, commandData(short(message, githubMessage)))
}

// commandData escapes the message of a workflow command.
func commandData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// property escapes the value of a property of a workflow command.
func property(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}

// githubClosing is the last line, for people who read the log.
func githubClosing(a *audit.Audit) string {
	if a.Result == audit.Incomplete {
		return "Audit: incomplete."
	}
	s := fmt.Sprintf("Audit: %s. %s as wanted, %s", a.Result, words.Thousands(a.Totals.OK), words.Count(len(a.Findings), "finding"))
	if n := countNew(a.Findings); n > 0 {
		s += fmt.Sprintf(" (%s new)", words.Thousands(n))
	}
	return fmt.Sprintf("%s, %s waived, %s fixed.", s, words.Thousands(len(a.Waived)), words.Thousands(len(a.Fixed)))
}
