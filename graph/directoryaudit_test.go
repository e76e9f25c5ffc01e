package graph_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/graph/graphsim"
)

// auditor is a rig that may read the audit log, in which one partner was renamed as
// often as edits says, an hour apart.
func auditor(t *testing.T, cfg graphsim.Config, edits int) *rig {
	sim := graphsim.New(cfg)
	token := sim.Token(graphsim.TokenOptions{Lifetime: 2000 * time.Hour, Permissions: []string{graphsim.PermissionRead, graphsim.PermissionAudit}})
	r := &rig{Sim: sim, Client: newClient(t, sim.Transport(), token), t: t}
	r.SetPartner(graphsim.Partner{TenantID: fabrikam, IdentitySynchronization: graphsim.SyncAllowed("0", true)})
	for i := range edits {
		name := strconv.Itoa(i + 1)
		r.Edit(fabrikam, func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = &name })
		time.Sleep(time.Hour)
	}
	return r
}

// audits reads the log, and returns the names that were given, and how many records
// each page had.
func audits(ctx context.Context, c *graph.Client, since time.Time) (names []string, pages []int, err error) {
	err = c.DirectoryAudits(ctx, since, func(records []graph.DirectoryAudit) error {
		pages = append(pages, len(records))
		for _, r := range records {
			names = append(names, strings.Trim(r.Targets[0].Modified[0].New, `"`))
		}
		return nil
	})
	return names, pages, err
}

func TestAuditLogIsReadToItsEnd(t *testing.T) {
	for name, cfg := range map[string]graphsim.Config{
		"pages":                     {PageSize: 2},
		"an empty page":             {PageSize: 2, EmptyPage: true},
		"a service that knows less": {PageSize: 2, AuditPlain: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := auditor(t, cfg, 7)
				names, pages, err := audits(t.Context(), r.Client, time.Now().Add(-5*time.Hour-time.Millisecond))
				if d := cmp.Diff([]string{"7", "6", "5", "4", "3"}, names); err != nil || d != "" || len(pages) < 3 {
					t.Errorf("%v, pages %v (-want +got)\n%s", err, pages, d)
				}
			})
		})
	}
}

func TestAuditRecordIsReadWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := auditor(t, graphsim.Config{}, 1)
		var got []graph.DirectoryAudit
		if err := r.DirectoryAudits(t.Context(), time.Now().Add(-2*time.Hour), func(records []graph.DirectoryAudit) error {
			got = append(got, records...)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		kept := r.AuditLog()[0]
		want := []graph.DirectoryAudit{{
			ID: kept.ID, At: kept.ActivityDateTime, Category: "CrossTenantIdentitySyncSettings", Activity: graphsim.ActivityUpdateSync,
			Result: "success", CorrelationID: kept.CorrelationID,
			By:      graph.AuditInitiator{Name: "someone.else@home.example", ID: kept.InitiatedBy.User.ID},
			Targets: []graph.AuditTarget{{ID: fabrikam, Modified: []graph.ModifiedProperty{{Name: "displayName", Old: `"0"`, New: `"1"`}}}},
		}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	})
}

// What a record holds is hardly documented, so odd members stay empty.
func TestOddAuditRecords(t *testing.T) {
	at := time.Date(2018, 1, 9, 21, 20, 2, 721537400, time.UTC)
	for record, want := range map[string]graph.DirectoryAudit{
		`{}`:   {},
		`null`: {}, `7`: {}, `"x"`: {}, `[]`: {},
		`{"id":7,"category":null,"activityDateTime":"soon","initiatedBy":null,"targetResources":null}`: {},
		`{"id":"a","targetResources":{}}`:                                                                  {},
		`{"id":"a","activityDateTime":"2018-01-09T21:20:02.7215374Z"}`:                                     {ID: "a", At: at},
		`{"ID":"a","activityDateTime":"2018-01-09T22:20:02.7215374+01:00"}`:                                {ID: "a", At: at},
		`{"initiatedBy":{"user":{"id":"u","displayName":"Ada","userPrincipalName":null},"app":null}}`:      {By: graph.AuditInitiator{Name: "Ada", ID: "u"}},
		`{"initiatedBy":{"user":{"id":"u"}}}`:                                                              {By: graph.AuditInitiator{Name: "u", ID: "u"}},
		`{"initiatedBy":{"app":{"appId":null,"displayName":"Sync","servicePrincipalId":"s"},"user":null}}`: {By: graph.AuditInitiator{Name: "Sync", ID: "s", App: true}},
		`{"initiatedBy":{"app":{"appId":"a"}}}`:                                                            {By: graph.AuditInitiator{Name: "a", ID: "a", App: true}},
		`{"targetResources":[{"id":null,"displayName":"x","modifiedProperties":[{"displayName":"p","oldValue":null,"newValue":"[true]"}]}]}`: {
			Targets: []graph.AuditTarget{{DisplayName: "x", Modified: []graph.ModifiedProperty{{Name: "p", New: "[true]"}}}},
		},
	} {
		c := newClient(t, played(answer(200, `{"value":[`+record+`]}`)), "t")
		var got []graph.DirectoryAudit
		err := c.DirectoryAudits(t.Context(), at, func(records []graph.DirectoryAudit) error { got = records; return nil })
		if d := cmp.Diff([]graph.DirectoryAudit{want}, got); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got)\n%s", record, err, d)
		}
	}
}

// The time is sent in UTC and rounded down, without quotes.
func TestAuditQuery(t *testing.T) {
	base := played(refusal(400, "BadRequest"), answer(200, `{"value":[]}`))
	c := newClient(t, base, "t")
	since := time.Date(2026, 11, 21, 13, 0, 0, 999, time.FixedZone("", 3600))
	if err := c.DirectoryAudits(t.Context(), since, func([]graph.DirectoryAudit) error { return nil }); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range base.sent {
		got = append(got, r.URL.RawQuery)
	}
	const recent = "$filter=activityDateTime%20ge%202026-11-21T12%3A00%3A00Z"
	want := []string{recent + "%20and%20loggedByService%20eq%20%27Core%20Directory%27&$orderby=activityDateTime%20desc", recent}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestAuditLogThatIsNotRead(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg    graphsim.Config
		faults []graphsim.Fault
		want   string
	}{
		"a foreign link":         {want: "page 1 of the audit log: .*leads to https://graph.example/", faults: []graphsim.Fault{{Kind: graphsim.FaultForeignLink}}},
		"a link that repeats":    {want: "page 2 of the audit log: .*nextLink repeats", faults: []graphsim.Fault{{Kind: graphsim.FaultSameLink, Nth: 2, Times: 9}}},
		"an answer of no list":   {want: "page 2 of the audit log: .*no list", faults: []graphsim.Fault{{Kind: graphsim.FaultShape, Nth: 2, Times: 99}}},
		"a page that is cut":     {want: "page 2 of the audit log: .*not the JSON", faults: []graphsim.Fault{{Kind: graphsim.FaultCut, Nth: 2, Times: 99}}},
		"an error with a status": {want: "page 1 of the audit log: .*holds an error", faults: []graphsim.Fault{{Kind: graphsim.FaultError200}}},
		"a page that is huge":    {want: "page 1 of the audit log: .*larger than 32 MiB", faults: []graphsim.Fault{{Kind: graphsim.FaultHuge}}},
		"a log without end":      {cfg: graphsim.Config{EndlessList: true}, want: "^the audit log has more than 200 pages"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tc.cfg.PageSize = 2
				r := auditor(t, tc.cfg, 7)
				r.Inject(tc.faults...)
				_, _, err := audits(t.Context(), r.Client, time.Now().Add(-24*time.Hour))
				if err == nil || !regexp.MustCompile(tc.want).MatchString(err.Error()) {
					t.Errorf("got %v, want %s", err, tc.want)
				}
				if errors.Is(err, graph.ErrLongAuditLog) != tc.cfg.EndlessList {
					t.Errorf("got %v", err)
				}
				if unused := r.UnusedFaults(); len(unused) > 0 {
					t.Errorf("faults that did not strike: %v", unused)
				}
			})
		})
	}
}

// A fault that passes costs time and nothing else.
func TestAuditLogOutlastsFaults(t *testing.T) {
	for _, kind := range []graphsim.FaultKind{
		"429", "500", "503", graphsim.FaultResetBefore, graphsim.FaultTruncated, graphsim.FaultHTML, graphsim.FaultPortal,
		graphsim.FaultEmpty, graphsim.FaultCut, graphsim.FaultBare404, graphsim.FaultRelativeLink, graphsim.FaultShape,
	} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := auditor(t, graphsim.Config{PageSize: 2}, 5)
				r.Inject(graphsim.Fault{Kind: kind, Path: "audit", Nth: 2, Times: 2, RetryAfter: retryAfter(kind)})
				names, _, err := audits(t.Context(), r.Client, time.Now().Add(-24*time.Hour))
				if d := cmp.Diff([]string{"5", "4", "3", "2", "1"}, names); err != nil || d != "" || len(r.UnusedFaults()) > 0 {
					t.Errorf("%v %v (-want +got)\n%s", err, r.UnusedFaults(), d)
				}
			})
		})
	}
}

func retryAfter(kind graphsim.FaultKind) time.Duration {
	if kind == "429" {
		return 3 * time.Second
	}
	return 0
}

func TestAuditLogWithoutPermission(t *testing.T) {
	r := newRig(t, graphsim.Config{})
	_, _, err := audits(t.Context(), r.Client, time.Now())
	if !errors.Is(err, graph.Forbidden) || !strings.Contains(err.Error(), graph.PermissionAuditLog) {
		t.Errorf("got %v", err)
	}
}

func TestAuditLogReaderCanStop(t *testing.T) {
	r := auditorNow(t, graphsim.Config{PageSize: 1}, 3)
	enough := errors.New("enough")
	err := r.DirectoryAudits(t.Context(), time.Now().Add(-time.Hour), func([]graph.DirectoryAudit) error { return enough })
	gets := slices.DeleteFunc(r.Requests(), func(q graphsim.Request) bool { return q.Method != http.MethodGet })
	if err != enough || len(gets) != 1 {
		t.Errorf("got %v after %d requests", err, len(gets))
	}
}

// auditorNow is auditor outside of virtual time: all edits are made at once.
func auditorNow(t *testing.T, cfg graphsim.Config, edits int) *rig {
	r := auditor(t, cfg, 0)
	for i := range edits {
		r.Edit(fabrikam, func(p *graphsim.Partner) { p.IdentitySynchronization.DisplayName = new(fmt.Sprint(i + 1)) })
	}
	return r
}
