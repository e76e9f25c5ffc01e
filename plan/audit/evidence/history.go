package evidence

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"bulksync/internal/atomicfile"
	"bulksync/internal/seal"
	"bulksync/plan/audit"
)

// maxManifest is more than the longest manifest needs: that of a reading with a
// hundred thousand answers.
const maxManifest = 32 << 20

// Entry is an audit of a store.
type Entry struct {
	Folder string
	// SHA256 is that of the manifest, as the next audit names it; empty if there is
	// none.
	SHA256 string
	// Manifest is nil if it cannot be read.
	Manifest *Manifest
	// Problem says why this audit cannot be continued or compared with.
	Problem string
	// Linked means that the chain holds here: the audit names the one before it, and
	// that one is unaltered. Gap says why it does not hold.
	Linked bool
	Gap    string
}

// ReadHistory reads the manifests of all audits of a store, the oldest first. It
// takes no lock and alters nothing: what it sees is whole.
func ReadHistory(ctx context.Context, path string) ([]Entry, error) {
	folders, err := auditsOf(path)
	if err != nil {
		return nil, err
	}
	all, errs := make([]Entry, len(folders)), make([]error, len(folders))
	workers := min(2*runtime.GOMAXPROCS(0), len(folders))
	var reading sync.WaitGroup
	for w := range workers {
		reading.Go(func() {
			for i := w; i < len(folders) && ctx.Err() == nil; i += workers {
				all[i], errs[i] = readEntry(path, folders[i])
			}
		})
	}
	reading.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := cmp.Or(errs...); err != nil {
		return nil, err
	}
	all = inOrder(all)
	chain(all)
	checkHead(path, all)
	return all, nil
}

// auditsOf lists the folders of audits.
func auditsOf(path string) (folders []string, err error) {
	entries, err := atomicfile.ReadDir(path)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() && isAudit(e.Name()) {
			folders = append(folders, e.Name())
		}
	}
	return folders, nil
}

// stampLayout is the time in the name of an audit's folder.
const stampLayout = "20060102T150405Z"

// folderName is the name of an audit's folder. If the store has one of that name,
// because two audits ended in one second, n is 2 for the second, and so on.
func folderName(finished time.Time, r audit.Result, n int) string {
	name := finished.UTC().Format(stampLayout) + "-" + string(r)
	if n > 1 {
		name += "-" + strconv.Itoa(n)
	}
	return name
}

// isAudit reports whether a name is one that folderName gives.
func isAudit(name string) bool {
	stamp, rest, _ := strings.Cut(name, "-")
	result, number, numbered := strings.Cut(rest, "-")
	at, err := time.Parse(stampLayout, stamp)
	if err != nil || !slices.Contains([]audit.Result{audit.Clean, audit.Drift, audit.Incomplete}, audit.Result(result)) {
		return false
	}
	n := 1
	if numbered {
		n, _ = strconv.Atoi(number)
	}
	return name == folderName(at, audit.Result(result), n)
}

// readEntry reads the manifest of one audit.
func readEntry(path, folder string) (Entry, error) {
	e := Entry{Folder: folder}
	text, err := readFile(filepath.Join(path, folder, ManifestName), maxManifest)
	if err != nil {
		e.Problem = fmt.Sprintf("%s cannot be read: %v", ManifestName, err)
		return e, nil
	}
	e.SHA256 = seal.Sum(text)
	m, err := parseManifest(text)
	switch {
	case errors.Is(err, ErrFormat):
		return e, fmt.Errorf("%s: %w", filepath.Join(path, folder), err)
	case err != nil:
		e.Problem = fmt.Sprintf("%s is broken: %v", ManifestName, err)
		return e, nil
	}
	e.Manifest = m
	if name := folderName(m.FinishedAt, m.Result, 1); folder != name && !strings.HasPrefix(folder, name+"-") {
		e.Problem = fmt.Sprintf("its folder was named %s when it was written", name)
	}
	return e, nil
}

// maxNumber is more than the number of any audit.
const maxNumber = 1 << 30

// parseManifest reads a manifest. One of a newer version may have members of other
// types, so its version is read first.
func parseManifest(text []byte) (*Manifest, error) {
	var version struct {
		FormatVersion int `json:"formatVersion"`
	}
	if err := seal.Unmarshal(text, &version); err != nil {
		return nil, err
	}
	if version.FormatVersion > FormatVersion {
		return nil, fmt.Errorf("%w (format %d, and this version knows %d)", ErrFormat, version.FormatVersion, FormatVersion)
	}
	m := &Manifest{}
	switch err := seal.Unmarshal(text, m); {
	case err != nil:
		return nil, err
	case m.FormatVersion != FormatVersion:
		return nil, fmt.Errorf("its format is %d, not %d", m.FormatVersion, FormatVersion)
	case m.Number < 1, m.Number > maxNumber: // no audit could follow it
		return nil, fmt.Errorf("its number is %d", m.Number)
	}
	return m, nil
}

// inOrder sorts audits, the oldest first, by their numbers: clocks can go
// backwards. One whose manifest cannot be read stands before the first one that
// names it; if none does, it may be the newest.
func inOrder(all []Entry) []Entry {
	var sorted, unread []Entry
	for _, e := range all {
		if e.Manifest != nil {
			sorted = append(sorted, e)
		} else {
			unread = append(unread, e)
		}
	}
	slices.SortStableFunc(sorted, func(a, b Entry) int { return cmp.Compare(a.Manifest.Number, b.Manifest.Number) })
	for _, e := range unread {
		at := slices.IndexFunc(sorted, func(next Entry) bool { return next.names(e.Folder) })
		if at < 0 {
			at = len(sorted)
		}
		sorted = slices.Insert(sorted, at, e)
	}
	return sorted
}

// names reports whether an audit says that another is the one before it.
func (e *Entry) names(folder string) bool {
	m := e.Manifest
	return m != nil && (m.Previous != nil && m.Previous.Folder == folder || m.Broken != nil && m.Broken.Folder == folder)
}

// chain says for each audit whether the chain holds there.
func chain(all []Entry) {
	byFolder, followed := map[string]*Entry{}, map[string]string{}
	for i := range all {
		byFolder[all[i].Folder] = &all[i]
	}
	for i := range all {
		e := &all[i]
		switch {
		case e.Manifest == nil:
			e.Gap = "its manifest cannot be read"
		case e.Manifest.Previous == nil:
			e.Gap = gapAtBeginning(e.Manifest, i == 0)
		case e.Manifest.Broken != nil:
			e.Gap = "it names the audit before it, and says that the chain is broken there"
		default:
			before := byFolder[e.Manifest.Previous.Folder]
			e.Gap = gapAfter(before, e, followed)
		}
		e.Linked = e.Gap == ""
	}
}

// gapAtBeginning says why a chain should not begin with this audit.
func gapAtBeginning(m *Manifest, first bool) string {
	switch {
	case m.Broken != nil:
		return fmt.Sprintf("a new chain begins here, because %s could not be continued: %s", m.Broken.Folder, m.Broken.Problem)
	case !first:
		return "it names no audit before it, and it is not the first"
	case m.Number != 1:
		return fmt.Sprintf("it names no audit before it, and its number is %d", m.Number)
	}
	return ""
}

// gapAfter says why an audit does not follow the one that it names, and notes in
// followed which audit follows which. An audit that is not the one that was named
// cannot be compared with either.
func gapAfter(before, e *Entry, followed map[string]string) string {
	named := e.Manifest.Previous
	switch {
	case before == nil:
		return fmt.Sprintf("the audit before it, %s, is not in the store", named.Folder)
	case before.SHA256 != named.SHA256:
		before.Problem = cmp.Or(before.Problem, fmt.Sprintf("%s names another sum of its manifest", e.Folder))
		return fmt.Sprintf("the manifest of the audit before it, %s, has another sum now", named.Folder)
	case followed[named.Folder] != "":
		return fmt.Sprintf("%s follows %s too", followed[named.Folder], named.Folder)
	case before.Manifest == nil || e.Manifest.Number != before.Manifest.Number+1:
		return fmt.Sprintf("its number does not follow that of %s", named.Folder)
	}
	followed[named.Folder] = e.Folder
	return ""
}

// checkHead looks more closely at the newest audit, since the next one would vouch
// for it: no audit names the sum of its manifest yet, but SHA256SUMS does, and its
// signature.
func checkHead(path string, all []Entry) {
	if len(all) == 0 {
		return
	}
	e := &all[len(all)-1]
	if e.Problem != "" {
		return
	}
	dir := filepath.Join(path, e.Folder)
	if err := checkSums(dir, e.SHA256); err != nil {
		e.Problem = err.Error()
	} else if err := checkSignature(dir, e.Manifest); err != nil {
		e.Problem = fmt.Sprintf("%s: %v", SignatureName, err)
	}
}

// checkSums returns an error unless SHA256SUMS names this sum of the manifest.
func checkSums(dir, sum string) error {
	sums, err := readFile(filepath.Join(dir, SumsName), maxManifest)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(sums) {
		if string(line) == sumLine(sum, ManifestName) {
			return nil
		}
	}
	return fmt.Errorf("%s names another sum of %s", SumsName, ManifestName)
}

// checkSignature returns an error unless the manifest is signed by the key that it
// names, if it names one.
func checkSignature(dir string, m *Manifest) error {
	if m.Signer == "" {
		return nil
	}
	armored, err := readFile(filepath.Join(dir, SignatureName), maxManifest)
	if err != nil {
		return err
	}
	text, err := readFile(filepath.Join(dir, ManifestName), maxManifest)
	if err != nil {
		return err
	}
	return signedBy(armored, text, m.Signer)
}

// signedBy returns an error unless this is the key's signature of a manifest.
func signedBy(armored, text []byte, fingerprint string) error {
	sig, err := seal.ReadSignature(armored, text, Namespace)
	if err != nil {
		return err
	}
	if sig.Fingerprint() != fingerprint {
		return fmt.Errorf("the key %s signed, and the manifest names %s", sig.Fingerprint(), fingerprint)
	}
	return nil
}

// readFile reads a regular file that is no longer than limit.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := atomicfile.Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, atomicfile.PathError(err)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: longer than %d bytes", path, limit)
	}
	text := make([]byte, info.Size())
	if _, err := io.ReadFull(f, text); err != nil {
		return nil, atomicfile.PathError(err)
	}
	return text, nil
}
