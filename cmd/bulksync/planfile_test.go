package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulksync/graph"
	"bulksync/plan"
)

// What the run folder gets is what was proved, or an error.
func TestAProvenPlanIsPassedOnAsItWas(t *testing.T) {
	home := graph.HomeTenant{ID: "0a000000-0000-4000-8000-000000000000", Cloud: graph.Global, GraphURL: "https://graph.microsoft.com"}
	made, err := plan.Revert(plan.Head{CreatedAt: time.Unix(1, 0), HomeTenant: home}, &plan.Plan{Policy: *plan.BuiltInPolicy(), Read: plan.Read{Pages: 1, Complete: true}}, "run", strings.Repeat("0", 64), nil)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := made.Encode(&text); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "plan.json")
	for name, later := range map[string]string{"as it was": text.String(), "longer": text.String() + "\n", "empty": ""} {
		if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		e := &env{process: process{in: bytes.NewReader(text.Bytes())}}
		for _, from := range []string{path, "-"} {
			p, err := e.readProven(t.Context(), from)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(later), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(p.text)
			changed := from == path && later != text.String()
			if (err != nil) != changed || !changed && string(got) != text.String() {
				t.Errorf("%s, from %s: %v, %d bytes", name, from, err, len(got))
			}
			if changed && codeOf(err) != exitRefused {
				t.Errorf("%s: exit code %d: %v", name, codeOf(err), err)
			}
			p.Close()
		}
	}
}
