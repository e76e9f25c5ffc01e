package main

import (
	"bytes"
	"debug/buildinfo"
	"os"
)

// binary is a program that was built, and what Go wrote into it about that.
type binary struct {
	file
	platform platform
	info     *buildinfo.BuildInfo
}

func readBinary(path string, p platform) (binary, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return binary{}, err
	}
	info, err := buildinfo.Read(bytes.NewReader(data))
	return binary{file{p.program(), 0o755, data}, p, info}, err
}

// linked are the modules that are linked into the program besides its own, as they
// were built: a replacement in the place of what it replaces.
func (b binary) linked() (modules []module) {
	for _, dep := range b.info.Deps {
		if dep.Replace != nil {
			dep = dep.Replace
		}
		modules = append(modules, module{dep.Path, dep.Version, dep.Sum})
	}
	return modules
}

// module is one version of a module, with the sum that go.sum has of it.
type module struct{ path, version, sum string }
