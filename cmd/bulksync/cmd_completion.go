package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"
)

// shells are those with a completion.
var shells = [...]string{"bash", "zsh", "fish", "powershell"}

func completionCommand(c *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell",
		Long: `Prints a script that completes commands, flags and their values, plan files,
run folders and the partners of a plan. SHELL is bash, zsh, fish or powershell.
A completion reads files of this machine alone, and never asks Graph.

bash, with the package bash-completion:

  mkdir -p ~/.local/share/bash-completion/completions
  bulksync completion bash > ~/.local/share/bash-completion/completions/bulksync

zsh, where ~/.zshrc runs "autoload -U compinit && compinit":

  bulksync completion zsh > "${fpath[1]}/_bulksync"

fish:

  bulksync completion fish > ~/.config/fish/completions/bulksync.fish

PowerShell, on Windows and elsewhere, which adds a line to your profile:

  if (!(Test-Path $PROFILE)) { New-Item -Force $PROFILE }
  Add-Content $PROFILE 'bulksync completion powershell | Out-String | iex'

Open a new shell afterwards. These lines do the same for the shell at hand:

  source <(bulksync completion bash)
  source <(bulksync completion zsh)
  bulksync completion fish | source
  bulksync completion powershell | Out-String | iex`,
		Example: "  bulksync completion bash > ~/.local/share/bash-completion/completions/bulksync\n  bulksync completion powershell | Out-String | Invoke-Expression",
		Args:    takes(1, 1),
		RunE: c.verb(func(e *env, args []string) error {
			return e.printCompletion(args[0], func() *cobra.Command { return rootCommand(c) })
		}),
	}
}

// printCompletion prints the script of a shell.
func (e *env) printCompletion(shell string, root func() *cobra.Command) error {
	word, err := choice(shells[:]).find(shell)
	if none := (*choiceError)(nil); errors.As(err, &none) {
		return none.of("completion")
	}
	return e.print(func(w io.Writer) error {
		switch cmd := root(); word {
		case "bash":
			return cmd.GenBashCompletionV2(w, true)
		case "zsh":
			return cmd.GenZshCompletion(w)
		case "fish":
			return cmd.GenFishCompletion(w, true)
		default:
			return cmd.GenPowerShellCompletionWithDesc(w)
		}
	})
}
