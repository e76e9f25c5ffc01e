package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"bulksync/internal/atomicfile"
	"bulksync/plan/audit"
)

// StoreProof is what was proved of a store: of each audit, the oldest first, and of
// what is not about one of them.
type StoreProof struct {
	Audits []AuditProof
	Checks Checks
}

// ProveStore proves each audit of a store as ProveAudit does, their chain, and the
// page of the store. It alters nothing and, but for audits that are being written,
// waits for nobody. An error means that something could not be read, or the end of
// ctx; a store with an audit of a newer version is one that wraps ErrFormat.
func ProveStore(ctx context.Context, path string, o ProveOptions) (*StoreProof, error) {
	release, busy := watch(ctx, path)
	defer release()
	history, err := ReadHistory(ctx, path)
	if err != nil {
		return nil, err
	}
	s := &StoreProof{}
	p := &prover{o: o, store: path}
	var complete *audit.Link // the newest so far
	for i := range history {
		e := &history[i]
		a, err := p.prove(ctx, e.Folder)
		if err != nil {
			return nil, err
		}
		complete = a.inOrder(e, complete)
		s.Audits = append(s.Audits, *a)
	}
	s.chain(history)
	if err := s.strangers(path); err != nil {
		return nil, err
	}
	switch {
	case len(history) == 0: // the first audit drew the page
		s.Checks.Add(Altered, OfChain, "", "it holds no audit: all were taken out")
	case o.Index != nil:
		s.index(ctx, path, history, o, busy)
	}
	s.sayRest(o.Signers != nil)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return s, nil
}

// lockWait is how long a proof waits for an audit that is being written.
const lockWait = 2 * time.Second

// watch keeps audits from being added while a store is proved, without making
// anything there. Busy means that one is being written all the same.
func watch(ctx context.Context, path string) (release func(), busy bool) {
	f, err := atomicfile.Open(filepath.Join(path, LockName), os.O_RDONLY)
	if err != nil {
		return func() {}, false
	}
	f.Close()
	lock := flock.New(filepath.Join(path, LockName), flock.SetFlag(os.O_RDONLY))
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	ok, err := lock.TryRLockContext(ctx, lockPoll)
	return func() { lock.Close() }, !ok && errors.Is(err, context.DeadlineExceeded)
}

// inOrder says what is wrong with an audit beside those before it; complete is the
// newest complete one of these. It returns the newest one with this.
func (a *AuditProof) inOrder(e *Entry, complete *audit.Link) *audit.Link {
	m := a.Manifest
	if m == nil {
		return complete
	}
	if !isNamed(m, a.Folder) {
		a.Checks.Add(Altered, OfChain, "", "its folder was named %s when it was written", folderName(m.FinishedAt, m.Result, 1))
	}
	if m.Result == audit.Incomplete {
		return complete
	}
	if a.compared && complete != nil && (a.before == nil || *a.before != *complete) {
		a.Checks.Add(NotProved, OfFindings, AuditName, "what is new, continuing and fixed: it was not compared with the newest complete audit before it")
	}
	return &audit.Link{Folder: e.Folder, SHA256: e.SHA256}
}

// chain says where the chain of manifests does not hold.
func (s *StoreProof) chain(history []Entry) {
	holds := true
	for i := range history {
		e, c := &history[i], &s.Audits[i].Checks
		switch {
		case e.Manifest == nil:
			holds = false // it has been said
		case e.Gap == "":
		case i == 0 && e.Manifest.Previous != nil:
			holds = false
			c.Add(NotProved, OfChain, "", "the store begins here, and this is number %d: the audits before it were taken out", e.Manifest.Number)
		case e.Manifest.Broken != nil:
			holds = false
			c.Add(NotProved, OfChain, "", "%s", e.Gap)
		default:
			holds = false
			c.Add(Altered, OfChain, "", "the chain does not hold here: %s", e.Gap)
		}
	}
	switch n := len(history); {
	case !holds || n == 0:
	case n == 1:
		s.Checks.Add(Proved, OfChain, "", "the chain holds: it begins with this audit")
	default:
		s.Checks.Add(Proved, OfChain, "", "the chain holds: each of %d audits names the manifest of the one before it", n)
	}
}

// strangers names what does not belong to a store.
func (s *StoreProof) strangers(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return atomicfile.PathError(err)
	}
	for _, e := range entries {
		name := e.Name()
		partial, _ := filepath.Match(partialPattern, name)
		switch {
		case e.IsDir() && isAudit(name), name == IndexName, name == LockName:
		case partial && e.IsDir(), atomicfile.IsTemp(name):
			s.Checks.Add(Outside, OfFiles, name, "it is being written, or a killed process left it behind")
		case e.IsDir() && IsAudit(filepath.Join(path, name)):
			s.Checks.Add(Altered, OfFiles, name, "it is an audit, but no audit has such a name")
		case isLitter(e):
			s.Checks.Add(Outside, OfFiles, name, litter)
		default:
			s.Checks.Add(NotProved, OfFiles, name, "it does not belong to the store, so nothing is known of it")
		}
	}
	return nil
}

// index draws the page of the store again.
func (s *StoreProof) index(ctx context.Context, path string, history []Entry, o ProveOptions, busy bool) {
	if busy {
		s.Checks.Add(Outside, OfIndex, IndexName, "whether it is as it should be: an audit is being written")
		return
	}
	err := CompareFile(ctx, filepath.Join(path, IndexName), o.Index(path, history))
	newest := Manifest{Tool: o.Tool, Build: o.Build}
	if n := len(history); n > 0 && history[n-1].Manifest != nil {
		newest = *history[n-1].Manifest
	}
	switch {
	case err == nil:
		s.Checks.Add(Proved, OfIndex, IndexName, "it is the same when drawn again")
	case errors.Is(err, fs.ErrNotExist):
		s.Checks.Add(NotProved, OfIndex, IndexName, "it is not there; the next audit draws it again")
	case s.isOfBefore(ctx, path, history, o):
	case newest.Tool != o.Tool, newest.Build != o.Build:
		s.Checks.Add(Outside, OfIndex, IndexName, "drawn again, %v; %s %s drew it, and this is %s, which may do it in another way", err, newest.Tool.Name, newest.Tool.Version, o.Tool.Version)
	default:
		s.Checks.Add(Altered, OfIndex, IndexName, "drawn again, %v; the next audit draws it again", err)
	}
}

// maxUndrawn is how many audits may have ended before they drew the page.
const maxUndrawn = 20

// isOfBefore reports whether the page is that of the store before the newest audits
// of it, and says so. The process that made these was killed before it drew the page
// again, or could not.
func (s *StoreProof) isOfBefore(ctx context.Context, path string, history []Entry, o ProveOptions) bool {
	for n := len(history) - 1; n > 0 && n >= len(history)-maxUndrawn && ctx.Err() == nil; n-- {
		if CompareFile(ctx, filepath.Join(path, IndexName), o.Index(path, history[:n])) == nil {
			s.Checks.Add(NotProved, OfIndex, IndexName, "it shows the store only up to %s: the process that made the next audit did not draw it again; the next audit does", history[n-1].Folder)
			return true
		}
	}
	return false
}

// sayRest says what the proof of a store cannot show.
func (s *StoreProof) sayRest(trusted bool) {
	all := len(s.Audits)
	if all == 0 {
		return
	}
	unsigned := 0
	for i := range s.Audits {
		if s.Audits[i].Signer == "" {
			unsigned++
		}
	}
	s.Checks.Add(Outside, OfChain, "", "that no audit after %s was taken away: only the SHA-256 of the newest manifest shows that, "+
		"if it was kept elsewhere, such as in a ticket", s.Audits[all-1].Folder)
	sayWho(&s.Checks, "the audits", areUnsigned(unsigned, all), unsigned < all && !trusted)
}

// areUnsigned says how many of the audits are not signed, if any.
func areUnsigned(unsigned, all int) string {
	switch {
	case unsigned == 0:
		return ""
	case unsigned == all:
		return "none is signed"
	case unsigned == 1:
		return fmt.Sprintf("1 of %d is not signed", all)
	default:
		return fmt.Sprintf("%d of %d are not signed", unsigned, all)
	}
}
