package main

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// file is one file of an archive or a package, by its path there.
type file struct {
	name string
	mode fs.FileMode
	data []byte
}

func sorted(files []file) []file {
	return slices.SortedFunc(slices.Values(files), func(a, b file) int { return cmp.Compare(a.name, b.name) })
}

// under returns files with their paths in a folder.
func under(dir string, files []file) []file {
	moved := slices.Clone(files)
	for i := range moved {
		moved[i].name = path.Join(dir, moved[i].name)
	}
	return moved
}

// documents are the files of the repository that people read: their places are
// kept, so that the links between them lead somewhere.
func (c commit) documents() (files []file, err error) {
	for _, f := range c.files {
		if !isDocument(f.path) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(c.root, filepath.FromSlash(f.path)))
		if errors.Is(err, fs.ErrNotExist) { // deleted, and not committed: a snapshot
			continue
		} else if err != nil {
			return nil, err
		}
		mode := fs.FileMode(0o644)
		if f.executable {
			mode = 0o755
		}
		files = append(files, file{f.path, mode, data})
	}
	return files, nil
}

func isDocument(name string) bool {
	switch dir, _ := path.Split(name); {
	case dir == "":
		return slices.Contains([]string{"LICENSE", "README.md", "CHANGELOG.md"}, name)
	case dir == ".github/": // what README.md leads to
		return slices.Contains([]string{".md", ".svg", ".png"}, path.Ext(name))
	default:
		return strings.HasPrefix(name, "docs/") || strings.HasPrefix(name, "samples/")
	}
}
