package main

import (
	"cmp"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulksync/execute/rundir"
	"bulksync/internal/atomicfile"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/plan/audit/evidence"
)

// A completion answers while somebody types, so it looks at a few files of this
// machine, and at the beginning of each alone. It says nothing of what it cannot
// read, and asks no host.
const (
	// maxLooked is how many files of a folder are looked into.
	maxLooked = 300
	// maxHead is how much of a file is read to see what it is.
	maxHead = 64 << 10
	// maxPlan is the size of the largest plan of which the partners are read.
	maxPlan = 8 << 20
)

// completer says what a word may become. The arguments are those before it.
type completer = func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective)

// registerCompletion gives each command below root, and each of its flags, its
// completion: what is completed follows from the placeholder in the help.
func registerCompletion(root *cobra.Command) {
	root.CompletionOptions.DisableDefaultCmd = true // completionCommand is ours
	completeFlags(root, root.PersistentFlags())
	for _, cmd := range allCommands(root) {
		if cmd.ValidArgsFunction == nil && !cmd.HasSubCommands() {
			cmd.ValidArgsFunction = ofArgument(cmd)
		}
		completeFlags(cmd, cmd.LocalNonPersistentFlags())
	}
	// The flags that mean nothing to a command are not offered either.
	root.PersistentPreRun = func(cmd *cobra.Command, args []string) {
		if cmd.Name() != cobra.ShellCompRequestCmd || len(args) == 0 {
			return
		}
		if of, _, err := root.Find(args[:len(args)-1]); err == nil {
			root.PersistentFlags().VisitAll(func(f *pflag.Flag) { f.Hidden = f.Hidden || isIdle(verbOf(of), f.Name) })
		}
	}
}

// allCommands are the commands below cmd, also those of a fleet.
func allCommands(cmd *cobra.Command) (all []*cobra.Command) {
	for _, sub := range cmd.Commands() {
		all = append(append(all, sub), allCommands(sub)...)
	}
	return all
}

func completeFlags(cmd *cobra.Command, fl *pflag.FlagSet) {
	fl.VisitAll(func(f *pflag.Flag) {
		if f.NoOptDefVal == "" {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, ofFlag(f)) // it has none yet
		}
	})
}

// ofFlag completes the value of a flag.
func ofFlag(f *pflag.Flag) completer {
	switch f.Name {
	case "decision":
		return paths(isDecisionFile, nil)
	case "except":
		return partnersOfPlan
	case "signers", "sign", "key", "state":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	case "only":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	}
	if words, list := choicesOf("", f); words != nil {
		return func(cmd *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
			own, _ := choicesOf(verbOf(cmd), f)
			return chosenFrom(own, list, word), cobra.ShellCompDirectiveNoFileComp
		}
	}
	return ofFile(placeholderOf("", f))
}

// chosenFrom are the words that may follow; in a list, after the last comma, those
// that are not in it.
func chosenFrom(words choice, list bool, word string) (all []cobra.Completion) {
	before := ""
	if at := strings.LastIndexByte(word, ','); list && at >= 0 {
		before = word[:at+1]
	}
	given := strings.Split(before, ",")
	for _, one := range words {
		if !slices.Contains(given, one) && strings.HasPrefix(one, word[len(before):]) {
			all = append(all, before+one)
		}
	}
	return all
}

// ofArgument completes the arguments of a command.
func ofArgument(cmd *cobra.Command) completer {
	argument, several := argumentOf(cmd), strings.Contains(cmd.Use, "...")
	complete := ofFile(argument)
	switch argument {
	case "plan.json":
		complete = paths(isPlanFile, nil)
	case "RUN_DIR":
		complete = runs
	case "PATH":
		complete = paths(func(path string) bool { return isPlanFile(path) || isDecisionFile(path) }, isProvable)
	case "SHELL":
		complete = cobra.FixedCompletions(shells[:], cobra.ShellCompDirectiveNoFileComp)
	case "COMMAND|TOPIC":
		return ofHelp
	}
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 && !several {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, word)
	}
}

// ofFile completes a file by the ending that a placeholder names, or a folder;
// nothing for what is neither.
func ofFile(placeholder string) completer {
	name, ext, _ := strings.Cut(placeholder, ".")
	switch {
	case placeholder == "DIR":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	case ext == "yaml":
		return cobra.FixedCompletions([]string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt)
	case ext == "csv":
		return cobra.FixedCompletions([]string{"csv", "tsv", "txt"}, cobra.ShellCompDirectiveFilterFileExt)
	case name == "FILE" && ext != "":
		return cobra.FixedCompletions([]string{ext}, cobra.ShellCompDirectiveFilterFileExt)
	case name == "FILE":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	default:
		return cobra.NoFileCompletions
	}
}

// ofHelp completes the commands and the topics.
func ofHelp(cmd *cobra.Command, args []string, word string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
	of := cmd.Root()
	for _, name := range args {
		if of = childOf(of, name); of == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
	}
	for _, sub := range of.Commands() {
		if !sub.Hidden && strings.HasPrefix(sub.Name(), word) {
			all = append(all, cobra.CompletionWithDesc(sub.Name(), sub.Short))
		}
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}

// paths completes the files and the folders that are of a kind, and the folders on
// the way to them. A nil kind has none.
func paths(isFile, isDir func(path string) bool) completer {
	return func(_ *cobra.Command, args []string, word string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
		dir, begin := filepath.Split(word)
		looked, way := 0, 0
		for _, e := range entries(dir) {
			name := e.Name()
			if !strings.HasPrefix(name, begin) || begin == "" && strings.HasPrefix(name, ".") || slices.Contains(args, dir+name) {
				continue
			}
			path, ok := asTyped(dir, name)
			if !ok || e.Type().IsRegular() && !isJSON(name) {
				continue
			}
			if looked++; looked > maxLooked {
				break
			}
			switch {
			case isFolder(path, e):
				if way++; isDir != nil && isDir(path) {
					way--
					all = append(all, path)
					continue
				}
				all = append(all, path+"/")
			case isFile != nil && isFile(path):
				all = append(all, path)
			}
		}
		if way > 0 && way == len(all) {
			return all, noOthers(word) | cobra.ShellCompDirectiveNoSpace
		}
		return all, noOthers(word)
	}
}

// noOthers is the directive to complete no other files. Below the home folder the
// shell may: there a ~ may have been typed, which its script expands, so that the word
// is not the beginning of ours.
func noOthers(word string) cobra.ShellCompDirective {
	home, err := os.UserHomeDir()
	if strings.HasPrefix(word, "~") || err == nil && strings.HasPrefix(word, home+string(filepath.Separator)) {
		return cobra.ShellCompDirectiveDefault
	}
	return cobra.ShellCompDirectiveNoFileComp
}

// asTyped is what is typed for a name in a folder. There is nothing for a name that the
// script of a shell would take for something else: it reads a line for each word, and
// a description after a tab.
func asTyped(dir, name string) (path string, ok bool) {
	if strings.ContainsFunc(dir+name, unicode.IsControl) || !utf8.ValidString(dir+name) || strings.HasPrefix(dir+name, activeHelp) {
		return "", false
	}
	if dir == "" && strings.HasPrefix(name, "-") { // no flag
		dir = "./"
	}
	return dir + name, true
}

// activeHelp begins a line that is a message and no word, as cobra writes it.
const activeHelp = "_activeHelp_ "

// entries are what is in a folder; none if it cannot be read.
func entries(dir string) []os.DirEntry {
	all, _ := os.ReadDir(cmp.Or(dir, "."))
	return all
}

// isFolder reports whether an entry is a folder, or a link to one.
func isFolder(path string, e os.DirEntry) bool {
	if e.Type()&os.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// runs completes the folders of runs, the newest first: those beside the word, and
// those below bulksync-runs.
func runs(_ *cobra.Command, _ []string, word string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
	all = runFolders(word)
	if below := rundir.RunsName + "/"; strings.HasPrefix(below, word) && word != below {
		all = append(all, runFolders(below)...)
	}
	if len(all) == 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return all, noOthers(word) | cobra.ShellCompDirectiveKeepOrder
}

// runFolders are the folders of runs whose path begins with a text, the newest
// first. The name of one begins with its time unless it was given another, so the
// journals say which is the newest.
func runFolders(begin string) (all []string) {
	dir, begin := filepath.Split(begin)
	written := map[string]time.Time{}
	for _, e := range slices.Backward(entries(dir)) {
		path, ok := asTyped(dir, e.Name())
		if !ok || len(all) == maxLooked || !strings.HasPrefix(e.Name(), begin) || !isFolder(path, e) || !rundir.Begun(path) {
			continue
		}
		if info, err := os.Stat(filepath.Join(path, rundir.JournalName)); err == nil {
			written[path] = info.ModTime()
		}
		all = append(all, path)
	}
	slices.SortStableFunc(all, func(a, b string) int { return written[b].Compare(written[a]) })
	return all
}

// isProvable reports whether a folder is something that verify proves.
func isProvable(path string) bool {
	return rundir.Begun(path) || evidence.IsAudit(path) || evidence.IsStore(path)
}

// head is the beginning of a file with the ending of our JSON; empty for anything
// else, such as a pipe, which nobody may write to.
func head(path string) string {
	info, err := os.Stat(path)
	if err != nil || !atomicfile.IsRegular(info) || !isJSON(path) {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxHead))
	if err != nil {
		return ""
	}
	return string(text)
}

func isJSON(path string) bool { return strings.EqualFold(filepath.Ext(path), ".json") }

func isPlanFile(path string) bool { return isPlan(strings.NewReader(head(path))) }

func isDecisionFile(path string) bool {
	_, err := approval.Decode([]byte(head(path)))
	return err == nil
}

// partnersOfPlan completes the partners of the plan among the arguments by their
// tenant IDs, each with its name, and the template. After a comma it begins again.
func partnersOfPlan(_ *cobra.Command, args []string, word string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	p := smallPlan(args)
	if p == nil {
		return nil, directive
	}
	before := word[:strings.LastIndexByte(word, ',')+1]
	seen := map[string]bool{}
	for i := range p.Changes {
		c := &p.Changes[i]
		id, name := c.Partner.TenantID, cmp.Or(c.Partner.DisplayName, c.Partner.DirectoryName)
		if c.Object == plan.SyncTemplate {
			id, name = approval.TemplateException, "the multitenant-organization template"
		}
		if !seen[id] && strings.HasPrefix(id, word[len(before):]) && !strings.Contains(before, id) {
			all = append(all, cobra.CompletionWithDesc(before+id, edge(name)))
		}
		seen[id] = true
	}
	return all, directive
}

// smallPlan is the plan that the first argument names; nil if it is none, or too
// large to read for a completion.
func smallPlan(args []string) *plan.Plan {
	if len(args) == 0 {
		return nil
	}
	info, err := os.Stat(args[0])
	if err != nil || !atomicfile.IsRegular(info) || info.Size() > maxPlan {
		return nil
	}
	p, err := readFile(context.Background(), &process{}, args[0], plan.Decode)
	if err != nil {
		return nil
	}
	return p
}
