package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"bulksync/execute/journal"
	"bulksync/plan/desired"
)

// topic is a page of bulksync help that is about no command. Its rows come from the
// table in the code that the program itself goes by.
type topic struct {
	name, short, intro string
	rows               func() []topicRow
	end                string
}

// topicRow is a word, and what it means. Without a word it is a heading.
type topicRow struct{ word, means string }

// topics are all of them.
func topics() []topic {
	return []topic{
		{
			name: "exit-codes", short: "What the exit code of a command says",
			intro: "A command ends with one of these codes. 1 is a wrong command line too, never 2.",
			rows:  exitRows,
			end:   "Where a command could not run, standard output is empty, and standard error says why. bulksync doctor shows its checks all the same, and verify what it could prove.",
		},
		{
			name: "environment", short: "The variables that bulksync reads",
			intro: "Variables of the environment. A flag counts before the variable that stands for it. For a fleet, its manifest says what the variables of a single tenant say.",
			rows:  variableRows,
			end:   "docs/sign-in.md says which of the AZURE_ variables each way to sign in needs.",
		},
		{
			name: "hazards", short: "What a plan warns of, and what it means",
			intro: "A hazard marks a change that a person must know of before saying yes. Those that take something away from people come first.",
			rows:  hazardRows,
			end:   "bulksync show lists the hazards of a plan at its top, with the partners concerned.",
		},
		{
			name: "statuses", short: "How a change of a run can end",
			intro: "Each change of a run ends in exactly one status.",
			rows:  statusRows,
			end:   "A run ends with exit code 0 if each change is verified or unchanged, or succeeded where nothing was to be read back (--verify-wait 0). bulksync report RUN_DIR shows a run again, bulksync resume RUN_DIR continues it.",
		},
		{
			name: "input", short: "The columns of the CSV",
			intro: "The CSV has a row for each partner, and these columns in any order, letter case and number; spaces and underscores in a name do not count. Only tenantId is required. The delimiter is a comma, a semicolon or a tab, the encoding UTF-8 or UTF-16. Above the header, and in a line of one cell, # begins a comment.",
			rows:  inputRows,
			end:   "bulksync export writes such a file from the tenant, and bulksync validate checks one.",
		},
	}
}

func exitRows() (rows []topicRow) {
	for _, c := range exitCodes {
		rows = append(rows, topicRow{strconv.Itoa(c.code), c.means})
	}
	return rows
}

func hazardRows() (rows []topicRow) {
	for _, h := range desired.Hazards() {
		rows = append(rows, topicRow{string(h.Hazard), h.Words})
	}
	return rows
}

func statusRows() (rows []topicRow) {
	for _, s := range journal.Statuses() {
		rows = append(rows, topicRow{string(s.Status), s.Meaning})
	}
	return rows
}

func inputRows() (rows []topicRow) {
	last := ""
	for _, c := range desired.Columns() {
		means := c.Values
		if last == means {
			means = "as the column above"
		}
		last = c.Values
		if c.Empty != "" {
			means += "; empty: " + c.Empty
		}
		if len(c.Aliases) > 0 {
			means += " (also: " + strings.Join(c.Aliases, ", ") + ")"
		}
		rows = append(rows, topicRow{c.Name, means})
	}
	return rows
}

// variables are those of the environment that the program, or a library of it,
// reads. A test looks for one that is missing.
var variables = [...]topicRow{
	{"", "Instead of a flag"},
	{"BULKSYNC_CLOUD", "--cloud"},
	{"BULKSYNC_TENANT", "--tenant"},
	{"BULKSYNC_AUTH", "--auth"},
	{policyVariable, "--policy"},
	{notifyVariable, "--notify; keeps its secret off the list of processes"},
	{"", "Sign-in"},
	{"BULKSYNC_ACCESS_TOKEN", "a ready-made token for Graph; its home tenant is the one to work on"},
	{"AZURE_TENANT_ID", "home tenant of the app that signs in"},
	{"AZURE_CLIENT_ID", "ID of the app, or of a user-assigned managed identity"},
	{"AZURE_CLIENT_SECRET", "secret of the app"},
	{"AZURE_CLIENT_CERTIFICATE_PATH", "PEM or PFX file with the certificate of the app and its private key"},
	{"AZURE_CLIENT_CERTIFICATE_PASSWORD", "password of that file"},
	{"AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true sends the chain of the certificate too"},
	{"AZURE_FEDERATED_TOKEN_FILE", "token of a workload identity"},
	{"AZURE_TOKEN_CREDENTIALS", "the one credential of the default chain to use"},
	{"AZURESUBSCRIPTION_TENANT_ID", "as AZURE_TENANT_ID, in a task of Azure Pipelines"},
	{"AZURESUBSCRIPTION_CLIENT_ID", "as AZURE_CLIENT_ID, in a task of Azure Pipelines"},
	{"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "service connection of the task"},
	{"ACTIONS_ID_TOKEN_REQUEST_URL", "where a job of GitHub Actions gets its token; set by GitHub"},
	{"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "what the job shows there; set by GitHub"},
	{"SYSTEM_OIDCREQUESTURI", "where a job of Azure Pipelines gets its token; set by Azure"},
	{"SYSTEM_ACCESSTOKEN", "what the job shows there; to be mapped in the pipeline"},
	{"IDENTITY_ENDPOINT", "where a managed identity gets its token; set by Azure"},
	{"IDENTITY_HEADER", "what it shows there; set by Azure"},
	{"MSI_ENDPOINT", "as IDENTITY_ENDPOINT, on older services"},
	{"MSI_SECRET", "as IDENTITY_HEADER, on older services"},
	{"SSH_AUTH_SOCK", "agent that holds the key of --key or --sign"},
	{"", "Network"},
	{"HTTPS_PROXY", "proxy for https; HTTP_PROXY is the one for http"},
	{"HTTP_PROXY", "proxy for http, which only rehearsals use"},
	{"NO_PROXY", "hosts that are reached without a proxy, with commas"},
	{"SSL_CERT_FILE", "file of the certificate authorities to trust; not on Windows and macOS, where the system says it"},
	{"SSL_CERT_DIR", "folders of further ones, with colons"},
	{"", "Screen"},
	{"NO_COLOR", "anything turns colours off"},
	{"PAGER", "command that shows a result longer than the screen (default less); empty for none"},
	{"NO_PAGER", "anything turns the pager off"},
	{"LESS", "options of less (default FRX)"},
	{"TERM", "dumb turns colours, the pager and the progress bar off"},
	{"CI", "anything turns the pager and the progress bar off"},
	{"", "Process"},
	{"AZURE_SDK_GO_LOGGING", "all adds what the identity library says to standard error"},
	{"JOB_COMPLETION_INDEX", "number of the pod of an indexed job of Kubernetes, for --shard JOB_COMPLETION_INDEX/N"},
	{"GOGC", "share of garbage before it is collected, in percent (default 75)"},
	{"GOMEMLIMIT", "memory to stay below where that is possible, such as 500MiB"},
	{"GOMAXPROCS", "processors to use at the same time"},
}

func variableRows() []topicRow { return variables[:] }

// topicGroup marks the commands that are topics.
const topicGroup = "topic"

func isTopic(cmd *cobra.Command) bool { return cmd.Annotations[topicGroup] != "" }

// topicCommands are the topics as cobra has them: commands that cannot be run, and
// only have a help.
func topicCommands() (all []*cobra.Command) {
	for _, t := range topics() {
		all = append(all, &cobra.Command{
			Use: t.name, Short: t.short, Long: t.text(), Annotations: map[string]string{topicGroup: t.name},
		})
	}
	return all
}

// text is the page.
func (t *topic) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.\n\n%s\n\n", t.short, strings.Join(wrap(t.intro, helpWidth), "\n"))
	rows, column := t.rows(), 2
	for _, r := range rows {
		if n := len(r.word) + 4; n <= flagColumn {
			column = max(column, n)
		}
	}
	for i, r := range rows {
		if r.word == "" {
			if i > 0 {
				b.WriteString("\n")
			}
			b.WriteString(r.means + ":\n")
			continue
		}
		b.WriteString(r.lines(column))
	}
	b.WriteString("\n" + strings.Join(wrap(t.end, helpWidth), "\n"))
	return b.String()
}

// lines are the lines of a row, whose text begins at a column.
func (r topicRow) lines(column int) string {
	head := "  " + r.word
	indent := strings.Repeat(" ", column)
	if len(head)+2 > column {
		head += "\n" + indent
	} else {
		head += indent[len(head):]
	}
	plain := strings.ReplaceAll(r.means, "`", "")
	return head + strings.Join(wrap(plain, helpWidth-column), "\n"+indent) + "\n"
}
