package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"pgregory.net/rapid"

	"bulksync/plan"
	"bulksync/report"
)

func TestTextFitsTheTerminalAndKeepsTenantIDsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawRun(t)
		width := rapid.IntRange(80, 160).Draw(t, "width")
		o := report.Options{Width: width}
		var planned, ran strings.Builder
		if err := report.Plan(&planned, p, report.Text, o); err != nil {
			t.Fatal(err)
		}
		if err := report.Run(&ran, p, r, report.Text, o); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(planned.String() + ran.String()) {
			if n := twwidth.WidthWithOptions(strings.TrimSuffix(line, "\n"), twwidth.Options{}); n > width {
				t.Fatalf("%d columns in %d: %q", n, width, line)
			}
		}
		for i, c := range p.Changes {
			if c.Action != "no-op" && !strings.Contains(planned.String(), c.Partner.TenantID) {
				t.Fatalf("change %d is not listed", i+1)
			}
			if !r.Outcomes[i].Status.Done() && !strings.Contains(ran.String(), c.Partner.TenantID) {
				t.Fatalf("outcome %d is not listed", i+1)
			}
		}
	})
}

// What the directory calls a partner without a name is said once.
func TestANameInTheDirectoryIsSaidOnce(t *testing.T) {
	p := samplePlan()
	p.Changes = []plan.Change{with(change(2, "", plan.Consent, plan.Update, plan.Field{Path: "automaticUserConsentSettings.inboundAllowed", Before: true, After: false}), "", plan.ConsentOff)}
	p.Changes[0].Partner.DirectoryName, p.Changes[0].Partner.Domain = "Woodgrove Bank", "woodgrove.example"
	p.Summary = plan.Summarize(p.Changes)
	var b strings.Builder
	if err := report.Plan(&b, p, report.Text, report.Options{Width: 200}); err != nil {
		t.Fatal(err)
	}
	list, _, _ := strings.Cut(b.String(), "───")
	if n := strings.Count(list, "directory: Woodgrove Bank, woodgrove.example"); n != 1 {
		t.Errorf("it is said %d times:\n%s", n, list)
	}
}

func TestTextEndsWithTheTotals(t *testing.T) {
	p := samplePlan()
	var b strings.Builder
	if err := report.Plan(&b, p, report.Text, report.Options{}); err != nil {
		t.Fatal(err)
	}
	s := p.Summary
	want := fmt.Sprintf("\nPlan: %d to create, %d to update, %d to delete, %d unchanged, %d blocked.\n", s.Create, s.Update, s.Delete, s.NoOp, s.Blocked)
	if !strings.HasSuffix(b.String(), want) {
		t.Errorf("the last line is not %q:\n%s", want, b.String())
	}
}

func TestColourIsTheCallersDecision(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	t.Setenv("FORCE_COLOR", "1")
	for _, color := range []bool{true, false} {
		var b strings.Builder
		if err := report.Plan(&b, samplePlan(), report.Text, report.Options{Color: color}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "\x1b["); got != color {
			t.Errorf("colour %v, asked for %v", got, color)
		}
	}
}

// Wrapping loses nothing and leaves no line too wide, in any script; a line
// that fits is unchanged.
func TestWrappingKeepsTheText(t *testing.T) {
	const limit = 20
	width := func(s string) int { return twwidth.WidthWithOptions(s, twwidth.Options{}) }
	squeezed := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
	words := rapid.SliceOf(rapid.OneOf(rapid.StringMatching(`[a-zé]{0,30}`), rapid.StringMatching(`[株式会社東京]{0,25}`)))
	rapid.Check(t, func(t *rapid.T) {
		line := strings.Join(words.Draw(t, "words"), " ")
		for indent, got := range map[int]string{0: report.Wrap(line, limit), 4: report.Hang(line, 4, limit)} {
			if squeezed(got) != squeezed(line) || width(line) <= limit && got != line {
				t.Fatalf("%q became %q", line, got)
			}
			for i, l := range strings.Split(got, "\n") {
				if width(l) > limit || i > 0 && !strings.HasPrefix(l, strings.Repeat(" ", indent)) {
					t.Fatalf("line %d of %q", i+1, got)
				}
			}
		}
	})
}
