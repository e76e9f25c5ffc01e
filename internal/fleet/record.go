package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"bulksync/internal/atomicfile"
	"bulksync/plan"
)

// FormatVersion is the version of records and roll-ups that this program writes, and
// the only one that it reads.
const FormatVersion = 1

// The names in the folder of a fleet. What belongs to one tenant is in a folder of
// its own below TenantsDir.
const (
	RollupName = "fleet.json"
	IndexName  = "index.html"
	JUnitName  = "junit.xml"
	LockName   = ".lock"
	RecordsDir = "shards"
	TenantsDir = "tenants"
)

// maxRecord is far more than the record of any fleet, in bytes.
const maxRecord = 256 << 20

// Record is what one shard knows.
type Record struct {
	FormatVersion int       `json:"formatVersion"`
	Tool          plan.Tool `json:"tool"`
	// Verb is audit or plan.
	Verb string `json:"verb"`
	// Run is the name that the run was given; empty for none.
	Run string `json:"run,omitempty"`
	// Manifest lists all tenants, also those of other shards.
	Manifest  Listing   `json:"manifest"`
	Shard     Shard     `json:"shard"`
	StartedAt time.Time `json:"startedAt"`
	// FinishedAt is zero until the shard has worked on all of its tenants.
	FinishedAt time.Time `json:"finishedAt,omitzero"`
	// Rows are those of the shard's tenants; empty until it has finished.
	Rows []Row `json:"tenants"`
}

// Listing says which tenants a manifest has.
type Listing struct {
	Name    string  `json:"name"`
	SHA256  string  `json:"sha256"`
	Tenants []Ident `json:"tenants"`
}

// Ident names a tenant.
type Ident struct {
	Name     string `json:"name"`
	TenantID string `json:"tenantId"`
}

// Listing is the list of the tenants.
func (m *Manifest) Listing() Listing {
	l := Listing{Name: m.Name, SHA256: m.SHA256, Tenants: make([]Ident, len(m.Tenants))}
	for i, t := range m.Tenants {
		l.Tenants[i] = Ident{t.Name, t.TenantID}
	}
	return l
}

// TenantDir is the folder of a tenant below that of the fleet.
func TenantDir(dir, name string) string { return filepath.Join(dir, TenantsDir, name) }

// recordName is the file of a shard's record, below the folder of the fleet.
func recordName(s Shard) string {
	return filepath.Join(RecordsDir, fmt.Sprintf("%d-of-%d.json", s.Index, s.Count))
}

// Write writes the record into the folder of a fleet, whole or not at all.
func (r *Record) Write(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, RecordsDir), 0o700); err != nil {
		return atomicfile.PathError(err)
	}
	return atomicfile.Replace(filepath.Join(dir, recordName(r.Shard)), func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	})
}

// ReadRecord reads the record of a shard from the folder of a fleet; nil if there is
// none.
func ReadRecord(dir string, s Shard) (*Record, error) {
	r, err := readRecord(filepath.Join(dir, recordName(s)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case r.Shard != s:
		return nil, fmt.Errorf("%s is the record of shard %s", recordName(s), r.Shard)
	}
	return r, nil
}

// readRecord reads a file that may be anybody's.
func readRecord(name string) (*Record, error) {
	f, err := atomicfile.Open(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxRecord+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxRecord:
		return nil, errors.New("it is too large for a record of a fleet")
	}
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("it is no record of a fleet: %w", err)
	}
	return &r, r.check()
}

// check refuses a record that no shard can have written.
func (r *Record) check() error {
	if r.FormatVersion != FormatVersion {
		return fmt.Errorf("its format is version %d, and this program reads version %d", r.FormatVersion, FormatVersion)
	}
	if r.Shard.Count < 1 || r.Shard.Index < 0 || r.Shard.Index >= r.Shard.Count || r.StartedAt.IsZero() {
		return errors.New("it does not say of which shard it is, or when it began")
	}
	if err := r.Manifest.check(); err != nil {
		return err
	}
	return r.checkRows()
}

// check refuses tenants that no manifest can have.
func (l *Listing) check() error {
	names, ids := map[string]bool{}, map[string]bool{}
	for _, t := range l.Tenants {
		if CheckName(t.Name) != nil || t.TenantID == "" || names[t.Name] || ids[t.TenantID] {
			return fmt.Errorf("it lists a tenant %q twice, or under a name that none can have", t.Name)
		}
		names[t.Name], ids[t.TenantID] = true, true
	}
	return nil
}

// checkRows holds the rows of a finished shard against the tenants that are its.
func (r *Record) checkRows() error {
	if r.FinishedAt.IsZero() {
		if len(r.Rows) > 0 {
			return errors.New("it has results, and did not finish")
		}
		return nil
	}
	var own []Ident
	for _, t := range r.Manifest.Tenants {
		if r.Shard.Owns(t.TenantID) {
			own = append(own, t)
		}
	}
	have := make([]Ident, len(r.Rows))
	for i := range r.Rows {
		row := &r.Rows[i]
		have[i] = Ident{row.Name, row.TenantID}
		if !slices.Contains(Statuses(), row.Status) || row.Shard != r.Shard.Index || !isInside(row.Page) || row.Plan != nil && !isInside(row.Plan.File) {
			return fmt.Errorf("its result for %s is none that a shard can have", row.Name)
		}
	}
	if !slices.Equal(own, have) {
		return errors.New("its results are not those of the tenants that are its")
	}
	return nil
}

// isInside reports that a path with slashes stays below the folder that it is
// relative to. An empty one does.
func isInside(p string) bool {
	return p == "" || filepath.IsLocal(filepath.FromSlash(p)) && path.Clean(p) == p
}
