package graphsim

import "time"

// history keeps an object with the versions that lagging reads may still show.
// Values are never changed once put, so a reader may use one after the mutex is
// let go. The zero value T stands for "no object".
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
	if lag <= 0 { // a read that began before must not find nothing
		*h = history[T]{latest: v}
		return
	}
	switch {
	case !now.Before(h.visible): // nothing older can be asked for any more
		h.older = []version[T]{{h.latest, h.visible}}
	default:
		h.older = append(h.older, version[T]{h.latest, h.visible})
	}
	h.latest, h.visible = v, now.Add(lag)
}
