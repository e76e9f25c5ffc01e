//go:build man

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
)

// buildVerbs are commands for whoever builds the program.
func buildVerbs(c *commandLine) []*cobra.Command { return []*cobra.Command{manCommand(c)} }

func manCommand(c *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR [DATE]",
		Short:  "Write the manual pages into a folder",
		Hidden: true,
		Args:   takes(1, 2),
		RunE: c.verb(func(_ *env, args []string) error {
			date := time.Now().UTC()
			if len(args) == 2 {
				var err error
				if date, err = time.Parse(time.DateOnly, args[1]); err != nil {
					return fmt.Errorf("DATE: %q is not a date: write it as 2006-01-02", args[1])
				}
			}
			return writeManual(args[0], date)
		}),
	}
}

// writeManual writes a page for each command and each help topic.
func writeManual(dir string, date time.Time) error {
	for _, path := range manualPaths(manualRoot(), nil) {
		name, page, err := manualPage(path, date)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), page, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// manualRoot is a command tree of its own for each page: what the help of one
// command hides, the page of another may need.
func manualRoot() *cobra.Command {
	root := rootCommand(&commandLine{})
	root.DisableAutoGenTag = true // the date is in the header
	root.Use += " COMMAND"        // as its help shows it
	return root
}

// manualPaths are the words that lead to each command with a page.
func manualPaths(cmd *cobra.Command, path []string) [][]string {
	paths := [][]string{path}
	for _, sub := range cmd.Commands() {
		if sub.Name() != "help" && (sub.IsAvailableCommand() || isTopic(sub)) {
			paths = append(paths, manualPaths(sub, append(path[:len(path):len(path)], sub.Name()))...)
		}
	}
	return paths
}

// manualPage is the name and the text of one page: of a command in section 1, of
// a topic in section 7.
func manualPage(path []string, date time.Time) (string, []byte, error) {
	cmd, _, err := manualRoot().Find(path)
	if err != nil {
		return "", nil, err
	}
	header := &doc.GenManHeader{
		Title: strings.ToUpper(strings.ReplaceAll(cmd.CommandPath(), " ", "-")), Section: "1",
		Date: &date, Source: "bulksync " + version(), Manual: "bulksync manual",
	}
	if isTopic(cmd) {
		header.Section = "7"
	}
	usage, long := strings.NewReplacer(cmd.UseLine(), usageOf(cmd)), &strings.Builder{}
	long.WriteString(longOf(cmd) + "\n")
	writeCommands(long, cmd)
	cmd.Long = markdown(long.String())
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) { f.Hidden = f.Hidden || isIdle(verbOf(cmd), f.Name) })
	own, global := flagsOf(cmd)
	for _, f := range append(own, global...) {
		forManual(verbOf(cmd), f)
	}
	var page bytes.Buffer
	if err := doc.GenMan(cmd, header, &page); err != nil {
		return "", nil, err
	}
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + "." + header.Section
	return name, []byte(tidyRoff(usage.Replace(page.String()), header) + topicsOf(cmd)), nil
}

// topicsOf continues the last line of a page, the references, with the topics.
func topicsOf(cmd *cobra.Command) (text string) {
	for _, sub := range cmd.Commands() {
		if isTopic(sub) {
			text += fmt.Sprintf(",\n\\fB%s-%s(7)\\fP", cmd.CommandPath(), sub.Name())
		}
	}
	return text + "\n"
}

// forManual lets cobra/doc print a flag as the help does: its placeholder where the
// library has the default, and the default behind the text.
func forManual(verb string, f *pflag.Flag) {
	placeholder, usage := placeholderOf(verb, f), f.Usage
	if preset := defaultOf(f); preset != "" {
		usage += fmt.Sprintf(" (default %s)", preset)
	}
	f.Usage, f.DefValue = literally(usage), literally(placeholder)
	if f.NoOptDefVal == "" {
		f.Value = manualValue{f.Value}
	}
}

// manualValue is a value whose default is printed without quotes.
type manualValue struct{ pflag.Value }

func (manualValue) Type() string { return "" }

// tidyRoff gives a page the form that readers of pages expect: flags as a list, a
// whole date, and neither synopsis nor flags for a topic, which is about no command.
func tidyRoff(page string, header *doc.GenManHeader) string {
	page = strings.NewReplacer(
		"[=]\n\t", "\n",
		"\n\t", "\n",
		"\n.PP\n\\fB-", "\n.TP\n\\fB-",
		"PARENT COMMANDS\n\\fB-", "PARENT COMMANDS\n.TP\n\\fB-",
		".SH OPTIONS\n\\fB-", ".SH OPTIONS\n.TP\n\\fB-",
		header.Date.Format(`"Jan 2006"`), header.Date.Format(`"2006-01-02"`),
	).Replace(page)
	if header.Section == "7" {
		page = withoutSections(page, "SYNOPSIS", "OPTIONS", "OPTIONS INHERITED FROM PARENT COMMANDS")
		page = strings.ReplaceAll(page, "(7)\\fP", "(1)\\fP") // the library has one section for all pages
	}
	return strings.TrimRight(page, "\n")
}

// withoutSections removes sections of a page by their titles.
func withoutSections(page string, titles ...string) string {
	for _, title := range titles {
		if before, after, found := strings.Cut(page, ".SH "+title+"\n"); found {
			_, after, _ = strings.Cut(after, ".SH ")
			page = before + ".SH " + after
		}
	}
	return page
}

// markdown is a help text as Markdown: its indented lines are commands and tables,
// to be kept as they are.
func markdown(text string) string {
	var b strings.Builder
	literal := false
	for line := range strings.Lines(text) {
		if blank := strings.TrimSpace(line) == ""; !blank && strings.HasPrefix(line, " ") != literal {
			literal = !literal
			b.WriteString("\n")
		}
		if literal {
			line = "    " + line
		} else {
			line = literally(line)
		}
		b.WriteString(line)
	}
	return b.String()
}

// literally keeps a text from being read as Markdown.
func literally(text string) string {
	return strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "<", `\<`, ">", `\>`, "#", `\#`, "[", `\[`, "]", `\]`).Replace(text)
}
