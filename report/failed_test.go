package report_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/desired"
	"bulksync/report"
)

// dialects are CSV dialects that spreadsheets write.
var dialects = []desired.Dialect{
	{Delimiter: ",", Encoding: "utf-8", Newline: "\n"},
	{Delimiter: ";", Encoding: "utf-8-bom", Newline: "\r\n"},
	{Delimiter: "\t", Encoding: "utf-16le", Newline: "\r\n"},
}

func TestFailedRowsKeepCellsAndDialect(t *testing.T) {
	for _, d := range dialects {
		p := samplePlan()
		p.Input.Dialect = d
		p.Input.Cells[2][1] = "+Fabrikam"
		p.Input.Cells[3][3] = "#CHG 7; really, \"now\""
		var b bytes.Buffer
		if err := report.FailedRows(&b, p, sampleRun(p)); err != nil {
			t.Fatal(err)
		}
		header, rest, _ := strings.Cut(readable(t, d, b.Bytes()), d.Newline)
		if want := strings.Join([]string{"Tenant ID", "Name", "inboundSync", "Ticket", "reason"}, d.Delimiter); header != want {
			t.Errorf("%v: header %q, want %q", d, header, want)
		}
		if n := strings.Count(rest, d.Newline); n != 7 {
			t.Errorf("%v: %d rows, want 7:\n%s", d, n, rest)
		}
		if !strings.Contains(rest, d.Delimiter+"+Fabrikam"+d.Delimiter) {
			t.Errorf("%v: a cell of the input was altered:\n%s", d, rest)
		}
	}
}

// readable is b as text without a byte order mark.
func readable(t *testing.T, d desired.Dialect, b []byte) string {
	t.Helper()
	if d.Encoding == "utf-16le" {
		var out []rune
		for i := 2; i+1 < len(b); i += 2 {
			out = append(out, rune(b[i])|rune(b[i+1])<<8)
		}
		return string(out)
	}
	return strings.TrimPrefix(string(b), "\ufeff")
}

func TestARowOfManyChangesFailsOnce(t *testing.T) {
	p := samplePlan()
	r := resultOf(p, func(c *plan.Change) journal.Outcome {
		return journal.Outcome{Status: journal.Failed, Kind: graph.Invalid, HTTPStatus: 400, GraphCode: "Request_BadRequest", Message: "=no"}
	})
	var b bytes.Buffer
	if err := report.FailedRows(&b, p, r); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n"+tenant(2)); n != 1 {
		t.Errorf("the row of three changes is there %d times", n)
	}
	if !strings.Contains(b.String(), "consent failed 400 Request_BadRequest: =no") {
		t.Errorf("no reason:\n%s", b.String())
	}
}

func TestAnEarlierReasonIsReplaced(t *testing.T) {
	p := samplePlan()
	for _, reason := range []string{"Reason", "\u200breason", "re_ason"} { // as the input's reader accepts it
		p.Input.Header = []string{"tenantId", reason, "name", "note"}
		var b bytes.Buffer
		if err := report.FailedRows(&b, p, sampleRun(p)); err != nil {
			t.Fatal(err)
		}
		header, _, _ := strings.Cut(b.String(), "\n")
		if diff := cmp.Diff("tenantId,reason,name,note", header); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
	}
}

// The widest input that can be read leaves room for the reason.
func TestFailedRowsOfAWideInputCanBePlanned(t *testing.T) {
	wide := strings.Repeat(",", 255)
	first, err := desired.ReadRows(t.Context(), strings.NewReader("tenantId"+wide+"\n"+tenant(2)+wide+"\n"), "partners.csv")
	if err != nil {
		t.Fatal(err)
	}
	p := planOf(change(2, "", plan.IdentitySynchronization, plan.Update, syncTo(false, true)))
	p.Input = first.Input
	for range 2 {
		var b bytes.Buffer
		if err := report.FailedRows(&b, p, resultOf(p, allFailed)); err != nil {
			t.Fatal(err)
		}
		again, err := desired.ReadRows(t.Context(), &b, "failed.csv")
		if err != nil {
			t.Fatal(err)
		}
		p.Input = again.Input
	}
}

func TestFailedRowsCanBePlannedAgain(t *testing.T) {
	p := samplePlan()
	p.Input.Cells[0][1] = "+Fabrikam"
	var b bytes.Buffer
	if err := report.FailedRows(&b, p, resultOf(p, allFailed)); err != nil {
		t.Fatal(err)
	}
	rows, err := desired.ReadRows(context.Background(), &b, "failed.csv")
	if err != nil {
		t.Fatal(err)
	}
	again, err := rows.Resolve("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Rows) != p.Input.Rows || again.Rows[0].DisplayName() != "+Fabrikam" {
		t.Errorf("%d rows, the first %q", len(again.Rows), again.Rows[0].DisplayName())
	}
}
