package main

import (
	"fmt"
	"io"
	"slices"

	"bulksync/internal/words"
	"bulksync/plan/audit/evidence"
	"bulksync/report"
)

// show writes what was found about all paths.
func (v *verifier) show(w io.Writer, all []proof) error {
	if v.format == report.JSON {
		return report.Proof(w, verification{FormatVersion: 1, Tool: tool(), VerifiedAt: v.now.UTC(), Verdict: overall(all), Paths: all})
	}
	for i := range all {
		p := &all[i]
		if i > 0 && len(p.lines)+len(p.Checks) > 0 {
			fmt.Fprintln(w)
		}
		if p.Kind == aPlan || p.Kind == aDecision {
			for _, line := range p.lines {
				fmt.Fprintln(w, report.WrapItem(edge(line), v.pageOptions().Width))
			}
		} else if len(p.Checks)+len(p.Audits) > 0 {
			listing{w, v.pageOptions().Width}.folder(p)
		}
	}
	if len(all) > 1 && !slices.ContainsFunc(all, func(p proof) bool { return p.Kind == aPlan || p.Kind == aDecision }) {
		if slices.ContainsFunc(all, func(p proof) bool { return len(p.Checks)+len(p.Audits) > 0 }) {
			fmt.Fprintln(w)
		}
		sumUp(w, all)
	}
	return nil
}

// sumUp ends a text about many folders with what became of all of them, and names
// those that are not proved.
func sumUp(w io.Writer, all []proof) {
	proved := 0
	for i := range all {
		if all[i].Verdict == isProved {
			proved++
		}
	}
	fmt.Fprintf(w, "%s of %s proved\n", words.Thousands(proved), words.Thousands(len(all)))
	for i := range all {
		if p := &all[i]; p.Verdict != isProved {
			fmt.Fprintf(w, "  %-10s  %s\n", verdictWords(p.Verdict), edge(p.Path))
		}
	}
}

// verdictWords are a verdict as people should see it.
func verdictWords(v verdict) string {
	switch v {
	case isProved:
		return "proved"
	case isAltered:
		return "ALTERED"
	default:
		return "NOT PROVED"
	}
}

// listing is text about folders.
type listing struct {
	io.Writer
	columns int
}

// folder says what was found about a folder: the gravest first.
func (w listing) folder(p *proof) {
	fmt.Fprintf(w, "%s: the %s is %s\n", edge(p.Path), p.Kind, verdictWords(p.Verdict))
	for _, h := range headings {
		w.section(h.words, append(p.linesOfAudits(h.status), lines(p.Checks, h.status)...))
	}
	if len(p.Audits) > 0 {
		fmt.Fprintf(w, "\n%s; the SHA-256 of each manifest, to compare with one kept elsewhere:\n", words.Count(len(p.Audits), "audit"))
		for i := range p.Audits {
			w.audit(&p.Audits[i])
		}
	}
}

// section lists what the checks say under one heading.
func (w listing) section(heading string, all []string) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", heading)
	for _, line := range all {
		fmt.Fprintln(w, report.WrapItem("  "+line, w.columns))
	}
}

// audit is an audit in the list of them. A hash is never broken: it takes a line of
// its own where there is no room beside the folder.
func (w listing) audit(a *provenAudit) {
	folder, remark := edge(a.Folder), edge(a.remark())
	switch {
	case a.SHA256 == "":
		fmt.Fprintf(w, "  %s%s\n", folder, remark)
	case len("  ")+len(folder)+len("  ")+len(a.SHA256) <= w.columns:
		fmt.Fprintf(w, "  %s  %s%s\n", folder, edge(a.SHA256), remark)
	default:
		fmt.Fprintf(w, "  %s%s\n    %s\n", folder, remark, edge(a.SHA256))
	}
}

// remark says in the list of audits what is not as usual.
func (a *provenAudit) remark() (said string) {
	switch a.Verdict {
	case isAltered:
		said = "  ALTERED"
	case isNotProved:
		said = "  NOT PROVED"
	}
	if a.Signer != "" {
		said += "  signed"
	}
	return said
}

// headings say what the checks below them have in common.
var headings = []struct {
	status evidence.Status
	words  string
}{
	{evidence.Altered, "Altered"},
	{evidence.NotProved, "Not proved"},
	{evidence.Proved, "Proved"},
	{evidence.Outside, "What this does not show"},
}

// lines are what the checks with a status say; each names its file.
func lines(checks evidence.Checks, status evidence.Status) (all []string) {
	for _, c := range checks.Of(status) {
		if c.File != "" {
			all = append(all, edge(c.File+": "+c.Says))
		} else {
			all = append(all, edge(c.Says))
		}
	}
	return all
}

// linesOfAudits are what the checks of the audits of a store say. What one audit
// alone does not show, a store mostly does.
func (p *proof) linesOfAudits(status evidence.Status) []string {
	switch status {
	case evidence.Outside:
		return nil
	case evidence.Proved:
		return append(p.provedAudits(), p.signatures()...)
	default:
		return p.together(status)
	}
}

// together lists checks of audits; what the same file of several is said to be, it
// says once.
func (p *proof) together(status evidence.Status) (all []string) {
	folders := map[evidence.Check][]string{}
	var order []evidence.Check
	for i := range p.Audits {
		for _, c := range p.Audits[i].Checks.Of(status) {
			if folders[c] == nil {
				order = append(order, c)
			}
			folders[c] = append(folders[c], p.Audits[i].Folder)
		}
	}
	for _, c := range order {
		at, others := folders[c][0], len(folders[c])-1
		if c.File != "" {
			at += "/" + c.File
		}
		if others > 0 {
			at += " and in " + words.Count(others, "other audit")
		}
		all = append(all, edge(at+": "+c.Says))
	}
	return all
}

// provedAudits says how many audits of a store are proved, each by itself. Their
// signatures and their chain are told apart.
func (p *proof) provedAudits() []string {
	proved := 0
	for i := range p.Audits {
		if !slices.ContainsFunc(p.Audits[i].Checks, isFault) {
			proved++
		}
	}
	if proved == 0 {
		return nil
	}
	return []string{p.share(proved) + ": the files are as the manifest has them; the findings are the same when computed again " +
		"from the answers of Graph and the input; the reports are the same when made again"}
}

// signatures says which keys signed how many audits of a store.
func (p *proof) signatures() (all []string) {
	signed := map[string]int{}
	var order []string
	for i := range p.Audits {
		for _, c := range p.Audits[i].Checks.Of(evidence.Proved) {
			if c.Subject != evidence.OfSignature {
				continue
			}
			if signed[c.Says]++; signed[c.Says] == 1 {
				order = append(order, c.Says)
			}
		}
	}
	for _, says := range order {
		all = append(all, edge(p.share(signed[says])+": "+says))
	}
	return all
}

// share is a number of the audits of a store.
func (p *proof) share(n int) string {
	all := words.Count(len(p.Audits), "audit")
	switch {
	case len(p.Audits) == 1:
		return "the audit"
	case n == len(p.Audits):
		return "each of " + all
	default:
		return fmt.Sprintf("%d of %s", n, all)
	}
}

// isFault reports whether a check takes something from the audit itself.
func isFault(c evidence.Check) bool {
	return (c.Status == evidence.Altered || c.Status == evidence.NotProved) && c.Subject != evidence.OfSignature && c.Subject != evidence.OfChain
}
