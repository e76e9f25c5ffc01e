package desired_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"bulksync/plan/desired"
)

func TestATemplateIsReadAsItWasWritten(t *testing.T) {
	type values = [2]any // the level and the switch
	for text, want := range map[string]desired.Template{
		`{"templateApplicationLevel": "existingPartners, newPartners", "userSyncInbound": {"isSyncAllowed": true}}`: {Values: values{"existingPartners, newPartners", true}},
		"\uFEFF{\r\n\"templateApplicationLevel\": \"none\"}\r\n":                                                    {Values: values{"none"}},
		`{"templateApplicationLevel": "", "userSyncInbound": {"isSyncAllowed": null}}`:                              {Values: values{""}},
		`{"userSyncInbound": {"isSyncAllowed": true}}`:                                                              {Values: values{nil, true}},
		`{"templateApplicationLevel": "", "userSyncInbound": null}`:                                                 {Values: values{""}},
	} {
		sum := sha256.Sum256([]byte(text))
		want.Name, want.SHA256 = "template.json", hex.EncodeToString(sum[:])
		got, err := desired.ReadTemplate(strings.NewReader(text), "template.json")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// TestATemplateIsReadInEachEncoding reads what the shells of Windows write.
func TestATemplateIsReadInEachEncoding(t *testing.T) {
	const text = "{\r\n  \"userSyncInbound\": { \"isSyncAllowed\": true }\r\n}\r\n"
	for name, file := range map[string]string{
		"UTF-8 with a byte order mark":         "\uFEFF" + text,
		"UTF-16 little endian":                 utf16(t, unicode.LittleEndian, unicode.UseBOM, text),
		"UTF-16 little endian without a mark":  utf16(t, unicode.LittleEndian, unicode.IgnoreBOM, text),
		"UTF-16 big endian":                    utf16(t, unicode.BigEndian, unicode.UseBOM, text),
		"UTF-16 big endian, broken at a place": utf16(t, unicode.BigEndian, unicode.UseBOM, strings.Replace(text, "true", "True", 1)),
	} {
		got, err := desired.ReadTemplate(strings.NewReader(file), "t.json")
		switch {
		case strings.Contains(name, "broken"):
			if err == nil || !strings.HasPrefix(err.Error(), "t.json:2:41: this is not one valid JSON object") {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case got.Values[1] != true:
			t.Errorf("%s: read as %+v", name, got)
		}
	}
}

func TestATemplateThatGraphWouldMisreadIsRefused(t *testing.T) {
	const levels = `use newPartners, existingPartners, both with a comma between them, none or ""`
	const nothing = "1:1: the template sets nothing: give templateApplicationLevel, userSyncInbound.isSyncAllowed or both"
	for _, test := range []struct{ text, want string }{
		{"", "1:1: the file is empty: it needs a JSON object with templateApplicationLevel, userSyncInbound or both"},
		{"{}", nothing},
		{`{"userSyncInbound": {}}`, nothing},
		{`{"userSyncInbound": {"isSyncAllowed": null}}`, nothing},
		{"[]", `1:1: the template is "[]": it must be an object`},
		{"{\n  \"name\": {\"a\": [1]},\n  \"templateApplicationLevel\": \"none\"\n}", `2:3: unknown member "name": allowed here: templateApplicationLevel and userSyncInbound`},
		{"{\"Über\": 1, \"x\": 1}", "1:2: unknown member \"Über\": allowed here: templateApplicationLevel and userSyncInbound\n1:13: unknown member \"x\": allowed here: templateApplicationLevel and userSyncInbound"},
		{`{"TemplateApplicationLevel": "none"}`, `1:2: unknown member "TemplateApplicationLevel": letter case matters, write templateApplicationLevel`},
		{`{"userSyncInbound": {"issyncallowed": true}}`, `1:22: unknown member "issyncallowed": letter case matters, write isSyncAllowed`},
		{`{"userSyncInbound": {"isSyncAllowed": "true"}}`, `1:39: isSyncAllowed is "\"true\"": it must be true, false or null`},
		{`{"userSyncInbound": true}`, `1:21: userSyncInbound is "true": it must be an object`},
		{`{"templateApplicationLevel": null}`, `1:30: templateApplicationLevel is "null": it must be a string; ` + levels},
		{`{"templateApplicationLevel": ["newPartners"]}`, `1:30: templateApplicationLevel is "[\"newPartners\"]": it must be a string; ` + levels},
		{`{"templateApplicationLevel": "newpartners"}`, `1:30: unknown level "newpartners": ` + levels},
		{`{"templateApplicationLevel": "newPartners,"}`, `1:30: unknown level "": ` + levels},
		{`{"templateApplicationLevel": "newPartners,newPartners"}`, "1:30: level newPartners is named twice: " + levels},
		{`{"templateApplicationLevel": "none,newPartners"}`, "1:30: none cannot be combined with another level: " + levels},
		{`{"templateApplicationLevel": "none", "templateApplicationLevel": "none"}`, "1:38: member templateApplicationLevel appears twice"},
		{"{\"templateApplicationLevel\": \"none\"}\n{}", "2:1: this is not one valid JSON object: invalid character '{' after top-level value"},
		{`{"templateApplicationLevel": "none"`, "1:35: this is not one valid JSON object: unexpected end of JSON input"},
		{"{\n  templateApplicationLevel: \"none\"}", "2:3: this is not one valid JSON object: invalid character 't'"},
		{"{\n  'a': 1}", "2:3: this is not one valid JSON object: invalid character '\\''"},
		{"{\"userSyncInbound\": {\n\"isSyncAllowed\": tru}}", "2:21: this is not one valid JSON object: invalid character '}' in literal true"},
		{"{\"a\xff\": 1}", "1:4: byte 0xFF is not valid UTF-8"},
		{"\xff{}", "1:1: byte 0xFF is not valid UTF-8"},
		{strings.Repeat(" ", 1<<20) + "{}", "1:1: the file is larger than 1 MiB: a template is a JSON file of a few lines"},
		{"PK\x03\x04", "1:1: this looks like an .xlsx workbook or a zip archive: a template is a JSON file of a few lines"},
		{"<html>", "1:1: this looks like a web page or XML: a template is a JSON file of a few lines"},
	} {
		_, err := desired.ReadTemplate(strings.NewReader(test.text), "t.json")
		if err == nil {
			t.Errorf("%.60s: accepted", test.text)
			continue
		}
		if want := "t.json:" + strings.ReplaceAll(test.want, "\n", "\nt.json:"); !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.60s:\ngot  %v\nwant %s", test.text, err, want)
		}
	}
}

func TestLevelsAreComparedAsASet(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"newPartners,existingPartners", "existingPartners, newPartners", true},
		{"", "none", true},
		{" ", "", true},
		{"newPartners", "newPartners,newPartners", true},
		{"newPartners", "existingPartners", false},
		{"newPartners", "newPartners,existingPartners", false},
		{"newPartners", "", false},
		{"newPartners", "NewPartners", false},
	} {
		if got := desired.SameLevels(test.a, test.b); got != test.want || got != desired.SameLevels(test.b, test.a) {
			t.Errorf("SameLevels(%q, %q) is %t", test.a, test.b, got)
		}
	}
}
