package fleet

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"bulksync/internal/atomicfile"
	"bulksync/internal/seal"
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

// recordEnding is that of the file of a record.
const recordEnding = ".json"

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

// LockName is the lock of the shard, below the folder of the fleet: it is held while
// the shard works.
func (s Shard) LockName() string { return s.file(".lock") }

// recordName is the file of the shard's record, below the folder of the fleet.
func (s Shard) recordName() string { return s.file(recordEnding) }

func (s Shard) file(ending string) string {
	return filepath.Join(RecordsDir, fmt.Sprintf("%d-of-%d%s", s.Index, s.Count, ending))
}

// Write writes the record into the folder of a fleet, whole or not at all.
func (r *Record) Write(dir string) error {
	if err := makeRecords(dir); err != nil {
		return err
	}
	return atomicfile.Replace(filepath.Join(dir, r.Shard.recordName()), func(w io.Writer) error {
		enc := seal.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	})
}

// ReadRecord reads the record of a shard from the folder of a fleet; nil if there is
// none.
func ReadRecord(dir string, s Shard) (*Record, error) {
	var d division
	r, err := d.read(filepath.Join(dir, s.recordName()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return r, err
}
