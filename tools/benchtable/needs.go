package main

import (
	"fmt"
	"io"
	"strings"
)

// The columns and rows of what commands need. A row has the name of the benchmark
// and the words of the page.
var (
	sizes    = []string{"1000", "10000", "100000"}
	commands = [][2]string{
		{"plan", "`plan --out`"}, {"show", "`show`"}, {"audit", "`audit --out-dir`"}, {"apply", "`apply`"}, {"report", "`report`"},
		{"undo", "`undo`"}, {"resume-nothing", "`resume`, nothing left"}, {"resume-half", "`resume`, half left"},
	}
)

// needs prints the processor time and the peak memory of each command as a table
// in Markdown, if all of them were run.
func needs(out io.Writer, r results) error {
	var b strings.Builder
	b.WriteString("\n| command | 1,000 partners | 10,000 | 100,000 |\n|---|---|---|---|\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "| %s |", c[1])
		for _, size := range sizes {
			got, ok := r[commandRuns+size+"/"+c[0]]
			if !ok {
				return nil
			}
			fmt.Fprintf(&b, " %.2g s, %.0f MB |", got["cpu-s"], got["peak-MB"])
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}
