package fleet

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"bulksync/internal/atomicfile"
	"bulksync/internal/seal"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// maxRecord is far more than the record of any fleet, in bytes.
const maxRecord = 64 << 20

// read reads a record from a file that may be anybody's, and holds it against its
// name.
func (d *division) read(name string) (*Record, error) {
	text, err := readFile(name)
	if kind := (*atomicfile.KindError)(nil); errors.As(err, &kind) {
		return nil, &atomicfile.KindError{Path: "it", Mode: kind.Mode} // who asks says the path
	}
	if err != nil {
		return nil, err
	}
	var version struct {
		FormatVersion int `json:"formatVersion"`
	}
	r := &Record{}
	if err = seal.Unmarshal(text, &version); err == nil && version.FormatVersion == FormatVersion {
		err = seal.Unmarshal(text, r)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("it is no record of a fleet: %w", err)
	case version.FormatVersion != FormatVersion:
		return nil, fmt.Errorf("its format is version %d, and this program reads version %d", version.FormatVersion, FormatVersion)
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	if filepath.Base(name) != filepath.Base(r.Shard.recordName()) {
		return nil, fmt.Errorf("it is the record of shard %s", r.Shard)
	}
	own := d.divide(r.Manifest.Tenants, r.Shard.Count)[r.Shard.Index]
	r.Manifest.Tenants = d.tenants // the records of a run share one list
	if err := r.checkRows(own); err != nil {
		return nil, err
	}
	return r, nil
}

// readFile reads a regular file, unless it is too large.
func readFile(name string) ([]byte, error) {
	f, err := atomicfile.Open(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.Size() > maxRecord {
		err = errors.New("it is too large for a record of a fleet")
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, maxRecord))
}

// check refuses a record that no shard can have written, but for its rows.
func (r *Record) check() error {
	switch s := r.Shard; {
	case s.Count < 1 || s.Count > maxShards || s.Index < 0 || s.Index >= s.Count || r.StartedAt.IsZero():
		return errors.New("it does not say of which shard it is, or when it began")
	case !r.FinishedAt.IsZero() && r.FinishedAt.Before(r.StartedAt):
		return errors.New("it ended before it began")
	case r.Verb != "audit" && r.Verb != "plan":
		return fmt.Errorf("it is of a fleet %q, which this program does not know", r.Verb)
	}
	return r.Manifest.check()
}

// check refuses tenants that no manifest can have.
func (l *Listing) check() error {
	if len(l.Tenants) == 0 {
		return errors.New("it lists no tenant")
	}
	names, ids := map[string]bool{}, map[string]bool{}
	for _, t := range l.Tenants {
		switch {
		case CheckName(t.Name) != nil || !desired.IsCanonicalGUID(t.TenantID):
			return fmt.Errorf("it lists a tenant %q with the ID %q, which no manifest can have", t.Name, t.TenantID)
		case names[t.Name] || ids[t.TenantID]:
			return fmt.Errorf("it lists tenant %s, %s, twice", t.Name, t.TenantID)
		}
		names[t.Name], ids[t.TenantID] = true, true
	}
	return nil
}

// checkRows holds the rows of a finished shard against the tenants that are its.
func (r *Record) checkRows(own []Ident) error {
	if r.FinishedAt.IsZero() {
		if len(r.Rows) > 0 {
			return errors.New("it has results, and did not finish")
		}
		return nil
	}
	isOf := func(row Row, t Ident) bool { return row.Name == t.Name && row.TenantID == t.TenantID }
	if !slices.EqualFunc(r.Rows, own, isOf) {
		return errors.New("its results are not those of the tenants that are its")
	}
	for i := range r.Rows {
		if !r.canHave(&r.Rows[i]) {
			return fmt.Errorf("its result for %s is none that a shard can have", r.Rows[i].Name)
		}
	}
	return nil
}

// canHave reports whether the work on a tenant can have ended with a row: it claims
// nothing but what its result says, and points to nothing but what is the tenant's.
func (r *Record) canHave(row *Row) bool {
	switch {
	case !slices.Contains(Statuses(), row.Status), row.Shard != r.Shard.Index, row.DurationMs < 0, row.Partners < 0, !row.owns(row.Page):
		return false
	case !row.hasOwnCode():
		return false
	case row.Audit != nil && (r.Verb != "audit" || !row.Audit.isPossible(row.Status)):
		return false
	case row.Plan != nil && (r.Verb != "plan" || !row.Plan.isPossible(row.Status) || !row.owns(row.Plan.File)):
		return false
	}
	return row.IsUnread() || row.Audit != nil || row.Plan != nil
}

// hasOwnCode reports whether the exit code is one of the status.
func (row *Row) hasOwnCode() bool {
	switch row.Status {
	case Failed: // a refusal has another code than a file that is missing
		return row.ExitCode != exitDone && row.ExitCode != exitDiffers
	case Unknown, Incomplete:
		return row.ExitCode == exitUnread
	case Differs:
		return row.ExitCode == exitDiffers
	default:
		return row.ExitCode == exitDone
	}
}

// isPossible reports whether an audit can have ended with a status.
func (a *AuditRow) isPossible(s Status) bool {
	t, n := a.Totals, a.News
	if min(t.OK, t.Missing, t.Changed, t.Extra, t.Unreadable, t.SyncWithoutConsent, t.ConsentWithoutSync, t.Waived,
		n.New, n.Reopened, n.Continuing, n.Fixed, n.Waived, a.Unjudged) < 0 {
		return false
	}
	if a.Bundle != "" && (!filepath.IsLocal(a.Bundle) || filepath.Base(a.Bundle) != a.Bundle) {
		return false
	}
	switch a.Result {
	case audit.Clean:
		return s == AsWanted && a.counted() == 0
	case audit.Drift:
		return (s == Differs || s == Passed) && a.counted() > 0
	default:
		return s == Incomplete && a.Result == audit.Incomplete
	}
}

// counted is how many findings an audit has that are more than a notice.
func (a *AuditRow) counted() (n int) {
	for _, rule := range audit.Rules() {
		if rule.Severity != audit.Notice {
			n += *a.Totals.Of(rule.Kind)
		}
	}
	return n
}

// isPossible reports whether the plan of a tenant can have this status.
func (p *PlanRow) isPossible(s Status) bool {
	sum := p.Summary
	if min(sum.Create, sum.Update, sum.Delete, sum.NoOp, sum.Blocked) < 0 {
		return false
	}
	if sum.Differs() {
		return s == Differs
	}
	return s == AsWanted
}

// owns reports whether a path, with slashes and relative to the folder of the fleet,
// stays in the folder of the row's tenant. No path does.
func (row *Row) owns(p string) bool {
	return p == "" || path.Clean(p) == p && strings.HasPrefix(p, path.Join(TenantsDir, row.Name)+"/") && filepath.IsLocal(filepath.FromSlash(p))
}
