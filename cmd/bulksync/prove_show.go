package main

import (
	"fmt"
	"io"

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
				fmt.Fprintln(w, edge(line))
			}
		} else if len(p.Checks)+len(p.Audits) > 0 {
			p.showFolder(w)
		}
	}
	return nil
}

// showFolder says what was found about a folder: the gravest first.
func (p *proof) showFolder(w io.Writer) {
	fmt.Fprintf(w, "%s: the %s is %s\n", edge(p.Path), p.Kind, map[verdict]string{
		isProved: "proved", isAltered: "ALTERED", isNotProved: "NOT PROVED", isUnreadable: "NOT PROVED",
	}[p.Verdict])
	showChecks(w, "", p.Checks)
	for i := range p.Audits {
		p.Audits[i].show(w)
	}
	if len(p.Audits) > 0 {
		fmt.Fprintf(w, "\n%s; the SHA-256 of the manifest of each:\n", words.Count(len(p.Audits), "audit"))
		for i := range p.Audits {
			a := &p.Audits[i]
			fmt.Fprintf(w, "  %s  %s%s\n", edge(a.Folder), edge(a.SHA256), edge(a.remark()))
		}
	}
}

// show says what is wrong with an audit of a store; what was proved of it goes
// without saying.
func (a *provenAudit) show(w io.Writer) {
	if a.Verdict == isProved {
		return
	}
	showChecks(w, a.Folder+"/", append(a.Checks.Of(evidence.Altered), a.Checks.Of(evidence.NotProved)...))
}

// remark says in the list of audits what is not as usual.
func (a *provenAudit) remark() (said string) {
	if a.Signer != "" {
		said = "  signed with " + a.Signer
	}
	switch a.Verdict {
	case isAltered:
		said += "  ALTERED"
	case isNotProved:
		said += "  NOT PROVED"
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

// showChecks lists checks by their status; each line names the file.
func showChecks(w io.Writer, folder string, checks evidence.Checks) {
	for _, h := range headings {
		some := checks.Of(h.status)
		if len(some) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s\n", h.words)
		for _, c := range some {
			at := folder
			if c.File != "" {
				at = folder + c.File + ": "
			} else if folder != "" {
				at = folder + ": "
			}
			fmt.Fprintf(w, "  %s\n", edge(at+c.Says))
		}
	}
}
