package desired

import (
	"cmp"
	"fmt"
	"slices"

	"bulksync/internal/words"
)

// Notice is something that the author of a file should know but that is no problem.
type Notice struct {
	File    string
	Line    int // physical line, from 1
	Column  int // character at which the cell starts, from 1
	Message string
}

// String prints the notice as file:line:column: message.
func (n Notice) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", n.File, n.Line, n.Column, n.Message)
}

func sortNotices(notices []Notice) {
	slices.SortStableFunc(notices, func(a, b Notice) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// noticeKind names notices of one sort where they are counted.
type noticeKind string

const (
	mergedRows    noticeKind = "that say the same as an earlier row of their tenant"
	unusedCells   noticeKind = "whose switch is not used, as ensure removes what it is about"
	swallowedRows noticeKind = "that are inside a quoted cell"
	placeholders  noticeKind = "whose displayName is what programs write where they have none"
)

// notices collects the notices of a file. The first of each kind are listed in
// full, and the rest is counted.
type notices struct {
	file  string
	told  []Notice
	kinds map[noticeKind]*tally
}

// tally counts the notices of a kind, and keeps the position of the first that is
// not listed.
type tally struct {
	n      int
	untold position
}

func (ns *notices) add(k noticeKind, at position, message string) {
	t := ns.kinds[k]
	if t == nil {
		t = &tally{}
		if ns.kinds == nil {
			ns.kinds = map[noticeKind]*tally{}
		}
		ns.kinds[k] = t
	}
	switch t.n++; {
	case t.n <= maxTold:
		ns.told = append(ns.told, Notice{ns.file, at.line, at.column, message})
	case t.n == maxTold+1:
		t.untold = at
	}
}

// all returns the notices, in no order.
func (ns *notices) all() []Notice {
	all := slices.Clone(ns.told)
	for k, t := range ns.kinds {
		if rest := t.n - maxTold; rest > 0 {
			all = append(all, Notice{ns.file, t.untold.line, t.untold.column, fmt.Sprintf("from here on %s more rows %s", words.Thousands(rest), k)})
		}
	}
	return all
}
