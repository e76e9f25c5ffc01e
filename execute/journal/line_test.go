package journal_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bulksync/execute/journal"
	"bulksync/graph"
)

// twin checks that a line encoded and decoded by hand is the same as with
// encoding/json.
func twin(t rapid.TB, e journal.Entry) {
	t.Helper()
	var want bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		t.Fatal(err)
	}
	members := journal.EncodeEntry(e)
	if diff := cmp.Diff(want.String(), "{"+members+"}\n"); diff != "" {
		t.Fatalf("line (-encoder +by hand):\n%s", diff)
	}
	var plain journal.Entry
	if err := json.Unmarshal(want.Bytes(), &plain); err != nil {
		t.Fatal(err)
	}
	plain.At = time.Time{} // only an entry that is decoded whole has it
	got, err := journal.DecodeEntry(members)
	if err != nil {
		t.Fatal(err)
	}
	got.At = time.Time{}
	if diff := cmp.Diff(plain, got); diff != "" {
		t.Fatalf("entry (-decoder +by hand):\n%s", diff)
	}
}

// Lines are put together and cut by hand as encoding/json would do it.
func TestALineEqualsEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { twin(t, drawEntry(t)) })
}

func drawEntry(t *rapid.T) journal.Entry {
	text := rapid.OneOf(rapid.StringMatching(`[a-z0-9-]{0,36}`), rapid.String())
	when := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
	})
	e := journal.Entry{At: when.Draw(t, "at")}
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		e.Intent = &journal.Intent{
			Seq: rapid.Int().Draw(t, "seq"), Method: text.Draw(t, "method"), Path: text.Draw(t, "path"), ClientRequestID: text.Draw(t, "id"),
		}
		if rapid.Bool().Draw(t, "found") {
			e.Intent.Found = json.RawMessage(`{"a":[1,"<"]}`)
		}
	case 1:
		e.Outcome = &journal.Outcome{
			Seq: rapid.Int().Draw(t, "seq"), Status: journal.Verified, Attempts: rapid.IntRange(0, 3).Draw(t, "attempts"),
			Reason: journal.Reason(text.Draw(t, "reason")), Kind: rapid.SampledFrom([]graph.Kind{"", graph.Throttled, graph.NotFound, "\"<"}).Draw(t, "kind of answer"),
			HTTPStatus: rapid.SampledFrom([]int{0, 204, 409}).Draw(t, "status"), GraphCode: text.Draw(t, "code"), Message: text.Draw(t, "message"),
			RequestID: text.Draw(t, "request"), ClientRequestID: text.Draw(t, "client"), ElapsedMs: rapid.Int64().Draw(t, "elapsed"),
			Open: rapid.Bool().Draw(t, "open"), Unseen: rapid.Bool().Draw(t, "unseen"), Unread: rapid.Bool().Draw(t, "unread"),
			Applied: rapid.Bool().Draw(t, "applied"), Overwritten: rapid.Bool().Draw(t, "overwritten"),
		}
		if rapid.Bool().Draw(t, "started") {
			e.Outcome.StartedAt = when.Draw(t, "start")
		}
		if rapid.Bool().Draw(t, "live") {
			e.Outcome.Live = json.RawMessage(`{"b":null}`)
		}
	case 2:
		e.End = &journal.End{Stopped: text.Draw(t, "stopped")}
	}
	return e
}

// No member is forgotten: each one by itself is written as encoding/json would
// write it, including members added later.
func TestEachMemberOfALine(t *testing.T) {
	for i := range reflect.TypeFor[journal.Outcome]().NumField() {
		var o journal.Outcome
		fill(t, reflect.ValueOf(&o).Elem().Field(i))
		twin(t, journal.Entry{Outcome: &o})
	}
	for i := range reflect.TypeFor[journal.Intent]().NumField() {
		var in journal.Intent
		fill(t, reflect.ValueOf(&in).Elem().Field(i))
		twin(t, journal.Entry{Intent: &in})
	}
}

// The common entries are encoded by hand; otherwise the speed is lost.
func TestCommonEntriesAreEncodedByHand(t *testing.T) {
	for text, want := range map[string]bool{
		"accepted; not yet visible after 1m0s": true, "~ !": true, `a "name"`: false, `a\b`: false, "Ä": false, "a\x1fb": false, "\x7f": false,
	} {
		if got := journal.IsByHand(outcome(journal.Outcome{Seq: 1, Status: journal.Verified, Message: text})); got != want {
			t.Errorf("%q by hand: %t", text, got)
		}
	}
	if !journal.IsByHand(intent(1)) || journal.IsByHand(session(begun)) || journal.IsByHand(end(journal.End{})) {
		t.Error("intents are not by hand, or what is rare is")
	}
}

// fill gives a field a value that is not zero.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Interface().(type) {
	case json.RawMessage:
		v.Set(reflect.ValueOf(json.RawMessage(`{"a":1}`)))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("word")
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Bool:
		v.SetBool(true)
	default:
		t.Fatalf("a member of type %s: say here what it can hold", v.Type())
	}
}
