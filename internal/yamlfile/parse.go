package yamlfile

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// parse returns the only document of a file; nil if there is a fault.
func (f *File) parse(text []byte) *yaml.Node {
	var first, second yaml.Node
	file := yaml.NewDecoder(bytes.NewReader(text))
	err := file.Decode(&first)
	if errors.Is(err, io.EOF) || err == nil && isNull(first.Content[0]) {
		f.FaultAt(1, 1, "the file is empty: %s", f.Empty)
		return nil
	}
	if err == nil {
		if err = file.Decode(&second); err == nil {
			f.Fault(&second, "a second document begins here: a %s is one", f.Noun)
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		f.broken(text, err)
		return nil
	}
	return first.Content[0]
}

// yamlError takes apart an error of the YAML library.
var yamlError = regexp.MustCompile(`(?s)^(?:yaml: )?(?:line (\d+): )?(.*)$`)

// yamlParser matches what the YAML library says with the line before: its parser
// counts lines from 0, and its scanner from 1.
var yamlParser = regexp.MustCompile(`^did not find expected (<document start>|'-' indicator|key|node content|',' or '.')|^found (undefined tag handle|duplicate %|incompatible YAML)`)

// yamlAnchor matches what it says, without a line, of an alias for nothing.
var yamlAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced`)

// broken notes an error of the YAML library. Of what it cannot read at all it does
// not say where that is.
func (f *File) broken(text []byte, err error) {
	said := yamlError.FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(said[1])
	column := 1
	switch {
	case strings.HasPrefix(said[2], "found a tab character"):
		line, column = tab(text, max(line, 1))
	case line == 0 && yamlAnchor.MatchString(said[2]):
		alias := []byte("*" + yamlAnchor.FindStringSubmatch(said[2])[1])
		line, column = position(text, max(0, bytes.Index(text, alias)))
		if f.Discreet {
			said[2] = "a value that begins with * stands for something written elsewhere, which is not there"
		}
	case line == 0:
		line, column = position(text, max(0, unreadable(text)))
	case yamlParser.MatchString(said[2]):
		last, _ := position(text, len(bytes.TrimRight(text, "\n")))
		line = min(line+1, last) // it may expect more at the end of the file
	}
	if said[2] == "found unknown escape character" { // in a path of Windows
		said[2] += ": in double quotes a backslash is written twice; in single quotes it stands for itself"
	}
	f.FaultAt(line, column, "the YAML is broken: %s", said[2])
}

// tab is where a tab indents a line, at the first one or below: the library tells the
// line of the value before it.
func tab(text []byte, first int) (line, column int) {
	for i, l := range bytes.Split(text, []byte("\n")) {
		blank := l[:len(l)-len(bytes.TrimLeft(l, " \t"))]
		if at := bytes.IndexByte(blank, '\t'); i+1 >= first && at >= 0 {
			return i + 1, at + 1
		}
	}
	return first, 1
}

// unreadable is where a text in UTF-8 first has a byte that is none, or a control
// character; -1 if it has none.
func unreadable(text []byte) int {
	for at := 0; at < len(text); {
		c, size := utf8.DecodeRune(text[at:])
		if c == utf8.RuneError && size == 1 || unicode.IsControl(c) && !strings.ContainsRune("\t\n\r\u0085", c) {
			return at
		}
		at += size
	}
	return -1
}

// position is the line and the column of a byte of a text.
func position(text []byte, at int) (line, column int) {
	before := text[:at]
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}
