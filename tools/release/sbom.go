package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"
)

// sbom is the bill of materials of a binary, in the JSON of CycloneDX: what is
// linked into it, which is less than what go.mod requires. It is as reproducible as
// the binary: its serial number follows from that.
func (r *release) sbom(b binary) ([]byte, error) {
	sum := sha256.Sum256(b.data)
	program := r.component(b, fmt.Sprintf("%x", sum))
	bom := cdx.NewBOM()
	bom.SerialNumber = uuid.NewHash(sha256.New(), uuid.NameSpaceURL, sum[:], 8).URN()
	bom.Metadata = &cdx.Metadata{
		Timestamp:  r.commit.date.Format(time.RFC3339),
		Lifecycles: &[]cdx.Lifecycle{{Phase: cdx.LifecyclePhasePostBuild}},
		Component:  &program,
	}
	components := []cdx.Component{goComponent(b.info.GoVersion)}
	for _, m := range b.linked() {
		components = append(components, m.component())
	}
	needs := cdx.Dependency{Ref: program.BOMRef, Dependencies: &[]string{}}
	for _, c := range components {
		*needs.Dependencies = append(*needs.Dependencies, c.BOMRef)
	}
	bom.Components, bom.Dependencies = &components, &[]cdx.Dependency{needs}
	// Go writes which modules are linked, and not which of them needs which other.
	bom.Compositions = &[]cdx.Composition{
		{Aggregate: cdx.CompositionAggregateComplete, Assemblies: &[]cdx.BOMReference{cdx.BOMReference(program.BOMRef)}},
		{Aggregate: cdx.CompositionAggregateIncomplete, Dependencies: &[]cdx.BOMReference{cdx.BOMReference(program.BOMRef)}},
	}
	var text bytes.Buffer
	err := cdx.NewBOMEncoder(&text, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
	return text.Bytes(), err
}

// component is the program itself, with the settings that it was built with.
func (r *release) component(b binary, sum string) cdx.Component {
	purl := purl(b.info.Main.Path, "v"+r.version) + "?goos=" + b.platform.os + "&goarch=" + b.platform.arch
	properties := []cdx.Property{}
	for _, s := range b.info.Settings {
		name := "cdx:gomod:build:" + s.Key
		if strings.HasPrefix(s.Key, "GO") || strings.HasPrefix(s.Key, "CGO") {
			name = "cdx:gomod:build:env:" + s.Key
		}
		properties = append(properties, cdx.Property{Name: strings.ReplaceAll(name, "vcs.", "vcs:"), Value: s.Value})
	}
	return cdx.Component{
		BOMRef: purl, Type: cdx.ComponentTypeApplication, Name: "bulksync", Version: r.version, PackageURL: purl,
		Hashes:   &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: sum}},
		Licenses: &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}}, Properties: &properties,
	}
}

func (m module) component() cdx.Component {
	purl := purl(m.path, m.version)
	return cdx.Component{
		BOMRef: purl, Type: cdx.ComponentTypeLibrary, Name: m.path, Version: m.version, PackageURL: purl, Scope: cdx.ScopeRequired,
		// The sum is of a list of files, not of one file, and so no hash of CycloneDX.
		Properties: &[]cdx.Property{{Name: "go:sum", Value: m.sum}},
	}
}

// goComponent is the standard library, under the name by which databases of
// vulnerabilities and scanners know it.
func goComponent(version string) cdx.Component {
	version = strings.TrimPrefix(version, "go")
	purl := purl("stdlib", version)
	return cdx.Component{BOMRef: purl, Type: cdx.ComponentTypeLibrary, Name: "stdlib", Version: version, PackageURL: purl, Scope: cdx.ScopeRequired}
}

// purl is the package URL of a module. What a version may hold beside letters,
// digits, dots and hyphens is a plus sign.
func purl(path, version string) string {
	return "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
}
