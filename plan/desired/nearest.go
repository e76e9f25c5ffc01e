package desired

import (
	"strings"
	"unicode/utf8"
)

// unknownColumn names the column that a misspelling most likely means.
func unknownColumn(cell string) error {
	key, nearest, best := headerKey(cell), "", 0
	key = key[:min(len(key), 100)] // a longer one is no misspelling, and the distance costs its length
	for c := range columnCount {
		for _, name := range c.names() {
			if d := editDistance(key, strings.ToLower(name)); nearest == "" || d < best {
				nearest, best = name, d
			}
		}
	}
	return badColumn.errorf("unknown column %s: the nearest known one is %s; rename the column or remove it", Quote(cell), nearest)
}

// isNearTenantID reports whether a header cell is a misspelling of tenantId.
func isNearTenantID(cell string) bool {
	key := headerKey(cell)
	for _, name := range colTenantID.names() {
		if len(key) <= 2*len(name) && editDistance(key, strings.ToLower(name)) <= len(name)/4 {
			return true
		}
	}
	return false
}

// editDistance counts the insertions, deletions and substitutions that turn a
// into b (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, utf8.RuneCountInString(b)+1)
	for j := range row {
		row[j] = j
	}
	i := 0
	for _, ra := range a {
		i++
		diagonal, j := row[0], 0
		row[0] = i
		for _, rb := range b {
			j++
			substitute := diagonal
			if ra != rb {
				substitute++
			}
			diagonal = row[j]
			row[j] = min(substitute, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(row)-1]
}
