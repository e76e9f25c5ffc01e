package evidence

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"bulksync/internal/atomicfile"
	"bulksync/internal/seal"
	"bulksync/plan/audit"
)

// Seal completes the manifest (format, number, clock offset, files, and the audit
// before this one) and makes the bundle an audit of the store: all of it is
// durable, and then its folder takes its name, which tells FinishedAt and Result.
// sign signs the text of the manifest with the key that m.Signer names; both may be
// empty. If Seal fails, nothing is left of the bundle.
func (b *Bundle) Seal(ctx context.Context, m Manifest, sign func(text []byte) ([]byte, error)) (audit.Link, error) {
	l, err := b.commit(ctx, &m, sign)
	if err != nil {
		b.Discard()
	}
	return l, err
}

func (b *Bundle) commit(ctx context.Context, m *Manifest, sign func(text []byte) ([]byte, error)) (audit.Link, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.finishAll(); err != nil {
		return audit.Link{}, err
	}
	b.complete(m)
	text, err := b.writeManifest(m, sign)
	if err != nil {
		return audit.Link{}, err
	}
	switch err := syncTree(ctx, b.dir, syncFile, atomicfile.SyncDir); {
	case ctx.Err() != nil:
		return audit.Link{}, context.Cause(ctx)
	case err != nil:
		return audit.Link{}, b.fail("the files", err)
	}
	folder, err := b.publish(m)
	if err != nil {
		return audit.Link{}, err
	}
	b.ended = true
	l := audit.Link{Folder: folder, SHA256: seal.Sum(text)}
	s := b.store
	s.entries = append(s.entries, Entry{Folder: folder, SHA256: l.SHA256, Manifest: m})
	chain(s.entries)
	return l, nil
}

// finishAll ends the files that are open.
func (b *Bundle) finishAll() error {
	if b.ended {
		return errEnded
	}
	for _, out := range b.open {
		if b.err == nil {
			b.finish(out) // it keeps the error
		}
	}
	return b.err
}

// complete fills in what the store knows of the audit.
func (b *Bundle) complete(m *Manifest) {
	m.FormatVersion, m.Number = FormatVersion, 1
	for _, e := range b.store.entries {
		if e.Manifest != nil {
			m.Number = max(m.Number, e.Manifest.Number+1)
		}
	}
	m.Previous, m.Broken = b.store.head()
	if m.StartedAt.IsZero() {
		m.StartedAt = b.started
	}
	m.StartedAt, m.FinishedAt = Moment(m.StartedAt), Moment(m.FinishedAt)
	if m.ClockOffsetMs == nil {
		m.ClockOffsetMs = median(b.offsets)
	}
	if m.Findings == nil {
		m.Findings = []Count{}
	}
	slices.SortFunc(b.files, byName)
	m.Files = slices.Clone(b.files)
}

// Moment is a time as a manifest tells it.
func Moment(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// writeManifest writes the manifest, its signature and the sums.
func (b *Bundle) writeManifest(m *Manifest, sign func(text []byte) ([]byte, error)) (text []byte, err error) {
	var buf bytes.Buffer
	if err := m.encode(&buf); err != nil {
		return nil, err
	}
	text = buf.Bytes()
	if err := b.writeLast(ManifestName, text); err != nil {
		return nil, err
	}
	if sign != nil || m.Signer != "" {
		armored, err := signed(text, m.Signer, sign)
		if err != nil {
			return nil, fmt.Errorf("signing %s: %w", ManifestName, err)
		}
		if err := b.writeLast(SignatureName, armored); err != nil {
			return nil, err
		}
	}
	return text, b.writeLast(SumsName, sums(m.Files, text))
}

// signed is the signature of a manifest. It is checked: an audit that seems to be
// signed by somebody else is worse than none.
func signed(text []byte, signer string, sign func(text []byte) ([]byte, error)) ([]byte, error) {
	if sign == nil || signer == "" {
		return nil, errors.New("the manifest must name the key that signs it")
	}
	armored, err := sign(text)
	if err != nil {
		return nil, err
	}
	return armored, signedBy(armored, text, signer)
}

// sums is the text of SHA256SUMS.
func sums(files []File, manifest []byte) []byte {
	var b bytes.Buffer
	b.WriteString(sumLine(seal.Sum(manifest), ManifestName))
	for _, f := range files {
		b.WriteString(sumLine(f.SHA256, f.Name))
	}
	return b.Bytes()
}

func sumLine(sum, name string) string { return sum + "  " + name + "\n" }

// writeLast writes a file that the manifest does not name.
func (b *Bundle) writeLast(name string, text []byte) error {
	f, err := atomicfile.Create(filepath.Join(b.dir, name), 0)
	if err != nil {
		return b.fail(name, err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return b.fail(name, err)
	}
	return nil
}

// syncers is how many files are made durable at once. A disk writes many in the
// time of one.
const syncers = 16

// syncTree makes all files below a folder durable, and then their names, with
// these functions.
func syncTree(ctx context.Context, top string, file, dir func(path string) error) error {
	var files, dirs []string
	err := filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			dirs = append(dirs, path)
		} else if err == nil {
			files = append(files, path)
		}
		return err
	})
	if err == nil {
		err = eachAtOnce(ctx, files, file)
	}
	if err == nil {
		err = eachAtOnce(ctx, dirs, dir)
	}
	return err
}

// eachAtOnce calls do with all paths, several at once, until ctx ends.
func eachAtOnce(ctx context.Context, paths []string, do func(path string) error) error {
	errs := make([]error, min(syncers, len(paths)))
	var working sync.WaitGroup
	for w := range errs {
		working.Go(func() {
			for i := w; i < len(paths) && ctx.Err() == nil; i += len(errs) {
				errs[w] = cmp.Or(errs[w], do(paths[i]))
			}
		})
	}
	working.Wait()
	return cmp.Or(errs...)
}

// syncFile makes a file durable. Windows wants to write to it for that.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// publish gives the folder its name, durably. If that fails, it has none.
func (b *Bundle) publish(m *Manifest) (folder string, err error) {
	s := b.store
	for n := 1; ; n++ {
		folder = folderName(m.FinishedAt, m.Result, n)
		if _, err := os.Lstat(s.file(folder)); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", b.fail(folder, err)
		}
	}
	if err := atomicfile.Rename(b.dir, s.file(folder)); err != nil {
		return "", b.fail(folder, errors.Unwrap(err)) // without the paths, which the user does not know
	}
	if err := s.syncNames(); err != nil {
		os.Rename(s.file(folder), b.dir)
		return "", b.fail(folder, err)
	}
	return folder, nil
}

// syncNames makes the names in the store durable, and those of the folders that
// were made for it.
func (s *Store) syncNames() error {
	for _, made := range s.folders {
		if err := atomicfile.SyncDir(filepath.Dir(made)); err != nil {
			return err
		}
	}
	return atomicfile.SyncDir(s.path)
}
