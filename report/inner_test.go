package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"bulksync/report"
)

// splits matches what a spreadsheet that separates cells by semicolons would run,
// wherever in a line it stands.
var splits = regexp.MustCompile(`[;\n][\s"]*[=+\-@＝＋－＠]`)

// TestNoPartOfACellIsAFormula gives a partner's directory, the input and the answers
// texts that become formulas only where a spreadsheet splits our cells.
func TestNoPartOfACellIsAFormula(t *testing.T) {
	const evil = `Ok;=cmd|'/c calc'!A0`
	p := samplePlan()
	for i := range p.Changes {
		c := &p.Changes[i]
		c.Partner.DirectoryName, c.Partner.DisplayName, c.Note = evil, "A; \"＝B", "first\n-1"
		for j := range c.Fields {
			if c.Fields[j].Path == "displayName" {
				c.Fields[j].After = evil
			}
		}
	}
	r := sampleRun(p)
	r.Outcomes[0].Message = "no;@SUM(1)"
	seen := false
	for name, write := range writers(p, r, report.CSV) {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if at := splits.FindString(b.String()); at != "" {
			t.Errorf("%s: %q begins a formula in:\n%s", name, at, b.String())
		}
		lines, err := csv.NewReader(&b).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			for _, c := range line {
				if !strings.HasPrefix(c, "{") || !strings.Contains(c, "calc") {
					continue
				}
				seen = true
				if got := map[string]any{}; json.Unmarshal([]byte(c), &got) != nil || got["displayName"] != evil {
					t.Errorf("%s: %s became %v", name, c, got)
				}
			}
		}
	}
	if !seen {
		t.Error("no line has the name as JSON")
	}
}
