package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// takes lets a command have from low to high arguments.
func takes(low, high int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		_, form, _ := strings.Cut(cmd.UseLine(), " ")
		form = "bulksync " + strings.TrimSuffix(form, " [flags]")
		switch n := len(args); {
		case n < low:
			return hinted(fmt.Errorf("an argument is missing: %s", form), hintHelp(cmd))
		case n > high:
			return hinted(fmt.Errorf("%q is one argument too many: %s", args[high], form), hintHelp(cmd))
		default:
			return nil
		}
	}
}

// anyNumber is a limit for takes that is never reached.
const anyNumber = 1 << 30

func hintHelp(cmd *cobra.Command) string { return cmd.CommandPath() + " --help shows how to use it" }

// noSuchCommand is for a word where a command has to be.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("there is no command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		path := cmd.CommandPath() + " "
		return hinted(err, "did you mean "+path+strings.Join(near, ", or "+path)+"?")
	}
	if cmd.HasParent() {
		return hinted(err, hintHelp(cmd))
	}
	return hinted(err, "bulksync help lists the commands")
}

// wrongFlag says what is wrong with a flag in the words of its user, not in those
// of the libraries.
func wrongFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedName() == "version":
		return hinted(err, "bulksync version prints it")
	case errors.As(err, &unknown):
		if near := nearestFlag(cmd, unknown.GetSpecifiedName()); near != "" {
			return hinted(err, "did you mean --"+near+"?")
		}
		return hinted(err, hintHelp(cmd))
	case errors.As(err, &value):
		if what := typeOf(value.GetFlag()); what != "" {
			return fmt.Errorf("--%s: %q is not %s", value.GetFlag().Name, value.GetValue(), what)
		}
	}
	return err
}

// checkGiven refuses a flag with an empty value, as from a variable of a script that
// is not set: it would count as one that was not given.
func checkGiven(fl *pflag.FlagSet) (err error) {
	fl.Visit(func(f *pflag.Flag) {
		if list, ok := f.Value.(pflag.SliceValue); ok && slices.Contains(list.GetSlice(), "") || !ok && f.Value.String() == "" && f.Value.Type() != "func" {
			err = cmp.Or(err, fmt.Errorf(`--%s "" names nothing: give a value, or leave the flag out`, f.Name))
		}
	})
	return err
}

// hideOnline leaves the flags that only matter to a command that asks Graph out of
// the help of one that does not. They are taken all the same, so that a script can
// give the same flags to each command. A fleet refuses those of a single tenant.
func hideOnline(cmd *cobra.Command) {
	if cmd.Name() == fleetName || isOfFleet(cmd) {
		for _, m := range inManifest {
			cmd.Root().PersistentFlags().Lookup(m.flag).Hidden = true
		}
	}
	var online []string
	switch cmd.Name() {
	case "show", "approve", "reject", "validate", "verify", "report", "undo", "version", "demo":
		online = []string{"auth", "cloud", "graph-url", "outage"}
	case "simulate":
		online = []string{"auth", "graph-url", "outage"}
	case "collect":
		online = []string{"outage"}
	}
	for _, name := range online {
		cmd.Root().PersistentFlags().Lookup(name).Hidden = true
	}
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

// nearestFlag is the flag of a command that is most like name; empty if none is.
func nearestFlag(cmd *cobra.Command, name string) (near string) {
	flags := cobra.Command{SuggestionsMinimumDistance: 2}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		flags.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
	})
	if all := flags.SuggestionsFor(name); len(all) > 0 {
		near = all[0]
	}
	return near
}
