package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// platform is an operating system and a processor that a release is made for.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "/" + p.arch }

func platforms() []platform {
	return []platform{
		{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
	}
}

func platformOf(name string) (platform, bool) {
	i := slices.IndexFunc(platforms(), func(p platform) bool { return p.String() == name })
	if i < 0 {
		return platform{}, false
	}
	return platforms()[i], true
}

// program is the name of the binary.
func (p platform) program() string {
	if p.os == "windows" {
		return "bulksync.exe"
	}
	return "bulksync"
}

// host is the platform that this runs on, whether or not releases are made for it.
func host() platform { return platform{runtime.GOOS, runtime.GOARCH} }

// build makes the binary of a platform in a folder, and returns its path. Nothing
// of the machine is left in it: no path, no setting of the environment.
func (r *release) build(ctx context.Context, p platform, dir string, tags ...string) (string, error) {
	root, err := filepath.Abs(r.commit.root)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, p.program())
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=true", "-tags", strings.Join(tags, ","),
		"-ldflags", "-s -w -X main.release="+r.version, "-o", binary, "./cmd/bulksync")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch, "GOAMD64=v1", "GOARM64=v8.0",
		"GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GOFIPS140=off", "PWD="+root)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build for %s: %w\n%s", p, err, out)
	}
	return binary, nil
}
