package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gocarina/gocsv"

	"bulksync/execute/journal"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// csvBatch is how many lines are in memory at a time.
const csvBatch = 1000

// planLine is a line of a plan's CSV; the tags are its header.
type planLine struct {
	Seq         int    `csv:"seq"`
	Row         int    `csv:"row"`
	TenantID    string `csv:"tenantId"`
	DisplayName string `csv:"displayName"`
	Object      string `csv:"object"`
	Action      string `csv:"action"`
	Reason      string `csv:"reason"`
	Hazards     string `csv:"hazards"`
	Before      string `csv:"before"`
	After       string `csv:"after"`
	Method      string `csv:"method"`
	Path        string `csv:"path"`
	Body        string `csv:"body"`
	Note        string `csv:"note"`
	// What came later stands at the end, where no script is disturbed.
	DirectoryName string `csv:"directoryName"`
	Domain        string `csv:"domain"`
}

// outcomeLine is a line of outcomes.csv; the tags are its header, on which
// scripts rely.
type outcomeLine struct {
	Row             int    `csv:"row"`
	TenantID        string `csv:"tenantId"`
	DisplayName     string `csv:"displayName"`
	Object          string `csv:"object"`
	Action          string `csv:"action"`
	Status          string `csv:"status"`
	Attempts        int    `csv:"attempts"`
	HTTPStatus      string `csv:"httpStatus"`
	GraphCode       string `csv:"graphCode"`
	Message         string `csv:"message"`
	RequestID       string `csv:"requestId"`
	ClientRequestID string `csv:"clientRequestId"`
	StartedAt       string `csv:"startedAt"`
	ElapsedMs       int64  `csv:"elapsedMs"`
	Before          string `csv:"before"`
	After           string `csv:"after"`
	Note            string `csv:"note"`
	DirectoryName   string `csv:"directoryName"`
	Domain          string `csv:"domain"`
}

func planCSV(w io.Writer, p *plan.Plan) error {
	return writeCSV(w, nil, len(p.Changes), func(i int) (planLine, error) {
		c := &p.Changes[i]
		before, after, err := sides(c.Fields)
		if err != nil {
			return planLine{}, fmt.Errorf("change %d: %w", c.Seq, err)
		}
		l := planLine{
			Seq: c.Seq, Row: c.Row, TenantID: cell(c.Partner.TenantID), DisplayName: cell(c.Partner.DisplayName),
			Object: cell(string(c.Object)), Action: cell(string(c.Action)), Reason: cell(c.Reason),
			Hazards: hazardList(c.Hazards), Before: before, After: after, Note: cell(c.Note),
			DirectoryName: cell(c.Partner.DirectoryName), Domain: cell(c.Partner.Domain),
		}
		if q := c.Request(); q != nil {
			l.Method, l.Path, l.Body = cell(q.Method), cell(q.Path), jsonCell(string(q.Body))
		}
		return l, nil
	})
}

// outcomesCSV writes one line per change of p, in plan order, with its outcome in r.
// Times are UTC; before and after are JSON objects of the properties that differ.
func outcomesCSV(w io.Writer, p *plan.Plan, r *journal.Result, like *desired.Dialect) error {
	return writeCSV(w, like, len(p.Changes), func(i int) (outcomeLine, error) {
		c, o := &p.Changes[i], &r.Outcomes[i]
		before, after, err := sides(c.Fields)
		if err != nil {
			return outcomeLine{}, fmt.Errorf("change %d: %w", c.Seq, err)
		}
		return outcomeLine{
			Row: c.Row, TenantID: cell(c.Partner.TenantID), DisplayName: cell(c.Partner.DisplayName),
			Object: cell(string(c.Object)), Action: cell(string(c.Action)), Status: string(o.Status),
			Attempts: o.Attempts, HTTPStatus: httpStatus(o), GraphCode: cell(o.GraphCode), Message: cell(o.Message),
			RequestID: cell(o.RequestID), ClientRequestID: cell(o.ClientRequestID),
			StartedAt: startedAt(o), ElapsedMs: o.ElapsedMs, Before: before, After: after, Note: cell(c.Note),
			DirectoryName: cell(c.Partner.DirectoryName), Domain: cell(c.Partner.Domain),
		}, nil
	})
}

// writeCSV writes n lines: plain, or a file for people in the dialect of the input.
// The project asks for gocsv, and its tags are the one place that names the columns. It
// gets a writer of our own, so that its global settings have no effect, and times as
// text, because it would format them its own way.
func writeCSV[T any](w io.Writer, like *desired.Dialect, n int, line func(int) (T, error)) error {
	write := func(out *desired.Writer) error { return writeLines(csvLines{out}, n, line) }
	if like == nil {
		return desired.PlainDialect().WriteExactly(w, write)
	}
	return like.WriteFile(w, write)
}

// csvLines is a writer as gocsv wants it: Write has told every error.
type csvLines struct{ *desired.Writer }

func (csvLines) Flush()       {}
func (csvLines) Error() error { return nil }

// writeLines writes lines in batches, so that a large report is never in memory as a
// whole, and the header even if there are none.
func writeLines[T any](out csvLines, n int, line func(int) (T, error)) error {
	batch := make([]T, 0, min(n, csvBatch))
	write := gocsv.MarshalCSV
	for i := range n {
		l, err := line(i)
		if err != nil {
			return err
		}
		if batch = append(batch, l); len(batch) < csvBatch {
			continue
		}
		if err := write(batch, out); err != nil {
			return err
		}
		batch, write = batch[:0], gocsv.MarshalCSVWithoutHeaders
	}
	return write(batch, out)
}

// cell is text that is safe in a spreadsheet and on a terminal.
func cell(s string) string { return guard(Clean(s)) }

// jsonCell is JSON, an object or nothing, that is safe there.
func jsonCell(s string) string { return guardJSON(Clean(s)) }

func sides(fs []plan.Field) (before, after string, err error) {
	if before, err = sideJSON(fs, func(f plan.Field) any { return f.Before }); err != nil {
		return "", "", err
	}
	after, err = sideJSON(fs, func(f plan.Field) any { return f.After })
	return jsonCell(before), jsonCell(after), err
}

func hazardList(hs []plan.Hazard) string {
	names := make([]string, len(hs))
	for i, h := range hs {
		names[i] = string(h)
	}
	return cell(strings.Join(names, " "))
}

func httpStatus(o *journal.Outcome) string {
	if o.HTTPStatus == 0 {
		return ""
	}
	return fmt.Sprint(o.HTTPStatus)
}

func startedAt(o *journal.Outcome) string {
	if o.StartedAt.IsZero() {
		return ""
	}
	return o.StartedAt.UTC().Format(time.RFC3339Nano)
}
