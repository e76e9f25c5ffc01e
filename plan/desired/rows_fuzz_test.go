package desired_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulksync/plan/desired"
)

// FuzzReadRows checks that accepted rows read back equal after they were written
// again in their own dialect, as in failed.csv, and that refusals name positions
// inside the file.
func FuzzReadRows(f *testing.F) {
	for _, seed := range []string{
		"tenantId\n" + idA + "\n",
		"\uFEFFtenantId;name;isSyncAllowed\r\n\"" + idA + "\";\"a \"\"b\"\"\n# c\";yes\r\n",
		"sep=;\ntenantId;note;;\n# c\n\ncontoso.com;x;;;;\n ;;;\n",
		"note,tenantId\n \"# x\" ,contoso.com\n\"#\rx\", " + idB + "\n",
		"tenantId,ensure,isSyncAllowed,inboundConsent\n" + idA + ",absent,1,off\n" + idA + ",absent,TRUE,no\n",
		"\xff\xfet\x00e\x00n\x00a\x00n\x00t\x00i\x00d\x00\n\x00a\x00.\x00b\x00",
		"tenantId,note\na.b,x\"y\nc.d,\"z\n",
		"tenantId\n\xc3\x28\n\x00",
		"\"# a, b\",,\n;;\ntitle\nnote,tenantId\n# c,\n#N/A,x.y\n\"# d\n",
		"tenantId,name\n#REF!,x\na.b,=A1\n8e30,0\n#,\"x\"\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := desired.ReadRows(context.Background(), bytes.NewReader(data), "f.csv")
		if err != nil {
			checkProblems(t, err, 1+bytes.Count(data, []byte("\n")))
			checkHandedBack(t, err)
			return
		}
		if len(known(t, rows)) == 0 || rows.Input.Rows != len(rows.Input.Cells) || rows.Input.Rows != len(rows.Input.Lines) {
			t.Fatalf("%d rows, input of %d with %d cells and %d lines", len(known(t, rows)), rows.Input.Rows, len(rows.Input.Cells), len(rows.Input.Lines))
		}
		var again bytes.Buffer
		if err := writeExactly(rows.Input.Dialect, &again, append([][]string{rows.Input.Header}, rows.Input.Cells...)); err != nil {
			t.Fatal(err)
		}
		text := again.String()
		got, err := desired.ReadRows(context.Background(), &again, "f.csv")
		if err != nil {
			t.Fatalf("written again as %q: %v", text, err)
		}
		if diff := cmp.Diff(known(t, rows), known(t, got), ignorePositions, cmpopts.IgnoreFields(desired.Row{}, "Line")); diff != "" {
			t.Errorf("written again as %q (-want +got):\n%s", text, diff)
		}
		if diff := cmp.Diff(rows.Input, got.Input, cmpopts.IgnoreFields(desired.Input{}, "SHA256", "Lines")); diff != "" {
			t.Errorf("written again as %q (-want +got):\n%s", text, diff)
		}
	})
}

// checkHandedBack wants each row that is handed back to be refused again, but for
// rows that contradict others, which stay behind.
func checkHandedBack(t *testing.T, err error) {
	t.Helper()
	var refused *desired.RefusedRows
	if !errors.As(err, &refused) || refused.Faults() == nil {
		return
	}
	text, at, least := handedBack(t, refused), 0, 0
	for _, p := range refused.RowErrors {
		if !strings.Contains(p.Error(), "contradicts it") && p.Line > at {
			at, least = p.Line, least+1
		}
	}
	_, err = desired.ReadRows(t.Context(), strings.NewReader(text), "f.csv")
	var again *desired.RefusedRows
	if !errors.As(err, &again) {
		if least > 0 {
			t.Errorf("%d rows were refused, and are accepted as %q", least, text)
		}
	} else if f := again.Faults(); f != nil && f.Rows() < min(least, refused.Faults().Rows()) {
		t.Errorf("%d rows were refused, and %d of %q", refused.Faults().Rows(), f.Rows(), text)
	}
}

// FuzzReadTemplate checks that an accepted template manages something that Graph
// knows, and that refusals name positions inside the file.
func FuzzReadTemplate(f *testing.F) {
	for _, seed := range []string{
		`{"templateApplicationLevel": "newPartners, existingPartners", "userSyncInbound": {"isSyncAllowed": true}}`,
		"\uFEFF{\"userSyncInbound\":\n{\"isSyncAllowed\": false}}",
		`{"templateApplicationLevel": "", "userSyncInbound": null}`,
		`{"templateApplicationLevel": {"a": [1, "b", null]}, "x": 1e9}`,
		`{"userSyncInbound": {"isSyncAllowed"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := desired.ReadTemplate(bytes.NewReader(data), "f.json")
		if err != nil {
			checkProblems(t, err, 1+bytes.Count(data, []byte("\n")))
			return
		}
		level, _ := got.Values[0].(string)
		if got.Values[0] == nil && got.Values[1] == nil {
			t.Error("the template manages nothing")
		}
		for name := range strings.SplitSeq(level, ",") {
			switch strings.TrimSpace(name) {
			case "newPartners", "existingPartners", "none", "":
			default:
				t.Errorf("accepted the level %q", name)
			}
		}
	})
}

// checkProblems wants err to be RowErrors in order, in a file of that many lines.
func checkProblems(t *testing.T, err error, lines int) {
	t.Helper()
	var problems desired.RowErrors
	if !errors.As(err, &problems) || len(problems) == 0 {
		t.Fatalf("%v (%T) is not a RowErrors", err, err)
	}
	last := &desired.RowError{}
	for _, f := range problems {
		if f.Line < 1 || f.Line > lines || f.Column < 1 {
			t.Errorf("%v: outside the file of %d lines", f, lines)
		}
		if f.Line < last.Line || f.Line == last.Line && f.Column < last.Column {
			t.Errorf("%v comes after %v", f, last)
		}
		last = f
	}
}
