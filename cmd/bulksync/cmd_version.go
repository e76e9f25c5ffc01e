package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"bulksync/plan"
)

// release is set by the linker when a release is built.
var release string

// version is the release, or what the Go build information says.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return strings.TrimPrefix(info.Main.Version, "v") // as a release is called
	}
	return "dev"
}

func tool() plan.Tool { return plan.Tool{Name: "bulksync", Version: version()} }

func versionCommand(c *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long: `Prints the version, as bulksync --version does, and what it was built with and
for.`,
		Example: "  bulksync version",
		Args:    takes(0, 0),
		RunE:    c.verb(func(e *env, _ []string) error { return printVersion(e) }),
	}
}

func printVersion(e *env) error {
	return e.print(func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "bulksync %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	})
}
