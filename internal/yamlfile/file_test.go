package yamlfile_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"go.yaml.in/yaml/v3"

	"bulksync/internal/yamlfile"
	"bulksync/plan/desired"
)

// menu reads a file of soup, salads and a cook, who must be there, and returns what it
// read.
func menu(f *yamlfile.File, text string) (got []string, err error) {
	f.Name, f.Noun, f.Max, f.Large, f.Empty = "menu.yaml", "menu", 2<<20, "a menu is short", "a menu has a cook"
	root, _, err := f.Read(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	if root == nil {
		return nil, f.Err()
	}
	note := func(n *yaml.Node, path string) {
		if s, ok := f.Text(n, path); ok {
			got = append(got, path+"="+s)
		}
	}
	f.Mapping(root, "",
		yamlfile.Member{Name: "soup", Read: note},
		yamlfile.Member{Name: "salads", Read: func(n *yaml.Node, path string) {
			f.List(n, path, func(item *yaml.Node) { note(item, path) })
		}},
		yamlfile.Member{Name: "cook", Required: true, Read: func(n *yaml.Node, path string) {
			f.Mapping(n, path, yamlfile.Member{Name: "name", Required: true, Read: note}, yamlfile.Member{Name: "age", Read: note})
		}},
	)
	return got, f.Err()
}

func TestRead(t *testing.T) {
	for text, want := range map[string][]string{
		"cook: {name: Ada}": {"cook.name=Ada"},
		"soup: ' leek '\nsalads:\n- green\n- \"1\"\ncook:\n  age: 36\n  name: Ada\n": {"soup=leek", "salads=green", "salads=1", "cook.age=36", "cook.name=Ada"},
		"\ufeffsoup: leek\r\nsalads: []\r\ncook: {name: Ada} # new\r\n":              {"soup=leek", "cook.name=Ada"},
		"cook: {name: '~'}": {"cook.name=~"},
	} {
		got, err := menu(&yamlfile.File{}, text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %q, %v; want %q", text, got, err, want)
		}
	}
}

// The sum is that of the bytes, and a file may be as long as Max.
func TestSizeAndSum(t *testing.T) {
	text := "cook: {name: Ada}\n#" + strings.Repeat("x", 2<<20-19)
	f := &yamlfile.File{Max: 2 << 20}
	root, sum, err := f.Read(strings.NewReader(text))
	hash := sha256.Sum256([]byte(text))
	if len(text) != 2<<20 || root == nil || err != nil || f.Err() != nil || sum != hex.EncodeToString(hash[:]) {
		t.Errorf("got %v, %s, %v, %v", root, sum, err, f.Err())
	}
	if got, err := menu(&yamlfile.File{}, text+"x"); got != nil || err == nil || err.Error() != "menu.yaml:1:1: the file is larger than 2 MiB: a menu is short" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAFileThatCannotBeRead(t *testing.T) {
	broken := errors.New("the disk is gone")
	f := &yamlfile.File{Name: "menu.yaml", Max: 1 << 20}
	root, sum, err := f.Read(iotest.ErrReader(broken))
	if root != nil || sum != "" || !errors.Is(err, broken) || err.Error() != "reading menu.yaml: the disk is gone" || f.Err() != nil {
		t.Errorf("got %v, %q, %v, %v", root, sum, err, f.Err())
	}
}

// Each fault names its place. The second text is what a discreet file says instead.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ text, want, discreet string }{
		{"", "1:1: the file is empty: a menu has a cook", ""},
		{"# nothing\n---\n", "1:1: the file is empty: a menu has a cook", ""},
		{"cook", `1:1: the menu is "cook", not a mapping of soup, salads, cook`, "1:1: the menu is one value, not a mapping of soup, salads, cook"},
		{"- cook", "1:1: the menu is a list, not a mapping of soup, salads, cook", ""},
		{"cook: {name: Ada}\n---\nsoup: x\n", "2:1: a second document begins here: a menu is one", ""},
		{"cook: {name: Ada}\n--- x: y: z\n", "2:1: the YAML is broken: mapping values are not allowed in this context", ""},
		{"cook: {name: Ada}\nsoup: *leek\n", "2:7: the YAML is broken: unknown anchor 'leek' referenced", "2:7: the YAML is broken: a value that begins with * stands for something written elsewhere, which is not there"},
		{"cook: [", "1:1: the YAML is broken: did not find expected node content", ""},
		{"cook:\n  name: Ada\n soup: x\n", "3:1: the YAML is broken: did not find expected key", ""},
		{"cook: {name: Ada}\n- x\n", "2:1: the YAML is broken: did not find expected key", ""},
		{"soup:\n\tx: y", "2:1: the YAML is broken: found character that cannot start any token", ""},
		{"cook: {name: Ada}\nsalads:\n- a\n\tb: c\n", "4:1: the YAML is broken: found a tab character that violates indentation", ""},
		{`cook: {name: "C:\data\x.csv"}`, "1:1: the YAML is broken: found unknown escape character: in double quotes a backslash is written twice; in single quotes it stands for itself", ""},
		{"# \u00e9 \u0085\r\t\n# \u00e9 \xff", "2:5: the YAML is broken: ", ""},
		{"soup: \u00e9\x01", "1:8: the YAML is broken: control characters are not allowed", ""},
		{"cook: &x {name: Ada}", "1:7: &x names a part of the file, which a menu does not need: remove the name", "1:7: a value that begins with & names a part of the file, which a menu does not need"},
		{"cook: {name: !!str Ada}", "1:14: !!str says of what type a value is, which a menu does not need: remove it", "1:14: a value that begins with ! says of what type"},
		{"cook: {name: !x Ada}", "1:14: !x says of what type a value is", "1:14: a value that begins with ! says"},
		{"cook: {name: Ada}\nsoups: x", `2:1: unknown key "soups": the nearest known one is soup; rename it or remove it`, `2:1: unknown key "soups": the nearest known one is soup`},
		{"cook: {name: Ada, ages: 1}", `1:19: unknown key "ages" in cook: the nearest known one is age`, ""},
		{"cook: {name: Ada, a1: 1}", `1:19: unknown key "a1" in cook: the nearest known one is age`, "1:19: unknown key in cook: it has name, age"},
		{"cook: {name: Ada, ages}", `1:19: unknown key "ages" in cook`, "1:19: unknown key in cook: it has name, age"},
		{"cook: {name: Ada}\npoison: x", "2:1: poison: not in this house", ""},
		{"cook: {name: Ada, poison: x}", "1:19: cook.poison: not in this house", ""},
		{"cook: {name: Ada}\n? [a]\n: b", "2:3: a key is a list, not a name", ""},
		{"cook: {name: Ada, {a: b}: c}", "1:19: a key in cook is a mapping, not a name", ""},
		{"cook: {name: Ada}\nsoup: a\nsoup: b", "3:1: soup appears twice: it is on line 2 already", ""},
		{"cook: {name: Ada}\nsoup:\n", "2:1: soup has no value", ""},
		{"cook: {name: ~}", "1:8: cook.name has no value", ""},
		{"cook: {name: ' '}", "1:14: cook.name has no value", ""},
		{"cook: {name: [a]}", "1:14: cook.name is a list, not one value", ""},
		{"cook: {age: 36}", "1:7: cook.name is missing", ""},
		{"soup: x", "1:1: cook is missing", ""},
		{"cook: Ada", `1:7: cook is "Ada", not a mapping of name, age`, "1:7: cook is one value, not a mapping of name, age"},
		{"cook: {name: Ada}\nsalads: green", `2:9: salads is "green", not a list`, "2:9: salads is one value, not a list"},
		{"cook: {name: Ada}\nsalads: {a: b}", "2:9: salads is a mapping, not a list", ""},
		{"cook: {name: Ada}\nsalads: [~]", "2:10: salads: an item has no value", ""},
		{"cook: {name: Ada}\nsalads: [{}]", "2:10: salads is a mapping, not one value", ""},
	} {
		for _, discreet := range []bool{false, true} {
			want := c.want
			if discreet && c.discreet != "" {
				want = c.discreet
			}
			got, err := menu(&yamlfile.File{Discreet: discreet, Refuse: func(key string) string {
				return map[string]string{"poison": "not in this house"}[key]
			}}, c.text)
			var faults desired.RowErrors
			if !errors.As(err, &faults) || len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), "menu.yaml:"+want) {
				t.Errorf("%q:\n got %v\nwant %s", c.text, err, want)
			}
			if slices.ContainsFunc(got, func(read string) bool { return strings.HasSuffix(read, "=") }) {
				t.Errorf("%q: read %q", c.text, got)
			}
		}
	}
}

// All faults are told at once, by their place, whenever they were found.
func TestFaultsAreInOrder(t *testing.T) {
	f := &yamlfile.File{}
	_, err := menu(f, "salads: [{a: b}, [c], &x ok]\nsoups: x\ncook: *x\n")
	f.FaultAt(0, 0, "of %s", "the whole")
	f.FaultAt(3, 1, "second")
	got := fmt.Sprint(f.Err())
	if err == nil || got != strings.TrimSpace(`
menu.yaml:1:1: of the whole
menu.yaml:1:10: salads is a mapping, not one value
menu.yaml:1:18: salads is a list, not one value
menu.yaml:1:23: &x names a part of the file, which a menu does not need: remove the name
menu.yaml:2:1: unknown key "soups": the nearest known one is soup; rename it or remove it
menu.yaml:3:1: second
menu.yaml:3:7: *x stands for something written elsewhere: write it out here`) {
		t.Errorf("got\n%s", got)
	}
	var faults desired.RowErrors
	if !errors.As(f.Err(), &faults) || faults[0].Err.Error() != "of the whole" || faults[len(faults)-1].Line != 3 {
		t.Errorf("the list is not in order: %v", []*desired.RowError(faults))
	}
	if err := new(yamlfile.File).Err(); err != nil {
		t.Errorf("without a fault: %v", err)
	}
}

// A value that stands for something else is told once, discreetly if need be.
func TestAnAliasIsToldOnce(t *testing.T) {
	_, err := menu(&yamlfile.File{Discreet: true}, "cook: {name: Ada}\nsoup: &hunter2 x\nsalads: [*hunter2]\n")
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "menu.yaml:3:10: a value that begins with * stands for something written elsewhere: write it out here") {
		t.Errorf("got %v", err)
	}
}

// Whatever is in a file, it is read or has a fault with a place in it.
func FuzzRead(f *testing.F) {
	f.Add("cook: {name: Ada}\nsalads: [a, b]\n")
	f.Add("a: &a [*a]")
	f.Add("? {a: b}\n: c\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := menu(&yamlfile.File{Discreet: true}, text)
		var faults desired.RowErrors
		if err == nil && len(got) == 0 || err != nil && !errors.As(err, &faults) {
			t.Errorf("got %q, %v", got, err)
		}
		for _, fault := range faults {
			if fault.Line < 1 || fault.Column < 1 || fault.Line > strings.Count(strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text), "\n")+1 {
				t.Errorf("%v is not in %q", fault, text)
			}
		}
	})
}
