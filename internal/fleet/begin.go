package fleet

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// OtherFleetError is a folder that holds what belongs to other tenants.
type OtherFleetError struct {
	Dir string
	// Why is a sentence without a full stop.
	Why string
}

// Error says whose the folder is.
func (e *OtherFleetError) Error() string {
	return fmt.Sprintf("%s belongs to another fleet: %s", e.Dir, e.Why)
}

// CheckFolder refuses, with an *OtherFleetError, a folder whose records list a tenant
// of the manifest under another name, another tenant under a name of the manifest, or
// no tenant of the manifest at all. A record that cannot be read has no say in it.
func CheckFolder(dir string, m *Manifest) error {
	all, _, err := readRecords([]string{dir})
	if errors.Is(err, fs.ErrNotExist) {
		return nil // there is no folder yet
	}
	if err != nil {
		return err
	}
	names, ids := map[string]string{}, map[string]string{}
	for _, t := range m.Tenants {
		names[t.TenantID], ids[t.Name] = t.Name, t.TenantID
	}
	for i := range all {
		shared := 0
		for _, t := range all[i].Manifest.Tenants {
			switch {
			case names[t.TenantID] != "" && names[t.TenantID] != t.Name:
				return &OtherFleetError{dir, fmt.Sprintf("tenant %s is %s there and %s in the manifest", t.TenantID, t.Name, names[t.TenantID])}
			case ids[t.Name] != "" && ids[t.Name] != t.TenantID:
				return &OtherFleetError{dir, fmt.Sprintf("%s is tenant %s there and %s in the manifest", t.Name, t.TenantID, ids[t.Name])}
			case ids[t.Name] == t.TenantID:
				shared++
			}
		}
		if shared == 0 {
			return &OtherFleetError{dir, "it has no tenant of the manifest"}
		}
	}
	return nil
}

// LeftOut are the tenants that the newest record of a folder lists and a manifest does
// not, by name: they may have been dropped by mistake.
func LeftOut(dir string, m *Manifest) (names []string) {
	all, _, err := readRecords([]string{dir})
	if err != nil || len(all) == 0 {
		return nil
	}
	newest := newestOf(all)
	for _, t := range newest.Manifest.Tenants {
		if !slices.ContainsFunc(m.Tenants, func(own Tenant) bool { return own.TenantID == t.TenantID }) {
			names = append(names, t.Name)
		}
	}
	slices.Sort(names)
	return names
}

// BrokenRecordError is a record of a shard that makes no sense, so that nobody knows
// whether its run has ended.
type BrokenRecordError struct {
	File string
	// Err says what is wrong with it.
	Err error
}

// Error names the file.
func (e *BrokenRecordError) Error() string { return e.File + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *BrokenRecordError) Unwrap() error { return e.Err }

// Begin writes the record of a shard that begins to work now. If an earlier attempt
// at the same run did not end, the new one goes on with it, which since tells: what
// was done to a tenant after that need not be done again. Two attempts are at the
// same run if they are given the same name, even if the manifest was corrected
// between them; without a name, if the manifest is the same and the earlier one did
// not finish and began less than 12 hours ago.
func Begin(dir string, r *Record, now time.Time) (since time.Time, goesOn bool, err error) {
	earlier, err := ReadRecord(dir, r.Shard)
	if err != nil {
		if file := filepath.Join(dir, r.Shard.recordName()); !strings.HasPrefix(err.Error(), file) { // as that of opening it does
			err = &BrokenRecordError{file, err}
		}
		return now, false, err
	}
	r.FormatVersion, r.StartedAt, r.FinishedAt, r.Rows = FormatVersion, now.UTC().Truncate(time.Second), time.Time{}, []Row{}
	if earlier != nil && r.goesOn(earlier, now) {
		r.StartedAt, goesOn = earlier.StartedAt, true
	}
	return r.StartedAt, goesOn, r.Write(dir)
}

// goesOn reports whether r is an attempt at the same run as an earlier one.
func (r *Record) goesOn(earlier *Record, now time.Time) bool {
	switch age := now.Sub(earlier.StartedAt); {
	case r.Verb != earlier.Verb || r.Run != earlier.Run:
		return false
	case r.Run != "":
		return true
	default:
		return r.Manifest.SHA256 == earlier.Manifest.SHA256 && earlier.FinishedAt.IsZero() && age >= 0 && age < runSpan
	}
}
