package names

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"time"

	"bulksync/graph"
	"bulksync/internal/atomicfile"
)

const (
	// keptFor is how long a name is believed: companies are renamed, but not often.
	keptFor = 30 * 24 * time.Hour
	// ahead is how far in the future a name may have been learned: clocks differ.
	ahead = time.Hour
	// maxFile bounds what is read of a cache; a name takes about 150 bytes.
	maxFile = 64 << 20
	// cacheVersion is the format of the file. One of another version counts as empty.
	cacheVersion = 1
)

// CacheFile is the file of a home tenant's cloud in a folder. A Graph host of
// another kind, as in a rehearsal, has a file of its own, so that made-up names
// never mix with real ones.
func CacheFile(folder string, home graph.HomeTenant) string {
	name := "names-" + string(home.Cloud)
	if home.GraphURL != home.Cloud.RootURL() {
		name += "-other"
	}
	return filepath.Join(folder, name+".json")
}

// cacheFile is the content of the file.
type cacheFile struct {
	FormatVersion int `json:"formatVersion"`
	// GraphURL is the host that was asked. Names of another host are forgotten.
	GraphURL string            `json:"graphUrl"`
	Tenants  map[string]*entry `json:"tenants"`
}

// entry is what was learned about a tenant, and when.
type entry struct {
	Name   string    `json:"name"`
	Domain string    `json:"domain"`
	At     time.Time `json:"at"`
}

// cache is the file as it was read, without what is too old or damaged.
type cache struct {
	path, graphURL string
	now            time.Time
	tenants        map[string]*entry
	// cannotRead is why the file could not be read; nil if it is just not there.
	cannotRead error
}

// openCache reads the file at a path; an empty path is a cache without a file.
func openCache(path, graphURL string) *cache {
	c := &cache{path: path, graphURL: graphURL, now: time.Now()}
	c.tenants, c.cannotRead = c.read()
	return c
}

// read returns what the file has. A file that is damaged, of another host or of
// another version has nothing.
func (c *cache) read() (map[string]*entry, error) {
	all := map[string]*entry{}
	if c.path == "" {
		return all, nil
	}
	f, err := atomicfile.Open(c.path, os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return all, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return all, err
	}
	var file cacheFile
	switch err := json.Unmarshal(text, &file); {
	case len(text) > maxFile:
		return all, errors.New("the file is too long")
	case err != nil:
		return all, err
	case file.FormatVersion != cacheVersion || file.GraphURL != c.graphURL:
		return all, nil
	}
	for id, e := range file.Tenants {
		if c.isGood(id, e) {
			all[id] = e
		}
	}
	return all, nil
}

// isGood reports whether an entry is one that this program wrote, and is not too
// old.
func (c *cache) isGood(id string, e *entry) bool {
	switch {
	case e == nil, len(id) != len(graph.SupportTenantID):
		return false
	case e.Name == "" && e.Domain == "", e.Name != "" && !graph.IsTenantName(e.Name), e.Domain != "" && !graph.IsDomain(e.Domain):
		return false
	default:
		return e.At.After(c.now.Add(-keptFor)) && e.At.Before(c.now.Add(ahead))
	}
}

// get returns what is known about a tenant.
func (c *cache) get(id string) (graph.Tenant, bool) {
	if e := c.tenants[id]; e != nil {
		return graph.Tenant{Name: e.Name, Domain: e.Domain}, true
	}
	return graph.Tenant{}, false
}

// add writes what was learned into the file. Another process may have written to it
// meanwhile, so it is read again first.
func (c *cache) add(learned map[string]graph.Tenant) error {
	if c.path == "" || len(learned) == 0 {
		return nil
	}
	all, _ := c.read() // what cannot be read is replaced
	for id, t := range learned {
		all[id] = &entry{Name: t.Name, Domain: t.Domain, At: c.now.UTC().Truncate(time.Second)}
	}
	maps.DeleteFunc(all, func(id string, e *entry) bool { return cmp.Or(e.Name, e.Domain) == "" })
	if _, err := atomicfile.MakeFolders(filepath.Dir(c.path)); err != nil {
		return err
	}
	return atomicfile.PathError(atomicfile.Replace(c.path, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(cacheFile{FormatVersion: cacheVersion, GraphURL: c.graphURL, Tenants: all})
	}))
}
