package main

import (
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows says which of our packages each package imports. An arrow that is not
// here needs a reason, and a word in the package comment at both ends.
var arrows = map[string][]string{
	"cmd/bulksync": {
		"execute", "execute/journal", "execute/rundir", "graph", "graph/auth", "graph/graphsim", "internal/atomicfile", "internal/session", "internal/words",
		"plan", "plan/audit", "plan/desired", "ratelimit", "report",
	},
	"report":              {"execute/journal", "graph", "internal/seal", "internal/words", "plan", "plan/audit", "plan/desired"},
	"execute":             {"execute/journal", "graph", "internal/words", "plan"},
	"execute/journal":     {"graph", "internal/seal", "plan"},
	"execute/rundir":      {"execute/journal", "internal/atomicfile", "plan"},
	"plan":                {"graph", "internal/seal", "plan/desired"},
	"plan/audit":          {"graph", "internal/seal", "plan"},
	"plan/desired":        {"graph", "internal/words"},
	"graph":               nil,
	"graph/auth":          {"graph"},
	"graph/graphsim":      {"graph"},
	"internal/atomicfile": nil,
	"internal/bench":      nil,
	"internal/seal":       nil,
	"internal/session":    {"graph", "graph/auth", "ratelimit"},
	"internal/words":      nil,
	"ratelimit":           nil,
}

// homes says which of our packages may import a library, by its module path.
var homes = map[string][]string{
	"github.com/Azure/azure-sdk-for-go/sdk/azcore":     {"graph/auth"},
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity": {"graph/auth"},
	"github.com/go-json-experiment/json":               {"graph", "internal/seal"},
	"github.com/gocarina/gocsv":                        {"plan/desired", "report"},
	"github.com/gofrs/flock":                           {"execute/rundir"},
	"github.com/google/uuid":                           {"cmd/bulksync", "graph", "graph/graphsim", "plan/desired"},
	"github.com/hashicorp/go-retryablehttp":            {"graph"},
	"github.com/natefinch/atomic":                      {"internal/atomicfile"},
	"github.com/olekukonko/tablewriter":                {"report"},
	"github.com/spf13/cobra":                           {"cmd/bulksync"},
	"github.com/spf13/pflag":                           {"cmd/bulksync"},
	"github.com/vbauerster/mpb/v8":                     {"cmd/bulksync"},
	"golang.org/x/net":                                 {"plan/desired"},
	"golang.org/x/sync":                                {"execute", "plan"},
	"golang.org/x/term":                                {"cmd/bulksync"},
	"golang.org/x/text":                                {"plan/desired"},
	"golang.org/x/time":                                {"ratelimit"},
}

func TestImportsFollowTheDesign(t *testing.T) {
	module := goList(t, "-m")[0]
	used := map[string]bool{}
	for _, line := range goList(t, "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"/...") {
		path, imports, _ := strings.Cut(line, " ")
		pkg := strings.TrimPrefix(path, module+"/")
		allowed, known := arrows[pkg]
		if !known {
			t.Errorf("%s has no place in the design", pkg)
		}
		for _, to := range allowed {
			if !slices.Contains(strings.Fields(imports), module+"/"+to) {
				t.Errorf("%s does not import %s any more", pkg, to)
			}
		}
		for imp := range strings.FieldsSeq(imports) {
			if ours, ok := strings.CutPrefix(imp, module+"/"); ok {
				if !slices.Contains(allowed, ours) {
					t.Errorf("%s imports %s", pkg, ours)
				}
				continue
			}
			lib := libraryOf(imp)
			used[lib] = true
			if lib != "" && !slices.Contains(homes[lib], pkg) {
				t.Errorf("%s imports %s, whose homes are %v", pkg, imp, homes[lib])
			}
		}
	}
	for _, lib := range slices.Sorted(maps.Keys(homes)) {
		if !used[lib] {
			t.Errorf("no package imports %s", lib)
		}
	}
}

// libraryOf is the module of an imported package; the package itself if the
// table has none, and empty for the standard library.
func libraryOf(imp string) string {
	for lib := range homes {
		if imp == lib || strings.HasPrefix(imp, lib+"/") {
			return lib
		}
	}
	if first, _, _ := strings.Cut(imp, "/"); strings.Contains(first, ".") {
		return imp
	}
	return ""
}

// goList returns the lines of go list.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
