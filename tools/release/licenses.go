package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// licensesName is the file with the licences of what is linked into the program,
// most of which have to go with each copy.
const licensesName = "THIRD_PARTY_LICENSES"

var licenseFile = regexp.MustCompile(`(?i)^((un)?licen[cs]e|copying|notice)([.-].*)?$`)

// licenses is that file for one binary.
func (r *release) licenses(ctx context.Context, b binary) (file, error) {
	dirs, err := r.moduleDirs(ctx)
	if err != nil {
		return file{}, err
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "bulksync contains these modules, under the licences that follow.\n")
	for _, m := range append([]module{{path: "Go", version: b.info.GoVersion}}, b.linked()...) {
		if err := writeLicense(&text, m, dirs[m.path]); err != nil {
			return file{}, err
		}
	}
	return file{licensesName, 0o644, text.Bytes()}, nil
}

// moduleDirs says where the sources of each module are, and those of Go.
func (r *release) moduleDirs(ctx context.Context) (map[string]string, error) {
	out, err := goOutput(ctx, r.commit.root, "list", "-m", "-json", "all")
	if err != nil {
		return nil, err
	}
	dirs := map[string]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct {
			Path, Dir string
			Replace   *struct{ Path, Dir string }
		}
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		dirs[m.Path] = m.Dir
		if m.Replace != nil {
			dirs[m.Replace.Path] = m.Replace.Dir
		}
	}
	goroot, err := goOutput(ctx, r.commit.root, "env", "GOROOT")
	dirs["Go"] = strings.TrimSpace(string(goroot))
	return dirs, err
}

// writeLicense appends what a module says of its licence.
func writeLicense(w io.Writer, m module, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("the licence of %s: %w", m.path, err)
	}
	found := false
	for _, e := range entries {
		if e.IsDir() || !licenseFile.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		found = true
		fmt.Fprintf(w, "\n%s\n%s %s: %s\n\n%s\n", strings.Repeat("=", 72), m.path, m.version, e.Name(), bytes.TrimSpace(text))
	}
	if !found {
		return fmt.Errorf("%s %s has no file with its licence", m.path, m.version)
	}
	return nil
}
