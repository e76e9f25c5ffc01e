package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"bulksync/internal/atomicfile"
	"bulksync/internal/seal"
)

// isUnread reports whether an error is the system's, other than that there is no
// such file, or a file where its folder should be: it says nothing about the
// content.
func isUnread(err error) bool {
	return errors.As(err, new(syscall.Errno)) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR)
}

// files holds the files of the audit against the manifest, and SHA256SUMS against
// both.
func (p *auditProof) files() error {
	for _, f := range p.Manifest.Files {
		if _, twice := p.sums[f.Name]; twice || !isFileName(f.Name) {
			p.add(Altered, OfManifest, ManifestName, "it names a file that no audit has: %q", f.Name)
			p.altered[f.Name] = true
			continue
		}
		p.sums[f.Name] = f
		if err := p.checkSum(&f); err != nil {
			return err
		}
	}
	if err := p.strangers(); err != nil {
		return err
	}
	text, err := readFile(filepath.Join(p.dir, SumsName), maxManifest)
	switch {
	case isUnread(err):
		return err
	case err != nil:
		p.add(Altered, OfFiles, SumsName, "%s", p.says(err, SumsName))
	case !bytes.Equal(text, sums(p.Manifest.Files, p.text)):
		p.add(Altered, OfFiles, SumsName, "it names other files or sums than %s", ManifestName)
	}
	if !p.Checks.has(Altered) {
		p.add(Proved, OfFiles, "", "%s with the sizes and sums of the manifest, whose SHA-256 is %s, and no others", count(len(p.Manifest.Files), "file"), p.SHA256)
	}
	return nil
}

// isFileName reports whether a manifest may name a file like this.
func isFileName(name string) bool { return isPlainName(name) && !isOwn(name) }

// isOwn reports whether a file is one that the manifest does not name.
func isOwn(name string) bool {
	return name == ManifestName || name == SumsName || name == SignatureName
}

// checkSum holds one file against its size and its sum.
func (p *auditProof) checkSum(f *File) error {
	r, err := p.open(f.Name)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
		r.Close()
	}
	if isUnread(err) || p.ctx.Err() != nil {
		return err
	}
	if err != nil {
		p.altered[f.Name] = true
		p.add(Altered, OfFiles, f.Name, "%s", p.says(err, f.Name))
	}
	return nil
}

// errSum means that a file is not the one that the manifest names.
var errSum = errors.New("it was altered: its size or its sum is another than that in the manifest")

// provenReader reads a file of the audit. Its end is an error unless the file has
// the size and the sum that the manifest names: what was read then is what was
// proved.
type provenReader struct {
	file *atomicfile.Reader // not embedded: it could be read past this one
	want File
	size int64
	hash hash.Hash
}

// Read reads on.
func (r *provenReader) Read(p []byte) (int, error) {
	n, err := r.file.Read(p)
	r.hash.Write(p[:n])
	if r.size += int64(n); r.size > r.want.Size || errors.Is(err, io.EOF) &&
		(r.size != r.want.Size || hex.EncodeToString(r.hash.Sum(nil)) != r.want.SHA256) {
		return n, errSum
	}
	return n, err
}

// Close closes the file.
func (r *provenReader) Close() error { return r.file.Close() }

// open opens a file that the manifest names.
func (p *auditProof) open(name string) (*provenReader, error) {
	want, ok := p.sums[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", filepath.Join(p.dir, filepath.FromSlash(name)), fs.ErrNotExist)
	}
	f, err := atomicfile.Open(filepath.Join(p.dir, filepath.FromSlash(name)), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	return &provenReader{file: atomicfile.NewReader(p.ctx, f), want: want, hash: sha256.New()}, nil
}

// read reads a file that the manifest names, and proves it once more. One that is
// longer than any that an audit writes would only fill the memory.
func (p *auditProof) read(name string, limit int64) ([]byte, error) {
	r, err := p.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if r.want.Size > limit {
		return nil, fmt.Errorf("it is longer than %d bytes", limit)
	}
	b := bytes.NewBuffer(make([]byte, 0, min(max(r.want.Size, 0), maxAnswer)+bytes.MinRead))
	_, err = b.ReadFrom(r)
	return b.Bytes(), err
}

// strangers names what is in the folder, and not in the manifest.
func (p *auditProof) strangers() error {
	known := map[string]bool{".": true}
	for name := range p.sums {
		known[path.Dir(name)] = true
	}
	return filepath.WalkDir(p.dir, func(full string, e fs.DirEntry, err error) error {
		if err != nil {
			return atomicfile.PathError(err)
		}
		if err := p.ctx.Err(); err != nil {
			return err
		}
		rel, err := filepath.Rel(p.dir, full)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		_, listed := p.sums[name]
		if e.IsDir() && known[name] || listed || isOwn(name) {
			return nil
		}
		if isLitter(e) {
			p.add(Outside, OfFiles, name, litter)
			return nil
		}
		p.add(Altered, OfFiles, name, "it does not belong to the audit: the manifest does not name it")
		if e.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
}

// litter is what is said of a file that a system leaves in the folders that it
// shows.
const litter = "what is in it: a system left it here, and it is no part of the evidence"

// isLitter reports whether a file has a name that only such files have.
func isLitter(e fs.DirEntry) bool {
	switch e.Name() {
	case ".DS_Store", "Thumbs.db", "desktop.ini":
		info, err := e.Info()
		return err == nil && atomicfile.IsRegular(info)
	default:
		return false
	}
}

// maxRequests is more than the longest list of requests needs: that of a reading
// with a hundred thousand answers.
const maxRequests = 256 << 20

// readRequests reads what was asked of Graph, and holds each answer against its
// file.
func (p *auditProof) readRequests() bool {
	text, err := p.read(RequestsName, maxRequests)
	if err != nil {
		p.add(Altered, OfRequests, RequestsName, "%s", p.says(err, RequestsName))
		return false
	}
	told := map[string]bool{RequestsName: true}
	for line := range bytes.Lines(text) {
		var r Request
		if err := seal.Unmarshal(line, &r); err != nil {
			p.add(Altered, OfRequests, RequestsName, "line %d: %v", len(p.requests)+1, err)
			return false
		}
		p.requests = append(p.requests, r)
		if plain, err := lineOf(&r); p.isOurs() && (err != nil || !bytes.Equal(plain, line)) {
			p.add(Altered, OfRequests, RequestsName, "line %d: it is not written as this program writes it", len(p.requests))
			return false
		}
		if why := p.wrong(&r, told); why != "" {
			p.add(Altered, OfRequests, RequestsName, "line %d: %s", len(p.requests), why)
			return false
		}
		told[r.File] = true
	}
	for _, f := range p.Manifest.Files {
		if strings.HasPrefix(f.Name, GraphDir+"/") && !told[f.Name] {
			p.add(Altered, OfRequests, f.Name, "%s names no request with this answer", RequestsName)
			return false
		}
	}
	p.add(Proved, OfRequests, RequestsName, "%s; each has the answer that it names", count(len(p.requests), "request"))
	return true
}

// wrong says what is wrong with a request; empty if nothing is.
func (p *auditProof) wrong(r *Request, told map[string]bool) string {
	f, there := p.sums[r.File]
	switch {
	case r.Seq != len(p.requests):
		return fmt.Sprintf("its number is %d", r.Seq)
	case r.Method != http.MethodGet:
		return fmt.Sprintf("an audit sends no %s", r.Method)
	case !strings.HasPrefix(r.URL, p.Manifest.HomeTenant.GraphURL+"/"):
		return fmt.Sprintf("it went to %q, and Graph is at %s", r.URL, p.Manifest.HomeTenant.GraphURL)
	case r.File == "" && (r.Bytes != 0 || r.SHA256 != ""):
		return "it has an answer and no file"
	case r.File == "":
		return ""
	case !there, !strings.HasPrefix(r.File, GraphDir+"/"), told[r.File]:
		return fmt.Sprintf("its file is %q", r.File)
	case f.Size != r.Bytes, f.SHA256 != r.SHA256:
		return "its answer has another size or sum"
	default:
		return ""
	}
}
