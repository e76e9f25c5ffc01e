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

// settings are the environment of each build: none of the settings that the machine
// has, be they variables or a file. The modules are downloaded as they say before.
func settings(ctx context.Context, root string) ([]string, error) {
	if _, err := goOutput(ctx, root, "mod", "download"); err != nil {
		return nil, err
	}
	cache, err := goOutput(ctx, root, "env", "GOMODCACHE")
	if err != nil {
		return nil, err
	}
	return append(os.Environ(), "GOENV=off", "GOPROXY=off", "GOMODCACHE="+strings.TrimSpace(string(cache)), "CGO_ENABLED=0",
		"GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=-mod=readonly", "GOWORK=off", "GOEXPERIMENT=", "GOFIPS140=off"), nil
}

// build makes the binary of a platform in a folder, and returns its path. Nothing
// of the machine is left in it: no path, no setting of the environment.
func (r *release) build(ctx context.Context, p platform, dir string, tags ...string) (string, error) {
	binary := filepath.Join(dir, p.program())
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=true", "-tags", strings.Join(tags, ","),
		"-ldflags", "-s -w -X main.release="+r.version, "-o", binary, "./cmd/bulksync")
	cmd.Dir = r.commit.root
	cmd.Env = append(slices.Clip(r.settings), "GOOS="+p.os, "GOARCH="+p.arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build for %s: %w\n%s", p, err, out)
	}
	return binary, nil
}

// goOutput is what a command of Go prints in a folder.
func goOutput(ctx context.Context, root string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w: %s", args[0], err, strings.TrimSpace(said.String()))
	}
	return out, nil
}
