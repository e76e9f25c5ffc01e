package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// knowStderr are the files that may touch standard error itself, and why.
var knowStderr = map[string]string{
	"main.go":           "gets it from the system",
	"messages.go":       "is the way to it",
	"libraries.go":      "gives it to a browser",
	"terminal.go":       "asks questions on it",
	"cmd_apply.go":      "shows what the question is about",
	"progress.go":       "draws a bar on it",
	"fleet_progress.go": "draws a bar on it",
	"fleet_lines.go":    "keeps the lines of several tenants apart",
	"cmd_fleet.go":      "keeps the lines of several tenants apart",
	"pager.go":          "gives it to the pager",
	"output.go":         "knows it where a flag names it as an output",
}

// Nothing is written to standard error but through messages: a line that went around
// it would hold to neither --quiet nor --log-format json.
func TestNothingGoesAroundMessages(t *testing.T) {
	seen := map[string]bool{}
	for _, dir := range goList(t, "", "-f", "{{.Dir}}", goList(t, "", "-m")[0]+"/...") {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") || slices.Contains([]string{"browser", "bench"}, filepath.Base(dir)) {
				continue // no part of the program
			}
			for _, what := range aroundMessages(t, name) {
				short := filepath.Base(name)
				if knowStderr[short] != "" && filepath.Base(dir) == "bulksync" && strings.Contains(what, "stderr") {
					seen[short] = true
					continue
				}
				t.Errorf("%s: say it through messages", what)
			}
		}
	}
	for name := range knowStderr {
		if !seen[name] {
			t.Errorf("%s does not touch standard error any more", name)
		}
	}
}

// aroundMessages finds what a file writes, or could write, to standard error itself.
func aroundMessages(t *testing.T, name string) (found []string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	add := func(n ast.Node, what string) {
		found = append(found, fmt.Sprintf("%s has %s", set.Position(n.Pos()), what))
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "print" || f.Name == "println") {
				add(n, f.Name)
			}
		case *ast.SelectorExpr:
			of, _ := n.X.(*ast.Ident)
			switch word := n.Sel.Name; {
			case of != nil && of.Name == "os" && word == "Stderr":
				add(n, "stderr of the process")
			case word == "stderr":
				add(n, "stderr")
			case of != nil && of.Name == "log" && strings.HasPrefix(word, "Print"), of != nil && of.Name == "log" && strings.HasPrefix(word, "Fatal"),
				of != nil && of.Name == "fmt" && strings.HasPrefix(word, "Print"), strings.HasPrefix(word, "PrintErr"), strings.HasSuffix(word, "OrStderr"):
				add(n, word)
			}
		}
		return true
	})
	return found
}
