package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

func some() []file {
	return []file{{"top/b", 0o644, []byte("text")}, {"top/a", 0o755, bytes.Repeat([]byte("program"), 1000)}, {"top/c/d", 0o644, nil}}
}

// TestArchivesDependOnTheirFilesAlone makes each kind twice, of files in another
// order and with the same moment in another time zone.
func TestArchivesDependOnTheirFilesAlone(t *testing.T) {
	for name, pack := range map[string]func([]file, time.Time) ([]byte, error){"tar": tarGz, "zip": zipped} {
		one, err := pack(some(), commitDate)
		if err != nil {
			t.Fatal(err)
		}
		other := some()
		slices.Reverse(other)
		two, err := pack(other, commitDate.In(time.FixedZone("", 7200)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, two) {
			t.Errorf("%s: other bytes the second time", name)
		}
	}
}

func TestTarHoldsItsFiles(t *testing.T) {
	data, err := tarGz(some(), commitDate)
	if err != nil {
		t.Fatal(err)
	}
	compressed, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(compressed); ; {
		head, err := r.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		names = append(names, head.Name)
		want := fileNamed(t, some(), head.Name)
		text, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(text, want.data) || head.FileInfo().Mode() != want.mode {
			t.Errorf("%s: %d bytes, mode %s, %v", head.Name, len(text), head.FileInfo().Mode(), err)
		}
		if head.Uid != 0 || head.Gid != 0 || head.Uname != "" || head.Gname != "" || !head.ModTime.Equal(commitDate) {
			t.Errorf("%s is of %d:%d (%q:%q), at %s", head.Name, head.Uid, head.Gid, head.Uname, head.Gname, head.ModTime)
		}
	}
	if got := strings.Join(names, " "); got != "top/a top/b top/c/d" {
		t.Errorf("the tar holds %s", got)
	}
}

func TestZipHoldsItsFiles(t *testing.T) {
	data, err := zipped(some(), commitDate)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.File) != 3 {
		t.Fatalf("the zip holds %d files", len(r.File))
	}
	for _, f := range r.File {
		want := fileNamed(t, some(), f.Name)
		entry, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(entry)
		if err != nil || !bytes.Equal(text, want.data) || f.Mode() != want.mode || !f.Modified.Equal(commitDate) {
			t.Errorf("%s: %d bytes, mode %s, at %s, %v", f.Name, len(text), f.Mode(), f.Modified, err)
		}
	}
}

// TestSumsAreThoseOfSha256sum compares with what the program sha256sum prints for
// these files.
func TestSumsAreThoseOfSha256sum(t *testing.T) {
	got := string(sums([]file{{name: "b", data: []byte("text\n")}, {name: "a"}}))
	want := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n" +
		"b9e68e1bea3e5b19ca6b2f98b73a54b73daafaa250484902e09982e07a12e733  b\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
