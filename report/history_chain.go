package report

import (
	"fmt"

	"bulksync/internal/words"
)

// chainFaults bounds the faults of a chain that the page lists.
const chainFaults = 20

// chain is whether the audits of a store follow from each other, in words.
type chain struct {
	Holds bool
	// Words are the answer, Faults are where it does not hold, and Limits what the
	// page does not prove.
	Words  string
	Faults []string
	Limits []string
}

// chainOf says whether the chain of audits holds, and what that is worth.
func chainOf(as []HistoryAudit) chain {
	c := chain{Limits: chainLimits(as)}
	for _, i := range brokenAt(as) {
		c.Faults = append(c.Faults, sentence(linkFault(as, i)))
	}
	if rest := len(c.Faults) - chainFaults; rest > 0 {
		c.Faults = append(c.Faults[:chainFaults:chainFaults], "And "+more(rest, "fault")+".")
	}
	switch c.Holds = len(c.Faults) == 0; {
	case !c.Holds:
		c.Words = "No. This is where it does not:"
	case len(as) == 0:
		c.Words = "There is no audit yet, and so no chain."
	case len(as) == 1:
		c.Words = "There is one audit, and none before it. The next one will name the hash of its manifest."
	default:
		c.Words = fmt.Sprintf("Yes. Each audit after the first names the hash of the manifest before it, and %s.", agree(len(as)-1, "it matches", "all "+words.Thousands(len(as)-1)+" match"))
	}
	return c
}

// brokenAt are the audits that do not follow from the one before.
func brokenAt(as []HistoryAudit) []int {
	var at []int
	for i := range as {
		if linkFault(as, i) != "" {
			at = append(at, i)
		}
	}
	return at
}

// linkFault says why the audit at i does not follow from the one before it; empty
// if it does.
func linkFault(as []HistoryAudit, i int) string {
	switch a := &as[i]; {
	case a.Problem != "" && a.Gap != "" && a.Number > 0:
		return a.name() + ": " + OneLine(a.Problem) + "; " + OneLine(a.Gap)
	case a.Problem != "":
		return a.name() + ": " + OneLine(a.Problem)
	case a.Gap != "":
		return a.name() + ": " + OneLine(a.Gap)
	case i > 0 && as[i-1].Number > 0 && a.Number != as[i-1].Number+1:
		return fmt.Sprintf("%s: it comes after audit %d, so an audit was taken out", a.name(), as[i-1].Number)
	case a.fault() != "":
		return fmt.Sprintf("%s: %s", a.name(), a.fault())
	default:
		return ""
	}
}

// chainLimits say what the page does not prove.
func chainLimits(as []HistoryAudit) []string {
	signed := 0
	for i := range as {
		if as[i].Signer != "" {
			signed++
		}
	}
	said := "No audit is signed."
	if signed > 0 {
		said = fmt.Sprintf("%s of %s a key that signed %s. This page has not checked the signatures.",
			words.Thousands(signed), words.Count(len(as), "audit")+agree(signed, " names", " name"), agree(signed, "it", "them"))
	}
	return []string{
		"This page is no proof. Anybody who can change the store can change this page as well.",
		"The command below is the proof: it checks each file, the chain and the signatures, and computes the findings again from what Graph answered.",
		"A chain alone does not show that it was written anew from some audit on. A signature shows it, and so does the hash of a later manifest that was kept elsewhere, such as in a ticket: compare it with the table below.",
		said,
	}
}
