// Command modulepath gives the module another path, everywhere it stands: in go.mod and
// tools/go.mod, in every import, whatever its build tags, and where documents, scripts
// and workflows name a package.
//
//	go run -C tools ./modulepath example.com/you/bulksync
//
// It changes nothing if the path is not one that Go accepts.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run -C tools ./modulepath NEW-PATH")
		os.Exit(1)
	}
	if err := run("..", os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "modulepath:", err)
		os.Exit(1)
	}
}

// run gives the module at root another path.
func run(root, to string) error {
	out, err := output(root, "list", "-m")
	if err != nil {
		return err
	}
	from := strings.TrimSpace(out)
	names, err := newRenamer(root, from, to)
	if err != nil {
		return err
	}
	for dir, path := range map[string]string{".": to, "tools": to + "/tools"} {
		if _, err := output(filepath.Join(root, dir), "mod", "edit", "-module="+path); err != nil {
			return err
		}
	}
	changed, err := names.renameAll(root)
	if err != nil {
		return err
	}
	fmt.Printf("%s is %s now; %d files name its packages\n", from, to, changed)
	return nil
}

// output runs go in a folder.
func output(dir string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	return string(out), err
}

// renamer replaces the path of a module before its packages.
type renamer struct {
	old *regexp.Regexp
	to  string
}

// newRenamer looks for the top folders that hold packages, which tell the path of a
// package from another one that begins alike, such as /etc/bulksync/audit.env.
func newRenamer(root, from, to string) (*renamer, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, e := range entries {
		if e.IsDir() && e.Name()[0] != '.' {
			dirs = append(dirs, regexp.QuoteMeta(e.Name()))
		}
	}
	old, err := regexp.Compile(`(^|[^\w./\\-])` + regexp.QuoteMeta(from) + `(/(?:` + strings.Join(dirs, "|") + `)\b)`)
	return &renamer{old, to}, err
}

// renameAll changes the files of a tree, and counts those that it changed.
func (r *renamer) renameAll(root string) (changed int, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case !d.Type().IsRegular(), d.Name() == "go.mod", d.Name() == "go.sum":
			return nil
		}
		did, err := r.rename(path)
		if did {
			changed++
		}
		return err
	})
	return changed, err
}

// rename changes one file, if it is text and has something to change.
func (r *renamer) rename(path string) (bool, error) {
	text, err := os.ReadFile(path)
	if err != nil || !utf8.Valid(text) {
		return false, err
	}
	renamed := r.old.ReplaceAll(text, []byte("${1}"+r.to+"${2}"))
	if bytes.Equal(renamed, text) {
		return false, nil
	}
	if filepath.Ext(path) == ".go" { // imports are sorted by their paths
		if renamed, err = format.Source(renamed); err != nil {
			return false, fmt.Errorf("%s: %w", path, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	return true, os.WriteFile(path, renamed, info.Mode())
}
