package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// docs/commands.md is made from the commands. After a change of a text:
// go test ./cmd/bulksync -run TestCommandsPage -update
func TestCommandsPage(t *testing.T) {
	want, path := commandsPage(rootCommand(&commandLine{})), filepath.Join("..", "..", "docs", "commands.md")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if readRepo(t, "docs/commands.md") != want {
		t.Error("docs/commands.md is not as the commands are: run the test with -update")
	}
}

// Each flag and each topic has its line on the page, also a hidden one.
func TestEveryFlagIsOnAPage(t *testing.T) {
	page, root := readRepo(t, "docs/commands.md"), rootCommand(&commandLine{})
	for _, cmd := range append(allCommands(root), root) {
		section := page
		if cmd.HasParent() {
			if cmd.Hidden {
				continue
			}
			_, section, _ = strings.Cut(page, "\n## "+verbOf(cmd)+"\n")
			section, _, _ = strings.Cut(section, "\n## ")
		}
		if section == "" {
			t.Errorf("docs/commands.md has no section %s", verbOf(cmd))
		}
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if !strings.Contains(section, "--"+f.Name) && f.Name != "help" {
				t.Errorf("docs/commands.md: %s lacks --%s", verbOf(cmd), f.Name)
			}
		})
	}
	_, every, _ := strings.Cut(page, "\n## Flags of every command\n")
	every, _, _ = strings.Cut(every, "\n## ")
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) {
		if !strings.Contains(every, "--"+f.Name) {
			t.Errorf("docs/commands.md lacks --%s", f.Name)
		}
	})
}

// commandsPage is docs/commands.md.
func commandsPage(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Commands\n\nWhat `bulksync help` says, as a page. A test makes it from the texts in the program, so it is not edited here.\n\n")
	writeIndex(&b, root)
	own, global := flagsOf(root)
	b.WriteString("\n## Flags of every command\n\n")
	b.WriteString("They may stand before or after the other words of a command line. A command that has no use for one takes it all the same.\n\n")
	writeFlagTable(&b, "audit", global)
	b.WriteString("\n`bulksync` alone also has:\n\n")
	writeFlagTable(&b, "", own)
	for _, sub := range inOrder(root) {
		if isTopic(sub) {
			continue
		}
		writeSection(&b, sub)
		for _, below := range inOrder(sub) {
			writeSection(&b, below)
		}
	}
	for _, t := range topics() {
		writeTopic(&b, &t)
	}
	return b.String()
}

// writeIndex lists the commands in their groups, and the topics.
func writeIndex(b *strings.Builder, root *cobra.Command) {
	line := func(name, short string) {
		fmt.Fprintf(b, "- [%s](#%s): %s\n", name, strings.ReplaceAll(name, " ", "-"), short)
	}
	for _, g := range groups {
		fmt.Fprintf(b, "**%s**\n\n", g.title)
		for verb := range strings.FieldsSeq(g.verbs) {
			sub := childOf(root, verb)
			line(verb, sub.Short)
			for _, below := range inOrder(sub) {
				line(verbOf(below), below.Short)
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("**Topics**\n\n")
	for _, t := range topics() {
		line(t.name, t.short)
	}
}

// writeSection writes what there is to know of a command.
func writeSection(b *strings.Builder, cmd *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n```text\n%s\n```\n\n", verbOf(cmd), strings.TrimSpace(longOf(cmd)))
	fmt.Fprintf(b, "Usage: `%s`\n", usageOf(cmd))
	if cmd.Example != "" {
		fmt.Fprintf(b, "\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimPrefix(cmd.Example, "  "), "\n  ", "\n"))
	}
	own, _ := flagsOf(cmd)
	if len(own) > 1 {
		b.WriteString("\n")
		writeFlagTable(b, verbOf(cmd), own)
	}
	if formats := formatsOf(verbOf(cmd)); formats != nil {
		fmt.Fprintf(b, "\n`--format`: %s\n", strings.Join(formats, ", "))
	}
}

// writeFlagTable writes flags as a table.
func writeFlagTable(b *strings.Builder, verb string, flags []*pflag.Flag) {
	b.WriteString("| flag | meaning | default |\n|---|---|---|\n")
	for _, f := range flags {
		head := "--" + f.Name
		if f.Shorthand != "" {
			head = "-" + f.Shorthand + ", " + head
		}
		if p := placeholderOf(verb, f); p != "" {
			head += " " + p
		}
		standard := defaultOf(f)
		if standard != "" {
			standard = "`" + standard + "` "
		}
		fmt.Fprintf(b, "| `%s` | %s | %s|\n", strings.ReplaceAll(head, "|", `\|`), strings.ReplaceAll(strings.ReplaceAll(f.Usage, "|", `\|`), "<", "&lt;"), standard)
	}
}

// writeTopic writes a topic.
func writeTopic(b *strings.Builder, t *topic) {
	fmt.Fprintf(b, "\n## %s\n\n%s.\n\n%s\n", t.name, t.short, t.intro)
	inTable := false
	for _, r := range t.rows() {
		if r.word == "" {
			fmt.Fprintf(b, "\n%s:\n", r.means)
			inTable = false
			continue
		}
		if !inTable {
			b.WriteString("\n| | |\n|---|---|\n")
		}
		inTable = true
		fmt.Fprintf(b, "| `%s` | %s |\n", r.word, strings.ReplaceAll(r.means, "|", `\|`))
	}
	fmt.Fprintf(b, "\n%s\n", t.end)
}
