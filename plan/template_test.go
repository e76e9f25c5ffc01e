package plan_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/plan"
)

func TestATemplateIsReadAsItWasWritten(t *testing.T) {
	on, both, none, empty := true, "existingPartners, newPartners", "none", ""
	for text, want := range map[string]plan.Template{
		`{"templateApplicationLevel": "existingPartners, newPartners", "userSyncInbound": {"isSyncAllowed": true}}`: {TemplateApplicationLevel: &both, IsSyncAllowed: &on},
		"\uFEFF{\r\n\"templateApplicationLevel\": \"none\"}\r\n":                                                    {TemplateApplicationLevel: &none},
		`{"templateApplicationLevel": "", "userSyncInbound": {"isSyncAllowed": null}}`:                              {TemplateApplicationLevel: &empty},
		`{"userSyncInbound": {"isSyncAllowed": true}}`:                                                              {IsSyncAllowed: &on},
		`{"templateApplicationLevel": "", "userSyncInbound": null}`:                                                 {TemplateApplicationLevel: &empty},
	} {
		sum := sha256.Sum256([]byte(text))
		want.Name, want.SHA256 = "template.json", hex.EncodeToString(sum[:])
		got, err := plan.ReadTemplate(strings.NewReader(text), "template.json")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, *got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
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
		{"{\n  \"name\": {\"a\": [1]},\n  \"templateApplicationLevel\": \"none\"\n}", `2:3: unknown member "name": allowed here is templateApplicationLevel and userSyncInbound`},
		{"{\"Über\": 1, \"x\": 1}", "1:2: unknown member \"Über\": allowed here is templateApplicationLevel and userSyncInbound\n1:13: unknown member \"x\": allowed here is templateApplicationLevel and userSyncInbound"},
		{`{"TemplateApplicationLevel": "none"}`, `1:2: unknown member "TemplateApplicationLevel": letter case matters, write templateApplicationLevel`},
		{`{"userSyncInbound": {"issyncallowed": true}}`, `1:22: unknown member "issyncallowed": letter case matters, write isSyncAllowed`},
		{`{"userSyncInbound": {"isSyncAllowed": "true"}}`, `1:39: isSyncAllowed is "\"true\"": it must be true, false or null`},
		{`{"userSyncInbound": true}`, `1:21: userSyncInbound is "true": it must be an object`},
		{`{"templateApplicationLevel": null}`, `1:30: templateApplicationLevel is "null": it must be a string; ` + levels},
		{`{"templateApplicationLevel": ["newPartners"]}`, `1:30: templateApplicationLevel is "[\"newPartners\"]": it must be a string; ` + levels},
		{`{"templateApplicationLevel": "newpartners"}`, `1:30: unknown level "newpartners": ` + levels},
		{`{"templateApplicationLevel": "newPartners,"}`, `1:30: unknown level "": ` + levels},
		{`{"templateApplicationLevel": "newPartners,newPartners"}`, "1:30: level newPartners is named twice: " + levels},
		{`{"templateApplicationLevel": "none,newPartners"}`, "1:30: none cannot stand beside another level: " + levels},
		{`{"templateApplicationLevel": "none", "templateApplicationLevel": "none"}`, "1:38: member templateApplicationLevel is here twice"},
		{"{\"templateApplicationLevel\": \"none\"}\n{}", "2:1: this is not one valid JSON object: invalid character '{' after top-level value"},
		{`{"templateApplicationLevel": "none"`, "1:35: this is not one valid JSON object: unexpected end of JSON input"},
		{"{\n  templateApplicationLevel: \"none\"}", "2:3: this is not one valid JSON object: invalid character 't'"},
		{"{\n  'a': 1}", "2:3: this is not one valid JSON object: invalid character '\\''"},
		{"{\"userSyncInbound\": {\n\"isSyncAllowed\": tru}}", "2:21: this is not one valid JSON object: invalid character '}' in literal true"},
		{"{\"a\xff\": 1}", "1:4: byte 0xFF is not valid UTF-8"},
		{strings.Repeat(" ", 1<<20) + "{}", "1:1: the file is larger than 1 MiB: a template body has a few lines"},
		{"PK\x03\x04", "1:1: this looks like an .xlsx workbook or a zip archive: save the sheet as CSV UTF-8"},
	} {
		_, err := plan.ReadTemplate(strings.NewReader(test.text), "t.json")
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
		if got := plan.SameLevels(test.a, test.b); got != test.want || got != plan.SameLevels(test.b, test.a) {
			t.Errorf("SameLevels(%q, %q) is %t", test.a, test.b, got)
		}
	}
}
