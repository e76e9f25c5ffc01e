package main

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// homes says which of our packages may import a library, by its module path.
var homes = map[string][]string{
	"github.com/Azure/azure-sdk-for-go/sdk/azcore":     {"graph/auth"},
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity": {"graph/auth"},
	"github.com/chromedp/chromedp":                     {"internal/browser"},
	"github.com/go-json-experiment/json":               {"graph", "internal/seal"},
	"github.com/gocarina/gocsv":                        {"plan/desired", "report"},
	"github.com/gofrs/flock":                           {"execute/rundir", "internal/fleet", "plan/audit/evidence"},
	"github.com/google/uuid":                           {"cmd/bulksync", "graph", "graph/graphsim", "plan/desired"},
	"github.com/hashicorp/go-retryablehttp":            {"graph"},
	"github.com/hiddeco/sshsig":                        {"internal/seal"},
	"github.com/natefinch/atomic":                      {"internal/atomicfile"},
	"github.com/olekukonko/tablewriter":                {"report"},
	"github.com/pkg/browser":                           {"cmd/bulksync"},
	"github.com/prometheus/client_golang":              {"report"},
	"github.com/prometheus/common":                     {"report"},
	"github.com/spf13/cobra":                           {"cmd/bulksync"},
	"github.com/spf13/pflag":                           {"cmd/bulksync"},
	"github.com/vbauerster/mpb/v8":                     {"cmd/bulksync"},
	"go.yaml.in/yaml/v3":                               {"internal/fleet", "internal/yamlfile", "plan/approval"},
	"golang.org/x/crypto":                              {"internal/seal"},
	"golang.org/x/net":                                 {"plan/desired"},
	"golang.org/x/sync":                                {"execute", "internal/fleet", "plan"},
	"golang.org/x/sys":                                 {"internal/atomicfile", "cmd/bulksync"},
	"golang.org/x/term":                                {"cmd/bulksync"},
	"golang.org/x/text":                                {"plan/approval", "plan/desired"},
	"golang.org/x/time":                                {"ratelimit"},
	"software.sslmate.com/src/go-pkcs12":               {"graph/auth"},
}

// TestImportsFollowTheDesign holds the packages against the table of rooms in
// docs/architecture.md, and the libraries against homes. A new arrow needs a
// reason, and a word in the package comment at both ends.
func TestImportsFollowTheDesign(t *testing.T) {
	module := goList(t, "", "-m")[0]
	rooms := roomsOf(t)
	used := map[string]bool{}
	for path, imports := range importsOf(t, module) {
		pkg := strings.TrimPrefix(path, module+"/")
		may, known := rooms[pkg]
		if !known {
			t.Errorf("docs/architecture.md has no room for %s", pkg)
		}
		delete(rooms, pkg)
		for imp := range imports {
			if ours, ok := strings.CutPrefix(imp, module+"/"); ok {
				if !slices.Contains(may, ours) && !slices.Contains(may, "all") {
					t.Errorf("%s imports %s", pkg, ours)
				}
				may = slices.DeleteFunc(may, func(name string) bool { return name == ours })
				continue
			}
			lib := libraryOf(imp)
			used[lib] = true
			if lib != "" && !slices.Contains(homes[lib], pkg) {
				t.Errorf("%s imports %s, whose homes are %v", pkg, imp, homes[lib])
			}
		}
		if len(may) > 0 && may[0] != "all" {
			t.Errorf("docs/architecture.md lets %s use %v, which it does not", pkg, may)
		}
	}
	for pkg := range rooms {
		t.Errorf("docs/architecture.md has a room for %s, which is no package", pkg)
	}
	for _, lib := range slices.Sorted(maps.Keys(homes)) {
		if !used[lib] {
			t.Errorf("no package imports %s", lib)
		}
	}
}

// importsOf is what each of our packages imports, on Unix or on Windows, the files that
// write the manual pages among them.
func importsOf(t *testing.T, module string) map[string]map[string]bool {
	t.Helper()
	all := map[string]map[string]bool{}
	for _, system := range []string{"linux", "windows"} {
		for _, line := range goList(t, system, "-tags", "man", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", module+"/...") {
			path, imports, _ := strings.Cut(line, " ")
			if all[path] == nil {
				all[path] = map[string]bool{}
			}
			for imp := range strings.FieldsSeq(imports) {
				all[path][imp] = true
			}
		}
	}
	return all
}

// TestTheManualIsNotShipped keeps what writes the manual pages out of the program.
func TestTheManualIsNotShipped(t *testing.T) {
	for _, tags := range []string{"", "man"} {
		linked := slices.Contains(goList(t, "", "-tags", tags, "-deps", "."), "github.com/spf13/cobra/doc")
		if linked != (tags == "man") {
			t.Errorf("with the tags %q, the program has cobra/doc in it: %t", tags, linked)
		}
	}
}

// roomsOf reads the table of rooms: which of our packages each package may use.
func roomsOf(t *testing.T) map[string][]string {
	t.Helper()
	_, table, _ := strings.Cut(readRepo(t, "docs/architecture.md"), "\n## The rooms\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rooms := map[string][]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, " | ")
		if len(cells) != 3 || !strings.HasPrefix(line, "| `") {
			continue
		}
		var may []string
		if uses := strings.Trim(cells[2], "| \n"); uses != "nothing of ours" {
			may = strings.Split(strings.ReplaceAll(uses, "`", ""), ", ")
		}
		rooms[strings.Trim(cells[0], "| `")] = may
	}
	return rooms
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

// goList returns the lines of go list, for this system unless another is named.
func goList(t *testing.T, system string, args ...string) []string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil { // as where tests run that were built elsewhere
		t.Skip(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	if system != "" {
		cmd.Env = append(os.Environ(), "GOOS="+system)
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
