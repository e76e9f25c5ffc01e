package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// formatsPage is docs/formats.md: the rows of its tables.
type formatsPage []pageRow

// pageRow is a row of a table whose first cell is a name.
type pageRow struct {
	section string // the heading of the second level above it
	heading string // the nearest heading above it
	table   string // all cells of the row
	name    string
	cells   []string // all of the row
}

func readFormats(t *testing.T) formatsPage {
	t.Helper()
	var page formatsPage
	var at pageRow
	for line := range strings.Lines(readRepo(t, "docs/formats.md")) {
		line = strings.TrimSuffix(line, "\n")
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			at.section, at.heading = heading, heading
		}
		if heading, ok := strings.CutPrefix(line, "### "); ok {
			at.heading = heading
		}
		cells, ok := tableCells(line)
		switch name := strings.Trim(cells[0], "`"); {
		case !ok:
			at.table = ""
		case at.table == "":
			at.table = cells[0]
		case name != cells[0]:
			at.name, at.cells = name, cells
			page = append(page, at)
		}
	}
	return page
}

// tableCells returns the cells of a line of a table.
func tableCells(line string) (cells []string, ok bool) {
	if !strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "|-") {
		return []string{""}, false
	}
	cells = strings.Split(strings.Trim(line, "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells, true
}

// rows are those of the tables in a section that have this first header cell.
func (p formatsPage) rows(section, table string) (rows []pageRow) {
	for _, r := range p {
		if (r.section == section || r.heading == section) && r.table == table {
			rows = append(rows, r)
		}
	}
	return rows
}

func (p formatsPage) names(section, table string) (names []string) {
	for _, r := range p.rows(section, table) {
		names = append(names, r.name)
	}
	return names
}

// written is what the JSON texts of one format hold: for each path of a member,
// such as changes[].fields[].path, the types of its values, and whether it is
// missing in some text that has the object around it.
type written map[string]*writtenMember

type writtenMember struct {
	types    map[string]bool
	seen     int // how often the member is there
	possible int // how often the object around it is there
	wrong    []string
}

// add adds one text.
func (w written) add(t *testing.T, text []byte) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	objects := map[string]int{}
	w.walk("", v, objects)
	for path, m := range w {
		m.possible += objects[path[:strings.LastIndexByte(path, '.')+1]]
	}
}

// walk adds a value. Objects counts the objects by the path before their
// members.
func (w written) walk(path string, v any, objects map[string]int) {
	switch v := v.(type) {
	case map[string]any:
		if path != "" {
			path += "."
		}
		objects[path]++
		for name, value := range v {
			w.member(path + name).note(value)
			if !isVerbatim(name) && !holdsFindings(name) {
				w.walk(path+name, value, objects)
			}
		}
	case []any:
		for _, value := range v {
			w.walk(path+"[]", value, objects)
		}
	}
}

// holdsFindings reports whether a member holds findings, whose members the page
// lists once.
func holdsFindings(name string) bool {
	return slices.Contains([]string{"waived", "fixed", "unjudged"}, name)
}

// isVerbatim reports whether a member holds an object of Graph, whose members
// are not ours.
func isVerbatim(name string) bool {
	return slices.Contains([]string{"before", "body", "live", "found"}, name)
}

func (w written) member(path string) *writtenMember {
	if w[path] == nil {
		w[path] = &writtenMember{types: map[string]bool{}}
	}
	return w[path]
}

func (m *writtenMember) note(v any) {
	m.seen++
	switch v := v.(type) {
	case nil:
		m.types["null"] = true
	case bool:
		m.types["boolean"] = true
	case json.Number:
		m.types["number"] = true
	case []any:
		m.types["array"] = true
	case map[string]any:
		m.types["object"] = true
	case string:
		m.types["string"] = true
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			m.types["time"] = true
			if at.Location() != time.UTC {
				m.wrong = append(m.wrong, v+" is not in UTC")
			}
		}
	}
}

// compare compares a section of the page with what was written. Complete means
// that everything that can be written was, in a text with every member and in
// one with as few as possible.
func (p formatsPage) compare(t *testing.T, section, table string, w written, complete bool) {
	t.Helper()
	rows := map[string]pageRow{}
	for _, r := range p.rows(section, table) {
		if _, twice := rows[r.name]; twice {
			t.Errorf("docs/formats.md, section %q: %s stands there twice", section, r.name)
		}
		rows[r.name] = r
	}
	for _, path := range slices.Sorted(maps.Keys(w)) {
		r, known := rows[path]
		if !known {
			t.Errorf("docs/formats.md, section %q: the program writes %s, which the page lacks", section, path)
			continue
		}
		w[path].compare(t, r, complete)
	}
	for _, path := range slices.Sorted(maps.Keys(rows)) {
		if complete && w[path] == nil {
			t.Errorf("docs/formats.md, section %q: the program never writes %s", section, path)
		}
	}
}

// compare compares the row of a member with its values.
func (m *writtenMember) compare(t *testing.T, r pageRow, complete bool) {
	t.Helper()
	if len(r.cells) != 4 {
		t.Errorf("docs/formats.md, section %q: %s has %d cells, want 4", r.section, r.name, len(r.cells))
		return
	}
	says, left := r.cells[1], r.cells[3]
	for is := range m.types {
		if !strings.Contains(says, is) && !slices.Contains(otherTypes[is], says) {
			t.Errorf("docs/formats.md, section %q: %s is %s in a file, and %s on the page", r.section, r.name, is, says)
		}
	}
	if says == "time" && !m.types["time"] || len(m.wrong) > 0 {
		t.Errorf("docs/formats.md, section %q: %s is not a time in UTC %v", r.section, r.name, m.wrong)
	}
	if strings.HasSuffix(r.name, "Ms") && says != "integer" {
		t.Errorf("docs/formats.md, section %q: the duration %s is %s", r.section, r.name, says)
	}
	switch never := left == "never"; {
	case never && m.seen < m.possible:
		t.Errorf("docs/formats.md, section %q: %s can be left out, but the page does not say when", r.section, r.name)
	case !never && complete && m.seen == m.possible:
		t.Errorf("docs/formats.md, section %q: %s is never left out", r.section, r.name)
	}
}

// otherTypes are words of the page for JSON types.
var otherTypes = map[string][]string{"number": {"integer"}, "string": {"time"}, "time": {"string"}}

// amount is how much of a value fill sets.
type amount int

const (
	// everything sets each member, so that omitempty shows it.
	everything amount = iota
	// pointers sets each pointer, to an empty object.
	pointers
	// nothing sets only lists of objects, to one empty object.
	nothing
)

// fill sets the values that v can hold.
func fill(v reflect.Value, how amount) {
	switch v.Interface().(type) {
	case time.Time:
		if how == everything {
			v.Set(reflect.ValueOf(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)))
		}
		return
	case json.RawMessage:
		if how == everything {
			v.SetBytes([]byte(`{}`))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			leftOut := how == nothing && f.Type.Kind() == reflect.Slice && strings.Contains(f.Tag.Get("json"), ",omitempty")
			if f.IsExported() && !leftOut {
				fill(v.Field(i), how)
			}
		}
	case reflect.Pointer:
		if how != nothing {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), how)
		}
	case reflect.Slice:
		n := 1
		if how != everything && v.Type().Elem().Kind() != reflect.Struct {
			n = 0
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(v.Index(i), how)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), how)
		}
	default:
		if how == everything {
			fillScalar(v)
		}
	}
}

func fillScalar(v reflect.Value) {
	switch {
	case v.CanInt():
		v.SetInt(int64(time.Second)) // a whole number of milliseconds in a duration too
	case v.CanFloat():
		v.SetFloat(1.5)
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.String:
		v.SetString("x")
	case v.Kind() == reflect.Interface:
		v.Set(reflect.ValueOf(true))
	default:
		panic("fill does not know type " + v.Type().String())
	}
}

// filled is a value of T, filled this much.
func filled[T any](how amount) *T {
	v := new(T)
	fill(reflect.ValueOf(v).Elem(), how)
	return v
}
