package desired

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// What is written for speed is checked against its plain twin here.

func TestTheRowIndexFindsWhatAMapFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		index, twin := newRowIndex(rapid.IntRange(0, 4).Draw(t, "room")), map[string]int{}
		var rows []Row
		for range rapid.IntRange(0, 200).Draw(t, "rows") {
			row := Row{TenantID: fmt.Sprint(rapid.IntRange(0, 99).Draw(t, "id"))}
			if rapid.Bool().Draw(t, "by domain") {
				row = Row{domain: "d" + row.TenantID}
			}
			found := index.find(row.key(), rows)
			at, known := twin[row.key()]
			switch {
			case known && found != &rows[at], !known && found != nil:
				t.Fatalf("%s: found %p, want row %d, %v", row.key(), found, at, known)
			case !known:
				twin[row.key()] = len(rows)
				rows = append(rows, row)
			}
		}
	})
}

// odd draws texts with characters that trimming and scanning look for.
var odd = rapid.StringOf(rapid.SampledFrom([]rune("aZ0-~\x7f \t\r\n\x00\u0085\u00a0\u00ad\u200b\u2028\ufeffé€😀")))

func TestScansOfTextFindWhatPlainLoopsFind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := odd.Draw(t, "text") + strings.Repeat("x", rapid.IntRange(0, 9).Draw(t, "more")) + odd.Draw(t, "end")
		isOdd := func(r rune) bool { return r == 0 || r > 0x7f }
		if got, want := isPlainASCII([]byte(s)), strings.IndexFunc(s, isOdd) < 0; got != want {
			t.Errorf("isPlainASCII(%q) = %v", s, got)
		}
		if got, want := trimCell(s), strings.TrimFunc(s, isStray); got != want {
			t.Errorf("trimCell(%q) = %q, want %q", s, got, want)
		}
		if got, want := IsPrintableASCII(s), strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0; got != want {
			t.Errorf("IsPrintableASCII(%q) = %v", s, got)
		}
	})
}

// Every byte in every position of a word is checked.
func TestAScanSeesEveryByteOfAWord(t *testing.T) {
	for at := range 24 {
		for c := range 256 {
			text := []byte(strings.Repeat("a", 24))
			text[at] = byte(c)
			if got, want := isPlainASCII(text), c > 0 && c < 0x80; got != want {
				t.Errorf("byte %#x at %d: %v", c, at, got)
			}
		}
	}
}

func TestACanonicalGUIDIsOneThatReadsAsItself(t *testing.T) {
	guid := rapid.StringMatching("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
	rapid.Check(t, func(t *rapid.T) {
		s := []byte(guid.Draw(t, "guid"))
		if rapid.Bool().Draw(t, "broken") {
			s[rapid.IntRange(0, len(s)-1).Draw(t, "at")] = rapid.SampledFrom([]byte("/0:9@AFG`afg-{\x00\x80\xff")).Draw(t, "byte")
		}
		s = s[:rapid.SampledFrom([]int{36, 36, 36, 35, 0}).Draw(t, "length")]
		id, err := ParseTenantID(string(s))
		if got, want := IsCanonicalGUID(string(s)), err == nil && id == string(s); got != want {
			t.Errorf("%q: got %v, and it reads as %q, %v", s, got, id, err)
		}
	})
	if IsCanonicalGUID(nilGUID) {
		t.Error("the nil GUID names no tenant")
	}
}

// Cells laid out in blocks come back as they were added, in order.
func TestASheetGivesBackItsCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width, n := rapid.IntRange(1, 4).Draw(t, "width"), rapid.SampledFrom([]int{0, 1, 5, blockRows - 1, blockRows, blockRows + 1, 2*blockRows + 3}).Draw(t, "rows")
		s := sheet{width: width, whole: make(chan *block, n/blockRows+2)}
		var want [][]string
		var spans []position
		for i := range n {
			b := s.next()
			row := make([]string, width)
			for j := range row {
				row[j] = strings.Repeat("ü", i*j%3) + fmt.Sprint(i)
				b.add(row[j], position{i + 2, j + 1})
				spans = append(spans, position{i + 2, j + 1})
			}
			want = append(want, row)
		}
		s.end()
		var got [][]string
		for b := range s.whole {
			got = append(got, b.cells(width)...)
			for i := range b.spans {
				if b.spans[i].position() != spans[0] {
					t.Fatalf("a cell of %v is said to be at %v", spans[0], b.spans[i].position())
				}
				spans = spans[1:]
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || len(spans) > 0 || s.rows != n {
			t.Errorf("%d rows, %d cells are missing (-want +got):\n%s", s.rows, len(spans), diff)
		}
	})
}

// The values of a row are packed; a map of them says the same.
func TestPackedValuesAreThoseOfAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var packed Values
		twin := map[column]any{}
		for range rapid.IntRange(0, 8).Draw(t, "cells") {
			c := column(rapid.IntRange(1, len(partnerProperties)-1).Draw(t, "property"))
			cell, value := "no", any(false)
			switch {
			case rapid.Bool().Draw(t, "yes"):
				cell, value = "yes", true
			}
			if partnerProperties[c].Kind == Text {
				value = cell
			}
			if err := packed.parse(c, cell); err != nil {
				t.Fatal(err)
			}
			twin[c] = value
		}
		for c := range column(len(partnerProperties)) {
			if got := packed.at(c); got != twin[c] {
				t.Errorf("%s: got %v, want %v", c, got, twin[c])
			}
		}
	})
}

// A text added to the table needs room in Values.
func TestEachTextOfTheTableHasItsPlace(t *testing.T) {
	if got := textIndex(column(len(partnerProperties))); got != textProperties {
		t.Errorf("the table has %d texts, and Values room for %d", got, textProperties)
	}
}

// The table has what other code relies on: the properties of an object are
// adjacent, those of a member of a partner have its name as prefix, and no two
// columns have a name in common.
func TestTheTableOfPropertiesIsWellFormed(t *testing.T) {
	rank := func(o Object) (at int) {
		for i, p := range PartnerObjects {
			if p == o {
				at = i
			}
		}
		return at
	}
	names := map[string]column{}
	for c := range columnCount {
		for _, name := range c.names() {
			if was, twice := names[headerKey(name)]; twice {
				t.Errorf("%s is a name of %s and of %s", name, was, c)
			}
			names[headerKey(name)] = c
			if lookUpColumn(name) != c {
				t.Errorf("%s is read as another column than %s", name, c)
			}
		}
	}
	for i := range partnerProperties {
		p := &partnerProperties[i]
		if i > 0 && rank(p.Object) < rank(partnerProperties[i-1].Object) {
			t.Errorf("%s stands out of order", p.Path)
		}
		if member := p.Object.Member(); !strings.HasPrefix(p.Path, member) || strings.Count(p.Path, ".") > 1 {
			t.Errorf("%s is no path of a property of %s", p.Path, p.Object)
		}
		if p.Object.Property(p.Path) != p || SyncTemplate.Property(p.Path) == p {
			t.Errorf("%s is not found", p.Path)
		}
		for _, h := range []Hazard{p.TurnedOn, p.TurnedOff} {
			if h != "" && h.Info().Words == string(h) {
				t.Errorf("the hazard %s is not in its table", h)
			}
		}
	}
}
