//go:build !man

package main

import "github.com/spf13/cobra"

// buildVerbs are commands for whoever builds the program: none in the program that
// is shipped. The tag man adds one that writes the manual pages.
func buildVerbs(*commandLine) []*cobra.Command { return nil }
