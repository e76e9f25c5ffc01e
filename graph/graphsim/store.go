package graphsim

import (
	"strings"
	"time"
)

// store holds the partners in slots. A tenant keeps its slot for good, so a page
// is a range of slots and costs no more than the page, whatever happens between
// two pages. Keys are lower-case tenant IDs.
type store struct {
	slots []slot
	index map[string]int
}

type slot struct {
	history[*Partner]
	partnerMade time.Time // when the partner was last created by POST
	partnerGone time.Time // when the partner was last deleted
	syncGone    time.Time // when its sync policy was last deleted
}

func key(tenantID string) string { return strings.ToLower(tenantID) }

// slot returns the slot of a tenant, making one where there is none.
func (st *store) slot(id string) *slot {
	i, ok := st.index[key(id)]
	if !ok {
		i = len(st.slots)
		st.index[key(id)] = i
		st.slots = append(st.slots, slot{})
	}
	return &st.slots[i]
}

// latest returns the partner as the last write left it, or nil.
func (st *store) latest(id string) *Partner {
	if i, ok := st.index[key(id)]; ok {
		return st.slots[i].latest
	}
	return nil
}

// madeAt returns when a partner was last created by POST; zero where none was.
func (st *store) madeAt(id string) (made time.Time) {
	if i, ok := st.index[key(id)]; ok {
		made = st.slots[i].partnerMade
	}
	return made
}

// at returns the partner as a read at now shows it, or nil.
func (st *store) at(id string, now time.Time) *Partner {
	if i, ok := st.index[key(id)]; ok {
		return st.slots[i].at(now)
	}
	return nil
}
