package main

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	"github.com/goreleaser/nfpm/v2/rpm"
)

// kindOfPackage is a way to package for Linux: who makes it, and where its systems
// look for what others have elsewhere.
type kindOfPackage struct {
	packager nfpm.Packager
	// license is the path of the licence, zsh the folder for its completions.
	license, zsh string
}

func kindsOfPackage() []kindOfPackage {
	return []kindOfPackage{
		{deb.Default, "usr/share/doc/bulksync/copyright", "usr/share/zsh/vendor-completions"},
		{rpm.DefaultRPM, "usr/share/licenses/bulksync/LICENSE", "usr/share/zsh/site-functions"},
	}
}

// packages makes the packages of a binary. Their library reads files, so each is
// laid out in a folder first.
func (r *release) packages(b binary, documents []file, dir string) error {
	for _, kind := range kindsOfPackage() {
		installed, err := r.installed(kind, b, documents)
		if err != nil {
			return err
		}
		layout, err := os.MkdirTemp(dir, "package-")
		if err != nil {
			return err
		}
		info := r.packageInfo(b.platform.arch)
		info.Contents = r.folders(installed)
		for _, f := range sorted(installed) {
			content, err := r.layOut(layout, f)
			if err != nil {
				return err
			}
			info.Contents = append(info.Contents, content)
		}
		name := kind.packager.ConventionalFileName(info)
		var data bytes.Buffer
		if err := kind.packager.Package(info, &data); err != nil {
			return err
		}
		r.made = append(r.made, file{name, 0o644, data.Bytes()})
	}
	return nil
}

// installed are the files of a package by where they are installed.
func (r *release) installed(kind kindOfPackage, b binary, documents []file) ([]file, error) {
	all := under("usr/share/doc/bulksync", documents)
	all = append(all, under("usr/bin", []file{b.file})...)
	for _, f := range documents {
		if f.name == "LICENSE" {
			all = append(all, file{kind.license, 0o644, f.data})
		}
	}
	for _, page := range r.manual.pages {
		data, err := gzipped(page.data)
		if err != nil {
			return nil, err
		}
		all = append(all, file{"usr/share/man/man" + section(page.name) + "/" + page.name + ".gz", 0o644, data})
	}
	for shell, name := range map[string]string{
		"bash":       "usr/share/bash-completion/completions/bulksync",
		"zsh":        kind.zsh + "/_bulksync",
		"fish":       "usr/share/fish/vendor_completions.d/bulksync.fish",
		"powershell": "usr/share/doc/bulksync/completions/bulksync.ps1",
	} {
		all = append(all, file{name, 0o644, r.manual.completions[shell].data})
	}
	return all, nil
}

func (r *release) packageInfo(arch string) *nfpm.Info {
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "bulksync", Version: r.version, Arch: arch, Platform: "linux", Release: "1",
		Section: "admin", Priority: "optional", Maintainer: "The bulksync authors", License: "Apache-2.0",
		Description: "plan, apply and audit cross-tenant synchronization of Microsoft Entra\n" +
			"Reads a CSV of partner tenants, shows what would change in the cross-tenant\n" +
			"access policy, applies it through Microsoft Graph and reports how every\nchange ended.",
		MTime: r.commit.date, DisableGlobbing: true,
	})
	info.Recommends = []string{"ca-certificates"}
	info.RPM.Summary, _, _ = strings.Cut(info.Description, "\n")
	info.RPM.BuildHost = "localhost"
	info.RPM.Group = "Applications/System"
	return info
}

// folders are those of bulksync alone: rpm removes with a package only what it lists.
func (r *release) folders(installed []file) (own files.Contents) {
	var names []string
	for _, f := range installed {
		for dir := path.Dir(f.name); strings.Contains(dir+"/", "/bulksync/"); dir = path.Dir(dir) {
			names = append(names, dir)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		info := &files.ContentFileInfo{Owner: "root", Group: "root", Mode: 0o755, MTime: r.commit.date}
		own = append(own, &files.Content{Destination: "/" + name, Type: files.TypeDir, FileInfo: info})
	}
	return own
}

// layOut writes a file into a folder, and says how it is installed.
func (r *release) layOut(dir string, f file) (*files.Content, error) {
	source := filepath.Join(dir, filepath.FromSlash(f.name))
	if err := os.MkdirAll(filepath.Dir(source), 0o755); err != nil {
		return nil, err
	}
	info := &files.ContentFileInfo{Owner: "root", Group: "root", Mode: f.mode, MTime: r.commit.date}
	return &files.Content{Source: source, Destination: "/" + f.name, FileInfo: info}, os.WriteFile(source, f.data, f.mode)
}
