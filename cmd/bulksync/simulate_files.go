package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"bulksync/internal/atomicfile"
)

// settingsHead begins the file of settings.
const settingsHead = "# How to sign in at the built-in Graph. Nothing here opens anything real.\n"

// ownLeftovers are settings of the shell that would lead to another tenant.
const ownLeftovers = "BULKSYNC_CLOUD BULKSYNC_TENANT BULKSYNC_ACCESS_TOKEN"

// settingsText is a file of settings: it takes some away, and sets others.
func settingsText(unset string, variables [][2]string) string {
	text := settingsHead + userShell().unset(unset) + "\n"
	for _, v := range variables {
		text += userShell().export(v[0], v[1]) + "\n"
	}
	return text
}

// rehearsalFile is a file that a rehearsal writes.
type rehearsalFile struct {
	name string
	text []byte
}

// rehearsalFolder is a folder that simulate fills, named by a flag.
type rehearsalFolder struct {
	flag, dir string
	// files begin with the settings: by them the next rehearsal knows its own.
	files []rehearsalFile
}

// writeFolders writes the files of a rehearsal, all or, if something in a folder is not a
// rehearsal's, none.
func (e *env) writeFolders(ctx context.Context, folders []rehearsalFolder) error {
	for _, f := range folders {
		if err := atomicfile.MkdirAll(f.dir); err != nil {
			return err
		}
		if err := f.refuseOthers(); err != nil {
			return err
		}
	}
	for _, f := range folders {
		for _, file := range f.files {
			if err := e.writeFile(ctx, absolute(f.dir, file.name), func(w io.Writer) error { _, err := w.Write(file.text); return err }); err != nil {
				return err
			}
		}
	}
	return nil
}

// refuseOthers refuses a folder that holds a file of the same name which no rehearsal wrote: the
// certificate of a real app, or the manifest of a real fleet, cannot be had again.
func (f rehearsalFolder) refuseOthers() error {
	isOurs := f.begins(settingsName, settingsHead)
	for _, file := range f.files {
		if file.name == manifestName && f.begins(manifestName, manifestHead) || file.name != manifestName && isOurs {
			continue
		}
		if _, err := os.Lstat(absolute(f.dir, file.name)); err == nil {
			return fmt.Errorf("%s is there already, and is not a rehearsal's: name another folder with %s", absolute(f.dir, file.name), f.flag)
		}
	}
	return nil
}

// begins reports whether a file of the folder begins with a text.
func (f rehearsalFolder) begins(name, head string) bool {
	file, err := atomicfile.Open(absolute(f.dir, name), os.O_RDONLY)
	if err != nil {
		return false
	}
	defer file.Close()
	got := make([]byte, len(head))
	_, err = io.ReadFull(file, got)
	return err == nil && bytes.Equal(got, []byte(head))
}

// absolute is the path of a file in a folder, from wherever it is typed.
func absolute(dir, name string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return filepath.Join(dir, name)
}
