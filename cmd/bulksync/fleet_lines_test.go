package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Lines of several tenants are whole and have their names, however they are written.
func TestTenantLines(t *testing.T) {
	var said bytes.Buffer
	to := &errorLines{to: &said}
	var all sync.WaitGroup
	const tenants, each = 8, 50
	for i := range tenants {
		all.Go(func() {
			l := &tenantLines{to: to, name: fmt.Sprintf("t%d", i)}
			for n := range each {
				for _, piece := range []string{"bulk", "sync: ", fmt.Sprintf("line %d\n", n), fmt.Sprintf("f.csv:%d: a", n), " fault\n"} {
					if k, err := l.Write([]byte(piece)); k != len(piece) || err != nil {
						t.Error(k, err)
					}
				}
			}
			fmt.Fprint(l, "no end")
			l.end()
			fmt.Fprint(l, "too late\n")
		})
	}
	all.Wait()
	got := slices.Sorted(strings.Lines(said.String()))
	var want []string
	for i := range tenants {
		want = append(want, fmt.Sprintf("t%d: no end\n", i))
		for n := range each {
			want = append(want, fmt.Sprintf("bulksync: t%d: line %d\n", i, n), fmt.Sprintf("t%d: f.csv:%d: a fault\n", i, n))
		}
	}
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("%d lines, want %d:\n%.2000s", len(got), len(want), said.String())
	}
}

// A line that never ends is written in pieces, and not kept for ever.
func TestTenantLinesOfAnyLength(t *testing.T) {
	var said bytes.Buffer
	l := &tenantLines{to: &said, name: "t"}
	for range 3 * maxLine / 16 {
		fmt.Fprint(l, "0123456789abcdef")
		if len(l.line) > maxLine {
			t.Fatalf("%d bytes are kept", len(l.line))
		}
	}
	l.end()
	if n := strings.Count(said.String(), "0123456789abcdef"); n != 3*maxLine/16 {
		t.Errorf("%d pieces came through", n)
	}
}
