package plan_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bulksync/plan"
)

// dialects draws each way of writing a CSV that ReadRows promises to read.
var dialects = rapid.Custom(func(t *rapid.T) plan.Dialect {
	return plan.Dialect{
		Delimiter: rapid.SampledFrom([]string{",", ";", "\t"}).Draw(t, "delimiter"),
		Encoding:  rapid.SampledFrom([]string{"utf-8", "utf-8-bom", "utf-16le", "utf-16be"}).Draw(t, "encoding"),
		Newline:   rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "newline"),
	}
})

// texts draws cells that a careless writer would break.
var texts = rapid.StringOf(rapid.SampledFrom([]rune("aZ09 ,;\t\"#\n='{}-.é€😀\u00a0\u200b")))

func TestRowsReadBackEqualInEachDialect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := dialects.Draw(t, "dialect")
		n := rapid.IntRange(1, 8).Draw(t, "rows")
		ids := rapid.SliceOfNDistinct(rapid.StringMatching("[1-9a-f][0-9a-f]{7}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), n, n, rapid.ID).Draw(t, "ids")
		records := [][]string{{"note", "tenantId", "displayName", "isSyncAllowed"}}
		var want []plan.Row
		for _, id := range ids {
			note := texts.Draw(t, "note")
			name := strings.ReplaceAll(strings.ReplaceAll(texts.Draw(t, "name"), "\n", ""), "\t", "")
			sync := rapid.SampledFrom([]string{"", "true", "false"}).Draw(t, "sync")
			records = append(records, []string{note, id, name, sync})
			row := plan.Row{TenantID: id, DisplayName: strings.Trim(name, " \u00a0\u200b"), Note: strings.Trim(note, " \t\n\u00a0\u200b")}
			if sync != "" {
				on := sync == "true"
				row.IsSyncAllowed = &on
			}
			want = append(want, row)
		}
		var file bytes.Buffer
		if err := d.Write(&file, records); err != nil {
			t.Fatal(err)
		}
		got, err := plan.ReadRows(context.Background(), &file, "partners.csv")
		if err != nil {
			t.Fatalf("ReadRows:\n%v", err)
		}
		if diff := cmp.Diff(want, got.Rows, ignorePlaces, cmpopts.IgnoreFields(plan.Row{}, "Line")); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(records[1:], got.Input.Cells); diff != "" {
			t.Errorf("cells (-want +got):\n%s", diff)
		}
		if got.Input.Dialect != d {
			t.Errorf("dialect is %+v, want %+v", got.Input.Dialect, d)
		}
	})
}

func TestLinesAreThoseOfTheFileHoweverItIsBroken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		newline := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "newline")
		lines := []string{"note,tenantId"}
		var want []int
		for range rapid.IntRange(1, 8).Draw(t, "rows") {
			filler := rapid.SampledFrom([]string{"", "  ", "# a \"comment", ",", ",,,"})
			lines = append(lines, rapid.SliceOfN(filler, 0, 3).Draw(t, "between")...)
			want = append(want, len(lines)+1)
			inside := rapid.SliceOfN(rapid.SampledFrom([]string{"", "#", "x,y", "é"}), 0, 3).Draw(t, "inside")
			lines = append(lines, strings.Split(`"a`+strings.Join(inside, "\n")+`",p`+strings.Repeat("x", len(want))+".example", "\n")...)
		}
		got, err := plan.ReadRows(context.Background(), strings.NewReader(strings.Join(lines, newline)), "partners.csv")
		if err != nil {
			t.Fatalf("ReadRows:\n%v", err)
		}
		if diff := cmp.Diff(want, got.Input.Lines); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}
