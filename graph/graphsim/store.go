package graphsim

import (
	"strings"
	"time"
)

// store holds the partners in slots. A tenant keeps its slot forever, so that a page is a range of
// slots and costs no more than the page, whatever happens between two pages. Keys are lower-case
// tenant IDs.
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

// slot returns the slot of a tenant, and makes one if there is none.
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

// madeAt returns when a partner was last created by POST; zero if never.
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

// history keeps an object with the versions that lagging reads may still show. Values are never
// changed once put, so that a reader may use one after releasing the mutex. The zero value of T
// stands for "no object".
type history[T any] struct {
	latest  T
	visible time.Time // reads show latest from this moment on
	older   []version[T]
}

type version[T any] struct {
	value   T
	visible time.Time
}

// at returns what a read at now shows.
func (h *history[T]) at(now time.Time) T {
	if !now.Before(h.visible) {
		return h.latest
	}
	for i := len(h.older) - 1; i > 0; i-- {
		if !now.Before(h.older[i].visible) {
			return h.older[i].value
		}
	}
	return h.older[0].value
}

// put makes v the latest version, shown to reads after lag.
func (h *history[T]) put(v T, now time.Time, lag time.Duration) {
	if lag <= 0 { // a read that began earlier must find it too
		*h = history[T]{latest: v}
		return
	}
	switch {
	case !now.Before(h.visible): // no read can ask for an older one any more
		h.older = []version[T]{{h.latest, h.visible}}
	default:
		h.older = append(h.older, version[T]{h.latest, h.visible})
	}
	h.latest, h.visible = v, now.Add(lag)
}
