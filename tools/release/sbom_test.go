package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// bomOf is the SBOM of a binary.
func bomOf(t *testing.T, path string, p platform) []byte {
	t.Helper()
	b, err := readBinary(path, p)
	if err != nil {
		t.Fatal(err)
	}
	r := &release{commit: commit{date: commitDate}, version: "1.2.3"}
	text, err := r.sbom(b)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestTheSBOMNamesWhatIsLinked makes the SBOM of this test, which is a program too.
func TestTheSBOMNamesWhatIsLinked(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text := bomOf(t, program, host())
	if again := bomOf(t, program, host()); !bytes.Equal(text, again) {
		t.Error("the second SBOM has other bytes")
	}
	checkBOM(t, text)
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(text), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if main := bom.Metadata.Component; bom.Metadata.Timestamp != "2026-11-21T20:12:00Z" || main.Version != "1.2.3" || len((*main.Hashes)[0].Value) != 64 {
		t.Errorf("at %s, %+v", bom.Metadata.Timestamp, main)
	}
	// Scanners look for the weaknesses of Go itself under this name alone.
	if std, want := (*bom.Components)[0], "pkg:golang/stdlib@"+strings.TrimPrefix(runtime.Version(), "go"); std.Name != "stdlib" || std.PackageURL != want {
		t.Errorf("the standard library is %s, %s, want %s", std.Name, std.PackageURL, want)
	}
	out, err := exec.CommandContext(t.Context(), "go", "version", "-m", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	if linked := strings.Count(string(out), "\n\tdep\t"); linked < 10 || len(*bom.Components) != linked+1 || len(*(*bom.Dependencies)[0].Dependencies) != linked+1 {
		t.Errorf("go version -m lists %d modules, the SBOM %d components", linked, len(*bom.Components))
	}
}

// checkBOM holds an SBOM against the schema of its specification, which the library
// brings along.
func checkBOM(t *testing.T, text []byte) {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	for id, name := range map[string]string{
		"http://cyclonedx.org/schema/bom-1.6.schema.json":  "bom-1.6.schema.json",
		"http://cyclonedx.org/schema/spdx.schema.json":     "spdx.schema.json",
		"http://cyclonedx.org/schema/jsf-0.82.schema.json": "jsf-0.82.schemax.json",
	} {
		schema, err := os.Open(filepath.Join(strings.TrimSpace(string(dir)), "schema", name))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(schema)
		schema.Close()
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource(id, doc); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := compiler.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("the SBOM does not fit its schema: %v", err)
	}
}
