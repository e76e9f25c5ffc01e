package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulksync/execute/rundir"
)

// takes lets a command have from low to high arguments.
func takes(low, high int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= low && len(args) <= high {
			return nil
		}
		if err := swallowed(cmd); err != nil {
			return err
		}
		if len(args) < low {
			what, hint := missing(cmd)
			return hinted(fmt.Errorf("%s is missing: %s", what, formOf(cmd)), cmp.Or(hint, hintHelp(cmd)))
		}
		return hinted(fmt.Errorf("%q is one argument too many: %s", args[high], formOf(cmd)), hintTooMany(cmd, args))
	}
}

// hintTooMany is what a word that is one argument too many was probably meant as.
func hintTooMany(cmd *cobra.Command, args []string) string {
	if spaced := strings.Join(args, " "); len(args) > 1 && exists(spaced) {
		return "quote a name that has spaces: " + address{}.command(verbOf(cmd), spaced)
	}
	last := shellQuote(args[len(args)-1])
	switch cmd.Name() {
	case "approve", "reject":
		return "did you mean --as " + last + "?"
	case "export":
		return "did you mean --out " + last + "?"
	case "simulate":
		return "did you mean --listen 127.0.0.1:" + last + "?"
	default:
		return hintHelp(cmd)
	}
}

// anyNumber is a limit for takes that is never reached.
const anyNumber = 1 << 30

// formOf is how a command is typed.
func formOf(cmd *cobra.Command) string {
	return strings.TrimSuffix(cmd.UseLine(), " [flags]")
}

// argumentOf is the first word after the name of a command in its form; empty if
// there is none.
func argumentOf(cmd *cobra.Command) string {
	_, argument, _ := strings.Cut(cmd.Use, " ")
	argument, _, _ = strings.Cut(argument, " ")
	return strings.Trim(argument, "[].")
}

// missing says what a command without its argument lacks, and where to get it; the
// hint is empty if there is nothing to say.
func missing(cmd *cobra.Command) (what, hint string) {
	switch argumentOf(cmd) {
	case "plan.json":
		return "a plan", cmp.Or(planHere(), "bulksync plan FILE.csv --out plan.json makes one")
	case "RUN_DIR":
		hint = "bulksync apply makes one, below " + rundir.RunsName
		if runs := runFolders(rundir.RunsName + string(filepath.Separator)); len(runs) > 0 {
			hint = "the newest here is " + shellFile(filepath.Clean(runs[0]))
		}
		return "the folder of a run", hint
	case "FLEET.yaml":
		return "a manifest", "bulksync simulate --fleet DIR writes one to try"
	case "DIR":
		return "the folder of a shard", "name the folders that --out-dir of each shard named"
	case "PATH":
		return "a path", "name a plan, a decision, a run folder, an audit of a store, or a store"
	case "SHELL":
		return "a shell", "bulksync completion --help says how to install it"
	default:
		return "an argument", ""
	}
}

// planHere names a plan in the working folder; empty if none is found.
func planHere() string {
	all, _ := paths(isPlanFile, nil)(nil, nil, "")
	for _, path := range all {
		if !strings.HasSuffix(path, "/") {
			return "here is one: " + shellFile(path)
		}
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// swallowed finds a flag without its value, so that the flag after it was taken for
// the value.
func swallowed(cmd *cobra.Command) (err error) {
	fl := cmd.Flags()
	fl.Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			name, isFlag := strings.CutPrefix(value, "--")
			if name, _, _ = strings.Cut(name, "="); isFlag && fl.Lookup(name) != nil {
				err = valueMissing(cmd, f)
			}
		}
	})
	return err
}

// valueMissing is the error for a flag without its value.
func valueMissing(cmd *cobra.Command, f *pflag.Flag) error {
	placeholder := cmp.Or(placeholderOf(verbOf(cmd), f), placeholderOf("", f))
	return hinted(fmt.Errorf("--%s: its value is missing", f.Name), "--"+f.Name+" "+placeholder+": "+f.Usage)
}

func hintHelp(cmd *cobra.Command) string { return cmd.CommandPath() + " --help shows how to use it" }

// noSuchCommand is for a word where a command has to be.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("there is no command %q", args[0])
	if near := nearestCommands(cmd, args[0]); len(near) > 0 {
		path := cmd.CommandPath() + " "
		return hinted(err, "did you mean "+path+strings.Join(near, ", or "+path)+"?")
	}
	if is, hint := isInput(args[0]); is {
		return hinted(err, hint)
	}
	if cmd.HasParent() {
		return hinted(err, hintHelp(cmd))
	}
	return hinted(err, "bulksync help lists the commands")
}

// isInput reports whether a word where a command has to be is a file, and says what
// to do with it.
func isInput(word string) (is bool, hint string) {
	switch ext := filepath.Ext(word); {
	case strings.EqualFold(ext, ".csv"):
		return true, "to see what it would change: " + address{}.command("plan", word)
	case strings.EqualFold(ext, ".json"):
		return true, "to read a plan: " + address{}.command("show", word)
	default:
		return false, ""
	}
}

// wrongFlag says what is wrong with a flag in the words of its user, not in those
// of the libraries.
func wrongFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	var required *pflag.ValueRequiredError
	var syntax *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &unknown):
		return noSuchFlag(cmd, unknown)
	case errors.As(err, &required):
		return valueMissing(cmd, required.GetFlag())
	case errors.As(err, &syntax):
		return hinted(fmt.Errorf("%s is not a flag", syntax.GetSpecifiedFlag()), hintHelp(cmd))
	case errors.As(err, &value):
		return wrongValue(cmd, value)
	default:
		return err
	}
}

// wrongValue says what is wrong with the value of a flag.
func wrongValue(cmd *cobra.Command, err *pflag.InvalidValueError) error {
	f, none := err.GetFlag(), (*choiceError)(nil)
	switch what := typeOf(f); {
	case errors.As(err, &none):
		if own, _ := choicesOf(verbOf(cmd), f); own != nil { // it may mean nothing to the command
			none.words = own
		}
		return none.of("--" + f.Name)
	case what != "":
		return fmt.Errorf("--%s: %q is not %s", f.Name, err.GetValue(), what)
	case err.GetValue() == "":
		return fmt.Errorf("--%s: %w", f.Name, err.Unwrap())
	default:
		return fmt.Errorf("--%s %q: %w", f.Name, err.GetValue(), err.Unwrap())
	}
}

// noSuchFlag is for a flag that a command does not have, with what was probably
// meant.
func noSuchFlag(cmd *cobra.Command, err *pflag.NotExistError) error {
	name, said := err.GetSpecifiedName(), "--"+err.GetSpecifiedName()
	if short := err.GetSpecifiedShortnames(); short != "" {
		said = "-" + name
		if word, _, _ := strings.Cut(short, "="); len(word) > 1 { // a word after one dash
			name, said = word, "-"+word
		}
	}
	return hinted(fmt.Errorf("there is no flag %s", said), hintFlag(cmd, name))
}

// checkGiven refuses a flag with an empty value, as from a variable of a script that
// is not set: it would count as one that was not given. And it refuses one whose
// value is the flag after it.
func checkGiven(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if list, ok := f.Value.(pflag.SliceValue); ok && slices.Contains(list.GetSlice(), "") || !ok && f.Value.String() == "" && f.Value.Type() != "func" {
			err = cmp.Or(err, fmt.Errorf(`--%s "" names nothing: give a value, or leave the flag out`, f.Name))
		}
	})
	return cmp.Or(err, swallowed(cmd))
}

// typeOf says what the value of a flag has to be, for types whose errors speak of
// Go; empty for the others.
func typeOf(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "duration":
		return "a time: write it as 90s, 5m or 1h30m"
	case "bool":
		return "true or false"
	case "int", "int64", "uint64":
		return "a whole number"
	default:
		return ""
	}
}
