package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// release is what is made of a commit.
type release struct {
	commit  commit
	version string
	// settings are the environment of each build.
	settings []string
	// manual and documents are the same for all platforms.
	manual    manual
	documents []file
	// made are the files of the release so far.
	made []file
}

// make makes the release and puts it in a folder, all of it or nothing.
func (r *release) make(ctx context.Context, chosen []platform, out string) error {
	if err := onlyRelease(out); err != nil { // before minutes of work
		return err
	}
	dir, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if r.documents, err = r.commit.documents(); err != nil {
		return err
	}
	if r.settings, err = settings(ctx, r.commit.root); err != nil {
		return err
	}
	if r.manual, err = r.writeManual(ctx, dir); err != nil {
		return err
	}
	for _, p := range chosen {
		if err := r.makeFor(ctx, p, dir); err != nil {
			return err
		}
	}
	r.made = append(r.made, file{sumsName, 0o644, sums(r.made)})
	return r.save(out)
}

// makeFor makes the files of one platform.
func (r *release) makeFor(ctx context.Context, p platform, dir string) error {
	dir = filepath.Join(dir, p.os+"-"+p.arch)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	path, err := r.build(ctx, p, dir)
	if err != nil {
		return err
	}
	b, err := readBinary(path, p)
	if err != nil {
		return err
	}
	licenses, err := r.licenses(ctx, b)
	if err != nil {
		return err
	}
	files := append(slices.Clone(r.documents), licenses)
	if err := r.archive(b, files); err != nil {
		return err
	}
	bom, err := r.sbom(b)
	if err != nil {
		return err
	}
	r.made = append(r.made, file{r.name(p) + ".cdx.json", 0o644, bom})
	if p.os == "linux" {
		return r.packages(b, files, dir)
	}
	return nil
}

// name is that of the files for a platform, without their ending.
func (r *release) name(p platform) string {
	return fmt.Sprintf("bulksync_%s_%s_%s", r.version, p.os, p.arch)
}

// archive makes the archive of a binary, with one folder in it.
func (r *release) archive(b binary, files []file) error {
	files = append(slices.Clone(files), b.file)
	files = append(files, under("completions", slices.Collect(maps.Values(r.manual.completions)))...)
	for _, page := range r.manual.pages {
		files = append(files, under("man/man"+section(page.name), []file{page})...)
	}
	files = under(r.name(b.platform), files)
	pack := tarGz
	if b.platform.os == "windows" {
		pack = zipped
	}
	data, err := pack(files, r.commit.date)
	r.made = append(r.made, file{r.archiveName(b.platform), 0o644, data})
	return err
}

// archiveName is the name of the archive for a platform.
func (r *release) archiveName(p platform) string {
	if p.os == "windows" {
		return r.name(p) + ".zip"
	}
	return r.name(p) + ".tar.gz"
}

// save replaces the release in a folder by this one. A folder that holds something
// else is left alone.
func (r *release) save(out string) error {
	if err := onlyRelease(out); err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, f := range r.made {
		if err := os.WriteFile(filepath.Join(out, f.name), f.data, f.mode); err != nil {
			return err
		}
		fmt.Printf("%9d  %s\n", len(f.data), filepath.Join(filepath.Base(out), f.name))
	}
	return nil
}

// onlyRelease refuses a folder that holds more than the sums of a release and the
// files that they list: it is going to be removed.
func onlyRelease(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	listed, err := os.ReadFile(filepath.Join(dir, sumsName))
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, e := range entries {
		if e.Name() != sumsName && !bytes.Contains(listed, []byte("  "+e.Name()+"\n")) {
			return fmt.Errorf("%s holds something else than a release, %s: move it away", dir, e.Name())
		}
	}
	return nil
}
