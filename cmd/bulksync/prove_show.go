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
			listing{w, v.columns()}.folder(p)
		}
	}
	return nil
}

// columns is how wide lines may be: a terminal would break them anywhere, and a
// program that searches a file would not find what is broken.
func (v *verifier) columns() int {
	if isTerminal(v.out) {
		return v.pageOptions().Width
	}
	return 1 << 20
}

// listing is text about folders.
type listing struct {
	io.Writer
	columns int
}

// folder says what was found about a folder: the gravest first.
func (w listing) folder(p *proof) {
	fmt.Fprintf(w, "%s: the %s is %s\n", edge(p.Path), p.Kind, map[verdict]string{
		isProved: "proved", isAltered: "ALTERED", isNotProved: "NOT PROVED", isUnreadable: "NOT PROVED",
	}[p.Verdict])
	w.checks("", p.Checks)
	for i := range p.Audits {
		w.audit(&p.Audits[i])
	}
	if len(p.Audits) > 0 {
		fmt.Fprintf(w, "\n%s; the SHA-256 of the manifest of each:\n", words.Count(len(p.Audits), "audit"))
		for i := range p.Audits {
			a := &p.Audits[i]
			fmt.Fprintf(w, "  %s  %s%s\n", edge(a.Folder), edge(a.SHA256), edge(a.remark()))
		}
	}
}

// audit says what is wrong with an audit of a store; what was proved of it goes
// without saying.
func (w listing) audit(a *provenAudit) {
	if a.Verdict == isProved {
		return
	}
	w.checks(a.Folder+"/", append(a.Checks.Of(evidence.Altered), a.Checks.Of(evidence.NotProved)...))
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

// checks lists checks by their status; each line names the file.
func (w listing) checks(folder string, checks evidence.Checks) {
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
			fmt.Fprintln(w, report.WrapItem("  "+edge(at+c.Says), w.columns))
		}
	}
}
