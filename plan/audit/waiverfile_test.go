package audit_test

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// A file of waivers is read in any order of its columns, letter case and dialect.
func TestReadWaivers(t *testing.T) {
	const text = "\uFEFF# waivers of the board\r\n Expires ;APPROVER;reason;finding;tenant id;property;displayName;;ticket\r\n" +
		"\r\n2027-03-31;ada; \"on hold; for now\" ;Changed;{90E29127-71AD-49C7-9CE8-DB3F41EA06F1};inboundConsent;Fabrikam;;CHG1\r\n" +
		"# bob's\r\n2026-12-01;bob;known;any;TEMPLATE;;;;\r\n;;;;;;;;\r\n"
	ws, err := audit.ReadWaivers(t.Context(), strings.NewReader(text), "w.csv")
	if err != nil {
		t.Fatal(err)
	}
	want := []audit.Waiver{
		{Row: 4, TenantID: fabrikam, Finding: "changed", Property: "automaticUserConsentSettings.inboundAllowed", Reason: "on hold; for now", Approver: "ada", Ticket: "CHG1", Expires: "2027-03-31"},
		{Row: 6, TenantID: audit.TemplateTenant, Finding: audit.AnyFinding, Reason: "known", Approver: "bob", Expires: "2026-12-01"},
	}
	if diff := cmp.Diff(want, ws.List); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if ws.File.Rows != 2 || ws.File.Name != "w.csv" {
		t.Errorf("got %+v", ws.File)
	}
	if ws := waivers(t); len(ws.List) != 0 || ws.File.Rows != 0 || ws.File.SHA256 == "" {
		t.Errorf("a file without rows: %+v", ws)
	}
}

// All problems are told at once, each at its cell.
func TestBadWaivers(t *testing.T) {
	const good = ",changed,,why,ada,,2027-01-01"
	for name, c := range map[string]struct{ text, want string }{
		"cells": {
			waiverHeader + ",,,,,,\n" + // blank
				"x,,,,,,\n" +
				"fabrikam.com,chaged,displayname,why,ada,,31.12.2026\n" +
				fabrikam + ",missing,displayName,why,ada,,2027-02-30\n" +
				fabrikam + ",sync-without-consent,displayName,#N/A,ada,,2027-1-1\n" +
				"template,extra,,why,ada,,2027-01-01\n" +
				"template,any,inboundConsent,why,ada,,2027-01-01T00:00:00Z\n" +
				fabrikam + ",changed,isSyncAlowed,why,=A1,,tomorrow\n",
			`w:3:1: tenantId "x" is not a GUID: 'x' is not a hexadecimal digit
w:3:3: finding, reason, approver and expires are empty
w:4:1: tenantId "fabrikam.com" is a domain name: give the tenant ID here
w:4:14: unknown finding "chaged": the nearest known one is changed; all are any, extra, unreadable, missing, changed, sync-without-consent, consent-without-sync
w:4:42: expires is "31.12.2026": give the last day of the waiver as YYYY-MM-DD, such as 2027-03-31; no other form is read
w:5:46: a finding that is missing is about all of its object: leave the property empty
w:5:67: expires is "2027-02-30": give the last day of the waiver as YYYY-MM-DD, such as 2027-03-31; no other form is read
w:6:59: sync-without-consent is about automaticUserConsentSettings.inboundAllowed alone: leave the property empty
w:6:71: reason is "#N/A", a spreadsheet's error value: a formula or look-up failed there; put the right value in its place and save the file again
w:6:81: expires is "2027-1-1": give the last day of the waiver as YYYY-MM-DD, such as 2027-03-31; no other form is read
w:7:10: the template cannot be extra: use changed or any
w:8:14: unknown property of the template "inboundConsent": the nearest known one is templateApplicationLevel
w:8:38: expires is "2027-01-01T00:00:00Z": give the last day of the waiver as YYYY-MM-DD, such as 2027-03-31; no other form is read
w:9:46: unknown property "isSyncAlowed": the nearest known one is isSyncAllowed
w:9:63: approver is "=A1", a formula and not its value: paste the values in place of the formulas and save the file again
w:9:68: expires is "tomorrow": give the last day of the waiver as YYYY-MM-DD, such as 2027-03-31; no other form is read`,
		},
		"the same twice": {
			waiverHeader + fabrikam + good + "\n" + contoso + good + "\n{" + strings.ToUpper(fabrikam) + "}" + good + "\n" + fabrikam + ",changed,name,why,ada,,2027-01-01\n" + fabrikam + ",any,,why,ada,,2027-01-01\n",
			"w:4:1: line 2 has a waiver of the same tenantId, finding and property: keep one of them",
		},
		"a number for an ID": {waiverHeader + "1.23457E+31" + good, `w:2:1: tenantId "1.23457E+31" is a number: a spreadsheet made that of the tenant ID, and some of its digits are lost; format the column as text and enter the ID again`},
		"columns": {
			"tenantId,finding,propery,Reason,reason,expires\n" + fabrikam + ",changed,x,why,y,2027-01-01\n",
			`w:1:1: no approver column: add one
w:1:18: unknown column "propery": the nearest known one is property; rename the column or remove it
w:1:33: column reason appears twice: "Reason" and "reason" mean the same`,
		},
		"missing columns": {
			"ticket\nSEC-1\nSEC-2\n", `w:1:1: no tenantId column: add one
w:1:1: no finding column: add one
w:1:1: no reason column: add one
w:1:1: no approver column: add one
w:1:1: no expires column: add one`,
		},
		"no second waiver": {
			"tenantId,finding,propery,reason,approver,expires\n" + fabrikam + ",changed,name,why,ada,2026-12-31\n" + fabrikam + ",changed,inboundSync,why,ada,2026-12-31\n",
			`w:1:18: unknown column "propery": the nearest known one is property; rename the column or remove it`,
		},
		"no header":  {fabrikam + good, "w:1:1: no header: the first line must name the columns, which are tenantId, finding, reason, approver, expires, property, ticket, displayName"},
		"empty":      {"", "w:1:1: the file is empty: it needs a header with the columns tenantId, finding, reason, approver, expires, property, ticket, displayName"},
		"comments":   {"# a\n\n", "w:1:1: the file holds nothing but blank lines and comments: it needs a header with the columns tenantId, finding, reason, approver, expires, property, ticket, displayName"},
		"a workbook": {"PK\x03\x04", "w:1:1: this looks like an .xlsx workbook or a zip archive: save the sheet as CSV UTF-8"},
	} {
		_, err := audit.ReadWaivers(t.Context(), strings.NewReader(c.text), "w")
		var rows desired.RowErrors
		if !errors.As(err, &rows) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, err.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The open findings as waivers: each once, with nothing that says yes.
func TestSuggestWaivers(t *testing.T) {
	changed := func(id, name, path string) audit.Finding {
		return audit.Finding{TenantID: id, DisplayName: name, Kind: audit.Changed, Fields: []plan.Field{{Path: path}}}
	}
	a := &audit.Audit{
		Findings: []audit.Finding{
			changed("", "", "templateApplicationLevel"), changed(fabrikam, " Fabrikam, Inc. ", "displayName"), changed(fabrikam, "=cmd()", "inboundTrust.isMfaAccepted"),
			{TenantID: contoso, DisplayName: "A\u202eB", Kind: audit.Missing, Object: plan.Trust}, {TenantID: contoso, DisplayName: "a ##vso[x]", Kind: audit.Extra}, {TenantID: contoso, Kind: audit.Missing, Object: plan.Consent},
			{TenantID: contoso, DisplayName: "-1", Kind: audit.SyncWithoutConsent, Fields: []plan.Field{{Path: "automaticUserConsentSettings.inboundAllowed"}}},
		},
		Waived: []audit.Finding{{TenantID: fabrikam, Kind: audit.Extra}},
	}
	var b strings.Builder
	if err := audit.SuggestWaivers(&b, a); err != nil {
		t.Fatal(err)
	}
	want := `tenantId,finding,property,reason,approver,ticket,expires,displayName
template,changed,templateApplicationLevel,,,,,
` + fabrikam + `,changed,displayName,,,,,"Fabrikam, Inc."
` + fabrikam + `,changed,inboundTrust.isMfaAccepted,,,,,
` + contoso + `,missing,,,,,,
` + contoso + `,extra,,,,,,
` + contoso + `,sync-without-consent,,,,,,
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err := audit.ReadWaivers(t.Context(), strings.NewReader(b.String()), "w")
	var rows desired.RowErrors
	if !errors.As(err, &rows) || len(rows) != 6 {
		t.Errorf("as it is, it says %v", err)
	}
	filled := regexp.MustCompile(`(?m),,,,(,[^,]*|,".*")$`).ReplaceAllString(b.String(), ",why,ada,,2027-01-01$1")
	if ws, err := audit.ReadWaivers(t.Context(), strings.NewReader(filled), "w"); err != nil || len(ws.List) != 6 {
		t.Errorf("filled in as\n%s: %v", filled, err)
	}
}

// FuzzReadWaivers checks that what is accepted is complete, and that refusals name
// positions inside the file.
func FuzzReadWaivers(f *testing.F) {
	for _, seed := range []string{
		waiverHeader, waiverHeader + fabrikam + ",any,,why,ada,,2027-01-01\n" + "template,changed,templateApplicationLevel,\"a\nb\",x,y,2026-12-31",
		"\uFEFFexpires;approver;reason;finding;tenantId\r\n2027-01-01;a; \"b;\" ;any;{" + fabrikam + "}\r\n", "tenantId\n\"", "sep=;\ntenantid;;x\n1;2;3;4\n",
		"\xff\xfet\x00e\x00n\x00a\x00n\x00t\x00i\x00d\x00\n\x00a\x00.\x00b\x00", waiverHeader + "a\rb,\"c\",\n# x\n#,y", "reason,reason\nx\"y,\xff\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ws, err := audit.ReadWaivers(context.Background(), bytes.NewReader(data), "w")
		var rows desired.RowErrors
		switch lines := 1 + bytes.Count(data, []byte("\n")); {
		case errors.As(err, &rows):
			for _, r := range rows {
				if r.Line < 1 || r.Line > lines || r.Column < 1 || r.Err.Error() == "" {
					t.Errorf("%d:%d: %v in a file of %d lines", r.Line, r.Column, r.Err, lines)
				}
			}
		case err != nil:
			t.Error(err)
		default:
			checkWaivers(t, ws, lines)
		}
	})
}

// checkWaivers checks that each waiver is complete, and no two are the same.
func checkWaivers(t *testing.T, ws *audit.Waivers, lines int) {
	t.Helper()
	seen, last := map[[3]string]bool{}, 1
	for _, w := range ws.List {
		key := [3]string{w.TenantID, w.Finding, w.Property}
		if seen[key] || w.Row <= last || w.Row > lines || w.Ends().IsZero() || w.Reason == "" || w.Approver == "" {
			t.Errorf("got %+v", w)
		}
		if w.TenantID != audit.TemplateTenant && !desired.IsCanonicalGUID(w.TenantID) {
			t.Errorf("got %+v", w)
		}
		seen[key], last = true, w.Row
	}
	if ws.File.Rows != len(ws.List) {
		t.Errorf("%d rows, %d waivers", ws.File.Rows, len(ws.List))
	}
}
