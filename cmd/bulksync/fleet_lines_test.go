package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Lines of several tenants are whole and have their names, however they are written,
// and nothing follows once the work on a tenant was given up.
func TestTenantLines(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		var said bytes.Buffer
		shared := messages{stderr: &errorLines{to: &said}, asJSON: asJSON}
		var all sync.WaitGroup
		const tenants, each = 8, 50
		for i := range tenants {
			all.Go(func() {
				m, silence := shared.ofMember(fmt.Sprintf("t%d", i))
				l := m.ofLibraries(slog.LevelInfo)
				for n := range each {
					m.note("line %d", n)
					for _, piece := range []string{fmt.Sprintf("f.csv:%d: a", n), " fault\nand", " more\n"} {
						if k, err := l.Write([]byte(piece)); k != len(piece) || err != nil {
							t.Error(k, err)
						}
					}
				}
				fmt.Fprint(l, "no end")
				l.end()
				silence()
				fmt.Fprint(l, "too late\n")
				m.warn("too late")
			})
		}
		all.Wait()
		got := slices.Collect(strings.Lines(said.String()))
		for i, line := range got {
			if asJSON {
				got[i] = asText(t, line)
			}
		}
		var want []string
		for i := range tenants {
			want = append(want, fmt.Sprintf("t%d: no end\n", i))
			for n := range each {
				want = append(want, fmt.Sprintf("bulksync: t%d: line %d\n", i, n), fmt.Sprintf("t%d: f.csv:%d: a fault\n", i, n), fmt.Sprintf("t%d: and more\n", i))
			}
		}
		slices.Sort(got)
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("JSON %t: %d lines, want %d:\n%.2000s", asJSON, len(got), len(want), said.String())
		}
	}
}

// asText is a line of TestTenantLines that was written as JSON.
func asText(t *testing.T, line string) string {
	t.Helper()
	var said struct{ Msg, Tenant string }
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	if strings.HasPrefix(said.Msg, "line ") {
		said.Tenant = "bulksync: " + said.Tenant
	}
	return said.Tenant + ": " + said.Msg + "\n"
}

// A line that never ends is written in pieces, and not kept for ever.
func TestLibraryLinesOfAnyLength(t *testing.T) {
	var said bytes.Buffer
	l := messages{stderr: &said}.ofLibraries(slog.LevelInfo)
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
