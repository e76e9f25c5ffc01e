package report_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"bulksync/execute/journal"
	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// tenant returns a tenant ID that is easy to recognize.
func tenant(n int) string {
	return fmt.Sprintf("%08x-71ad-49c7-9ce8-%012x", 0x90e20000+n, 0xdb3f41ea0000+n)
}

// planOf is a plan of changes, complete as Build would leave it.
func planOf(changes ...plan.Change) *plan.Plan {
	p := &plan.Plan{
		FormatVersion: plan.FormatVersion,
		Tool:          plan.Tool{Name: "bulksync", Version: "1.0.0"},
		CreatedAt:     time.Date(2026, 11, 21, 22, 4, 5, 0, time.UTC),
		HomeTenant:    graph.HomeTenant{ID: "7d2c1f0e-5a1b-4c0d-8e9f-0a1b2c3d4e5f", Cloud: graph.Global, GraphURL: "https://graph.microsoft.com"},
		Read:          plan.Read{Pages: 3, Partners: 212, Complete: true, Synchronizing: 120, Consenting: 90},
		Policy:        *plan.BuiltInPolicy(),
		Fingerprint:   "sha256:4be1c0b1f2a94f0e8d7c6b5a49382716f5e4d3c2b1a09f8e7d6c5b4a39281706",
		Changes:       changes,
	}
	p.Input = desired.Input{
		Name: "partners.csv", SHA256: "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
		Header:  []string{"Tenant ID", "Name", "inboundSync", "Ticket"},
		Dialect: desired.Dialect{Delimiter: ",", Encoding: "utf-8", Newline: "\n"},
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		c.Seq = i + 1
		if n := len(p.Input.Lines); c.Row > 0 && (n == 0 || p.Input.Lines[n-1] != c.Row) {
			p.Input.Lines = append(p.Input.Lines, c.Row)
			p.Input.Cells = append(p.Input.Cells, []string{c.Partner.TenantID, c.Partner.DisplayName, "yes", c.Note})
			p.Input.Rows++
		}
	}
	p.Summary = plan.Summarize(p.Changes)
	return p
}

func change(row int, name string, o plan.Object, a plan.Action, fields ...plan.Field) plan.Change {
	return plan.Change{
		Row: row, Partner: plan.Partner{TenantID: tenant(row), DisplayName: name},
		Object: o, Action: a, Fields: fields, Hazards: []plan.Hazard{}, Note: "CHG0041877",
	}
}

func with(c plan.Change, reason string, hs ...plan.Hazard) plan.Change {
	c.Reason, c.Hazards = reason, hs
	return c
}

func syncTo(before, after any) plan.Field {
	return plan.Field{Path: "userSyncInbound.isSyncAllowed", Before: before, After: after}
}

func inbound(before, after any) plan.Field {
	return plan.Field{Path: "automaticUserConsentSettings.inboundAllowed", Before: before, After: after}
}

func trusting(name string, before, after any) plan.Field {
	return plan.Field{Path: "inboundTrust." + name, Before: before, After: after}
}

func named(before, after any) plan.Field {
	return plan.Field{Path: "displayName", Before: before, After: after}
}

// samplePlan has each action, each hazard, long, Chinese and missing names.
func samplePlan() *plan.Plan {
	const noPartner = "the partner configuration does not exist; add it first, or plan with --create-partners"
	template := plan.Change{
		Object: plan.SyncTemplate, Action: plan.Update, Hazards: []plan.Hazard{plan.TemplateWrite},
		Fields: []plan.Field{{Path: "templateApplicationLevel", Before: "none", After: "newPartners,existingPartners"}, syncTo(nil, true)},
	}
	sync, consent := plan.IdentitySynchronization, plan.Consent
	p := planOf(
		template,
		with(change(2, "Fabrikam", plan.PartnerConfiguration, plan.Create, plan.Field{Path: "tenantId", After: tenant(2)}), "", plan.NewPartner),
		change(2, "Fabrikam", sync, plan.Create, named(nil, "Fabrikam"), syncTo(nil, true)),
		change(2, "Fabrikam", consent, plan.Update, inbound(nil, true)),
		with(change(3, "Northwind Traders International Holdings and Subsidiaries GmbH & Co. KG", sync, plan.Update, syncTo(true, false)), "", plan.SyncOff),
		change(4, "株式会社アドベンチャーワークス・ホールディングス東京本社", sync, plan.Update, named("Adventure Works", "株式会社アドベンチャーワークス・ホールディングス東京本社"), syncTo(false, true)),
		with(change(5, "Contoso Retail", sync, plan.Delete, named("Contoso Retail", nil), syncTo(true, nil)), "", plan.SyncRemoved),
		with(change(6, "Tailspin Toys", consent, plan.Update, inbound(true, false)), "", plan.ConsentOff),
		with(change(7, "", sync, plan.Blocked, syncTo(nil, true)), noPartner),
		with(change(8, "Litware Managed Services", sync, plan.Blocked, syncTo(nil, true)), "the partner configuration belongs to a service provider or to Microsoft Support", plan.ServiceOwned),
		change(9, "Wingtip Toys", sync, plan.NoOp),
		change(10, "Proseware", sync, plan.NoOp),
		change(11, "Trey Research", sync, plan.Update, syncTo(false, true)),
		with(change(12, "Humongous Insurance", plan.PartnerConfiguration, plan.Delete), "", "partner-removed"),
		change(13, "Graphic Design Institute", consent, plan.Update, inbound(false, true)),
		change(14, "Margie's Travel", sync, plan.Create, syncTo(nil, false)),
		with(change(15, "Fourth Coffee", plan.Trust, plan.Update, trusting("isMfaAccepted", nil, true), trusting("isCompliantDeviceAccepted", true, false)), "", plan.TrustOn),
	)
	p.Template = &plan.TemplateInput{Name: "template.json"}
	p.HomeTenant.Name = "Adatum Corporation"
	for i := range p.Changes {
		switch who := &p.Changes[i].Partner; who.DisplayName {
		case "Fabrikam":
			who.DirectoryName, who.Domain = "Fabrikam", "fabrikam.example"
		case "Trey Research":
			who.DirectoryName, who.Domain = "Woodgrove Bank", "woodgrove.example"
			p.Changes[i].Hazards = append(p.Changes[i].Hazards, plan.NameDiffers)
		case "Proseware":
			who.DirectoryName = "Proseware, Inc."
		}
	}
	return p
}

// resultOf is a run of p in which every change ended as outcome says.
func resultOf(p *plan.Plan, outcome func(c *plan.Change) journal.Outcome) *journal.Result {
	start := p.CreatedAt.Add(40 * time.Minute)
	r := &journal.Result{
		PlanFingerprint: p.Fingerprint, HomeTenant: p.HomeTenant, Tool: p.Tool,
		Identity:  journal.Identity{Kind: "app", AppID: "4f5e6d7c-1a2b-4c3d-9e8f-7a6b5c4d3e2f", TenantID: p.HomeTenant.ID},
		StartedAt: start, FinishedAt: start.Add(71*time.Second + 420*time.Millisecond),
		Rows: p.Input.Rows, Changes: len(p.Changes),
		Requests: journal.Requests{Reads: 6, Writes: 14, Throttled: 2, Retried: 3},
		Pace:     journal.Pace{WritesPerSecond: 18.5, Burst: 2840, Refusals: 2, Pauses: 2, PausedMs: 14000},
	}
	for i := range p.Changes {
		o := outcome(&p.Changes[i])
		o.Seq = p.Changes[i].Seq
		r.Totals.Add(o.Status, 1)
		r.Outcomes = append(r.Outcomes, o)
	}
	return r
}

// sampleRun ends the sample plan in each of the eight ways.
func sampleRun(p *plan.Plan) *journal.Result {
	return resultOf(p, func(c *plan.Change) journal.Outcome {
		o := journal.Outcome{
			Status: journal.Verified, Attempts: 1, HTTPStatus: 204, RequestID: tenant(1000 + c.Seq), ClientRequestID: tenant(2000 + c.Seq),
			StartedAt: p.CreatedAt.Add(41*time.Minute + time.Duration(c.Seq)*150*time.Millisecond), ElapsedMs: 132,
		}
		switch {
		case c.Action == plan.NoOp:
			return journal.Outcome{Status: journal.Unchanged}
		case c.Action == plan.Blocked:
			return journal.Outcome{Status: journal.Skipped, Message: c.Reason}
		case c.Row == 3:
			o.Status, o.HTTPStatus, o.GraphCode = journal.Failed, 403, "Authorization_RequestDenied"
			o.Kind = graph.Forbidden
			o.Message = "Insufficient privileges to complete the operation."
		case c.Row == 4:
			return journal.Outcome{Status: journal.Held, Reason: journal.ReasonDrifted, Message: "changed since the plan: isSyncAllowed is now true", Live: json.RawMessage(`{"userSyncInbound":{"isSyncAllowed":true}}`)}
		case c.Row == 5:
			o.Status, o.HTTPStatus, o.GraphCode, o.Attempts = journal.Indeterminate, 504, "UnknownError", 6
			o.Kind = graph.Indeterminate
			o.Message, o.ElapsedMs = "no answer, and the object could not be read afterwards", 63_000
		case c.Row == 6:
			o.Unseen = true
			o.Status, o.Message = journal.Succeeded, "accepted; not yet visible after 2m0s"
		case c.Row == 11:
			return journal.Outcome{Status: journal.NotAttempted}
		case c.Row == 13:
			o.Message = "outboundAllowed was changed by somebody since the plan"
		case c.Row == 14:
			o.Status, o.Reason, o.Overwritten = journal.Held, journal.ReasonReplaced, true
			o.Message = "made by this run, different now: isSyncAllowed is true"
			o.Live = json.RawMessage(`{"userSyncInbound":{"isSyncAllowed":true}}`)
		}
		return o
	})
}

// sampleAudit has each kind of finding.
func sampleAudit() *audit.Audit {
	p := samplePlan()
	a := &audit.Audit{
		FormatVersion: 1, Tool: p.Tool, CreatedAt: p.CreatedAt, HomeTenant: p.HomeTenant, Read: p.Read,
		Input:  audit.Input{Name: "partners.csv", SHA256: p.Input.SHA256, Rows: 200},
		Result: audit.Drift, Totals: audit.Totals{OK: 197, Missing: 1, Changed: 3, Extra: 2, Unreadable: 1},
	}
	find := func(row int, name string, k audit.Kind, note string, fs ...plan.Field) {
		a.Findings = append(a.Findings, audit.Finding{
			TenantID: tenant(row), DisplayName: name, Kind: k, Object: plan.IdentitySynchronization, Fields: fs, Note: note,
		})
	}
	find(2, "Fabrikam", audit.Missing, "CHG0041877", named(nil, "Fabrikam"), syncTo(nil, true))
	find(3, "Northwind Traders International Holdings and Subsidiaries GmbH & Co. KG", audit.Changed, "CHG0041877", syncTo(false, true))
	find(4, "株式会社アドベンチャーワークス", audit.Changed, "", named("Adventure Works", "株式会社アドベンチャーワークス"))
	find(15, "Fourth Coffee", audit.Changed, "", trusting("isMfaAccepted", true, false))
	a.Findings[len(a.Findings)-1].Object = plan.Trust
	find(12, "Relecloud", audit.Extra, "", named("Relecloud", nil), syncTo(true, nil))
	find(13, "", audit.Extra, "", syncTo(false, nil))
	find(14, "Margie's Travel", "unreadable", "CHG0041877")
	a.Findings[0].DirectoryName, a.Findings[0].Domain = "Fabrikam", "fabrikam.example"
	a.Findings[4].DirectoryName = "Woodgrove Bank"
	return a
}

// storedAudit is an audit with a store behind it: it has waivers, knows the audit
// before and who changed what, and has something in each list.
func storedAudit() *audit.Audit {
	a := sampleAudit()
	day := func(n int) time.Time { return a.CreatedAt.AddDate(0, 0, -n) }
	a.Earlier = &audit.Link{Folder: "20261114T220405Z-drift", SHA256: strings.Repeat("5e", 32)}
	a.Waivers = &audit.File{Name: "waivers.csv", SHA256: strings.Repeat("3c", 32), Rows: 5}
	a.History = &audit.History{Since: day(7), Records: 1204}
	holds := audit.Waiver{Row: 2, Finding: "any", Reason: "pilot of the merger", Approver: "Ada Lovelace", Ticket: "CHG0042001", Expires: "2027-03-31"}
	ended := audit.Waiver{Row: 3, Finding: "extra", Reason: "until the contract ends", Approver: "Grace Hopper", Expires: "2026-10-31"}
	for i := range a.Findings {
		f := &a.Findings[i]
		f.Row, f.State, f.Since = i+2, audit.StateContinuing, day(7*(i+1))
	}
	fresh := &a.Findings[1]
	fresh.State, fresh.Since = audit.StateNew, a.CreatedAt
	fresh.ChangedBy = []audit.Edit{
		{By: "ada@contoso.example", ByID: tenant(801), At: day(1), Activity: "Update a partner cross-tenant access setting", CorrelationID: tenant(800)},
		{By: "Tenant Sync", App: true, At: day(2), Activity: "Update a partner cross-tenant access setting", CorrelationID: tenant(802)},
	}
	idle := &a.Findings[5]
	idle.Row, idle.Reopened, idle.Waiver = 0, true, &ended
	a.Findings[4].Row = 0
	find := func(row int, name string, k audit.Kind, o plan.Object, fs ...plan.Field) audit.Finding {
		return audit.Finding{TenantID: tenant(row), DisplayName: name, Kind: k, Object: o, Fields: fs, Row: row, State: audit.StateContinuing, Since: day(28)}
	}
	a.Findings = append(a.Findings,
		find(3, "Northwind Traders International Holdings and Subsidiaries GmbH & Co. KG", audit.Changed, plan.Consent, inbound(false, true)),
		find(20, "Trey Research", audit.SyncWithoutConsent, plan.Consent, inbound(nil, true)),
		find(21, "Proseware", audit.ConsentWithoutSync, plan.Consent, inbound(true, nil)))
	a.Waived = []audit.Finding{find(22, "Wingtip Toys", audit.Extra, plan.IdentitySynchronization, syncTo(true, nil)), find(23, "Litware", audit.Changed, plan.Trust, trusting("isMfaAccepted", false, true))}
	for i := range a.Waived {
		a.Waived[i].Waiver = &holds
	}
	a.Fixed = []audit.Finding{find(24, "Tailspin Toys", audit.Changed, plan.IdentitySynchronization, syncTo(false, true)), find(25, "", audit.Unreadable, plan.PartnerConfiguration)}
	a.Unjudged = []audit.Finding{find(26, "Humongous Insurance", audit.Missing, plan.IdentitySynchronization, syncTo(nil, true))}
	for _, fs := range [][]audit.Finding{a.Fixed, a.Unjudged} {
		for i := range fs {
			fs[i].State = ""
		}
	}
	a.UnusedWaivers = []audit.Waiver{
		{Row: 5, TenantID: tenant(27), Finding: "changed", Property: desired.PathSyncAllowed, Reason: "waits for the new contract", Approver: "Ada Lovelace", Expires: "2027-01-31"},
		{Row: 6, TenantID: audit.TemplateTenant, Finding: "any", Reason: "rollout", Approver: "Grace Hopper", Ticket: "CHG0042002", Expires: "2026-09-30"},
	}
	a.Totals = audit.Totals{OK: 195, Missing: 1, Changed: 4, Extra: 2, Unreadable: 1, SyncWithoutConsent: 1, ConsentWithoutSync: 1, Waived: len(a.Waived)}
	for i, f := range eachFinding(a) {
		f.ID = fmt.Sprintf("%016x", 0x9c1e<<32+i)
	}
	return a
}

// eachFinding are all findings of an audit, in all lists.
func eachFinding(a *audit.Audit) []*audit.Finding {
	var out []*audit.Finding
	for _, fs := range [][]audit.Finding{a.Findings, a.Waived, a.Fixed, a.Unjudged} {
		for i := range fs {
			out = append(out, &fs[i])
		}
	}
	return out
}
