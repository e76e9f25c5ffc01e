package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulksync/report"
)

// helpWidth is how wide a help text is, in columns.
const helpWidth = 80

// group is what some commands have in common, as the help lists them. A new command
// is a name here.
type group struct{ title, verbs string }

// groups is the order of the commands in the help: that in which a person needs
// them.
var groups = [...]group{
	{"First look", "demo doctor export validate"},
	{"Plan and decide", "plan show approve reject"},
	{"Run", "apply resume undo report"},
	{"Audit and prove", "audit verify"},
	{"Many home tenants", "fleet"},
	{"More", "simulate completion version help"},
}

// inOrder are the commands below cmd that are not hidden, in the order of the help:
// those of a group, and then the topics.
func inOrder(cmd *cobra.Command) (all []*cobra.Command) {
	for _, g := range groups {
		for verb := range strings.FieldsSeq(g.verbs) {
			if sub := childOf(cmd, verb); sub != nil && !cmd.HasParent() {
				all = append(all, sub)
			}
		}
	}
	for _, sub := range cmd.Commands() {
		if !sub.Hidden && !slices.Contains(all, sub) {
			all = append(all, sub)
		}
	}
	return all
}

// verbOf is the name of a command, as in "fleet audit".
func verbOf(cmd *cobra.Command) string {
	_, verb, _ := strings.Cut(cmd.CommandPath(), " ")
	return verb
}

// formatsOf are the formats that a command has; nil if --format means nothing to it.
func formatsOf(verb string) choice {
	all := choiceOf(report.Formats())
	switch verb {
	case "plan", "show", "apply", "resume", "undo", "report":
		return all[:5]
	case "doctor", "validate", "verify":
		return choice{"text", "json"}
	case "approve", "reject", "export", "demo", "simulate", "version", "completion", "help":
		return nil
	}
	if strings.HasPrefix(verb, fleetName) {
		return slices.DeleteFunc(all, func(f string) bool { return !report.Format(f).OfFleet() })
	}
	return all
}

// isIdle reports whether a flag that every command takes means nothing to one. It is
// taken all the same, so that a script can give the same flags to each command; the
// help leaves it out. A fleet refuses those of a single tenant.
func isIdle(verb, flag string) bool {
	idle := ""
	switch verb {
	case "show", "validate", "verify", "report", "undo":
		idle = "auth cloud graph-url outage"
	case "approve", "reject":
		idle = "auth cloud graph-url outage format"
	case "export":
		idle = "format"
	case "simulate":
		idle = "auth graph-url outage format tenant"
	case "demo":
		idle = "auth cloud graph-url outage format tenant"
	case "version", "completion", "help":
		idle = "auth cloud graph-url outage format tenant quiet log-level log-format"
	case "fleet", "fleet audit", "fleet plan":
		idle = "auth cloud graph-url tenant"
	case "fleet collect":
		idle = "auth cloud graph-url tenant outage"
	}
	return slices.Contains(strings.Fields(idle), flag)
}

// flagsOf are the flags that the help of a command shows: its own, and those that
// every command has.
func flagsOf(cmd *cobra.Command) (own, global []*pflag.Flag) {
	verb := verbOf(cmd)
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Hidden:
		case cmd.Root().PersistentFlags().Lookup(f.Name) == f:
			if !cmd.HasParent() {
				global = append(global, f)
			}
		default:
			own = append(own, f)
		}
	})
	if cmd.HasParent() {
		cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && !isIdle(verb, f.Name) {
				global = append(global, f)
			}
		})
	}
	return own, global
}

// writeHelp writes the help of a command, or a topic.
func writeHelp(w io.Writer, cmd *cobra.Command) error {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(longOf(cmd)) + "\n")
	if isTopic(cmd) {
		_, err := io.WriteString(w, b.String())
		return err
	}
	fmt.Fprintf(&b, "\nUsage:\n  %s\n", usageOf(cmd))
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	writeCommands(&b, cmd)
	own, global := flagsOf(cmd)
	writeFlags(&b, cmd, "Flags", own)
	writeFlags(&b, cmd, "Global flags", global)
	switch {
	case !cmd.HasParent():
		b.WriteString("\nbulksync help COMMAND explains a command, bulksync help TOPIC a topic.\n")
	case cmd.HasSubCommands():
		fmt.Fprintf(&b, "\n%s COMMAND --help explains a command.\n", cmd.CommandPath())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// usageOf is how a command is typed, with its flags.
func usageOf(cmd *cobra.Command) string {
	if cmd.HasSubCommands() {
		return cmd.CommandPath() + " COMMAND [flags]"
	}
	return cmd.UseLine()
}

// longOf is what a help text begins with.
func longOf(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return cmd.Long
	}
	return cmd.Short + "."
}

// writeCommands lists the commands below cmd, those of the root in groups, and the
// topics.
func writeCommands(b *strings.Builder, cmd *cobra.Command) {
	if !cmd.HasSubCommands() {
		return
	}
	if cmd.HasParent() {
		b.WriteString("\nCommands:\n")
		for _, sub := range cmd.Commands() {
			if !sub.Hidden {
				fmt.Fprintf(b, "  %-11s %s\n", sub.Name(), sub.Short)
			}
		}
		return
	}
	for _, g := range groups {
		fmt.Fprintf(b, "\n%s:\n", g.title)
		for verb := range strings.FieldsSeq(g.verbs) {
			if sub, _, err := cmd.Find([]string{verb}); err == nil {
				fmt.Fprintf(b, "  %-11s %s\n", verb, sub.Short)
			}
		}
	}
	b.WriteString("\nTopics of bulksync help:\n")
	for _, sub := range cmd.Commands() {
		if isTopic(sub) {
			fmt.Fprintf(b, "  %-11s %s\n", sub.Name(), sub.Short)
		}
	}
}

// flagColumn is where the text of a flag begins; a longer flag has it on lines of
// its own.
const flagColumn = 26

// writeFlags lists flags: their names, the placeholder of their value, what they
// mean and their default.
func writeFlags(b *strings.Builder, cmd *cobra.Command, title string, flags []*pflag.Flag) {
	if len(flags) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", title)
	for _, f := range flags {
		b.WriteString(flagLines(verbOf(cmd), f))
	}
}

// flagLines are the lines of a flag in a help text.
func flagLines(verb string, f *pflag.Flag) string {
	head := "      --" + f.Name
	if f.Shorthand != "" {
		head = "  -" + f.Shorthand + ", --" + f.Name
	}
	placeholder, text := placeholderOf(verb, f), f.Usage
	if standard := defaultOf(f); standard != "" {
		text += " (default " + standard + ")"
	}
	indent := len(head) + 1
	lines := wrap(strings.ReplaceAll(placeholder, "|", "| "), helpWidth-indent)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], "| ", "|")
	}
	head = strings.TrimRight(head+" "+strings.Join(lines, "\n"+strings.Repeat(" ", indent)), " ")
	if n := flagColumn - len(head) - 2; n >= 0 && len(lines) < 2 {
		head += strings.Repeat(" ", n+2)
	} else {
		head += "\n" + strings.Repeat(" ", flagColumn)
	}
	return head + strings.Join(wrap(text, helpWidth-flagColumn), "\n"+strings.Repeat(" ", flagColumn)) + "\n"
}

// wrap breaks a text between words.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

// showHelp prints the help of a command.
func (c *commandLine) showHelp(cmd *cobra.Command, _ []string) {
	c.helpFailed = c.process.page(func(w io.Writer) error { return writeHelp(w, cmd) })
}

// helpCommand explains a command or a topic.
func helpCommand(c *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND|TOPIC]",
		Short: "Explain a command, or a topic",
		Long: `Explains a command, as bulksync COMMAND --help does, or a topic. Without an
argument it lists both.`,
		Example: "  bulksync help plan\n  bulksync help exit-codes",
		RunE: func(cmd *cobra.Command, args []string) error {
			of := cmd.Root()
			for _, name := range args {
				next := childOf(of, name)
				if next == nil {
					return noSuchHelp(of, name)
				}
				of = next
			}
			return c.process.page(func(w io.Writer) error { return writeHelp(w, of) })
		},
	}
}

// childOf is the command or the topic of a name below a command; nil if there is
// none.
func childOf(cmd *cobra.Command, name string) *cobra.Command {
	for _, sub := range cmd.Commands() {
		if sub.Name() == name {
			return sub
		}
	}
	return nil
}

// noSuchHelp is for a word of bulksync help that is neither a command nor a topic.
func noSuchHelp(of *cobra.Command, name string) error {
	if !of.HasSubCommands() {
		return hinted(fmt.Errorf("%s has no command %q", of.CommandPath(), name), hintHelp(of))
	}
	err := fmt.Errorf("there is neither a command nor a topic %q", name)
	if of.HasParent() {
		err = fmt.Errorf("there is no command %q", verbOf(of)+" "+name)
	}
	if near := nearestCommands(of, name); len(near) > 0 {
		path := strings.TrimSpace("bulksync help "+verbOf(of)) + " "
		return hinted(err, "did you mean "+path+strings.Join(near, ", or "+path)+"?")
	}
	return hinted(err, "bulksync help lists the commands and the topics")
}
