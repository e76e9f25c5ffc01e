package main

import (
	"context"
	"io"

	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
	"bulksync/report"
)

// auditFile is a report of an audit as a file.
type auditFile struct {
	name   string
	format report.Format
}

func (f auditFile) render(a *audit.Audit) func(io.Writer) error {
	return func(w io.Writer) error {
		return report.Audit(w, a, f.format, report.Options{Width: 80, LikeInput: true})
	}
}

// auditFiles are the reports of --out-dir.
func auditFiles() []auditFile {
	return []auditFile{{"audit.json", report.JSON}, {"audit.csv", report.CSV}, {"audit.md", report.Markdown}, {"audit.html", report.HTML}}
}

// auditReports are the reports that an audit leaves in a store, in the order in
// which they are written. Its proof renders them again.
func auditReports(a *audit.Audit, m *evidence.Manifest, requests []evidence.Request) (all []evidence.Report) {
	for _, f := range append(auditFiles(), auditFile{"junit.xml", report.JUnit}, auditFile{"audit.sarif", report.SARIF}) {
		all = append(all, evidence.Report{Name: f.name, Render: f.render(a)})
	}
	return append(all, evidence.Report{Name: "queries.kql", Render: func(w io.Writer) error {
		q := report.AuditLogQuery(a, sentRequests(requests))
		q.AppID = m.Identity.AppID
		return report.Queries(w, q)
	}})
}

// sentRequests identifies the requests of an audit, of which each attempt is a
// line of Microsoft's log.
func sentRequests(all []evidence.Request) (sent []report.SentRequest) {
	for _, r := range all {
		if r.ClientRequestID != "" {
			sent = append(sent, report.SentRequest{Number: r.Seq, ClientRequestID: r.ClientRequestID, RequestID: r.RequestID, At: r.SentAt})
		}
	}
	return sent
}

// indexOf draws the index page of the store at a path.
func indexOf(ctx context.Context, path string, history []evidence.Entry) func(io.Writer) error {
	return func(w io.Writer) error {
		newest, link, err := evidence.Newest(ctx, path, history)
		if err != nil {
			return err
		}
		return indexWith(history, newest, link)(w)
	}
}

// indexWith draws the index page of a store whose newest complete audit is known;
// nil if there is none.
func indexWith(history []evidence.Entry, newest *audit.Audit, link *audit.Link) func(io.Writer) error {
	return func(w io.Writer) error {
		var page report.HistoryPage
		for i := range history {
			if m := history[i].Manifest; m != nil { // the newest one drew the page
				page.Tool, page.HomeTenant = m.Tool, m.HomeTenant
			}
			page.Audits = append(page.Audits, historyAudit(&history[i]))
		}
		if newest != nil {
			page.Newest, page.NewestFolder = newest, link.Folder
		}
		return report.History(w, page)
	}
}

func historyAudit(e *evidence.Entry) report.HistoryAudit {
	a := report.HistoryAudit{Folder: e.Folder, SHA256: e.SHA256, Problem: e.Problem, Gap: e.Gap}
	m := e.Manifest
	if m == nil {
		return a
	}
	a.Number, a.FinishedAt, a.Result, a.Totals = m.Number, m.FinishedAt, m.Result, m.Totals
	a.Reopened, a.Fixed, a.Signer = m.News.Reopened, m.News.Fixed, m.Signer
	for _, c := range m.Findings {
		a.Counts = append(a.Counts, report.HistoryCount{Kind: c.Kind, State: c.State, N: c.N})
	}
	return a
}
