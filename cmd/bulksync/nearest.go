package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulksync/plan/desired"
)

// otherCommands are what commands are called elsewhere, and what the words of the
// field suggest.
var otherCommands = [...]struct{ verb, others string }{
	{"demo", "tour tutorial example examples try"},
	{"doctor", "login auth whoami account test permissions check ping"},
	{"export", "init list ls get dump backup download pull generate"},
	{"validate", "check lint fmt"},
	{"plan", "diff dry-run dryrun preview what-if whatif import sync create compare"},
	{"show", "view cat open display inspect describe"},
	{"approve", "sign accept confirm review"},
	{"reject", "deny decline refuse"},
	{"apply", "run execute exec deploy push start set update commit sync"},
	{"resume", "continue retry restart rerun"},
	{"undo", "rollback revert restore destroy delete remove"},
	{"report", "status result results log logs history state"},
	{"audit", "diff drift compare scan monitor"},
	{"verify", "prove evidence"},
	{"fleet", "tenants multi msp all"},
	{"simulate", "server serve mock rehearse emulate fake"},
	{"completion", "completions autocomplete"},
	{"help", "man usage commands"},
}

// otherVerbs are what a command is called elsewhere.
func otherVerbs(verb string) []string {
	for _, o := range otherCommands {
		if o.verb == verb {
			return strings.Fields(o.others)
		}
	}
	return nil
}

// nearestCommands are the commands below cmd that a word may mean.
func nearestCommands(cmd *cobra.Command, word string) (near []string) {
	var names []string
	for _, sub := range inOrder(cmd) {
		names = append(names, sub.Name())
		if slices.Contains(otherVerbs(sub.Name()), strings.ToLower(word)) {
			near = append(near, sub.Name())
		}
	}
	if one := similar(word, names); one != "" && !slices.Contains(near, one) {
		near = append(near, one)
	}
	return near
}

// hintFlag is what a flag that a command does not have probably means. It names no
// flag that means nothing to the command.
func hintFlag(cmd *cobra.Command, name string) string {
	verb := verbOf(cmd)
	if name == "csv" && argumentOf(cmd) == "FILE.csv" && slices.Contains(formatsOf(verb), name) {
		return "the CSV is an argument without a flag; for output: --format csv"
	}
	if format := formatsOf(verb).named(name); format != "" && !isIdle(verb, "format") {
		return "did you mean --format " + format + "?"
	}
	for _, o := range otherFlags {
		if slices.Contains(strings.Fields(o.names), name) && (o.flag == "" || hasFlag(cmd, o.flag)) {
			return o.hint
		}
	}
	if isFileFlag(name) && takesFile(cmd) {
		return "a file is an argument without a flag: " + formOf(cmd)
	}
	near, others := nearestFlag(cmd, name), commandsWith(cmd.Root(), name)
	if len(others) > 0 && !strings.HasPrefix(near, name+"-") && !strings.HasPrefix(name, near) {
		near = "" // what another command has was not misspelt
	}
	switch {
	case near != "":
		return "did you mean --" + near + "?"
	case len(others) == 1:
		return others[0] + " has it"
	case len(others) > 1:
		last := len(others) - 1
		return strings.Join(others[:last], ", ") + " and " + others[last] + " have it"
	default:
		return hintHelp(cmd)
	}
}

// hasFlag reports whether a command has a flag that means something to it.
func hasFlag(cmd *cobra.Command, name string) bool {
	return cmd.Flags().Lookup(name) != nil && !isIdle(verbOf(cmd), name)
}

// isFileFlag reports whether a flag is what others call the file to read.
func isFileFlag(name string) bool {
	return slices.Contains([]string{"input", "file", "i", "f", "filename", "csv", "plan"}, name)
}

// takesFile reports whether a command has a file as its argument.
func takesFile(cmd *cobra.Command) bool {
	return strings.Contains(argumentOf(cmd), ".") || argumentOf(cmd) == "PATH"
}

// commandsWith are the commands that have a flag.
func commandsWith(root *cobra.Command, flag string) (all []string) {
	for _, cmd := range allCommands(root) {
		if f := cmd.LocalFlags().Lookup(flag); f != nil && f.Name != "help" {
			all = append(all, cmd.CommandPath())
		}
	}
	return all
}

// otherFlags are what flags are called elsewhere. The hint is for a command that
// has the flag, or for all.
var otherFlags = [...]struct{ names, flag, hint string }{
	{"version V", "", "bulksync version prints it"},
	{"v verbose", "log-level", "did you mean --log-level info? (bulksync --version prints the version)"},
	{"dry-run dryrun n what-if check", "", "bulksync plan is the dry run: it writes nothing"},
	{"y force auto-approve autoapprove no-confirm assume-yes non-interactive", "yes", "did you mean --yes? It applies without asking"},
	{"o output out-file outfile save", "out", "did you mean --out FILE? (--format says what is printed)"},
	{"o output", "format", "did you mean --format? Standard output can be sent to a file"},
	{"debug trace vv vvv", "log-level", "did you mean --log-level debug?"},
	{"silent s", "quiet", "did you mean --quiet?"},
	{"no-color nocolor color", "", "set NO_COLOR=1 in the environment: bulksync help environment"},
	{"parallelism threads workers jobs", "concurrency", "did you mean --concurrency?"},
	{"parallelism threads workers jobs concurrency", "parallel", "did you mean --parallel?"},
	{"rate rate-limit throttle qps", "max-rate", "did you mean --max-rate?"},
	{"wait timeout", "outage", "did you mean --outage? It is how long to wait while Graph does not answer"},
	{"token access-token client-id client-secret tenant-id username password u p", "", "credentials come from the environment: bulksync help environment; the home tenant is --tenant"},
	{"filter target select include", "only", "did you mean --only?"},
	{"exclude skip ignore", "except", "did you mean --except?"},
	{"top count max", "limit", "did you mean --limit?"},
	{"detailed-exit-code exit-code", "detailed-exitcode", "did you mean --detailed-exitcode?"},
	{"name user who by", "as", "did you mean --as NAME?"},
	{"dir outdir output-dir output-directory", "out-dir", "did you mean --out-dir?"},
	{"store", "evidence", "did you mean --evidence DIR?"},
	{"environment env", "cloud", "did you mean --cloud?"},
	{"endpoint base-url host url", "graph-url", "did you mean --graph-url?"},
	{"port", "listen", "did you mean --listen 127.0.0.1:PORT?"},
}

// nearestFlag is the flag of a command that is most like name; empty if none is.
func nearestFlag(cmd *cobra.Command, name string) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && hasFlag(cmd, f.Name) {
			names = append(names, f.Name)
		}
	})
	return similar(name, names)
}

// similar is the name that a misspelling may mean, also if two letters changed
// places; empty if there is none.
func similar(word string, names []string) string {
	word = strings.ToLower(word)
	if slices.Contains(names, word) { // -out for --out
		return word
	}
	for i := 1; i < len(word); i++ {
		if swapped := word[:i-1] + word[i:i+1] + word[i-1:i] + word[i+1:]; slices.Contains(names, swapped) {
			return swapped
		}
	}
	longest := ""
	for _, name := range names { // --fail-on-new for --fail-on
		if strings.HasPrefix(word, name+"-") && len(name) > len(longest) {
			longest = name
		}
	}
	return cmp.Or(longest, desired.Similar(word, names))
}
