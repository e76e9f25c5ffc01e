// Bulksync changes the cross-tenant synchronization settings of many partner
// tenants at once: it reads a CSV, makes a plan that can be read and approved,
// applies it through Microsoft Graph, and reports how every change ended.
//
// This package is the wiring: flags, files, signals, exit codes. It is the only
// one that reads the environment, asks a question or exits. The packages below
// it decide what the words mean. Each verb is one file, cmd_<verb>.go, with its
// options and a function that runs them; run.go and compare.go hold what verbs
// share.
//
// The rules for what a person sees, which messages.go, terminal.go, hints.go and
// exit.go follow:
//
//   - Standard output carries the result alone, and is empty when a command
//     could not run. Everything else goes to standard error.
//   - On a terminal, a result that people read may go through their pager, but never
//     that of a command that writes, or that has something to ask.
//   - An error is one line, "bulksync: error: what", in lower case without a
//     full stop. If there is something to do, a line "bulksync: hint: the next step"
//     follows. Faults in a file are lines of their own, "file:line:column: what".
//   - All of standard error goes through messages, so that --quiet and
//     --log-format json hold for every line: with JSON, what stands above in two
//     lines is one object.
//   - Text from a file or the network is cleaned by edge on its way to standard
//     error and the log. A command in a hint runs as it is printed.
//   - A command that could not run leaves no new file or folder behind.
//   - A help text is at most 80 columns wide, and lists only flags that mean
//     something to its command. As with gh, the commands are in groups and the help
//     has topics; as with kubectl, a flag shows the words that it takes; as with
//     Terraform, a wrong word is answered with the one that was probably meant, also
//     if it is a word of those tools. What the help, its topics and docs/commands.md
//     say comes from the tables that the code goes by.
//   - A completion reads the beginning of a few local files, and nothing else.
//   - The exit code says what happened; exit.go has the codes, and signals.go ends
//     a process that does not end by itself.
package main
