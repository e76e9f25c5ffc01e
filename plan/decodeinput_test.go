package plan_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/plan"
)

// The cells of a plan come back as they were, whether they are cut out of the text
// or have to be read as JSON: one escape is enough for that.
func TestCellsComeBack(t *testing.T) {
	for name, note := range map[string]string{
		"plain": "CHG1", "empty": "", "a comma": `",1"`, "other letters": "Ürün 山", "a quote": `"a "" b"`, "cells in a cell": `"a"",""b"`,
		"brackets in a cell": `"]"`, "an escape": `\u0041`, "a line break": "\"a\nb\"",
	} {
		for _, n := range []int{1, 255, 256, 257, 700} {
			var lines []string
			for i := range n {
				lines = append(lines, fmt.Sprintf("22222222-aaaa-4bbb-8ccc-%012d,,true,,,,%s", i+1, note))
			}
			p := build(t, wanted(t, lines...), currently())
			got, err := decode(encoded(t, p))
			if err != nil {
				t.Fatalf("%d rows, %s: %v", n, name, err)
			}
			if diff := cmp.Diff(p.Input, got.Input); diff != "" {
				t.Errorf("%d rows, %s (-made +read):\n%s", n, name, diff)
			}
		}
	}
}

// Cells that are no texts are refused, and members of the input that this program
// does not know count for the fingerprint, wherever they stand.
func TestAnInputOfAnotherShape(t *testing.T) {
	text := encoded(t, sample(t))
	for _, c := range []struct {
		from, to string
		err      error
	}{
		{`"cells":[["`, `"cells":[null,["`, plan.ErrAltered},
		{`"cells":[["`, `"cells":[1,["`, plan.ErrAltered},
		{`"cells":[["`, `"cells":[["",1,"`, plan.ErrAltered},
		{`"cells":[["`, `"cells":[[],["`, plan.ErrAltered},
		{`"cells":[["`, `"a":{"cells":[["x"]]},"cells":[["`, nil},
		{`"cells":[["`, `"z":1.0, "0":[], "cells": [ [ "`, nil},
	} {
		_, err := decode(resealed(t, text, c.from, c.to))
		if !errors.Is(err, c.err) || c.err == nil && err != nil {
			t.Errorf("%s: %v", c.to, err)
		}
	}
	moved := bytes.Replace(text, []byte(`"cells":[["`), []byte(`"a":1,"cells":[["`), 1)
	if _, err := decode(moved); !errors.Is(err, plan.ErrAltered) {
		t.Errorf("a member that the fingerprint does not cover: %v", err)
	}
}
