package report

import (
	"fmt"
	"strings"

	"bulksync/internal/words"
	"bulksync/plan"
)

// selectionFact says which part of the input a plan is about.
func selectionFact(p *plan.Plan) []fact {
	if p.Selection == nil {
		return nil
	}
	return []fact{{"Selection", SelectionWords(p), false}}
}

// partLead says in a sentence that a plan or a run is about a part of the input.
func partLead(p *plan.Plan, what string) []string {
	if p.Selection == nil || p.Selection.LeftOut.IsNothing() {
		return nil
	}
	return []string{fmt.Sprintf("This %s a part of %s: %s.", what, OneLine(p.Input.Name), SelectionWords(p))}
}

// SelectionWords says which part of the input a plan is about, and what it leaves
// out; empty if it is about the whole.
func SelectionWords(p *plan.Plan) string {
	s := p.Selection
	if s == nil {
		return ""
	}
	left := "nothing"
	if l := s.LeftOut; !l.IsNothing() {
		var parts []string
		if l.Rows > 0 {
			parts = append(parts, fmt.Sprintf("%s with %s", words.Count(l.Rows, "row"), words.Count(l.Partners, "partner")))
		}
		if l.Template {
			parts = append(parts, "the template")
		}
		left = strings.Join(parts, " and ")
	}
	return chosenWords(s) + "; left out: " + left
}

// chosenWords says what a selection takes.
func chosenWords(s *plan.Selection) string {
	named := len(s.Only)
	if named > 0 && s.Only[named-1] == plan.TemplateChoice {
		named--
	}
	var parts []string
	first := "the first partner that needs a change"
	if s.Limit > 1 {
		first = fmt.Sprintf("the first %s partners that need a change", words.Thousands(s.Limit))
	}
	switch {
	case s.Limit > 0 && named > 0:
		parts = append(parts, first+", of "+words.Count(named, "named partner"))
	case s.Limit > 0 && len(s.Only) == 0:
		parts = append(parts, first)
	case named > 0:
		parts = append(parts, words.Count(named, "named partner"))
	}
	if named < len(s.Only) {
		parts = append(parts, "the template")
	}
	return strings.Join(parts, " and ")
}
