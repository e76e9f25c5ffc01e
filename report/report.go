package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"bulksync/execute/journal"
	"bulksync/internal/fleet"
	"bulksync/plan"
	"bulksync/plan/approval"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// Format is the format of a report.
type Format string

// The formats, as --format spells them.
const (
	Text     Format = "text"
	JSON     Format = "json"
	CSV      Format = "csv"
	Markdown Format = "markdown"
	HTML     Format = "html"
	// JUnit is for an audit and a fleet, SARIF and GitHub are for an audit alone.
	JUnit  Format = "junit"
	SARIF  Format = "sarif"
	GitHub Format = "github"
)

// Formats lists the formats, those of an audit alone last.
func Formats() []Format {
	return []Format{Text, JSON, CSV, Markdown, HTML, JUnit, SARIF, GitHub}
}

// ParseFormat returns the format that s names, or an error that lists the names.
func ParseFormat(s string) (Format, error) {
	if f := Format(strings.ToLower(s)); slices.Contains(Formats(), f) {
		return f, nil
	}
	return "", fmt.Errorf("unknown format %q: use text, json, csv, markdown or html; an audit also knows junit, sarif and github, and a fleet junit", s)
}

// OfAudit reports whether an audit has this format, and a plan and a run have not.
func (f Format) OfAudit() bool { return slices.Contains([]Format{JUnit, SARIF, GitHub}, f) }

// OfFleet reports whether the roll-up of a fleet has this format.
func (f Format) OfFleet() bool { return f == JUnit || !f.OfAudit() }

// Options are what only the caller knows. The zero value is a report of 80
// columns without colour.
type Options struct {
	// Width is how many columns the terminal has; 0 means 80. Only text uses
	// it, with a minimum of 60.
	Width int
	// Color allows ANSI colours in text.
	Color bool
	// ExitCode is the code that a run ends with; it is part of the run's JSON.
	ExitCode int
	// Approvals are the decisions on a plan that its page shows. A run has its own.
	Approvals []approval.Approval
	// File is the name of the plan's file, for the commands on its page; empty
	// means plan.json.
	File string
	// Path is where the input of an audit is, with slashes, below the root of the
	// repository for tools that link to it; empty means its name without folders.
	Path string
	// All makes text list every row.
	All bool
	// LikeInput writes the CSV of a run or an audit as its input was written, for
	// people who open both in a spreadsheet. Without it, CSV is plain UTF-8 with
	// commas, for programs.
	LikeInput bool
	// Running means that the run is still going: changes without an outcome are
	// to come, and the report claims no end.
	Running bool
}

// inputPath is where the input of a is.
func (o Options) inputPath(a *audit.Audit) string { return OneLine(cmp.Or(o.Path, a.Input.Name)) }

// dialect is that of the input where a CSV is to be like it; nil where not.
func (o Options) dialect(input *desired.Dialect) *desired.Dialect {
	if !o.LikeInput {
		return nil
	}
	return input
}

// Plan writes what p would do. JSON is the plan file itself, with every
// character that a terminal could obey escaped.
func Plan(w io.Writer, p *plan.Plan, f Format, o Options) error {
	if err := checkPlan(p); err != nil {
		return err
	}
	switch f {
	case JSON:
		return escaped(w, p.Encode)
	case CSV:
		return planCSV(w, p)
	default:
		return writePage(w, planPage(p, o), f, o)
	}
}

// Run writes what became of p in r. JSON is the summary of the run and
// o.ExitCode; CSV has one line per change. A result whose outcomes do not
// account for every change of p is an error and nothing is written.
func Run(w io.Writer, p *plan.Plan, r *journal.Result, f Format, o Options) error {
	if err := checkRun(p, r); err != nil {
		return err
	}
	if o.Running {
		r = soFar(r)
	}
	switch f {
	case JSON:
		return writeJSON(w, summary{r, policyName{p.Policy.Name, p.Policy.SHA256}, p.Selection, p.Estimate, o.Running, o.ExitCode})
	case CSV:
		return outcomesCSV(w, p, r, o.dialect(&p.Input.Dialect))
	default:
		return writePage(w, runPage(p, r, o.Running), f, o)
	}
}

// Audit writes what a found. CSV has one line per finding.
func Audit(w io.Writer, a *audit.Audit, f Format, o Options) error {
	if err := checkAudit(a); err != nil {
		return err
	}
	switch f {
	case JSON:
		return auditJSON(w, a)
	case CSV:
		return auditCSV(w, a, o.dialect(&a.Input.Dialect))
	case JUnit:
		return auditJUnit(w, a)
	case SARIF:
		return auditSARIF(w, a, o)
	case GitHub:
		return auditGitHub(w, a, o)
	default:
		return writePage(w, auditPage(a), f, o)
	}
}

// Rollup is what is known of the tenants of a fleet: json.Unmarshal reads it from the
// JSON of one.
type Rollup = fleet.Rollup

// Fleet writes what is known of the tenants of a fleet. CSV has one line for each
// tenant, JUnit one suite. A roll-up whose totals do not account for every tenant of
// its manifest is an error and nothing is written.
func Fleet(w io.Writer, r *Rollup, f Format, o Options) error {
	if err := checkFleet(r); err != nil {
		return err
	}
	switch f {
	case JSON:
		return writeJSON(w, r)
	case CSV:
		return fleetCSV(w, r)
	case JUnit:
		return fleetJUnit(w, r)
	default:
		return writePage(w, fleetPage(r), f, o)
	}
}

// writePage gives the formats for people a buffered writer, so that a row is
// not a system call.
func writePage(w io.Writer, p *page, f Format, o Options) error {
	b := bufio.NewWriter(w)
	var err error
	switch f {
	case Text:
		err = writeText(b, p, o)
	case Markdown:
		err = writeMarkdown(b, p)
	case HTML:
		err = writeHTML(b, p)
	default:
		err = fmt.Errorf("a %s has no format %q", p.Kind, f)
	}
	if err != nil {
		return err
	}
	return b.Flush()
}
