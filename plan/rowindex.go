package plan

import (
	"hash/maphash"
	"math/bits"
)

// rowIndex finds rows by key in a list that only grows. It is a hash table of
// eight bytes a slot that looks up and files in one step: at 100,000 rows a map
// of strings costs more than all other checks together.
type rowIndex struct {
	seed  maphash.Seed
	slots []slot // a power of two, at least half of them free
}

// slot holds a part of a key's hash and the row's index plus one; 0 is free.
type slot struct{ hash, row uint32 }

// newRowIndex returns an index for at most n rows.
func newRowIndex(n int) rowIndex {
	return rowIndex{maphash.MakeSeed(), make([]slot, 1<<bits.Len(uint(2*n)))}
}

// find returns the row that has the key. If there is none it returns nil and
// files the key for the row that is appended next.
func (x *rowIndex) find(key string, rows []Row) *Row {
	h := maphash.String(x.seed, key)
	tag, last := uint32(h>>32), uint64(len(x.slots)-1)
	for i := h & last; ; i = (i + 1) & last {
		s := &x.slots[i]
		switch {
		case s.row == 0:
			*s = slot{tag, uint32(len(rows) + 1)}
			return nil
		case s.hash == tag && rows[s.row-1].key() == key:
			return &rows[s.row-1]
		}
	}
}
