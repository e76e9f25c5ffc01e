package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulksync/internal/words"
	"bulksync/plan/desired"
	"bulksync/report"
)

// validateOptions are the arguments of bulksync validate.
type validateOptions struct {
	csv, template string
	// faults is the file for rows with problems; empty for none.
	faults string
}

func validateCommand(c *commandLine) *cobra.Command {
	var o validateOptions
	cmd := &cobra.Command{
		Use:   "validate [FILE.csv]",
		Short: "Check the input files, offline and without credentials",
		Long: `Checks a CSV ("-" is standard input), a template or both as plan and audit do,
without a tenant: exit code 0, or 1 with every problem. With --faults the rows
that have problems are written to a file of their own, as they were, each with
its reasons, to be corrected and planned. --format json lists all problems on
standard output.`,
		Example: "  bulksync validate partners.csv --faults faults.csv",
		Args:    takes(0, 1),
		RunE: c.verb(func(e *env, args []string) error {
			if len(args) > 0 {
				o.csv = args[0]
			}
			return o.run(c.stops.Soft, e)
		}),
	}
	o.register(cmd.Flags())
	return cmd
}

func (o *validateOptions) register(fl *pflag.FlagSet) {
	fl.StringVar(&o.template, "template", "", "`FILE.json`: multitenant-organization identity-sync template")
	fl.StringVar(&o.faults, "faults", "", "`FILE.csv`: file to write the rows with problems to")
}

// validation is what validate writes as JSON.
type validation struct {
	FormatVersion int       `json:"formatVersion"`
	CheckedAt     time.Time `json:"checkedAt"`
	OK            bool      `json:"ok"`
	// Rows counts those of the CSV; 0 without one, or if they cannot be told apart.
	Rows int `json:"rows"`
	// Domains counts the domain names in it, which only the tenant can resolve.
	Domains int          `json:"domains"`
	Faults  []inputFault `json:"faults"`

	said string // the same of each valid file, for people
}

// inputFault is a problem of a file, and where it is.
type inputFault struct {
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	TenantID string `json:"tenantId,omitempty"`
	Reason   string `json:"reason"`
}

// run checks each file, also if the one before has problems.
func (o *validateOptions) run(ctx context.Context, e *env) error {
	if err := o.check(ctx, e); err != nil {
		return err
	}
	v := validation{FormatVersion: 1, CheckedAt: time.Now().UTC(), OK: true, Faults: []inputFault{}}
	for _, w := range []wanted{{template: o.template}, {csv: o.csv}} {
		if w.csv+w.template == "" {
			continue
		}
		rows, err := o.read(ctx, e, w)
		if isInterrupt(err) {
			return err
		}
		if err != nil && e.format != report.JSON {
			e.sayError(err)
		}
		v.add(w, rows, err)
		if err := o.handBack(ctx, e, w, rows, err); err != nil {
			return err
		}
	}
	if err := e.show(&v); err != nil || v.OK {
		return err
	}
	return exitWith(exitCannotRun)
}

// show prints the result. As text it is what is valid, and nothing if something is
// not.
func (e *env) show(v *validation) error {
	return e.page(func(out io.Writer) (err error) {
		switch {
		case e.format == report.JSON:
			err = report.Proof(out, v)
		case v.OK:
			_, err = io.WriteString(out, v.said)
		}
		return err
	})
}

// add adds what was found of a file: err is what is wrong with it.
func (v *validation) add(w wanted, rows *desired.Rows, err error) {
	var refused *desired.RefusedRows
	var problems desired.RowErrors
	switch {
	case rows != nil:
		v.Rows, v.Domains = rows.Input.Rows, len(rows.Domains())
	case errors.As(err, &refused):
		v.Rows = refused.Rows()
	}
	if err == nil {
		v.said += valid(w, rows)
		return
	}
	v.OK = false
	if !errors.As(err, &problems) { // it could not be read
		v.Faults = append(v.Faults, inputFault{File: edge(inputName(w.csv + w.template)), Reason: edge(err.Error())})
	}
	for _, p := range problems {
		v.Faults = append(v.Faults, inputFault{edge(p.File), p.Line, p.Column, p.TenantID, edge(p.Err.Error())})
	}
}

// read checks a file. The home tenant is known only if --tenant names it.
func (o *validateOptions) read(ctx context.Context, e *env, w wanted) (*desired.Rows, error) {
	_, rows, err := e.read(ctx, w)
	if err == nil && rows != nil && e.homeTenant != "" && len(rows.Domains()) == 0 {
		_, err = rows.Resolve(e.homeTenant, nil)
	}
	return rows, err
}

// check refuses what cannot be done with any content of the files.
func (o *validateOptions) check(ctx context.Context, e *env) error {
	switch {
	case o.csv == "" && o.template == "":
		return hinted(errors.New("no file to check"), "give a CSV of partners, or a template with --template FILE.json")
	case e.format != report.Text && e.format != report.JSON:
		return fmt.Errorf("validate writes text or json, not %s", e.format)
	case o.faults == "":
		return nil
	case o.csv == "":
		return errors.New("--faults is for the rows of a CSV: give one")
	case o.faults != "-" && !isKept(o.faults):
		return errors.New("--faults writes the rows as they were: give a file")
	}
	return e.checkOutput(ctx, faultsFile, o.faults, o.csv, o.template)
}

// handBack writes the rows that err, what is wrong with the CSV, refuses.
func (o *validateOptions) handBack(ctx context.Context, e *env, w wanted, rows *desired.Rows, err error) error {
	if w.csv == "" || o.faults == "" {
		return nil
	}
	f := faultsOf(rows, err)
	switch {
	case err == nil:
		e.note("no row has a problem: %s was not written", o.faults)
		return nil
	case f == nil:
		e.note("%s was not written: correct the lines above first, then the rows can be checked", o.faults)
		return nil
	}
	if err := o.checkCorrected(ctx, e); err != nil {
		return err
	}
	if err := e.writeFile(ctx, o.faults, f.Write); err != nil {
		return err
	}
	e.note("%s written to %s, each with its reason; or correct them there, and plan that file", words.Count(f.Rows(), "row"), o.faults)
	return nil
}

// checkCorrected refuses to replace a file of faults that somebody has corrected.
func (o *validateOptions) checkCorrected(ctx context.Context, e *env) error {
	corrected, err := readFile(ctx, &e.process, o.faults, func(r io.Reader) (bool, error) { return desired.HasGoodRows(ctx, r, e.homeTenant) })
	switch {
	case corrected:
		return refused("give --faults another name", "%s has rows without a problem, which would be lost", o.faults)
	case isInterrupt(err):
		return err
	}
	return nil // writing reports what is wrong
}

// faultsOf are the rows that err refuses: while they were read, or once they were;
// nil if they cannot be told apart.
func faultsOf(rows *desired.Rows, err error) *desired.Faults {
	var refused *desired.RefusedRows
	var problems desired.RowErrors
	switch {
	case errors.As(err, &refused):
		return refused.Faults()
	case rows != nil && errors.As(err, &problems):
		return rows.Faults(problems)
	}
	return nil
}

// valid says that a file can be planned, and what only the tenant can tell.
func valid(w wanted, rows *desired.Rows) string {
	if rows == nil {
		return report.OneLine(inputName(w.template)) + " is valid.\n"
	}
	text := fmt.Sprintf("%s is valid: %s.", report.OneLine(inputName(w.csv)), words.Count(rows.Input.Rows, "row"))
	if n := len(rows.Domains()); n > 0 {
		text += fmt.Sprintf(" %s not looked up: plan does that.", words.Count(n, "domain name"))
	}
	return text + "\n"
}
