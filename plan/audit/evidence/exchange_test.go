package evidence_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bulksync/graph"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
)

// requests reads what an audit recorded.
func requests(t testing.TB, dir string) (all []evidence.Request) {
	t.Helper()
	for line := range strings.Lines(read(t, dir, evidence.RequestsName)) {
		var r evidence.Request
		dec := json.NewDecoder(strings.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

// recorded seals an audit with these exchanges.
func recorded(t *testing.T, record func(*evidence.Bundle)) (dir string, m *evidence.Manifest) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audits")
	s := opened(t, path)
	b := begun(t, s)
	record(b)
	l, err := b.Seal(t.Context(), manifest(noon, audit.Incomplete), nil)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(path, l.Folder), s.History()[0].Manifest
}

// Every attempt is a line, and every body a file, byte for byte. The list of
// partners has names of its own.
func TestRecord(t *testing.T) {
	one := page(`{"value":[{"tenantId":"<&>"}]}` + "\r\n\xff")
	refused := page(`{"error":{}}`)
	refused.Status, refused.RequestID = http.StatusTooManyRequests, "r2"
	single := page(`{"tenantId":"x"}`)
	single.URL = "https://graph.microsoft.com/v1.0" + graph.PartnerPath("x") + "?$expand=a"
	odd := page(`{}`)
	odd.URL = "%"
	lost := graph.Exchange{Method: http.MethodGet, URL: "https://graph.microsoft.com/v1.0/x", ClientRequestID: "c", Sent: noon, Err: errors.New("no route to \"host\"")}
	empty := page("")
	empty.Status, empty.Method = http.StatusNoContent, http.MethodPatch
	written := page(`{"id":"y"}`)
	written.Method = http.MethodPost
	dir, m := recorded(t, func(b *evidence.Bundle) {
		for _, x := range []graph.Exchange{refused, one, single, lost, empty, odd, written} {
			b.Record(x)
		}
		b.Reading(2)
		b.Record(one)
	})
	want := []struct {
		file string
		x    graph.Exchange
	}{
		{"graph/answer-0001.json", refused}, {"graph/page-0001.json", one}, {"graph/answer-0002.json", single}, {"", lost}, {"", empty},
		{"graph/answer-0003.json", odd}, {"graph/answer-0004.json", written}, {"graph/page-0002.json", one},
	}
	all := requests(t, dir)
	if len(all) != len(want) {
		t.Fatalf("%d lines", len(all))
	}
	for i, r := range all {
		x, reading := want[i].x, 1+i/7
		expected := evidence.Request{
			Seq: i + 1, Reading: reading, Method: x.Method, URL: x.URL, Status: x.Status, Date: x.Date, RequestID: x.RequestID,
			ClientRequestID: x.ClientRequestID, SentAt: x.Sent, ElapsedMs: x.Elapsed.Milliseconds(), Bytes: int64(len(x.Body)), File: want[i].file,
		}
		if x.Err != nil {
			expected.Error = x.Err.Error()
		}
		if r.File != "" {
			expected.SHA256 = sumIn(m, r.File)
			if read(t, dir, r.File) != string(x.Body) {
				t.Errorf("%d: other bytes were kept", i)
			}
		}
		if r != expected {
			t.Errorf("%d: got  %+v\nwant %+v", i, r, expected)
		}
	}
	if raw := read(t, dir, evidence.RequestsName); !strings.Contains(raw, `"url":"https://graph.microsoft.com/v1.0/policies/crossTenantAccessPolicy/partners?$select=tenantId"`) {
		t.Error(raw)
	}
}

// sumIn is the sum that a manifest names for a file.
func sumIn(m *evidence.Manifest, name string) string {
	for _, f := range m.Files {
		if f.Name == name {
			return f.SHA256
		}
	}
	return "none"
}

// The numbers of pages do not end at four digits, and bodies of any length are
// kept.
func TestManyAnswers(t *testing.T) {
	big := page(string(bytes.Repeat([]byte("0123456789abcdef"), 1<<14)))
	dir, m := recorded(t, func(b *evidence.Bundle) {
		b.Record(big)
		for range 120 {
			b.Record(page("{}"))
		}
	})
	if read(t, dir, "graph/page-0001.json") != string(big.Body) || read(t, dir, "graph/page-0121.json") != "{}" || len(m.Files) != 122 {
		t.Errorf("%d files", len(m.Files))
	}
}

// Attempts of many goroutines each have their line and their file.
func TestRecordAtOnce(t *testing.T) {
	dir, _ := recorded(t, func(b *evidence.Bundle) {
		var working sync.WaitGroup
		for w := range 8 {
			working.Go(func() {
				for i := range 25 {
					x := page(fmt.Sprintf("%d-%d", w, i))
					x.ClientRequestID = string(x.Body)
					b.Record(x)
				}
			})
		}
		working.Wait()
	})
	seen := map[string]bool{}
	for i, r := range requests(t, dir) {
		if r.Seq != i+1 || read(t, dir, r.File) != r.ClientRequestID || seen[r.ClientRequestID] {
			t.Errorf("%+v", r)
		}
		seen[r.ClientRequestID] = true
	}
	if len(seen) != 200 {
		t.Errorf("%d lines", len(seen))
	}
}

// The clock is compared with what most answers say.
func TestClockOffset(t *testing.T) {
	at := func(ahead time.Duration) graph.Exchange {
		x := page("{}")
		x.Sent = noon.Add(ahead)
		x.Date = noon.Format(http.TimeFormat)
		return x
	}
	none, broken := at(0), at(0)
	none.Date, broken.Date = "", "yesterday"
	ms := func(n int64) *int64 { return &n }
	for name, tc := range map[string]struct {
		answers []graph.Exchange
		want    *int64
	}{
		"no answer":            {nil, nil},
		"no date":              {[]graph.Exchange{none, broken}, nil},
		"ahead":                {[]graph.Exchange{at(90 * time.Second), none}, ms(90_000 + 40 - 500)},
		"behind":               {[]graph.Exchange{at(-time.Hour)}, ms(-3_600_000 + 40 - 500)},
		"one from a cache":     {[]graph.Exchange{at(time.Second), at(time.Hour), at(2 * time.Second)}, ms(2_000 + 40 - 500)},
		"the first was odd":    {[]graph.Exchange{at(-time.Hour), at(0), at(0)}, ms(40 - 500)},
		"as many say as other": {[]graph.Exchange{at(0), at(time.Second)}, ms(1_000 + 40 - 500)},
	} {
		_, m := recorded(t, func(b *evidence.Bundle) {
			for _, x := range tc.answers {
				b.Record(x)
			}
		})
		if got := m.ClockOffsetMs; (got == nil) != (tc.want == nil) || got != nil && *got != *tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
