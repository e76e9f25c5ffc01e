package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Each message of docs/troubleshooting.md is one of the program, word for word; an ellipsis
// stands for what differs.
func TestTroubleshootingQuotesTheProgram(t *testing.T) {
	said := programTexts(t)
	row := regexp.MustCompile("(?m)^\\| `([^|]+)` \\|")
	messages := row.FindAllStringSubmatch(readRepo(t, "docs/troubleshooting.md"), -1)
	if len(messages) < 60 {
		t.Errorf("only %d messages were found", len(messages))
	}
	for _, m := range messages {
		if !slices.ContainsFunc(said, func(text string) bool { return strings.Contains(text, m[1]) }) {
			t.Errorf("the program does not say %q", m[1])
		}
	}
}

var variablePart = regexp.MustCompile(`%[-+#.0-9]*[a-zA-Z]|\{[a-z]+\}`)

// programTexts are all texts in the program, with an ellipsis for each part that differs.
func programTexts(t *testing.T) (texts []string) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && slices.Contains([]string{".git", "tools", "testdata", "graphsim", "bench", "browser"}, e.Name()):
			return filepath.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if expr, ok := n.(ast.Expr); ok {
				if text := textOf(expr); text != "…" {
					texts = append(texts, variablePart.ReplaceAllString(strings.ReplaceAll(text, "%%", "%"), "…"))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// textOf is the text of an expression, with an ellipsis for what is not constant.
func textOf(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return textOf(e.X) + textOf(e.Y)
		}
	}
	return "…"
}
