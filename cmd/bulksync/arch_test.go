package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows says which of our packages each may import. An arrow that is not here
// needs a reason, and a word in the doc.go of both ends.
var arrows = map[string][]string{
	"bulksync/cmd/bulksync": {
		"bulksync/execute", "bulksync/execute/journal", "bulksync/execute/rundir", "bulksync/graph", "bulksync/graph/auth", "bulksync/graph/graphsim", "bulksync/internal/atomicfile", "bulksync/internal/session", "bulksync/internal/words",
		"bulksync/plan", "bulksync/plan/audit", "bulksync/plan/desired", "bulksync/ratelimit", "bulksync/report",
	},
	"bulksync/report":              {"bulksync/execute/journal", "bulksync/graph", "bulksync/internal/seal", "bulksync/internal/words", "bulksync/plan", "bulksync/plan/audit", "bulksync/plan/desired"},
	"bulksync/execute":             {"bulksync/execute/journal", "bulksync/graph", "bulksync/internal/words", "bulksync/plan", "bulksync/plan/desired"},
	"bulksync/execute/journal":     {"bulksync/graph", "bulksync/internal/seal", "bulksync/plan"},
	"bulksync/execute/rundir":      {"bulksync/execute/journal", "bulksync/internal/atomicfile", "bulksync/plan"},
	"bulksync/plan":                {"bulksync/graph", "bulksync/internal/seal", "bulksync/internal/words", "bulksync/plan/desired"},
	"bulksync/plan/audit":          {"bulksync/graph", "bulksync/internal/seal", "bulksync/plan"},
	"bulksync/plan/desired":        {"bulksync/internal/words"},
	"bulksync/graph/graphsim":      {"bulksync/graph"},
	"bulksync/graph/auth":          {"bulksync/graph"},
	"bulksync/graph":               nil,
	"bulksync/internal/atomicfile": nil,
	"bulksync/internal/bench":      nil,
	"bulksync/internal/session":    {"bulksync/graph", "bulksync/graph/auth", "bulksync/ratelimit"},
	"bulksync/internal/seal":       nil,
	"bulksync/internal/words":      nil,
	"bulksync/ratelimit":           nil,
}

// homes says which packages may import a required library.
var homes = map[string][]string{
	"github.com/gocarina/gocsv":                        {"bulksync/plan/desired", "bulksync/report"},
	"golang.org/x/sync/errgroup":                       {"bulksync/execute", "bulksync/plan"},
	"golang.org/x/time/rate":                           {"bulksync/ratelimit"},
	"github.com/olekukonko/tablewriter":                {"bulksync/report"},
	"github.com/hashicorp/go-retryablehttp":            {"bulksync/graph"},
	"github.com/spf13/cobra":                           {"bulksync/cmd/bulksync"},
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity": {"bulksync/graph/auth"},
}

func TestImportsFollowTheDesign(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "bulksync/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg, imports := fields[0], fields[1:]
		allowed, known := arrows[pkg]
		if !known {
			t.Errorf("%s has no place in the design", pkg)
		}
		for _, imp := range imports {
			if strings.HasPrefix(imp, "bulksync/") && !slices.Contains(allowed, imp) {
				t.Errorf("%s imports %s", pkg, imp)
			}
			if _, ok := homes[imp]; ok {
				used[imp] = append(used[imp], pkg)
			}
		}
	}
	for lib, home := range homes {
		slices.Sort(used[lib])
		if !slices.Equal(used[lib], home) {
			t.Errorf("%s is imported by %v, its home is %v", lib, used[lib], home)
		}
	}
}
