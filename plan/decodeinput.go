package plan

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bulksync/internal/seal"
	"bulksync/plan/desired"
)

// inputPart is an input that was read row by row. Its place in the fingerprint is
// after the changes, so its text is kept until then; the cells are parts of it.
type inputPart struct {
	before, after []byte // canonical, around the list of cells
	rows          []*rowBatch
}

const nameOfCells = "cells"

// input reads the input.
func (d *decoder) input(doc *seal.Document, p *part) error {
	if !doc.Holds('{') {
		return d.member(doc, nameOfInput, p)
	}
	others := map[string][]byte{}
	err := doc.Object(func(name string) (err error) {
		if !desired.IsPrintableASCII(name) || strings.ContainsAny(name, `"\`) {
			return fmt.Errorf("%w: the input of a plan has no member %q", ErrAltered, name)
		}
		if name == nameOfCells && doc.Holds('[') {
			p.input = &inputPart{}
			p.input.rows, err = d.rows(doc)
			return err
		}
		text, err := doc.Value()
		others[name] = bytes.Clone(text)
		return err
	})
	switch {
	case errors.Is(err, ErrAltered):
		return err
	case err != nil:
		return notJSON(err, "")
	}
	var before, after []byte
	if before, after, p.err = around(others, p.input != nil); p.err != nil {
		return nil
	}
	if p.input != nil {
		p.input.before, p.input.after = before, after
	}
	p.text = slices.Concat(before, after)
	p.read(&d.plan.Input)
	return nil
}

// around writes an object in its canonical form: the text up to the bracket that
// opens the list of cells, and from the one that closes it. Without a list of
// cells, all is before.
func around(others map[string][]byte, cells bool) (before, after []byte, err error) {
	names := slices.Collect(maps.Keys(others))
	if cells {
		names = append(names, nameOfCells)
	}
	slices.Sort(names)
	to := &before
	for i, name := range names {
		*to = fmt.Appendf(*to, "%c%q:", "{,"[min(i, 1)], name)
		if cells && name == nameOfCells {
			before, to, after = append(before, '['), &after, []byte("]")
			continue
		}
		text, err := seal.Canonicalize(others[name])
		if err != nil {
			return nil, nil, err
		}
		*to = append(*to, text...)
	}
	if len(names) == 0 {
		before = []byte("{")
	}
	*to = append(*to, '}')
	return before, after, nil
}

// rows reads the list of cells, and works on it in batches.
func (d *decoder) rows(doc *seal.Document) (all []*rowBatch, err error) {
	start := func(b *rowBatch) {
		all = append(all, b)
		d.group.Go(func() error { b.decode(); return nil })
	}
	b := &rowBatch{textBatch: newTextBatch(0)}
	err = doc.List(func(row []byte) {
		if b.add(row); len(b.ends) == batch {
			next := newTextBatch(len(b.text) * 9 / 8)
			start(b)
			b = &rowBatch{textBatch: next}
		}
	})
	if len(b.ends) > 0 {
		start(b)
	}
	return all, err
}

// digest adds the input to the fingerprint, and gives up its text.
func (in *inputPart) digest(d *seal.Digest) {
	d.List(nameOfInput, in.before)
	for _, b := range in.rows {
		d.Elements([]byte(b.canonical))
		b.canonical = ""
	}
	d.EndList(in.after)
}

// collect puts the rows together.
func (in *inputPart) collect() ([][]string, error) {
	n := 0
	for _, b := range in.rows {
		if b.err != nil {
			return nil, b.err
		}
		n += len(b.rows)
	}
	all := make([][]string, 0, n)
	for _, b := range in.rows {
		all = append(all, b.rows...)
	}
	return all, nil
}

// rowBatch is a group of rows that are read together.
type rowBatch struct {
	textBatch
	canonical string
	rows      [][]string
	err       error
}

func (b *rowBatch) decode() {
	text, err := seal.Canonicalize(append(b.text, ']'))
	if err != nil {
		b.err = err
		return
	}
	b.canonical, b.text = string(text), nil
	if b.rows = plainRows(b.canonical, b.ends); b.rows == nil {
		b.err = seal.Unmarshal(text, &b.rows)
	}
	b.ends = nil
}

// plainRows cuts rows out of a canonical text, so that their cells take no memory
// of their own. It returns nil if a cell is not spelt as it is, or if the rows do
// not end where they should.
func plainRows(text string, ends []int) [][]string {
	if strings.Contains(text, `\`) {
		return nil
	}
	rows, start := make([][]string, len(ends)), 1
	for i, end := range ends {
		if end >= len(text) || text[end] != ",]"[(i+1)/len(ends)] {
			return nil
		}
		row, begins := strings.CutPrefix(text[start:end], `["`)
		row, closes := strings.CutSuffix(row, `"]`)
		cells := strings.Split(row, `","`)
		if !begins || !closes || slices.ContainsFunc(cells, func(cell string) bool { return strings.Contains(cell, `"`) }) {
			return nil
		}
		rows[i], start = cells, end+1
	}
	return rows
}
