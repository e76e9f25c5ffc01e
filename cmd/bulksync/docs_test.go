package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"bulksync/graph"
)

// vocabulary is a closed set of words in the formats.
type vocabulary struct {
	heading  string // in docs/formats.md
	dir, typ string // of its constants
	reported bool   // reports show the words
}

var vocabularies = []vocabulary{
	{"action", "plan", "Action", true},
	{"object", "plan/desired", "Object", true},
	{"hazard", "plan/desired", "Hazard", true},
	{"limit", "plan", "LimitName", true},
	{"decision", "plan/approval", "Verdict", true},
	{"status", "execute/journal", "Status", true},
	{"reason", "execute/journal", "Reason", false},
	{"kind of error", "graph", "Kind", false},
	{"kind of finding", "plan/audit", "Kind", true},
	{"severity", "plan/audit", "Severity", true},
	{"state of a finding", "plan/audit", "State", true},
	{"scope", "plan/audit", "Scope", false},
	{"result", "plan/audit", "Result", true},
	{"cloud", "graph", "Cloud", false},
	{"kind of identity", "graph/auth", "Kind", false},
	{"drift policy", "execute/journal", "DriftPolicy", false},
	{"priority", "graph", "Priority", false},
	{"kind of path", "cmd/bulksync", "pathKind", false},
	{"verdict", "cmd/bulksync", "verdict", false},
	{"check", "plan/audit/evidence", "Status", false},
	{"subject", "plan/audit/evidence", "Subject", false},
	{"status of a check of doctor", "internal/doctor", "Status", false},
	{"status of a home tenant", "internal/fleet", "Status", true},
	{"state of a shard", "internal/fleet", "State", true},
}

// Each word of a vocabulary is on the page, and each that a report shows is in
// the glossary.
func TestEveryWordIsExplained(t *testing.T) {
	page, glossary := readFormats(t), readRepo(t, "docs/glossary.md")
	for _, v := range vocabularies {
		words := constants(t, v.dir, v.typ)
		if have := page.names(v.heading, "word"); !slices.Equal(have, words) {
			t.Errorf("docs/formats.md, section %q: the words are %q, and on the page %q", v.heading, words, have)
		}
		for _, word := range words {
			if v.reported && !strings.Contains(glossary, "`"+word+"`") {
				t.Errorf("docs/glossary.md lacks the %s %s", v.heading, word)
			}
		}
	}
	for _, r := range page {
		if r.table == "word" && !slices.ContainsFunc(vocabularies, func(v vocabulary) bool { return v.heading == r.heading }) {
			t.Errorf("docs/formats.md, section %q: nothing in the code has these words", r.heading)
		}
	}
}

// constants lists the values of a type's constants, as files have them.
func constants(t *testing.T, dir, typ string) (words []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(dir), "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatal(dir, err)
	}
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if group, ok := decl.(*ast.GenDecl); ok && group.Tok == token.CONST && !strings.HasSuffix(name, "_test.go") {
				words = append(words, constantsIn(t, group, typ)...)
			}
		}
	}
	if dir == "graph" && typ == "Kind" {
		for i, word := range words {
			text, err := graph.Kind(word).MarshalText()
			if err != nil {
				t.Fatal(err)
			}
			words[i] = string(text)
		}
	}
	return words
}

func constantsIn(t *testing.T, group *ast.GenDecl, typ string) (words []string) {
	t.Helper()
	for _, spec := range group.Specs {
		c, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		if named, ok := c.Type.(*ast.Ident); !ok || named.Name != typ {
			continue
		}
		for _, value := range c.Values {
			literal, ok := value.(*ast.BasicLit)
			if !ok {
				t.Fatalf("%s is not a plain constant", c.Names[0])
			}
			word, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			words = append(words, word)
		}
	}
	return words
}

// Each link in a page of the repository to another one, or to a heading, leads
// there.
func TestLinksLeadSomewhere(t *testing.T) {
	root := filepath.Join("..", "..")
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	checked := 0
	for _, page := range markdownFiles(t, root) {
		for _, match := range link.FindAllStringSubmatch(prose(t, page), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			checked++
			target, anchor, _ := strings.Cut(match[1], "#")
			path := filepath.Join(filepath.Dir(page), filepath.FromSlash(target))
			if target == "" {
				path = page
			}
			switch _, err := os.Stat(path); {
			case err != nil:
				t.Errorf("%s: %s leads nowhere: %v", page, match[1], err)
			case anchor != "" && !slices.Contains(anchors(t, path), anchor):
				t.Errorf("%s: %s has no such heading; it has %v", page, match[1], anchors(t, path))
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d links were found", checked)
	}
}

func markdownFiles(t *testing.T, root string) (pages []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && slices.Contains([]string{".git", "testdata", "node_modules"}, e.Name()):
			return filepath.SkipDir
		case filepath.Ext(path) == ".md":
			pages = append(pages, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// prose is a page without its code blocks.
func prose(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile("(?ms)^ *```.*?^ *```$").ReplaceAllString(strings.ReplaceAll(string(text), "\r\n", "\n"), "")
}

// anchors are the link targets of a page's headings: lower case, hyphens for
// spaces, and no other punctuation. A repeated one gets a number.
func anchors(t *testing.T, page string) (all []string) {
	t.Helper()
	again := map[string]int{}
	for line := range strings.Lines(prose(t, page)) {
		heading := strings.TrimLeft(line, "#")
		if heading == line || !strings.HasPrefix(heading, " ") {
			continue
		}
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			default:
				return -1
			}
		}, strings.TrimSpace(heading))
		if n := again[anchor]; n > 0 {
			all = append(all, anchor+"-"+strconv.Itoa(n))
		} else {
			all = append(all, anchor)
		}
		again[anchor]++
	}
	return all
}
