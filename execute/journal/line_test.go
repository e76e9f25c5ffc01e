package journal_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/execute/journal"
	"bulksync/graph"
)

// TestALineIsWhatTheEncoderWouldWrite holds the lines that are put together by
// hand against encoding/json.
func TestALineIsWhatTheEncoderWouldWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[a-z0-9-]{0,36}`), rapid.String())
		when := rapid.Custom(func(t *rapid.T) time.Time {
			return time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
		})
		e := journal.Entry{At: when.Draw(t, "at")}
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			e.Intent = &journal.Intent{Seq: rapid.Int().Draw(t, "seq"), Method: text.Draw(t, "method"), Path: text.Draw(t, "path"), ClientRequestID: text.Draw(t, "id")}
			if rapid.Bool().Draw(t, "found") {
				e.Intent.Found = json.RawMessage(`{"a":[1,"<"]}`)
			}
		case 1:
			e.Outcome = &journal.Outcome{
				Seq: rapid.Int().Draw(t, "seq"), Status: journal.Verified, Attempts: rapid.IntRange(0, 3).Draw(t, "attempts"),
				HTTPStatus: rapid.SampledFrom([]int{0, 204, 409}).Draw(t, "status"), GraphCode: text.Draw(t, "code"), Message: text.Draw(t, "message"),
				RequestID: text.Draw(t, "request"), ClientRequestID: text.Draw(t, "client"), ElapsedMs: rapid.Int64().Draw(t, "elapsed"),
			}
			e.Outcome.Reason = journal.Reason(text.Draw(t, "reason"))
			e.Outcome.Kind = rapid.SampledFrom([]graph.Kind{"", graph.Throttled, graph.NotFound, "\"<"}).Draw(t, "kind of answer")
			e.Outcome.Overwritten = rapid.Bool().Draw(t, "overwritten")
			e.Outcome.Open, e.Outcome.Unseen, e.Outcome.Unread = rapid.Bool().Draw(t, "open"), rapid.Bool().Draw(t, "unseen"), rapid.Bool().Draw(t, "unread")
			if rapid.Bool().Draw(t, "started") {
				e.Outcome.StartedAt = when.Draw(t, "start")
			}
			if rapid.Bool().Draw(t, "live") {
				e.Outcome.Live = json.RawMessage(`{"b":null}`)
			}
		case 2:
			e.End = &journal.End{Stopped: text.Draw(t, "stopped")}
		}
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), "{"+journal.EncodeEntry(e)+"}\n"); diff != "" {
			t.Fatalf("line (-encoder +by hand):\n%s", diff)
		}
	})
}
