package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"bulksync/internal/seal"
	"bulksync/plan/audit"
)

// difference says in which members an audit differs from the one in the folder;
// empty if it does not. What is new is left out unless it is known.
func (p *auditProof) difference(again *audit.Audit, known bool) string {
	if known && p.isOurs() && p.sameAsJSON(again) {
		p.sameJSON = true
		return ""
	}
	was, err := audit.Decode(bytes.NewReader(p.json))
	if err != nil {
		return err.Error()
	}
	if !known {
		was, again = withoutNews(was), withoutNews(again)
	}
	return difference(was, again)
}

// sameAsJSON reports whether the JSON of an audit is what the folder has.
func (p *auditProof) sameAsJSON(again *audit.Audit) bool {
	for _, r := range p.o.Reports(again, p.Manifest, p.requests) {
		if r.Name == AuditName {
			return CompareFile(p.ctx, filepath.Join(p.dir, AuditName), r.Render) == nil
		}
	}
	return false
}

// withoutNews is an audit without what it says of the one before it.
func withoutNews(a *audit.Audit) *audit.Audit {
	b := *a
	b.Earlier, b.Fixed, b.Unjudged = nil, nil, nil
	plain := func(list []audit.Finding) []audit.Finding {
		list = slices.Clone(list)
		for i := range list {
			f := &list[i]
			f.State, f.Since, f.Reopened = "", audit.Finding{}.Since, false
		}
		return list
	}
	b.Findings, b.Waived = plain(a.Findings), plain(a.Waived)
	return &b
}

// difference names the members in which two audits differ, and the first finding;
// empty if they are the same.
func difference(was, again *audit.Audit) string {
	x, errX := members(was)
	y, errY := members(again)
	if errX != nil || errY != nil {
		return fmt.Sprint(errors.Join(errX, errY))
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(joined(x, y))) {
		if !bytes.Equal(x[name], y[name]) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	said := strings.Join(names, ", ")
	if id := firstDifferent(was.Findings, again.Findings); id != "" {
		said += "; first in the finding " + id
	}
	return said
}

func members(a *audit.Audit) (m map[string]json.RawMessage, err error) {
	text, err := seal.Marshal(a)
	if err == nil {
		err = seal.Unmarshal(text, &m)
	}
	return m, err
}

func joined(a, b map[string]json.RawMessage) map[string]json.RawMessage {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// firstDifferent is the ID of the first finding that is not the same in both lists.
func firstDifferent(a, b []audit.Finding) string {
	for i := range max(len(a), len(b)) {
		if i >= len(a) {
			return b[i].ID
		}
		if i >= len(b) {
			return a[i].ID
		}
		x, _ := seal.Marshal(a[i])
		y, _ := seal.Marshal(b[i])
		if !bytes.Equal(x, y) {
			return a[i].ID
		}
	}
	return ""
}
