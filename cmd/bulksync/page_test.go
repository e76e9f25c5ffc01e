package main

import (
	"regexp"
	"strings"
	"testing"
)

// pageBlock is a block of code on a page.
type pageBlock struct {
	// heading is the one that it is below, without its hashes.
	lang, heading, text string
	// file is the name that the words before it give to it, such as partners.csv.
	file string
}

var (
	fence     = regexp.MustCompile("^( *)```([a-z]*)$")
	namedFile = regexp.MustCompile("`([^` ]+\\.(?:csv|yaml|json|txt))`")
)

// readPage reads the blocks of a page in order.
func readPage(t *testing.T, name string) (blocks []pageBlock) {
	t.Helper()
	var heading, before, indent string
	var open *pageBlock
	for line := range strings.Lines(readRepo(t, name)) {
		line = strings.TrimSuffix(line, "\n")
		mark := fence.FindStringSubmatch(line)
		switch {
		case open != nil && mark != nil && mark[1] == indent:
			blocks, open, before = append(blocks, *open), nil, ""
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		case mark != nil:
			indent, open = mark[1], &pageBlock{lang: mark[2], heading: heading}
			if names := namedFile.FindAllStringSubmatch(before, -1); names != nil {
				open.file = names[len(names)-1][1]
			}
		case strings.HasPrefix(line, "#"):
			heading, before = strings.TrimSpace(strings.TrimLeft(line, "#")), ""
		case strings.TrimSpace(line) != "":
			before += line + "\n"
		case !strings.HasSuffix(before, ":\n"):
			before = ""
		}
	}
	if open != nil {
		t.Errorf("%s: a block is not closed", name)
	}
	return blocks
}

// codeSpan is code in a line of prose.
var codeSpan = regexp.MustCompile("`([^`]+)`")

// commandLines are the command lines of the program in a text: each from the name of the program
// to what ends it for a shell.
func commandLines(text string) (lines [][]string) {
	text = strings.NewReplacer("\\\n", " ", "`\n", " ").Replace(text)
	for line := range strings.Lines(text) {
		for _, m := range regexp.MustCompile(`(?:^|[\s"'(])(?:\.[/\\])?bulksync(?:\.exe)?((?:[ \t]+[^\s|;&#<>"']+|[ \t]+"[^"]*"|[ \t]+'[^']*')+)`).FindAllStringSubmatch(line, -1) {
			lines = append(lines, strings.Fields(m[1]))
		}
	}
	return lines
}

// Each verb and each flag of a command line on a page exists: in the blocks that no test types,
// such as those for PowerShell, and in prose.
func TestCommandsOnPagesExist(t *testing.T) {
	checked := 0
	for _, page := range documentation(t) {
		var lines [][]string
		for _, b := range readPage(t, page) {
			if b.lang != "text" {
				lines = append(lines, commandLines(b.text)...)
			}
		}
		for _, span := range codeSpan.FindAllStringSubmatch(prose(t, "../../"+page), -1) {
			if strings.HasPrefix(span[1], "bulksync ") {
				lines = append(lines, commandLines(span[1])...)
			}
		}
		for _, words := range lines {
			if checkWords(t, page, words) {
				checked++
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d commands were found", checked)
	}
}

// checkWords requires that the verb and the flags of a command line exist.
func checkWords(t *testing.T, page string, words []string) bool {
	t.Helper()
	root := rootCommand(&commandLine{})
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	cmd, _, err := root.Find(words)
	if verb := strings.HasPrefix(words[0], "-"); err != nil || !verb && cmd.Name() == "bulksync" {
		if isWord := regexp.MustCompile(`^[a-z]+$`).MatchString(words[0]); isWord {
			t.Errorf("%s: there is no command %q", page, strings.Join(words, " "))
		}
		return false
	}
	for _, word := range words {
		name, isFlag := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(strings.TrimRight(name, ".,"), "=")
		if isFlag && name != "help" && cmd.Flag(name) == nil {
			t.Errorf("%s: bulksync %s: there is no flag --%s", page, strings.Join(words, " "), name)
		}
	}
	return true
}

// The page for those who decide explains every hazard.
func TestTheBoardsPageExplainsEveryHazard(t *testing.T) {
	page := readRepo(t, "docs/board.md")
	for _, hazard := range constants(t, "plan/desired", "Hazard") {
		if !strings.Contains(page, "`"+hazard+"`") {
			t.Errorf("docs/board.md does not explain %s", hazard)
		}
	}
}

// documentation are the pages for people who use the program, from the root of the repository.
func documentation(t *testing.T) (pages []string) {
	t.Helper()
	for _, page := range markdownFiles(t, "../..") {
		name := strings.TrimPrefix(strings.ReplaceAll(page, `\`, "/"), "../../")
		if name == "README.md" || strings.HasPrefix(name, "docs/") || strings.HasPrefix(name, "samples/") {
			pages = append(pages, name)
		}
	}
	return pages
}
