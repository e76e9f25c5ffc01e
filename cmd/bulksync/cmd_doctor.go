package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bulksync/execute"
	"bulksync/graph/auth"
	"bulksync/internal/doctor"
	"bulksync/internal/words"
	"bulksync/plan/desired"
	"bulksync/report"
)

// doctorOptions are the flags of bulksync doctor.
type doctorOptions struct {
	// csv is the file to be planned or audited; empty for none.
	csv string
	// task is the command that the identity must be enough for, as typed.
	task string
}

func doctorCommand(c *commandLine) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor [FILE.csv]",
		Short: "Say what this identity can see and do, before it matters",
		Long: `Looks at the network, the clock, the sign-in, the permissions and what can be
read, and says the next step where something is missing. It changes nothing, and
sends about ten requests. With a file, it also says whether the file can be
read, and whether the token lasts for it.

Exit 0: all that the command needs is there; 1: a check failed. A warning is
about something that not every command needs. Each check has a time limit of its
own: --outage counts for none.`,
		Example: `  bulksync doctor
  bulksync doctor partners.csv --for apply`,
		Args: takes(0, 1),
		RunE: c.verb(func(e *env, args []string) error {
			if len(args) > 0 {
				o.csv = args[0]
			}
			return o.run(c.stops, e)
		}),
	}
	choiceVar(cmd.Flags(), &o.task, "for", "", []string{"export", "plan", "audit", "apply", "resume"}, "command that the identity must be enough for (default plan, with a warning if it is not enough for apply)")
	return cmd
}

// diagnosis is what doctor writes as JSON.
type diagnosis struct {
	FormatVersion int            `json:"formatVersion"`
	CheckedAt     time.Time      `json:"checkedAt"`
	Checks        []doctor.Check `json:"checks"`
}

func (o doctorOptions) run(stops execute.Stops, e *env) error {
	if e.format != report.Text && e.format != report.JSON {
		return fmt.Errorf("doctor writes text or json, not %s", e.format)
	}
	options, err := o.options(stops.Soft, e)
	if err != nil {
		return err
	}
	if e.format == report.Text {
		options.Tell = func(c doctor.Check) error {
			return e.print(func(w io.Writer) error { return e.showCheck(w, cleaned(c)) })
		}
	}
	checks, err := doctor.Run(stops.Soft, options)
	if err != nil {
		return err
	}
	if err := e.print(func(w io.Writer) error { return e.showEnd(w, checks) }); err != nil {
		return err
	}
	if countOf(checks, doctor.Fail) > 0 {
		return exitWith(exitCannotRun)
	}
	return nil
}

// options say what to look at. Only the file is read for them.
func (o doctorOptions) options(ctx context.Context, e *env) (d doctor.Options, err error) {
	if d.Task, err = parseTask(o.task); err != nil {
		return d, err
	}
	d.Session = e.sessionOptions(demand{})
	d.SignIn, d.Renews = e.wayInWords(), !e.hasReadyToken()
	d.Asks = e.auth == auth.ByDeviceCode || e.auth == auth.ByBrowser
	d.HowToSignIn = e.hintSignIn()
	d.Advise = func(err error, id auth.Identity) string {
		return report.Advise(err, report.Command{Writes: d.Task == auth.Writing, SignIn: e.hintRefusedToken(), Roles: id.RoleTemplateIDs})
	}
	d.File, err = o.file(ctx, e)
	return d, err
}

// hasReadyToken reports whether the way to sign in is a token that was made
// elsewhere.
func (e *env) hasReadyToken() bool {
	return e.auth == auth.ByToken || e.auth == auth.ByDefault && e.getenv("BULKSYNC_ACCESS_TOKEN") != ""
}

func (e *env) wayInWords() string {
	switch {
	case e.hasReadyToken():
		return "the token in BULKSYNC_ACCESS_TOKEN"
	case e.auth == auth.ByDefault:
		return "the default credentials of the Azure identity library"
	default:
		return "--auth " + string(e.auth)
	}
}

// parseTask reads --for.
func parseTask(s string) (auth.Task, error) {
	switch s {
	case "":
		return "", nil
	case "export", "plan", "audit":
		return auth.Reading, nil
	case "apply", "resume":
		return auth.Writing, nil
	default:
		return "", fmt.Errorf("--for %q: use export, plan, audit, apply or resume", s)
	}
}

// file reads the CSV; nil for none. What is wrong with it is a check like any other.
func (o doctorOptions) file(ctx context.Context, e *env) (*doctor.File, error) {
	if o.csv == "" {
		return nil, nil
	}
	quiet := *e
	quiet.quiet = true // its notices are for whoever plans it
	f := &doctor.File{Name: inputName(o.csv)}
	_, rows, err := quiet.read(ctx, wanted{csv: o.csv})
	var faults desired.RowErrors
	switch {
	case isInterrupt(err):
		return nil, err
	case errors.Is(err, fs.ErrNotExist):
		f.Fault, f.Next = err.Error(), "check its path; "+o.toValidate()+" checks it alone, without a tenant"
	case errors.As(err, &faults):
		f.Next = "correct it; " + o.toValidate() + " lists every fault in it"
		first, _, _ := strings.Cut(faults.Error(), "\n")
		f.Fault = fmt.Sprintf("%s, the first: %s", words.Count(len(faults), "fault"), first)
	case err != nil:
		f.Fault, f.Next = err.Error(), "correct it; "+o.toValidate()+" checks it alone, without a tenant"
	default:
		f.Rows, f.Domains = rows.Input.Rows, len(rows.Domains())
		f.Writes = f.Rows * max(1, len(rows.Objects()))
	}
	return f, nil
}

// toValidate is the command that checks the file alone.
func (o doctorOptions) toValidate() string {
	if o.csv == "-" {
		return "bulksync validate -"
	}
	return address{}.command("validate", o.csv)
}

// detailColumn is where the details begin, after the widest status and name.
const detailColumn = 7 + 2 + 15 + 2

// cleaned is a check whose text may come from a file, a proxy or Graph.
func cleaned(c doctor.Check) doctor.Check {
	c.Detail, c.Next = edge(c.Detail), edge(c.Next)
	return c
}

// showCheck writes a check and its next step, as soon as it is done: the next one
// may take a while.
func (e *env) showCheck(w io.Writer, c doctor.Check) error {
	page := e.pageOptions()
	line := report.WrapUnder(fmt.Sprintf("%-7s  %-15s  %s", c.Status, c.Name, c.Detail), detailColumn, page.Width)
	_, err := fmt.Fprintln(w, tinted(c.Status, line, page.Color))
	if c.Next != "" && err == nil {
		_, err = fmt.Fprintln(w, report.WrapUnder(fmt.Sprintf("%*snext: %s", detailColumn, "", c.Next), detailColumn, page.Width))
	}
	return err
}

// showEnd writes how many checks there are of each status, or all of them as JSON.
func (e *env) showEnd(w io.Writer, checks []doctor.Check) error {
	if e.format == report.JSON {
		for i := range checks {
			checks[i] = cleaned(checks[i])
		}
		return report.Proof(w, diagnosis{FormatVersion: 1, CheckedAt: time.Now().UTC(), Checks: checks})
	}
	var counts []string
	for _, s := range []doctor.Status{doctor.OK, doctor.Warn, doctor.Fail, doctor.Skipped} {
		if n := countOf(checks, s); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, s))
		}
	}
	_, err := fmt.Fprintf(w, "\n%s: %s.\n", words.Count(len(checks), "check"), strings.Join(counts, ", "))
	return err
}

// tinted colours the status at the beginning of a line.
func tinted(s doctor.Status, line string, color bool) string {
	code := map[doctor.Status]string{doctor.OK: "32", doctor.Warn: "33", doctor.Fail: "31"}[s]
	rest, found := strings.CutPrefix(line, string(s))
	if !color || code == "" || !found {
		return line
	}
	return "\x1b[" + code + "m" + string(s) + "\x1b[0m" + rest
}

func countOf(checks []doctor.Check, s doctor.Status) (n int) {
	for _, c := range checks {
		if c.Status == s {
			n++
		}
	}
	return n
}
